"""`/_sim`: waiting, time, health, counters, sinks, starting afresh."""

import threading
from typing import Any

import pytest

from frontsim.store.queue import AHEAD
from tests.api.test_trigger import UNDATED
from tests.support.patience import PATIENCE_S
from tests.support.recorder import OK, Recorder
from tests.support.simulation import UNKNOWN_ID, Simulation, assert_problem, simulation


def test_drain(sim: Simulation, receiver: Recorder):
    """True once nothing is due or in flight; false when the time is up before that."""
    assert {"drained": True} == sim.does("drain")
    assert {"drained": True} == sim.does("drain", {"timeoutS": 0})
    let_go = threading.Event()
    receiver.respond = lambda _: OK if let_go.wait(PATIENCE_S) else None
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    assert {"drained": False} == sim.does("drain", {"timeoutS": 0.05})
    let_go.set()
    assert {"drained": True} == sim.does("drain", {"timeoutS": 20})
    assert 1 == len(sim.log(webhook, success="true"))


def test_advancing_the_clock(sim: Simulation, receiver: Recorder):
    """A delivery that is due later in simulator time is sent when that time comes."""
    sim.breaks("delay", params={"seconds": 3600})
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    sim.drains()
    assert ([], "Pending") == (receiver.calls, sim.log(webhook)[0]["status"])
    assert 3599 <= sim.does("clock", {"advanceS": 3600})["offsetS"] <= 3601
    receiver.gets(1)
    sim.drains()
    assert "OK" == sim.log(webhook)[0]["status"]


def test_midnight(sim: Simulation, receiver: Recorder):
    """Local time of the vendor's zone: an event before midnight and one after it lie on two days."""
    webhook = sim.subscribes(receiver.url)
    assert sim.does("clock", {"now": "2026-03-28T23:30:00.9"})["now"].startswith("2026-03-28T23:3")
    sim.raises()
    sim.does("clock", {"advanceS": 3600})
    sim.raises()
    sim.drains()
    before, after = sim.log(webhook)
    assert ("2026-03-28", "2026-03-29") == (before["createdDateTime"][:10], after["createdDateTime"][:10])
    assert [before] == sim.log(webhook, to="2026-03-29")
    assert [after] == sim.log(webhook, **{"from": "2026-03-29"})


def test_setting_the_clock_back(sim: Simulation):
    """Time may be set back; reading it moves nothing."""
    sim.does("clock", {"now": "2020-02-29T12:00:00+01:00"})
    now = sim.does("clock", method="GET")
    assert now["now"].startswith("2020-02-29T12:0")
    assert now["offsetS"] < 0


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"advanceS": 1, "now": "2026-01-01"},
        {"advanceS": "1"},
        {"advanceS": 1e300},
        {"now": 7},
        {"now": "tomorrow"},
        {"now": "9999-12-31T23:59:59"},
        {"now": "0001-01-01"},
        {"advanceS": -3e9},
        {"Advance": 1},
    ],
)
def test_times_that_cannot_be(sim: Simulation, value: dict[str, Any]):
    """Neither, both, no date, or a time outside 1970 to 2200: 422, and time goes on as it did."""
    refused = sim.sim("POST", "clock", value)
    assert_problem(refused, 422)
    assert 0 == sim.does("clock", method="GET")["offsetS"]


def test_time_cannot_be_pushed_out_of_range(sim: Simulation):
    """However often it is advanced, dates stay ones that can be written."""
    century = {"advanceS": 86_400 * 365 * 100}
    statuses = [sim.sim("POST", "clock", century).status_code for _ in range(4)]
    assert [200, 422, 422, 422] == statuses
    assert "21" == sim.does("clock", method="GET")["now"][:2]


def test_health(sim: Simulation):
    """Version, process, file and auth: what a user looks at first."""
    health = sim.does("health", method="GET")
    assert {"status", "version", "pid", "db", "auth", "recoveredRuns"} <= health.keys()
    assert ("ok", 0) == (health["status"], health["recoveredRuns"])


def test_stats(sim: Simulation, receiver: Recorder):
    """Counts follow the log."""
    sim.breaks("answer", times=1, params={"status": 503})
    sim.subscribes(receiver.url)
    sim.raises(count=3)
    sim.drains()
    stats = sim.does("stats", method="GET")
    told = [stats[name] for name in ("webhooks", "occurrences", "events", "failed", "runs", "waiting", "underWay")]
    assert [1, 3, 3, 1, 3, 0, 0] == told
    assert {"1": 1} == stats["faults"]


def test_reset(sim: Simulation, receiver: Recorder):
    """Webhooks, events, rules, sinks, leases and the clock's offset are forgotten; the sequence of changes goes on."""
    webhook = sim.subscribes(receiver.url)
    sim.raises(count=3)
    sim.breaks("delay", params={"seconds": 60})
    sim.raises()
    sim.drains()
    sim.does("sink/erp", {"a": 1})
    lease = sim.does("leases", {"event": "SaleCreated"})["id"]
    sim.does("clock", {"advanceS": 60_000})
    before = sim.does("stats", method="GET")["sequence"]
    assert {"reset": True} == sim.does("reset")
    stats, webhooks, faults = sim.state()
    assert before < stats.pop("sequence")
    assert {} == stats.pop("faults")
    assert ({0}, [], []) == (set(stats.values()), webhooks, faults)
    assert [] == sim.does("sink/erp", method="GET")
    assert 404 == sim.sim("POST", f"leases/{lease}", {"outcomes": []}).status_code
    assert (
        404
        == sim.api("GET", f"WebhooksEvents/{webhook}", params={"from": "2000-01-01", "to": "2100-01-01"}).status_code
    )
    assert 0 == sim.does("clock", method="GET")["offsetS"]


def test_what_a_reset_forgets_is_not_sent(receiver: Recorder):
    """Neither what waits in the file nor what was handed out ahead of its slot; what is raised after it is."""
    answers, held = [OK], threading.Event()
    receiver.respond = lambda _: answers.pop() if answers else held.wait(PATIENCE_S) and OK
    with simulation(concurrency=1) as sim:
        sim.subscribes(receiver.url)
        sim.raises(count=10)
        receiver.gets(2)
        assert 1 + AHEAD == sim.does("stats", method="GET")["underWay"]  # one slot, and those ahead since one is over
        sim.does("reset")
        sim.subscribes(receiver.url, "InvoiceCreated")
        sim.raises("InvoiceCreated")
        held.set()
        sim.drains()
    assert ["SaleCreated", "SaleCreated", "InvoiceCreated"] == [
        call.headers["x-webhook-event"] for call in receiver.calls
    ]


def test_a_reset_starts_the_seed_afresh(sim: Simulation, receiver: Recorder):
    """After a reset the same calls send the same payloads, but for the time, and break the same deliveries."""
    told = []
    for _ in range(2):
        sim.does("reset")
        webhook = sim.subscribes(receiver.url)
        sim.breaks("answer", probability=0.5, params={"status": 503})
        sim.raises(count=40)
        sim.drains()
        entries = sim.log(webhook, includePayload="true")
        told.append([(entry["payload"] | UNDATED, entry["statusCode"]) for entry in entries])
    assert told[0] == told[1]
    assert {200, 503} == {code for _, code in told[0]}


def test_control_needs_no_keys():
    """The vendor's keys are the vendor's API's."""
    with simulation(auth="strict") as sim:
        sim.http.headers.pop("x-api-key")
        assert 202 == sim.sim("POST", "trigger", {"event": "SaleCreated"}).status_code


def test_an_unknown_id_in_a_resend_changes_no_counter(sim: Simulation):
    """A refused resend leaves no run behind that something could wait for."""
    webhook = sim.subscribes("http://127.0.0.1:1/")
    sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{UNKNOWN_ID}")
    assert {"drained": True} == sim.does("drain", {"timeoutS": 0})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "trigger", 405), ("POST", "nope", 404), ("DELETE", "clock", 405), ("GET", "", 404)],
)
def test_no_such_call(sim: Simulation, method: str, path: str, status: int):
    """An unknown path is a 404, and a wrong method a 405."""
    assert status == sim.sim(method, path).status_code
