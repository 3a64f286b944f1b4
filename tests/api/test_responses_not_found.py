"""Calls under `/_sim` that there are not: what there is, is said."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from frontsim.api.responses import NotFoundRoutes, no_operation
from tests.support.simulation import Simulation, assert_problem

pytestmark = pytest.mark.anyio


async def served(_: Request) -> Response:
    return Response()


SERVED = [
    Route("/_sim/stats", served, methods=["GET"]),
    Route("/_sim/faults", served, methods=["GET"]),
    Route("/_sim/faults", served, methods=["POST"]),
    Route("/_sim/faults/{id}", served, methods=["DELETE"]),
]
APP = Starlette(routes=[*SERVED, *NotFoundRoutes("/_sim", SERVED).routes, Mount("/", no_operation())])


async def asks(method: str, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://localhost") as client:
        return await client.request(method, path)


@pytest.mark.parametrize("path", ["", "/", "/nope", "/faults/", "/faults/1/2", "/FAULTS", "/n" + "o" * 5000])
async def test_a_path_that_there_is_not(path: str):
    """404 as a problem of ours that names every call; what was asked is cut."""
    refused = await asks("GET", f"/_sim{path}")
    assert_problem(refused, 404)
    known = "GET /_sim/stats, GET /_sim/faults, POST /_sim/faults, DELETE /_sim/faults/{id}"
    assert f"expected one of {known}, got GET /_sim{path}"[:150] == refused.json()["detail"][:150]
    assert 1000 > len(refused.content)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/_sim/faults", "GET, HEAD, POST"),
        ("POST", "/_sim/stats", "GET, HEAD"),
        ("OPTIONS", "/_sim/faults/7", "DELETE"),
    ],
)
async def test_a_method_that_there_is_not(method: str, path: str, allowed: str):
    """405 with those that there are, as a header and in words."""
    refused = await asks(method, path)
    assert_problem(refused, 405)
    assert allowed == refused.headers["allow"]
    assert f"expected one of {allowed} at " in refused.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/_sim/stats"), ("POST", "/_sim/faults"), ("HEAD", "/_sim/stats")]
)
async def test_a_call_that_there_is(method: str, path: str):
    """It is left alone."""
    assert 200 == (await asks(method, path)).status_code


@pytest.mark.parametrize("path", ["/_simulator", "/_SIM/stats", "/api/_sim/stats", "/"])
async def test_the_vendors_paths(path: str):
    """A path that is not under `/_sim` keeps the gateway's body, byte for byte."""
    assert b'{ "statusCode": 404, "message": "Resource not found" }' == (await asks("GET", path)).content


async def test_a_simulator(sim: Simulation):
    """Every call that it serves is told of, and under each path the methods that it takes."""
    refused = sim.sim("GET", "nope")
    assert_problem(refused, 404)
    assert "POST /_sim/trigger" in refused.json()["detail"]
    assert "DELETE /_sim/faults, GET /_sim/faults/{id}" in refused.json()["detail"]
    for path, allowed in (
        ("faults", "DELETE, GET, HEAD, POST"),
        ("faults/1", "DELETE, GET, HEAD, PUT"),
        ("reset", "POST"),
    ):
        refused = sim.sim("PATCH", path)
        assert_problem(refused, 405)
        assert allowed == refused.headers["allow"]
    assert b'{ "statusCode": 404, "message": "Resource not found" }' == sim.api("PATCH", "Webhooks").content
