"""How everything is answered: bodies that cannot be used, the table of errors, real answers held to openapi.json."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from frontsim import errors
from frontsim.api.responses import STATUS, api_error, refusal
from frontsim.errors import FrontsimError
from frontsim.user_input.request_body import BODY_LIMIT
from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation, assert_problem

TAKE_JSON = [
    ("POST", "/api/Webhooks", 400),
    ("PUT", "/api/Webhooks/{webhook}", 400),
    ("POST", "/_sim/trigger", 422),
    ("POST", "/_sim/simulate", 422),
    ("POST", "/_sim/faults", 422),
    ("POST", "/_sim/clock", 422),
    ("POST", "/_sim/drain", 422),
    ("POST", "/_sim/leases", 422),
    ("POST", "/_sim/leases/1", 422),
]
"""Calls that take a JSON object; a sink takes any JSON value."""


def errors_of(kind: type[FrontsimError]) -> Iterator[type[FrontsimError]]:
    for child in kind.__subclasses__():
        yield child
        yield from errors_of(child)


def test_every_error_has_a_status():
    """The table holds each error of `errors.py`, and nothing else; those of the client's calls never reach HTTP."""
    assert {kind for kind in errors_of(FrontsimError) if kind.__module__ == FrontsimError.__module__} == set(STATUS)
    assert all(400 <= status <= 599 for status in STATUS.values())


def test_every_error_is_answered():
    """An error's own words reach the caller, and its fields where it has some."""
    for kind, status in STATUS.items():
        error = kind("why", retry_after_s=3) if kind is errors.Busy else kind("why")
        answer = refusal(error)
        assert (status, b'"detail":"why"') == (answer.status_code, answer.body[answer.body.index(b'"detail"') :][:14])
        assert ("3" if kind is errors.Busy else None) == answer.headers.get("retry-after")


@pytest.mark.parametrize(("method", "path", "status"), TAKE_JSON)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"x"',
        b"\xff\xfe",
        b"event=SaleCreated",
        b'{"a":1}{',
        b"[" * 2000,
        b'{"a":NaN}',
    ],
)
def test_bodies_that_are_no_object(sim: Simulation, method: str, path: str, status: int, body: bytes):
    """Not JSON, or not an object: refused with what was expected and what came; nothing changes."""
    if path == "/_sim/drain" and not body:
        return  # a drain needs no body
    webhook = sim.subscribes("http://a.example")
    before = sim.state()
    refused = sim.http.request(
        method, sim.server + path.format(webhook=webhook), content=body, headers={"Content-Type": "application/json"}
    )
    assert_problem(refused, status)
    assert before == sim.state()


@pytest.mark.parametrize(("method", "path", "_"), TAKE_JSON)
@pytest.mark.parametrize("chunked", [True, False])
def test_bodies_that_are_too_large(sim: Simulation, method: str, path: str, _: int, chunked: bool):
    """More than 10 MiB is a 413, with a Content-Length or in chunks; the connection can be used again."""
    if chunked and path != "/api/Webhooks":
        return  # all read their bodies in the one way
    webhook = sim.subscribes("http://a.example")
    before = sim.state()
    content: Any = b" " * (BODY_LIMIT + 1)
    refused = sim.http.request(
        method,
        sim.server + path.format(webhook=webhook),
        content=(content[start : start + 65536] for start in range(0, len(content), 65536)) if chunked else content,
    )
    assert_problem(refused, 413)
    assert before == sim.state()


def test_the_largest_body(sim: Simulation):
    """10 MiB are taken."""
    body = b'{"event":"SaleCreated","url":"http://a.example"}'
    assert 200 == sim.api("POST", "Webhooks", content=body.ljust(BODY_LIMIT)).status_code


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/problem+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_content_types(sim: Simulation, content_type: str, status: int):
    """A body that says that it is not JSON is a 415, as in ASP.NET Core (inferred)."""
    body = b'{"event":"SaleCreated","url":"http://a.example"}'
    answer = sim.api("POST", "Webhooks", content=body, headers={"Content-Type": content_type})
    assert status == answer.status_code
    assert (status == 200) == bool(sim.api("GET", "Webhooks").json())


def test_no_content_type(sim: Simulation):
    """A body that does not say what it is may be JSON, and may begin with a byte order mark."""
    body = b'\xef\xbb\xbf{"event":"SaleCreated","url":"http://a.example"}'
    assert 200 == sim.api("POST", "Webhooks", content=body).status_code


def test_curl_d(sim: Simulation):
    """The control surface takes what `curl -d` sends, whatever it calls it."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert 202 == sim.sim("POST", "trigger", content=b'{"event":"SaleCreated"}', headers=form).status_code


def test_a_caller_who_leaves_in_the_middle(sim: Simulation):
    """Half a body changes nothing."""
    before = sim.state()
    with socket.create_connection(("127.0.0.1", sim.port)) as link:
        link.sendall(
            b"POST /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\nContent-Length: 50\r\n\r\n"
            b'{"event":"SaleCreated","url":"http://a.example"}'
        )
    assert before == sim.state()


@pytest.mark.parametrize(
    "raw",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /api/Webhooks HTTP/1.1\r\nHost: [\r\nx-api-key: k\r\n\r\n",
        b"POST /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nOrigin: http://[\r\nContent-Length: 2\r\n\r\n{}",
        b"POST /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /api/Webhooks/%ff%fe HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\n\r\n",
        b"GET /api/WebhooksEvents/%00 HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\n\r\n",
        b"GET /_sim/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: " + b"9" * 5000 + b"\r\n\r\n",
        b"GET /_sim/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: \xb2\r\n\r\n",
        b"DELETE /_sim/faults/" + b"9" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"DELETE /_sim/faults/%D9%A1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b'PUT /_sim/faults/%C2%B2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18\r\n\r\n{"fault":"refuse"}',
    ],
)
def test_requests_that_no_library_sends(sim: Simulation, raw: bytes):
    """Bytes that break HTTP, or a header's own form, are a 4xx."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=PATIENCE_S) as link:
        link.sendall(raw)
        assert b"HTTP/1.1 4" == link.recv(65536)[:10]


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 599])
def test_the_api_errors_of_faults_are_json(status: int):
    """The gateway's form, whatever the status."""
    assert (
        b'{ "statusCode": %d, "message": ' % status
        == bytes(api_error(status, 0).body).partition(b'"message": ')[0] + b'"message": '
    )


DEEP = b"[" * 300 + b"]" * 300


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p, _ in TAKE_JSON] + [("POST", "/_sim/sink/erp")])
@pytest.mark.parametrize(
    "body", [DEEP, b'{"id":' + DEEP + b"}", b'{"event":"SaleCreated","set":{"total":' + DEEP + b"}}"]
)
def test_bodies_that_are_nested_too_deep(sim: Simulation, method: str, path: str, body: bytes):
    """A 4xx, wherever the nesting is: what could be read but not written again must not reach anything."""
    webhook = sim.subscribes("http://127.0.0.1:9/")
    answer = sim.http.request(
        method,
        sim.server + path.format(webhook=webhook),
        content=body,
        headers={"x-api-key": "a", "content-type": "application/json"},
    )
    assert 400 <= answer.status_code < 500, answer.text
