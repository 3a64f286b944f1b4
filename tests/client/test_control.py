"""The control surface, as its user calls it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from frontsim.client.control import Simulator, control_url
from frontsim.client.errors import UnexpectedAnswer
from frontsim.errors import BadInput
from tests.support.scripted_transport import ScriptedTransport


def simulator(record: ScriptedTransport, token: str = "") -> Simulator:
    return Simulator("http://shop.example/_sim", token=token, transport=httpx.MockTransport(record))


def test_raising_events() -> None:
    """A trigger sends what was asked for and nothing else."""
    raised = {"occurrences": 1, "events": []}
    record = ScriptedTransport(raised, raised, raised, raised)
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
    record = ScriptedTransport({})
    simulator(record).health()
    assert "Authorization" not in record.asked[0].headers


def test_faults() -> None:
    """A rule is sent whole; removing one names it, clearing names none."""
    record = ScriptedTransport({"id": "1"}, [{"id": "1"}])
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
    record = ScriptedTransport({"drained": False})
    assert not simulator(record).drain(30)
    assert ({"timeoutS": 30}, 90.0) == (record.body(), record.asked[0].extensions["timeout"]["read"])
    with pytest.raises(UnexpectedAnswer, match="drained"):
        simulator(ScriptedTransport({})).drain()


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
    record = ScriptedTransport({})
    call(simulator(record))
    assert [line] == record.lines
    assert body == (record.body() if record.asked[0].content else None)


def test_the_time_as_the_log_has_it() -> None:
    """A date-time without a zone, as the vendor writes it; anything else is no answer that can be used."""
    assert (
        datetime.fromisoformat("2026-08-01T10:00:00")
        == simulator(ScriptedTransport({"now": "2026-08-01T10:00:00"})).now()
    )
    with pytest.raises(UnexpectedAnswer, match="date-time"):
        simulator(ScriptedTransport({})).now()


def test_the_time_as_an_instant() -> None:
    """In the vendor's zone, and the second pass where the clock shows an hour twice."""
    clock = {"now": "2027-10-31T02:30:00", "utc": "2027-10-31T01:30:00.0000000+00:00", "timezone": "Europe/Oslo"}
    found = simulator(ScriptedTransport(clock)).instant()
    assert ("2027-10-31T02:30:00+01:00", 1) == (found.isoformat(), found.fold)
    for wrong in ({}, {**clock, "utc": 7}, {**clock, "timezone": "Nowhere"}):
        with pytest.raises(UnexpectedAnswer, match="a zone"):
            simulator(ScriptedTransport(wrong)).instant()


def test_a_sink() -> None:
    """The records of a stand-in business system are a list."""
    record = ScriptedTransport([{"saleId": 1}])
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
