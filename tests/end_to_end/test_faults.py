"""Every fault, end to end: what the receiver saw, what the log says, and that no second request followed."""

import json
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from frontsim.delivery.send_plan import UNKNOWN_EVENT, UNKNOWN_FIELD
from frontsim.domain.faults import FAULTS, FaultStage
from tests.support.patience import PATIENCE_S
from tests.support.recorder import OK, RecordedCall, Recorder, answer
from tests.support.simulation import Simulation


def of(entry: dict[str, Any]) -> tuple[str, int | None, bool, int]:
    return entry["status"], entry["statusCode"], entry["success"], entry["runsCounter"]


def broken(sim: Simulation, receiver: Recorder, fault: str, **params: Any) -> dict[str, Any]:
    """One event, broken once; its entry when all is over. The next event shows that nothing else followed."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks(fault, times=1, params=params)
    (event,) = sim.raises()
    sim.drains()
    entry = sim.entry(webhook, event)
    seen = len(receiver.calls)
    sim.raises()
    sim.drains()
    assert seen + 1 == len(receiver.calls), "a second request followed"
    assert entry == sim.entry(webhook, event)
    assert 1 == sim.does("faults", method="GET")[0]["fired"]
    return entry


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("refuse", "Connection refused"),
        ("dns-failure", "Name not resolved"),
        ("connect-timeout", "Connect timeout"),
        ("tls-failure", "TLS handshake failed"),
    ],
)
def test_never_reaches_the_receiver(sim: Simulation, receiver: Recorder, fault: str, status: str):
    """No byte arrives, no connection is opened for it, and the log says why, without a status code."""
    entry = broken(sim, receiver, fault)
    assert (status, None, False, 1) == of(entry)
    assert (1, 1) == (len(receiver.calls), receiver.connections)  # those of the event after it


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, (500, "Internal server error")),
        ({"status": 404}, (404, "Not found")),
        ({"status": 599}, (599, "Status 599")),
    ],
)
def test_answer(sim: Simulation, receiver: Recorder, params: dict[str, int], told: tuple[int, str]):
    """The log says that the receiver answered so; it never got anything."""
    entry = broken(sim, receiver, "answer", **params)
    assert (told[1], told[0], False, 1) == of(entry)
    assert 1 == receiver.connections


@pytest.mark.parametrize("fraction", [0, 0.5, 1])
def test_partial_body(sim: Simulation, receiver: Recorder, fraction: float):
    """The full Content-Length, a part of the body and never its last byte, then an end: unknown, Connection closed."""
    entry = broken(sim, receiver, "partial-body", fraction=fraction)
    assert ("Connection closed", None, False, 1) == of(entry)
    (part,) = receiver.parts
    body = json.dumps(entry["payload"], separators=(",", ":"), ensure_ascii=False).encode()
    assert ("fin", len(body)) == (part.end, int(part.headers["content-length"]))
    assert body[: min(int(fraction * len(body)), len(body) - 1)] == part.body


@pytest.mark.parametrize("fault", ["slow-headers", "slow-body"])
def test_slow(sim: Simulation, receiver: Recorder, fault: str):
    """Bytes drip at a rate, and the answer counts."""
    entry = broken(sim, receiver, fault, bytesPerS=5000)
    assert ("OK", 200, True, 1) == of(entry)
    call = receiver.calls[0]
    dripped = len(call.body) if fault == "slow-body" else 250
    assert entry["runs"][0]["durationMs"] >= dripped / 5000 * 1000 * 0.8


def test_lost_response(sim: Simulation, receiver: Recorder):
    """The receiver gets all and its whole answer is read, whatever it is; the log says Timeout."""
    for status in (200, 500):
        receiver.respond = lambda _, status=status: answer(status, b"x" * 5000)
        entry = broken(sim, receiver, "lost-response")
        assert ("Timeout", None, False, 1) == of(entry)
        sim.does("reset")
    assert 4 == len(receiver.calls)


def test_reset_after_send(sim: Simulation):
    """Everything arrives, then a TCP RST; the log says Connection reset."""
    receiver = Recorder(respond=lambda _: None)
    with receiver:
        webhook = sim.subscribes(receiver.url)
        sim.breaks("reset-after-send", times=1)
        (event,) = sim.raises()
        sim.drains()
        receiver.until(lambda: bool(receiver.ends))
        assert ("Connection reset", None, False, 1) == of(sim.entry(webhook, event))
        assert ([event], ["rst"]) == (receiver.event_ids, receiver.ends)


def test_timeout(sim: Simulation, receiver: Recorder):
    """Everything arrives; after a while the answer is given up, even if it has come."""
    entry = broken(sim, receiver, "timeout", afterS=0.2)
    assert ("Timeout", None, False, 1) == of(entry)
    assert entry["runs"][0]["durationMs"] >= 199
    assert entry["webhookEventId"] == receiver.calls[0].event_id


def test_false_failure(sim: Simulation, receiver: Recorder):
    """Delivered and answered 200, but logged as failed; a resend mends the log and doubles the delivery."""
    entry = broken(sim, receiver, "false-failure", status=503)
    assert ("Service unavailable", 503, False, 1) == of(entry)
    assert entry["webhookEventId"] == receiver.calls[0].event_id
    assert ("OK", 200, True, 2) == of(sim.resends(entry["webhookId"], entry["webhookEventId"]))
    assert 2 == receiver.event_ids.count(entry["webhookEventId"])


def test_false_failure_of_what_did_not_arrive(sim: Simulation, receiver: Recorder):
    """The log lies about a delivery that was received; about one that was not, it tells the truth."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("false-failure", params={"status": 503})
    receiver.goes_down()
    (event,) = sim.raises()
    sim.drains()
    entry = sim.entry(webhook, event)
    assert ("Connection refused", None) == (entry["status"], entry["statusCode"])


def test_false_success(sim: Simulation, receiver: Recorder):
    """Never sent, but logged as 200."""
    entry = broken(sim, receiver, "false-success")
    assert ("OK", 200, True, 1) == of(entry)
    assert entry["webhookEventId"] not in receiver.event_ids


def test_duplicates_at_once(sim: Simulation):
    """The last bytes of all copies leave together: no copy is answered before every other has arrived in whole."""
    race = threading.Barrier(3)

    def respond(_: RecordedCall) -> bytes:
        race.wait(PATIENCE_S)
        return OK

    with Recorder(respond=respond) as receiver:
        webhook = sim.subscribes(receiver.url)
        sim.breaks("duplicate", times=1, params={"copies": 2})
        (event,) = sim.raises()
        sim.drains()
        entry = sim.entry(webhook, event)
        assert [event] * 3 == receiver.event_ids
        assert 1 == len({call.body for call in receiver.calls})
    assert ("OK", 200, True, 3) == of(entry)
    assert [(1, "Original"), (2, "Original"), (3, "Original")] == [
        (run["run"], run["trigger"]) for run in entry["runs"]
    ]


def test_duplicates_apart(sim: Simulation, receiver: Recorder):
    """Copies that are seconds apart follow in simulator time, each a run of its own."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("duplicate", times=1, params={"copies": 2, "apart": 60})
    (event,) = sim.raises()
    for count in (1, 2, 3):
        receiver.gets(count)
        sim.drains()
        assert ([event] * count, count) == (receiver.event_ids, sim.entry(webhook, event)["runsCounter"])
        sim.does("clock", {"advanceS": 60})
    sim.drains()
    assert 3 == len(receiver.calls)


def test_duplicates_of_a_receiver_that_is_down(sim: Simulation, receiver: Recorder):
    """A copy that is refused does not hold up the others: all runs end."""
    receiver.goes_down()
    webhook = sim.subscribes(receiver.url)
    sim.breaks("duplicate", params={"copies": 3})
    (event,) = sim.raises()
    sim.drains()
    assert ("Connection refused", None, False, 4) == of(sim.entry(webhook, event))


def test_a_resend_is_duplicated_too(sim: Simulation, receiver: Recorder):
    """A rule on resends doubles a resend; its caller is answered all the same."""
    webhook = sim.subscribes(receiver.url)
    (event,) = sim.raises()
    sim.drains()
    sim.breaks("duplicate", {"trigger": "Resend"})
    assert sim.resends(webhook, event)["runsCounter"] >= 2
    sim.drains()
    assert ["Original", "Resend", "Resend"] == [run["trigger"] for run in sim.entry(webhook, event)["runs"]]
    assert [event] * 3 == receiver.event_ids


def test_delay(sim: Simulation, receiver: Recorder):
    """Sent later in simulator time; others go on; its one run began when it was sent."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("delay", times=1, params={"seconds": 600})
    late, other = sim.raises(), sim.raises()
    sim.drains()
    assert other == receiver.event_ids
    sim.does("clock", {"advanceS": 600})
    sim.drains()
    assert [*other, *late] == receiver.event_ids
    entry = sim.entry(webhook, late[0])
    assert ("OK", 200, True, 1) == of(entry)
    assert entry["createdDateTime"] < entry["runs"][0]["createdDateTime"]


def test_reorder(sim: Simulation, receiver: Recorder):
    """One is held back until n later ones of its webhook have been answered."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("reorder", times=1, params={"behind": 3, "atMostS": 3600})
    (held,) = sim.raises()
    for _ in range(3):
        assert held not in receiver.event_ids
        sim.raises()
        sim.drains()
    assert (4, held) == (len(receiver.gets(4)), receiver.event_ids[3])
    sim.drains()
    assert ("OK", 200, True, 1) == of(sim.entry(webhook, held))


def test_reorder_without_end(sim: Simulation, receiver: Recorder):
    """As often as another event can overtake it: one is held at a time, the next ones pass it."""
    sim.subscribes(receiver.url)
    rule = sim.breaks("reorder", params={"atMostS": 3600})
    ids = [sim.raises()[0] for _ in range(4) if sim.drains() is None]
    sim.drains()
    first, second, third, fourth = ids
    assert [second, first, fourth, third] == receiver.event_ids
    assert [(rule, 2)] == [(item["id"], item["fired"]) for item in sim.does("faults", method="GET")]


@pytest.mark.parametrize("fault", ["refuse", "answer", "false-success"])
def test_reorder_counts_what_arrives(sim: Simulation, receiver: Recorder, fault: str):
    """A later event that the receiver never saw has not overtaken."""
    sim.subscribes(receiver.url)
    sim.breaks("reorder", times=1, params={"atMostS": 3600})
    sim.breaks(fault, times=1)
    (held,) = sim.raises()
    sim.raises()
    sim.drains()
    assert [] == receiver.event_ids
    (later,) = sim.raises()
    receiver.gets(2)
    assert [later, held] == receiver.event_ids


def test_reorder_counts_each_later_event_once(sim: Simulation, receiver: Recorder):
    """A later event that is sent twice is one later event; those of other webhooks are none."""
    other = sim.subscribes(receiver.url, "CustomerCreated")
    webhook = sim.subscribes(receiver.url)
    sim.breaks("reorder", {"webhookId": webhook}, times=1, params={"behind": 2, "atMostS": 3600})
    (held,) = sim.raises()
    (later,) = sim.raises()
    sim.drains()
    sim.resends(webhook, later)
    sim.raises("CustomerCreated", count=3)
    sim.drains()
    assert held not in receiver.event_ids
    assert 3 == len(sim.log(other))
    sim.raises()
    receiver.until(lambda: held in receiver.event_ids)


def test_reorder_waits_no_longer_than_at_most_s(sim: Simulation, receiver: Recorder):
    """When no later ones come it is sent all the same, after `atMostS` of simulator time."""
    sim.subscribes(receiver.url)
    sim.breaks("reorder", times=1, params={"atMostS": 60})
    held = sim.raises()
    sim.drains()
    assert [] == receiver.event_ids
    sim.does("clock", {"advanceS": 60})
    sim.drains()
    assert held == receiver.event_ids
    sim.raises()
    sim.drains()
    assert 2 == len(receiver.calls)


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS.values() if fault.stage is FaultStage.CHANGED])
def test_changed_on_the_way(sim: Simulation, receiver: Recorder, fault: str):
    """The receiver gets something else, well-framed, and its answer counts; the log holds the true payload."""
    receiver.respond = lambda _: answer(400)
    entry = broken(sim, receiver, fault, **({"bytes": 2_000_000} if fault == "huge" else {}))
    assert ("Bad request", 400, False, 1) == of(entry)
    call = receiver.calls[0]
    payload = entry["payload"]
    assert int(call.headers["content-length"]) == len(call.body)
    assert (UNKNOWN_EVENT if fault == "unknown-event" else "SaleCreated") == call.headers["x-webhook-event"]
    content_type = "text/plain" if fault == "wrong-content-type" else "application/json"
    assert f"{content_type}; charset=utf-8" == call.headers["content-type"]
    if fault in ("garbage-json", "truncated-json"):
        with pytest.raises(ValueError, match=r"."):
            json.loads(call.body)
        return
    got = json.loads(call.body.decode("utf-8-sig"))
    same = fault in ("wrong-content-type", "unknown-event", "bom", "duplicate-key")
    assert same == (payload == got)
    assert (fault == "bom") == call.body.startswith(b"\xef\xbb\xbf")
    if fault == "missing-field":
        assert 1 == len(payload.keys() - got.keys())
    if fault == "huge":
        assert 2_000_000 == len(got[UNKNOWN_FIELD])
    if fault == "unknown-field":
        assert UNKNOWN_FIELD in got
    if fault == "null-optional":
        assert payload.keys() == got.keys()
        changed = [value for name, value in got.items() if value != payload[name]]
        assert changed
        assert all(value is None or isinstance(value, (list, dict)) for value in changed)
    if fault == "wrong-type":
        assert 1 == sum(got[name] != payload[name] for name in payload)
    if fault == "duplicate-key":
        first = next(iter(payload))
        assert 2 == len(re.findall(b'"%b":' % first.encode(), call.body))


def test_a_changed_event_is_resent_as_it_is(sim: Simulation, receiver: Recorder):
    """After the rule is spent a resend sends the payload of the log, byte for byte."""
    entry = broken(sim, receiver, "truncated-json")
    sim.resends(entry["webhookId"], entry["webhookEventId"])
    assert entry["payload"] == json.loads(receiver.gets(3)[2].body)


def test_every_fault_has_been_seen():
    """Each fault of the registry stands in this file or in the gateway's."""
    gateway = Path(__file__).parents[1] / "api" / "test_gateway.py"
    told = Path(__file__).read_text("utf-8") + gateway.read_text("utf-8")
    assert [] == [
        fault.name
        for fault in FAULTS.values()
        if f'"{fault.name}"' not in told and fault.stage is not FaultStage.CHANGED
    ]
