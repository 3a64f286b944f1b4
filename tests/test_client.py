"""The vendor's API and the control surface, as an integrator calls them."""

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simulator.client import FrontSystems, Simulator, control_url
from simulator.errors import BadInput
from simulator.exchange import UnexpectedAnswer

WEBHOOK = {"id": "w", "storeId": 3, "event": "SaleCreated", "url": "http://a", "later": 1}
ENTRY = {"webhookId": "w", "webhookEventId": "e", "success": True, "runsCounter": 2}


class Recorder:
    """Answers every request with the next of its answers and keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, json=self._answers.pop(0) if self._answers else None)

    @property
    def lines(self) -> list[str]:
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.asked]

    def body(self, place: int = -1) -> Any:
        return json.loads(self.asked[place].content)


def front(record: Recorder, base_url: str = "http://shop.example/restapi/V2") -> FrontSystems:
    return FrontSystems(base_url, api_key="k", subscription_key="s", transport=httpx.MockTransport(record))


def simulator(record: Recorder, token: str = "") -> Simulator:
    return Simulator("http://shop.example/_sim", token=token, transport=httpx.MockTransport(record))


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("http://shop.example/restapi/V2", "/restapi/V2/api/Webhooks"),
        ("http://shop.example/restapi/V2/", "/restapi/V2/api/Webhooks"),
        ("http://shop.example/restapi/V2/api", "/restapi/V2/api/Webhooks"),
        ("http://shop.example/API/", "/API/Webhooks"),
        ("http://shop.example", "/api/Webhooks"),
    ],
)
def test_base_urls(base_url: str, path: str) -> None:
    """The base URL may end in /api or not, with a slash or not."""
    record = Recorder([])
    assert [] == front(record, base_url).list_webhooks()
    assert [f"GET {path}"] == record.lines


def test_both_keys_go_with_every_call() -> None:
    """Both headers are sent (published); most public clients send both."""
    record = Recorder([])
    front(record).list_webhooks()
    headers = record.asked[0].headers
    assert ("k", "s") == (headers["x-api-key"], headers["Ocp-Apim-Subscription-Key"])


def test_webhooks() -> None:
    """Create, read, change and delete; a change PUTs the whole model, with fields that we do not know."""
    record = Recorder(WEBHOOK, WEBHOOK, WEBHOOK, WEBHOOK, WEBHOOK)
    with front(record) as api:
        assert "w" == api.create_webhook("SaleCreated", "http://a").id
        api.create_webhook("SaleCreated", "http://a", store_id=3)
        api.get_webhook("w")
        api.update_webhook("w", url="http://b", store_id=None)
        api.delete_webhook("w")
    assert [
        "POST /restapi/V2/api/Webhooks",
        "POST /restapi/V2/api/Webhooks",
        "GET /restapi/V2/api/Webhooks/w",
        "GET /restapi/V2/api/Webhooks/w",
        "PUT /restapi/V2/api/Webhooks/w",
        "DELETE /restapi/V2/api/Webhooks/w",
    ] == record.lines
    assert {"event": "SaleCreated", "url": "http://a"} == record.body(0)
    assert {"event": "SaleCreated", "url": "http://a", "storeId": 3} == record.body(1)
    assert {**WEBHOOK, "url": "http://b", "storeId": None} == record.body(4)


def test_the_log() -> None:
    """The list's query is the guide's; dates are written as ISO, a text as it stands."""
    record = Recorder([ENTRY], [], ENTRY, ENTRY)
    api = front(record)
    day = dt.date(2021, 12, 1)
    assert "e" == api.list_events("w", from_=day, to="2021-12-15", success=False)[0].webhook_event_id
    api.list_events("w", from_=day, to=day, statuses=["OK", "Not found"], include_payload=True, include_runs=True)
    api.get_event("w", "e")
    assert 2 == api.deliver("w", "e").runs_counter
    root = "/restapi/V2/api/WebhooksEvents/w"
    assert [
        f"GET {root}?from=2021-12-01&to=2021-12-15&success=false&includePayload=false&includeRuns=false",
        f"GET {root}?from=2021-12-01&to=2021-12-01&statuses=OK&statuses=Not+found&includePayload=true&includeRuns=true",
        f"GET {root}/e",
        f"POST {root}/deliver/e",
    ] == record.lines
    assert b"" == record.asked[3].content


def test_types() -> None:
    """The types are an array of strings (open); a schema comes as it is."""
    record = Recorder(["SaleCreated"], {"type": "object"}, ["SaleCreated", 1])
    api = front(record)
    assert ["SaleCreated"] == api.webhook_types()
    assert {"type": "object"} == api.type_schema("SaleCreated")
    with pytest.raises(UnexpectedAnswer, match="expected an array of strings"):
        api.webhook_types()


@pytest.mark.parametrize("given", ["", " ", ".", "..", "\udcff"])
def test_an_id_that_would_be_another_call(given: str) -> None:
    """DELETE Webhooks/.. is not a call that anybody meant."""
    record = Recorder()
    with pytest.raises(BadInput, match="expected an id"):
        front(record).delete_webhook(given)
    assert [] == record.lines


def test_an_id_stays_one_part_of_the_path() -> None:
    """Whatever an id holds, it is percent-encoded."""
    record = Recorder()
    front(record).delete_webhook("a/../b?c=æ")
    assert ["DELETE /restapi/V2/api/Webhooks/a%2F..%2Fb%3Fc%3D%C3%A6"] == record.lines


def test_raising_events() -> None:
    """A trigger sends what was asked for and nothing else."""
    raised = {"occurrences": 1, "events": []}
    record = Recorder(raised, raised, raised, raised)
    api = simulator(record, token="t")
    api.trigger("SaleCreated")
    api.trigger("SaleCreated", count=2, store_id=0, set_={"a.b": None}, payload={}, invalid=True)
    assert 1 == api.simulate("sale", count=3).occurrences
    api.simulate_day(speed=600)
    assert {"event": "SaleCreated", "count": 1} == record.body(0)
    assert {
        "event": "SaleCreated",
        "count": 2,
        "storeId": 0,
        "set": {"a.b": None},
        "payload": {},
        "invalid": True,
    } == record.body(1)
    assert {"what": "sale", "count": 3} == record.body(2)
    assert {"what": "day", "speed": 600} == record.body(3)
    assert "Bearer t" == record.asked[0].headers["Authorization"]
    # A day at 600 lasts 144 s; its answer is waited for by as much more than any other's 60 s.
    assert 204.0 == record.asked[3].extensions["timeout"]["read"]


def test_without_a_token_there_is_no_authorization() -> None:
    """An empty token is none."""
    record = Recorder({})
    simulator(record).health()
    assert "Authorization" not in record.asked[0].headers


def test_faults() -> None:
    """A rule is sent whole; removing one names it, clearing names none."""
    record = Recorder({"id": "1"}, [{"id": "1"}])
    api = simulator(record)
    assert {"id": "1"} == api.add_fault("refuse", match={"run": 1}, times=2, params={"status": 503})
    assert [{"id": "1"}] == api.list_faults()
    api.remove_fault("1")
    api.clear_faults()
    assert {
        "fault": "refuse",
        "match": {"run": 1},
        "times": 2,
        "probability": 1.0,
        "params": {"status": 503},
    } == record.body(0)
    assert [
        "POST /_sim/faults",
        "GET /_sim/faults",
        "DELETE /_sim/faults/1",
        "DELETE /_sim/faults",
    ] == record.lines


def test_draining_waits_longer_than_other_calls() -> None:
    """The answer to a drain may come as late as its own timeout says, and then some."""
    record = Recorder({"drained": False})
    assert not simulator(record).drain(30)
    assert ({"timeoutS": 30}, 90.0) == (record.body(), record.asked[0].extensions["timeout"]["read"])
    with pytest.raises(UnexpectedAnswer, match="drained"):
        simulator(Recorder({})).drain()


@pytest.mark.parametrize(
    ("call", "line", "body"),
    [
        (lambda api: api.clock(), "GET /_sim/clock", None),
        (lambda api: api.advance(1.5), "POST /_sim/clock", {"advanceS": 1.5}),
        (lambda api: api.set_clock("2026-01-01"), "POST /_sim/clock", {"now": "2026-01-01"}),
        (lambda api: api.health(), "GET /_sim/health", None),
        (lambda api: api.stats(), "GET /_sim/stats", None),
        (lambda api: api.reset(), "POST /_sim/reset", None),
    ],
)
def test_other_controls(call: Callable[[Simulator], Any], line: str, body: Any) -> None:
    """Each control is one call."""
    record = Recorder({})
    call(simulator(record))
    assert [line] == record.lines
    assert body == (record.body() if record.asked[0].content else None)


def test_a_sink() -> None:
    """What a stand-in business system recorded is a list."""
    record = Recorder([{"saleId": 1}])
    assert [{"saleId": 1}] == simulator(record).sink("erp")
    assert ["GET /_sim/sink/erp"] == record.lines


def test_the_stream() -> None:
    """Changes come as messages; Last-Event-ID says where to go on."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, text="id: 8\ndata: x\n\n")

    api = Simulator("http://shop.example/_sim", transport=httpx.MockTransport(answer))
    assert ["8"] == [message.id for message in api.stream(after="7")]
    assert ("7", "text/event-stream") == (asked[0].headers["Last-Event-ID"], asked[0].headers["Accept"])
    assert asked[0].extensions["timeout"]["read"] is None


def test_where_the_control_surface_is() -> None:
    """/_sim stands at the origin of the base URL, whatever its path."""
    assert "http://127.0.0.1:8400/_sim" == control_url("http://127.0.0.1:8400/restapi/V2")
    with pytest.raises(BadInput, match="expected a URL"):
        control_url("127.0.0.1:8400")
