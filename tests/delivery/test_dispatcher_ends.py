"""Deliveries that wait, are under way or are being copied when the dispatcher stops or is reset."""

import asyncio

import pytest

from frontsim.domain.model import Outcome, Result, Trigger
from frontsim.errors import StoreFailed
from frontsim.store.queue import NEXT
from tests.support.dispatcher_driver import DispatcherDriver, delivery


@pytest.fixture
def driver() -> DispatcherDriver:
    return DispatcherDriver()


def test_what_was_not_begun_when_we_stop(driver: DispatcherDriver):
    """An original goes back into the queue, for the next start; a resend is logged, as its caller knows of it."""
    stopped = Result(Outcome.NOT_SENT, "Not sent")
    driver.delivers(delivery(1))
    driver.sender.answers(stopped)
    assert ([(101, NEXT)], []) == (driver.store.postponed, driver.store.finished)
    driver.sender.sent.clear()
    driver.delivers(delivery(2, run=2, trigger=Trigger.RESEND))
    driver.sender.answers(stopped)
    assert [stopped] == [each.result for each in driver.store.finished]


@pytest.mark.anyio
async def test_more_is_handed_out_than_there_are_slots():
    """The next leaves when one is over, a resend and what was put back first; a stop gives back the rest."""
    driver = DispatcherDriver(concurrency=1)
    driver.breaks("delay")
    driver.delivers(delivery(1))
    driver.rules.clear()
    driver.delivers(*map(delivery, (2, 3, 4)))
    driver.delivers(delivery(1), delivery(5, run=2, trigger=Trigger.RESEND), delivery(6, run=2, trigger=Trigger.RESEND))
    for _ in range(3):
        driver.answers()
    assert [2, 1, 5, 6] == driver.events_sent()
    await driver.dispatcher.stop()
    driver.answers()
    assert [(301, NEXT), (401, NEXT)] == driver.store.postponed[1:]
    assert [2, 1, 5, 6] == [each.delivery.event_number for each in driver.store.finished]
    assert 4 == len(driver.sender.sent)


@pytest.mark.anyio
async def test_a_resend_that_waits_for_a_slot_when_we_stop_is_logged():
    """Its caller is told that it was not sent."""
    driver = DispatcherDriver(concurrency=1)
    driver.delivers(delivery(1))
    driver.delivers(delivery(2, run=2, trigger=Trigger.RESEND))
    await driver.dispatcher.stop()
    [finished] = driver.store.finished
    assert (2, Result(Outcome.NOT_SENT, "Not sent")) == (finished.delivery.event_number, finished.result)


@pytest.mark.anyio
async def test_a_reset_drops_what_waits_for_a_slot():
    """Deliveries that the log has forgotten are not sent, not even those handed out just before; later ones are."""
    driver = DispatcherDriver(concurrency=1)
    driver.delivers(delivery(1), delivery(2))
    resetting = await driver.begins_to_reset()
    driver.delivers(delivery(3), delivery(4))
    driver.answers()
    assert [1] == driver.events_sent()
    driver.store.resetting.set_result(401)
    await resetting
    assert [1, 4] == driver.events_sent()


@pytest.mark.anyio
async def test_a_reset_that_fails_drops_nothing():
    """Deliveries that waited meanwhile leave."""
    driver = DispatcherDriver(concurrency=1)
    driver.delivers(delivery(1), delivery(2))
    resetting = await driver.begins_to_reset()
    driver.answers()
    driver.store.resetting.set_exception(StoreFailed("the disk is full"))
    with pytest.raises(StoreFailed):
        await resetting
    assert [1, 2] == driver.events_sent()
    assert (0, 0) == (driver.forgotten, driver.sender.recalled)


@pytest.mark.anyio
async def test_a_reset_calls_back_what_has_not_begun(driver: DispatcherDriver):
    """A delivery that waits for its connection is called back; the others are forgotten while nothing leaves."""
    resetting = await driver.begins_to_reset()
    driver.store.resetting.set_result(200)
    await resetting
    assert (1, 1) == (driver.forgotten, driver.sender.recalled)


@pytest.mark.anyio
async def test_a_reset_while_a_delivery_is_being_copied():
    """Neither it nor a copy is sent, and nothing of it is left."""
    driver = DispatcherDriver(concurrency=1)
    driver.store.copying.clear()
    driver.breaks("duplicate")
    driver.delivers(delivery(1))
    resetting = await driver.begins_to_reset()
    driver.store.copying.set()
    driver.store.resetting.set_result(200)
    await resetting
    await asyncio.wait(driver.dispatcher._copying)
    assert {} == driver.dispatcher._slots._holders
    driver.rules.clear()
    driver.delivers(delivery(2))
    assert [2] == driver.events_sent()


@pytest.mark.anyio
async def test_a_stop_while_a_delivery_is_being_copied(driver: DispatcherDriver):
    """It and its copies go back into the queue."""
    driver.store.copying.clear()
    driver.breaks("duplicate", copies=1)
    driver.delivers(delivery(1))
    stopping = asyncio.ensure_future(driver.dispatcher.stop())
    await asyncio.sleep(0)
    driver.store.copying.set()
    await stopping
    assert ([(101, NEXT), (102, NEXT)], []) == (driver.store.postponed, driver.sender.sent)
