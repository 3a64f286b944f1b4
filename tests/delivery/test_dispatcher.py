"""What the dispatcher does with a delivery: which plan, which result, and when nothing is sent at all."""

import asyncio
import logging
from uuid import UUID

import pytest

from frontsim.delivery.send_plan import LOST_RESPONSE, RESET_AFTER_SEND, WHOLE, Ending, SendPlan
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.domain.model import Finished, Outcome, Result
from tests.support.dispatch_desk import BODY, OK, Desk, delivery


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_nothing_is_broken(desk: Desk):
    """Without a rule a delivery leaves whole, once, and its result is logged with when it began."""
    desk.delivers()
    ((target, headers, body, _, plan),) = desk.sender.sent
    assert (b"POST /h HTTP/1.1", BODY, WHOLE) == (target.head_start.split(b"\r\n")[0], body, plan)
    assert b"E: SaleCreated\r\n" in headers
    assert [] == desk.store.finished
    desk.sender.answers()
    assert [Finished(delivery(), OK, 1_000_000_000)] == desk.store.finished


@pytest.mark.parametrize(
    ("fault", "plan"),
    [
        ("lost-response", LOST_RESPONSE),
        ("reset-after-send", RESET_AFTER_SEND),
        ("partial-body", SendPlan(body_share=0.5, ending=Ending.CLOSE)),
        ("slow-headers", SendPlan(head_rate=100)),
        ("slow-body", SendPlan(body_rate=100)),
        ("timeout", SendPlan(ending=Ending.GIVE_UP, after_s=1.0)),
        ("false-failure", WHOLE),
    ],
)
def test_manners(desk: Desk, fault: str, plan: SendPlan):
    """How each fault that reaches the receiver is sent."""
    desk.breaks(fault)
    desk.delivers()
    assert [plan] == [sent[-1] for sent in desk.sender.sent]
    desk.sender.answers()
    assert [fault] == [each.fault for each in desk.store.finished]


@pytest.mark.parametrize(
    "fault", [f.name for f in FAULTS.values() if f.stage is FaultStage.NEVER_ARRIVES] + ["false-success"]
)
def test_nothing_leaves(desk: Desk, fault: str):
    """What never reaches the receiver is not even given to the sender; the log has its result at once."""
    desk.breaks(fault)
    desk.delivers()
    assert [] == desk.sender.sent
    (finished,) = desk.store.finished
    answered = fault in ("answer", "false-success")
    assert (fault, Outcome.ANSWERED if answered else Outcome.NOT_SENT) == (finished.fault, finished.result.outcome)
    assert (fault == "false-success") == finished.result.success


def test_a_lie_tells_the_true_duration(desk: Desk):
    """false-failure logs another answer, but how long it took is true."""
    desk.breaks("false-failure", status=503)
    desk.delivers()
    desk.sender.answers()
    assert Result(Outcome.ANSWERED, "Service unavailable", 503, 12) == desk.store.finished[0].result


@pytest.mark.parametrize(("fault", "wait_ms"), [("delay", 1_000), ("reorder", 10_000)])
def test_put_back(desk: Desk, fault: str, wait_ms: int):
    """Nothing is sent until it comes again; then it goes whole, under the fault's name, and no rule strikes twice."""
    desk.breaks(fault)
    desk.delivers()
    assert ([], [(101, 1_000_000_000 + wait_ms)]) == (desk.sender.sent, desk.store.postponed)
    desk.delivers()
    assert [WHOLE] == [sent[-1] for sent in desk.sender.sent]
    desk.sender.answers()
    assert [fault] == [each.fault for each in desk.store.finished]
    assert {1: 1} == desk.rules.fired


def test_overtaking(desk: Desk):
    """The held one is made_due when a later one is over, not when it is sent."""
    desk.breaks("reorder")
    desk.delivers(delivery(1))
    desk.rules.clear()
    desk.delivers(delivery(2))
    assert [] == desk.store.made_due
    desk.sender.answers()
    assert [101] == desk.store.made_due


@pytest.mark.anyio
async def test_forgetting(desk: Desk):
    """After a reset nothing is known of what was held."""
    for number, fault in enumerate(("delay", "reorder"), 1):
        desk.rules.clear()
        desk.breaks(fault)
        desk.delivers(delivery(number))
    desk.rules.clear()
    resetting = await desk.begins_to_reset()
    desk.store.resetting.set_result(200)
    await resetting
    desk.delivers(delivery(1), delivery(3))
    desk.sender.answers()
    assert (["", ""], []) == ([each.fault for each in desk.store.finished], desk.store.made_due)


def test_a_type_that_is_no_longer_known(desk: Desk):
    """An event of another start's --contracts is changed as far as that needs no schema, never lost."""
    for fault in [f.name for f in FAULTS.values() if f.stage is FaultStage.CHANGED]:
        desk.rules.clear()
        desk.breaks(fault, **({"bytes": 10} if fault == "huge" else {}))
        desk.delivers(delivery(event="OfYesterday"))
    assert 11 == len(desk.sender.sent)


def test_a_rule_strikes_what_leaves_not_what_waits():
    """One that is added while deliveries wait for a slot breaks them."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1), delivery(2))
    desk.breaks("refuse")
    desk.answers()
    assert ["", "refuse"] == [each.fault for each in desk.store.finished]


def test_a_lane_is_free_again_after_each_fault_that_sends_nothing():
    """Put back or never sent: the next leaves."""
    for fault in ("refuse", "answer", "false-success", "delay", "reorder"):
        desk = Desk(concurrency=1)
        desk.breaks(fault)
        desk.delivers(*map(delivery, (1, 2, 3)))
        assert (fault == "reorder") == bool(desk.sender.sent)  # it holds one at a time: the second leaves
        assert desk.sender.sent or 3 == len(desk.store.finished) + len(desk.store.postponed)


@pytest.mark.anyio
async def test_a_mistake_about_one_that_is_copied():
    """Each ends, and the next leaves."""
    desk = Desk(concurrency=1)
    desk.sender.broken = True
    desk.breaks("duplicate", copies=1)
    desk.delivers(delivery(1))
    await asyncio.wait(desk.dispatcher._copying)
    desk.sender.broken = False
    desk.rules.clear()
    desk.delivers(delivery(2))
    assert ([1, 1], [2]) == ([each.delivery.event_number for each in desk.store.finished], desk.events_sent())


def test_a_mistake_about_one_keeps_back_no_other(caplog: pytest.LogCaptureFixture):
    """It ends as not sent, and the next leaves."""
    desk = Desk(concurrency=1)
    desk.sender.broken = True
    with caplog.at_level(logging.ERROR):
        desk.delivers(delivery(1))
    desk.sender.broken = False
    desk.delivers(delivery(2))
    assert [2] == desk.events_sent()
    assert [Result(Outcome.NOT_SENT, "Connection failed")] == [each.result for each in desk.store.finished]
    assert [f"run 1 of event {UUID(int=1)} could not be sent"] == caplog.messages


@pytest.mark.anyio
async def test_copies_that_cannot_be_logged(desk: Desk, caplog: pytest.LogCaptureFixture):
    """If the log cannot take the copies, the delivery goes alone, and the reason is told."""
    desk.store.full = True
    desk.breaks("duplicate", copies=2)
    with caplog.at_level(logging.ERROR):
        await desk.dispatcher._send_copies(delivery(), next(iter(desk.rules)))
    assert (1, "a duplicate was not sent: the disk is full") == (len(desk.sender.sent), caplog.messages[0])


@pytest.mark.anyio
async def test_copies(desk: Desk):
    """At once they share a barrier; apart, they are put back for later."""
    desk.breaks("duplicate", copies=2)
    await desk.dispatcher._send_copies(delivery(), next(iter(desk.rules)))
    assert (3, 1) == (len(desk.sender.sent), len({id(sent[-1].barrier) for sent in desk.sender.sent}))
    desk.rules.clear()
    desk.breaks("duplicate", copies=2, apart=60)
    await desk.dispatcher._send_copies(delivery(5), next(iter(desk.rules)))
    assert (4, [(502, 1_000_060_000), (503, 1_000_120_000)]) == (len(desk.sender.sent), desk.store.postponed)
