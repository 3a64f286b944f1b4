"""A receiver gets its events, some of its answers count, and nothing is sent again by itself."""

import threading

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.recorder import OK, Recorder, answer
from tests.support.simulation import Simulation, simulation


def test_what_a_delivery_looks_like(sim: Simulation, receiver: Recorder):
    """A POST of JSON to the URL as it was written, with the event's ids and its type in headers."""
    webhook = sim.subscribes(receiver.url)
    (event,) = sim.raises()
    (call,) = receiver.gets(1)
    assert "POST /hook?token=abc HTTP/1.1" == call.line
    assert {
        "host": f"127.0.0.1:{receiver.port}",
        "content-type": "application/json; charset=utf-8",
        "x-webhook-event-id": event,
        "x-webhook-id": webhook,
        "x-webhook-event": "SaleCreated",
        "content-length": str(len(call.body)),
    } == call.headers


def test_header_names_are_settings(receiver: Recorder):
    """The vendor's header names are open, so each name can be chosen."""
    with simulation(event_id_header="EventID", webhook_id_header="Hook", event_header="Kind") as sim:
        webhook = sim.subscribes(receiver.url)
        (event,) = sim.raises()
        headers = receiver.gets(1)[0].headers
    assert (event, webhook, "SaleCreated") == (headers["eventid"], headers["hook"], headers["kind"])


def test_nothing_is_resent_by_itself(sim: Simulation, receiver: Recorder):
    """There is no automatic resend (published): simulator time may pass, a failed event stays at one run."""
    receiver.respond = lambda _: answer(503)
    webhook = sim.subscribes(receiver.url)
    sim.raises(count=3)
    sim.drains()
    sim.does("clock", {"advanceS": 86_400 * 7})
    sim.drains()
    assert (3, [1, 1, 1]) == (len(receiver.calls), [entry["runsCounter"] for entry in sim.log(webhook)])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 429, 500, 599])
def test_only_2xx_counts(sim: Simulation, receiver: Recorder, status: int):
    """A redirect is not followed, and nothing but a 2xx is a success (published)."""
    receiver.respond = lambda _: answer(status)
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    sim.drains()
    (entry,) = sim.log(webhook)
    assert (False, 1) == (entry["success"], len(receiver.calls))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_counts(sim: Simulation, receiver: Recorder, status: int):
    """Every 2xx is a success, and its own code is shown."""
    receiver.respond = lambda _: b"HTTP/1.1 204 No\r\n\r\n" if status == 204 else answer(status)
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    sim.drains()
    (entry,) = sim.log(webhook)
    assert (True, status) == (entry["success"], entry["statusCode"])


def test_a_slow_receiver_delays_no_other(sim: Simulation, receiver: Recorder):
    """While one receiver answers nothing at all, another gets everything."""
    let_go = threading.Event()
    with Recorder(respond=lambda _: OK if let_go.wait(PATIENCE_S) else None) as slow:
        behind, ahead = sim.subscribes(slow.url), sim.subscribes(receiver.url)
        sim.raises(count=200)
        receiver.gets(200)
        slow.gets(16)  # its slots are full
        assert 16 == len(slow.calls)
        assert 200 > len(sim.log(ahead, success="false")) + len(sim.log(behind, success="true"))
        let_go.set()
        sim.drains()
        assert 200 == len(sim.log(behind, success="true")) == len(slow.calls)
