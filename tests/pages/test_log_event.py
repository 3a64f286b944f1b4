"""The page's read of one event."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.recorder import Recorder, answer
from tests.support.simulation import UNKNOWN_ID, Simulation, assert_problem, simulation


def of(sim: Simulation, event: str, more: str = "") -> Any:
    return sim.does(f"page/events/{event}{more}", method="GET")


def test_what_raised_an_event(sim: Simulation):
    """A sale knows its stock movements, and a trigger how many were asked for."""
    for event in ("SaleCreated", "StockMovementCreated"):
        sim.subscribes("http://127.0.0.1:1/a", event)
    raised = sim.does("simulate", {"what": "sale", "count": 2})["events"]
    shown = [(each, of(sim, each["webhookEventId"])["cause"]) for each in raised]
    sales = [cause for each, cause in shown if each["event"] == "SaleCreated"]
    assert 2 == len(sales)
    for cause in sales:
        assert ("sale", 2) == (cause["what"], cause["asked"])
        assert {"StockMovementCreated"} == {each["event"] for each in cause["others"]}
    assert len(raised) == sum(1 + cause["othersCount"] for cause in sales)
    for payload in ({}, {"set": {"comment": "x"}}):
        triggered = sim.raises(count=3, **payload)
        assert 3 == of(sim, triggered[0])["cause"]["asked"]
        assert "trigger" == of(sim, triggered[2])["cause"]["what"]


def test_other_events_of_the_entity(sim: Simulation):
    """Of the same customer, whatever the type and wherever else the number stands."""
    for event in ("CustomerCreated", "CustomerUpdated"):
        sim.subscribes("http://127.0.0.1:1/a", event)
    (made,) = sim.raises("CustomerCreated", set={"customerId": 41})
    sim.raises("CustomerCreated", set={"customerId": 412})
    sim.raises("CustomerUpdated", set={"customerId": 7, "firstName": "41"})
    (changed,) = sim.raises("CustomerUpdated", set={"customerId": 41})
    assert {"customerId": 41} == of(sim, made)["entity"]
    assert [changed] == [each["webhookEventId"] for each in of(sim, made, "/same")["events"]]
    assert [made] == [each["webhookEventId"] for each in of(sim, changed, "/same")["events"]]
    assert [] == of(sim, made, "/same?before=1")["events"]
    assert_problem(sim.sim("GET", f"page/events/{made}/same?after=1"), 422)


def test_other_movements_of_a_stock_item(sim: Simulation):
    """Two fields together say which it is."""
    sim.subscribes("http://127.0.0.1:1/a", "StockMovementCreated")
    (one,) = sim.raises("StockMovementCreated", set={"stockId": 5, "gtin": "7040001"})
    sim.raises("StockMovementCreated", set={"stockId": 6, "gtin": "7040001"})
    (two,) = sim.raises("StockMovementCreated", set={"stockId": 5, "gtin": "7040001"})
    assert [one] == [each["webhookEventId"] for each in of(sim, two, "/same")["events"]]


@pytest.mark.parametrize("fault", ["garbage-json", "missing-field", "unknown-event", "wrong-content-type", "bom"])
def test_the_request_as_a_fault_changed_it(sim: Simulation, receiver: Recorder, fault: str):
    """Byte for byte what the receiver got, headers included; the next run goes out as it is."""
    webhook = sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.breaks(fault, times=1)
    (event,) = sim.raises()
    sim.drains()
    sim.sim("POST", f"page/api/webhooksevents/{webhook}/deliver/{event}").raise_for_status()
    for number, call in enumerate(receiver.calls, 1):
        shown = of(sim, event, f"/runs/{number}")
        assert call.body.decode() == shown["request"]["body"]
        first, *lines = shown["request"]["head"].splitlines()
        assert call.line == first
        assert call.headers == {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert ["changed", "all"] == [run["sent"] for run in of(sim, event)["runs"]]
    first, second = of(sim, event, "/runs/1"), of(sim, event, "/runs/2")
    assert first["without"] == second["request"] != first["request"]
    assert second["without"] is None


def test_a_request_that_was_cut(sim: Simulation):
    sim.subscribes("http://127.0.0.1:1/a")
    sim.breaks("partial-body", times=1)
    sim.breaks("refuse")
    first, second = sim.raises(count=2)
    sim.drains()
    assert ["nothing"] * 2 == [of(sim, each)["runs"][0]["sent"] for each in (first, second)]  # the first found no port


def test_a_body_that_was_cut(sim: Simulation, receiver: Recorder):
    """Half of the body went out, and the whole length was announced."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.breaks("partial-body", params={"fraction": 0.5})
    (event,) = sim.raises()
    sim.drains()
    shown = of(sim, event, "/runs/1")
    whole = shown["without"]["body"]
    assert whole.encode()[: len(whole.encode()) // 2].decode(errors="replace") == shown["request"]["body"]
    assert f"Content-Length: {len(whole.encode())}" in shown["request"]["head"]


def test_a_large_body_is_shown_in_part(sim: Simulation, receiver: Recorder):
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.breaks("huge", params={"bytes": 1_000_000})
    (event,) = sim.raises()
    sim.drains()
    shown = of(sim, event, "/runs/1")["request"]
    assert not shown["isWhole"]
    assert 60_000 < len(shown["body"]) < 70_000
    assert len(receiver.calls[0].body) == shown["bytes"]


def test_a_run_that_there_is_not(sim: Simulation, receiver: Recorder):
    receiver.respond = lambda _: answer(200, json.dumps({}).encode())
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    (event,) = sim.raises()
    sim.drains()
    for number in ("0", "2", "x"):
        assert_problem(sim.sim("GET", f"page/events/{event}/runs/{number}"), 404)
    assert_problem(sim.sim("GET", f"page/events/{UNKNOWN_ID}/runs/1"), 404)


def test_one_event(sim: Simulation, receiver: Recorder):
    """Its payload byte for byte, the headers that are sent, and each run with the receiver's answer."""
    receiver.respond = lambda _: answer(500, b"no room").replace(b"Content-Length", b"Retry-After: 7\r\nContent-Length")
    webhook = sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    (event,) = sim.raises()
    sim.drains()
    sim.sim("POST", f"page/api/webhooksevents/{webhook}/deliver/{event}").raise_for_status()
    shown = sim.does(f"page/events/{event}", method="GET")
    assert receiver.calls[0].body.decode() == shown["payload"]
    sent = receiver.calls[0].headers
    assert shown["headers"] == {name: sent[name.lower()] for name in shown["headers"]}
    runs = [(run["trigger"], run["answerHead"], run["answer"]) for run in shown["runs"]]
    head = "Retry-After: 7\nContent-Length: 7"
    assert [("Original", head, "no room"), ("Resend", head, "no room")] == runs
    assert_problem(sim.sim("GET", f"page/events/{UNKNOWN_ID}"), 404)
    assert_problem(sim.sim("GET", "page/events/x"), 422)


def test_one_event_of_a_shape(receiver: Recorder, tmp_path: Path):
    """The page shows the bytes that are sent: the type in the URL, the payload in its envelope, the event's facts."""
    shape = tmp_path / "shape.toml"
    shape.write_text(
        '[envelope]\nat = "{createdDateTime}"\nstore = "{storeId}"\nid = "{webhookEventId}"\ndata = "{payload}"'
    )
    with simulation(delivery_shape=str(shape)) as sim:
        sim.subscribes(f"http://127.0.0.1:{receiver.port}/{{event}}")
        (event,) = sim.raises()
        sim.drains()
        shown = sim.does(f"page/events/{event}", method="GET")
    (call,) = receiver.calls
    assert call.body.decode() == shown["sentBody"] != shown["payload"]
    assert call.line == f"POST {shown['sentUrl'].partition(str(receiver.port))[2]} HTTP/1.1"
    assert shown["headers"] == {name: call.headers[name.lower()] for name in shown["headers"]}
