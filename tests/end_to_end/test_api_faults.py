"""Faults on the vendor's API: when the work is done, when it is answered, and whom chance strikes."""

import asyncio
import socket

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from frontsim.api.gateway import Gateway, Keys
from frontsim.clock import Clock
from frontsim.domain.fault_rules import FaultRules
from frontsim.domain.faults import FaultRule, Match
from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation, simulation


@pytest.mark.slow
def test_api_slow_is_late_with_its_answer_alone(sim: Simulation):
    """The call is done at once, also for a caller who gives up long before the answer."""
    sim.breaks("api-slow", {"operation": "createWebhook"}, params={"seconds": 3600})
    with pytest.raises(httpx.ReadTimeout):
        sim.api(
            "POST",
            "Webhooks",
            json={"event": "SaleCreated", "url": "http://a.example"},
            timeout=httpx.Timeout(PATIENCE_S, read=1),
        )
    assert 1 == len(sim.api("GET", "Webhooks").json())


def test_api_slow_when_the_simulator_stops():
    """A caller that waits for a late answer gets a reset; the stop does not wait for it."""
    with simulation() as sim:
        sim.breaks("api-slow", params={"seconds": 3600})
        link = socket.create_connection(("127.0.0.1", sim.port), timeout=PATIENCE_S)
        link.sendall(b"GET /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\n\r\n")
        while not sim.does("faults", method="GET")[0]["fired"]:
            pass
    with link, pytest.raises(ConnectionResetError):
        link.recv(1)


@pytest.mark.anyio
async def test_api_slow_for_a_caller_who_has_gone():
    """A caller that has left is not waited for: the call is done and over."""
    done = []

    async def work(_: Request) -> Response:
        done.append(1)
        return Response()

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def unread(_: Message) -> None:
        pass

    rules = FaultRules(seed=1)
    rules.add(FaultRule(number=0, fault="api-slow", match=Match(), times=None, probability=1, params={"seconds": 3600}))
    keys = Keys(auth="off", api_key="", subscription_key="")
    gateway = Gateway([Route("/api/x", work, name="x")], keys=keys, rules=rules, clock=Clock())
    async with asyncio.timeout(20):
        await gateway({"type": "http", "method": "GET", "path": "/api/x", "headers": []}, gone, unread)
    assert [1] == done


def calls_that_failed(sim: Simulation, operation: str, *, between: int) -> list[bool]:
    """Which of 40 listings of the types fail by half a chance, with so many other calls between each two."""
    sim.does("reset")
    sim.breaks("api-error", {"operation": operation}, probability=0.5)
    answers = []
    for _ in range(40):
        answers.append(sim.api("GET", "WebhooksTypes").status_code == 500)
        for _ in range(between):
            sim.api("GET", "Webhooks")
    return answers


def test_chance_of_api_faults(sim: Simulation):
    """It follows from the seed, the rule, and the calls that the rule has matched: other calls change nothing."""
    alone = calls_that_failed(sim, "listWebhookTypes", between=0)
    assert 8 < sum(alone) < 32
    assert alone == calls_that_failed(sim, "listWebhookTypes", between=2)


def test_whom_chance_spares_gets_the_next_rule(sim: Simulation):
    """Two rules share the calls: what the first lets go, the second has."""
    sim.breaks("api-error", probability=0.5, params={"status": 503})
    sim.breaks("api-error", params={"status": 502})
    assert {502, 503} == {sim.api("GET", "Webhooks").status_code for _ in range(40)}
