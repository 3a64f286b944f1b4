"""How everything is answered: bodies that cannot be used, the table of errors, real answers held to openapi.json."""

import importlib.util
import json
import socket
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontsim import errors
from frontsim.api.responses import STATUS, api_error, refusal
from frontsim.domain.faults import FAULTS
from frontsim.errors import FrontsimError
from frontsim.settings import Settings
from frontsim.user_input.request_body import BODY_LIMIT
from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import EVER, UNKNOWN_ID, Simulation, assert_problem, simulation

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


def test_real_answers_are_as_described(sim: Simulation, receiver: Recorder):
    """Every operation's answers, good and bad, are described in contracts/openapi.json, and valid."""
    described = _described()
    with simulation(auth="strict") as strict:
        keys = {"x-api-key": Settings().api_key, "Ocp-Apim-Subscription-Key": Settings().subscription_key}
        strict.http.headers.update(keys)
        answers = dict(_answers(strict, receiver.url))
        seen = set()
        for (operation, note), answer in answers.items():
            described.check_answer(operation, answer, note)
            seen.add(operation)
    assert set(described.OPERATIONS) == seen


def _answers(sim: Simulation, url: str) -> Iterator[tuple[tuple[str, str], httpx.Response]]:
    yield ("createWebhook", ""), (created := sim.api("POST", "webhooks", json={"event": "salecreated", "url": url}))
    webhook = created.json()["id"]
    yield ("createWebhook", "bad"), sim.api("POST", "webhooks", json={"event": "nope", "url": "x"})
    yield ("createWebhook", "array"), sim.api("POST", "webhooks", content=b"[]")
    yield ("createWebhook", "form"), sim.api("POST", "webhooks", content=b"a=b", headers={"content-type": "text/plain"})
    yield ("createWebhook", "large"), sim.api("POST", "webhooks", content=b"x" * (BODY_LIMIT + 1))
    yield ("createWebhook", "site"), sim.api("POST", "webhooks", json={}, headers={"origin": "https://evil.example"})
    yield ("listWebhooks", ""), sim.api("GET", "Webhooks")
    yield ("listWebhooks", "key"), sim.api("GET", "Webhooks", headers={"x-api-key": "z"})
    yield ("listWebhooks", "gateway"), sim.api("GET", "Webhooks", headers={"Ocp-Apim-Subscription-Key": "z"})
    yield ("getWebhook", ""), sim.api("GET", f"Webhooks/{webhook}")
    yield ("getWebhook", "no id"), sim.api("GET", "Webhooks/zz")
    yield ("getWebhook", "unknown"), sim.api("GET", f"Webhooks/{UNKNOWN_ID}")
    yield ("updateWebhook", ""), sim.api("PUT", f"Webhooks/{webhook}", json={"storeId": None})
    yield ("updateWebhook", "bad"), sim.api("PUT", f"Webhooks/{webhook}", json={"storeId": "x"})
    yield ("listWebhookTypes", ""), sim.api("GET", "WebhooksTypes")
    yield ("getWebhookTypeSchema", ""), sim.api("GET", "WebhooksTypes/salecreated/schema")
    yield ("getWebhookTypeSchema", "unknown"), sim.api("GET", "WebhooksTypes/nope/schema")
    event = sim.raises(count=2)[0]
    sim.drains()
    asked = {**EVER, "includePayload": "true", "includeRuns": "true"}
    yield ("listWebhookEvents", ""), sim.api("GET", f"WebhooksEvents/{webhook}", params=asked)
    yield ("listWebhookEvents", "no dates"), sim.api("GET", f"WebhooksEvents/{webhook}")
    yield ("getWebhookEvent", ""), sim.api("GET", f"WebhooksEvents/{webhook}/{event}")
    yield ("deliverWebhookEvent", ""), sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{event}")
    yield ("deliverWebhookEvent", "unknown"), sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{UNKNOWN_ID}")
    for operation, path in {
        "getEnvironment": "Environment",
        "listStores": "Stores",
        "listStocks": "Stock/list",
        "listStockSettings": "Stock/settings",
    }.items():
        yield (operation, ""), sim.api("GET", path)
    yield ("deleteWebhook", ""), sim.api("DELETE", f"Webhooks/{webhook}")
    yield ("deleteWebhook", "again"), sim.api("DELETE", f"Webhooks/{webhook}")


class _Described:
    """contracts/openapi.json, with the tools of its own test."""

    def __init__(self, tools: Any) -> None:
        self._tools = tools
        self.OPERATIONS = tools.OPERATIONS

    def check_answer(self, operation: str, answer: httpx.Response, note: str) -> None:
        method, path = self._tools.OPERATIONS[operation]
        responses = self._tools.DOCUMENT["paths"][path][method]["responses"]
        status = str(answer.status_code)
        assert status in responses, (operation, note, answer.text)
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in self._tools.resolved(responses[status])["content"], (operation, note)
        pointer = f"#/paths/{path.replace('/', '~1')}/{method}/responses/{status}"
        where = responses[status].get("$ref") or pointer.replace("{", "%7B").replace("}", "%7D")
        self._tools.check(f"{where}/content/{media_type.replace('/', '~1')}/schema", answer.json())


def _described() -> _Described:
    file = Path(__file__).parent.parent / "contracts" / "test_openapi.py"
    spec = importlib.util.spec_from_file_location("described", file)
    assert spec is not None
    assert spec.loader is not None
    tools = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tools)
    return _Described(tools)


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 599])
def test_the_api_errors_of_faults_are_json(status: int):
    """The gateway's form, whatever the status."""
    assert (
        b'{ "statusCode": %d, "message": ' % status
        == bytes(api_error(status, 0).body).partition(b'"message": ')[0] + b'"message": '
    )


NAMES = st.sampled_from(
    [
        "event", "url", "storeId", "id", "count", "set", "payload", "invalid", "what", "timeoutS", "advanceS", "now",
        "fault", "match", "times", "probability", "params", "webhookId", "trigger", "run", "operation", "from", "to",
        "status", "seconds", "behind", "copies", "apart", "fraction", "bytes", "ttlS", "mix", "resend", "outcomes",
        "webhookEventId", "outcome", "statusCode", "durationMs"
    ]
)  # fmt: skip
WORDS = st.sampled_from(
    ["SaleCreated", "salecreated", "sale", "http://127.0.0.1:1/", "Original", "Resend", "2021-12-01", "simultaneous",
     UNKNOWN_ID, "answered", "not sent", "unknown", *FAULTS]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([2**31, -(2**63), 2**64, 10**30]),
    st.floats(),
    st.text(max_size=20),
    WORDS,
    st.sampled_from([0, 1, 2, 500]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, st.text(max_size=8)), inner, max_size=5)
    ),
    max_leaves=12,
)
BODIES = st.one_of(st.dictionaries(NAMES, VALUES, max_size=6), VALUES, st.binary(max_size=40))
PATHS = st.one_of(
    st.sampled_from(
        [
            "/api/Webhooks", "/api/Webhooks/{webhook}", "/api/WebhooksTypes", "/api/WebhooksTypes/SaleCreated/schema",
            "/api/WebhooksEvents/{webhook}", "/api/WebhooksEvents/{webhook}/{event}",
            "/api/WebhooksEvents/{webhook}/deliver/{event}", f"/api/Webhooks/{UNKNOWN_ID}", "/_sim/trigger",
            "/_sim/simulate", "/_sim/faults", "/_sim/faults/1", "/_sim/clock", "/_sim/leases", "/_sim/leases/1",
            "/_sim/sink/a", "/_sim/stats", "/_sim/health",
        ]
    ),
    st.text(string.printable + "æ€\x00", max_size=20).map("/api/".__add__),
)  # fmt: skip
QUERIES = st.dictionaries(
    st.sampled_from(["from", "to", "success", "statuses", "includePayload", "subscription-key", "x"]),
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(["2021-12-01", "true", "['OK']", "9999-12-31T23:59:59-12:00", "0001-01-01"]),
    ),
    max_size=4,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Origin", "Host", "Content-Type", "Last-Event-ID", "x-api-key", "Authorization", "Sec-Fetch-Site"]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f\x80\x85\xa0"), max_size=20)
    .map(lambda text: text.encode("latin-1")),
    max_size=2,
)  # fmt: skip


@pytest.mark.slow
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]), path=PATHS, query=QUERIES, body=BODIES, headers=HEADERS
)
@settings(
    max_examples=300,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_request_makes_a_5xx(
    shared_sim: Simulation, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, bytes]
):
    """Whatever a request holds, the answer is not the server's failure, and the server goes on."""
    shared_sim.does("reset")
    if "{" in path:
        path = path.replace("{webhook}", shared_sim.subscribes("http://127.0.0.1:1/"))
        path = path.replace("{event}", *shared_sim.raises())
    url = httpx.URL(shared_sim.server).copy_with(raw_path=quote(path).encode())
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = shared_sim.http.request(method, url, params=query, content=content, headers=headers)
    assert 500 > answer.status_code, answer.text


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
