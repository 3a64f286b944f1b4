"""The dispatcher gives a delivery its plan or its result, and sometimes sends nothing at all."""

import asyncio
import logging
from uuid import UUID

import pytest

from frontsim.delivery.send_plan import LOST_RESPONSE, RESET_AFTER_SEND, WHOLE, Ending, SendPlan
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.domain.model import Finished, Outcome, Result
from tests.support.dispatcher_driver import BODY, OK, DispatcherDriver, delivery


@pytest.fixture
def driver() -> DispatcherDriver:
    return DispatcherDriver()


def test_nothing_is_broken(driver: DispatcherDriver):
    """Without a rule a delivery leaves whole, once, and its result is logged with when it began."""
    driver.delivers()
    ((target, headers, body, _, plan),) = driver.sender.sent
    assert (b"POST /h HTTP/1.1", BODY, WHOLE) == (target.head_start.split(b"\r\n")[0], body, plan)
    assert b"E: SaleCreated\r\n" in headers
    assert [] == driver.store.finished
    driver.sender.answers()
    assert [Finished(delivery(), OK, 1_000_000_000)] == driver.store.finished


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
def test_plans(driver: DispatcherDriver, fault: str, plan: SendPlan):
    """How each fault that reaches the receiver is sent."""
    driver.breaks(fault)
    driver.delivers()
    assert [plan] == [sent[-1] for sent in driver.sender.sent]
    driver.sender.answers()
    assert [fault] == [each.fault for each in driver.store.finished]


@pytest.mark.parametrize(
    "fault", [f.name for f in FAULTS.values() if f.stage is FaultStage.NEVER_ARRIVES] + ["false-success"]
)
def test_nothing_leaves(driver: DispatcherDriver, fault: str):
    """A delivery that never reaches the receiver is not even given to the sender; the log has its result at once."""
    driver.breaks(fault)
    driver.delivers()
    assert [] == driver.sender.sent
    (finished,) = driver.store.finished
    answered = fault in ("answer", "false-success")
    assert (fault, Outcome.ANSWERED if answered else Outcome.NOT_SENT) == (finished.fault, finished.result.outcome)
    assert (fault == "false-success") == finished.result.success


def test_a_lie_tells_the_true_duration(driver: DispatcherDriver):
    """false-failure logs another answer, but how long it took is true."""
    driver.breaks("false-failure", status=503)
    driver.delivers()
    driver.sender.answers()
    assert Result(Outcome.ANSWERED, "Service unavailable", 503, 12) == driver.store.finished[0].result


@pytest.mark.parametrize(("fault", "wait_ms"), [("delay", 1_000), ("reorder", 10_000)])
def test_put_back(driver: DispatcherDriver, fault: str, wait_ms: int):
    """Nothing is sent until it comes again; then it goes whole, under the fault's name, and no rule strikes twice."""
    driver.breaks(fault)
    driver.delivers()
    assert ([], [(101, 1_000_000_000 + wait_ms)]) == (driver.sender.sent, driver.store.postponed)
    driver.delivers()
    assert [WHOLE] == [sent[-1] for sent in driver.sender.sent]
    driver.sender.answers()
    assert [fault] == [each.fault for each in driver.store.finished]
    assert {1: 1} == driver.rules.fired


def test_overtaking(driver: DispatcherDriver):
    """The held one is made_due when a later one is over, not when it is sent."""
    driver.breaks("reorder")
    driver.delivers(delivery(1))
    driver.rules.clear()
    driver.delivers(delivery(2))
    assert [] == driver.store.made_due
    driver.sender.answers()
    assert [101] == driver.store.made_due


@pytest.mark.anyio
async def test_forgetting(driver: DispatcherDriver):
    """After a reset nothing is known of what was held."""
    for number, fault in enumerate(("delay", "reorder"), 1):
        driver.rules.clear()
        driver.breaks(fault)
        driver.delivers(delivery(number))
    driver.rules.clear()
    resetting = await driver.begins_to_reset()
    driver.store.resetting.set_result(200)
    await resetting
    driver.delivers(delivery(1), delivery(3))
    driver.sender.answers()
    assert (["", ""], []) == ([each.fault for each in driver.store.finished], driver.store.made_due)


def test_a_type_that_is_no_longer_known(driver: DispatcherDriver):
    """An event of another start's --contracts is changed as far as that needs no schema, never lost."""
    for fault in [f.name for f in FAULTS.values() if f.stage is FaultStage.CHANGED]:
        driver.rules.clear()
        driver.breaks(fault, **({"bytes": 10} if fault == "huge" else {}))
        driver.delivers(delivery(event="OfYesterday"))
    assert 11 == len(driver.sender.sent)


def test_a_rule_strikes_what_leaves_not_what_waits():
    """One that is added while deliveries wait for a slot breaks them."""
    driver = DispatcherDriver(concurrency=1)
    driver.delivers(delivery(1), delivery(2))
    driver.breaks("refuse")
    driver.answers()
    assert ["", "refuse"] == [each.fault for each in driver.store.finished]


def test_a_slot_is_free_again_after_each_fault_that_sends_nothing():
    """Put back or never sent: the next leaves."""
    for fault in ("refuse", "answer", "false-success", "delay", "reorder"):
        driver = DispatcherDriver(concurrency=1)
        driver.breaks(fault)
        driver.delivers(*map(delivery, (1, 2, 3)))
        assert (fault == "reorder") == bool(driver.sender.sent)  # it holds one at a time: the second leaves
        assert driver.sender.sent or 3 == len(driver.store.finished) + len(driver.store.postponed)


@pytest.mark.anyio
async def test_a_mistake_about_one_that_is_copied():
    """Each ends, and the next leaves."""
    driver = DispatcherDriver(concurrency=1)
    driver.sender.broken = True
    driver.breaks("duplicate", copies=1)
    driver.delivers(delivery(1))
    await asyncio.wait(driver.dispatcher._copying)
    driver.sender.broken = False
    driver.rules.clear()
    driver.delivers(delivery(2))
    assert ([1, 1], [2]) == ([each.delivery.event_number for each in driver.store.finished], driver.events_sent())


def test_a_mistake_about_one_keeps_back_no_other(caplog: pytest.LogCaptureFixture):
    """It ends as not sent, and the next leaves."""
    driver = DispatcherDriver(concurrency=1)
    driver.sender.broken = True
    with caplog.at_level(logging.ERROR):
        driver.delivers(delivery(1))
    driver.sender.broken = False
    driver.delivers(delivery(2))
    assert [2] == driver.events_sent()
    assert [Result(Outcome.NOT_SENT, "Connection failed")] == [each.result for each in driver.store.finished]
    assert [f"run 1 of event {UUID(int=1)} could not be sent"] == caplog.messages


@pytest.mark.anyio
async def test_copies_that_cannot_be_logged(driver: DispatcherDriver, caplog: pytest.LogCaptureFixture):
    """If the log cannot take the copies, the delivery goes alone, and the reason is told."""
    driver.store.full = True
    driver.breaks("duplicate", copies=2)
    with caplog.at_level(logging.ERROR):
        await driver.dispatcher._send_copies(delivery(), next(iter(driver.rules)))
    assert (1, "a duplicate was not sent: the disk is full") == (len(driver.sender.sent), caplog.messages[0])


@pytest.mark.anyio
async def test_copies(driver: DispatcherDriver):
    """At once they share a barrier; apart, they are put back for later."""
    driver.breaks("duplicate", copies=2)
    await driver.dispatcher._send_copies(delivery(), next(iter(driver.rules)))
    assert (3, 1) == (len(driver.sender.sent), len({id(sent[-1].barrier) for sent in driver.sender.sent}))
    driver.rules.clear()
    driver.breaks("duplicate", copies=2, apart=60)
    await driver.dispatcher._send_copies(delivery(5), next(iter(driver.rules)))
    assert (4, [(502, 1_000_060_000), (503, 1_000_120_000)]) == (len(driver.sender.sent), driver.store.postponed)
