"""What becomes of deliveries that wait, are under way or are being copied when the dispatcher stops or is reset."""

import asyncio

import pytest

from frontsim.domain.model import Outcome, Result, Trigger
from frontsim.errors import StoreFailed
from frontsim.store.queue_rows import NEXT
from tests.support.dispatch_desk import Desk, delivery


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_was_not_begun_when_we_stop(desk: Desk):
    """An original goes back into the queue, for the next start; a resend is logged, as its caller knows of it."""
    stopped = Result(Outcome.NOT_SENT, "Not sent")
    desk.delivers(delivery(1))
    desk.sender.answers(stopped)
    assert ([(101, NEXT)], []) == (desk.store.postponed, desk.store.finished)
    desk.sender.sent.clear()
    desk.delivers(delivery(2, run=2, trigger=Trigger.RESEND))
    desk.sender.answers(stopped)
    assert [stopped] == [each.result for each in desk.store.finished]


@pytest.mark.anyio
async def test_more_is_handed_out_than_there_are_slots():
    """The next leaves when one is over, a resend and what was put back first; a stop gives back the rest."""
    desk = Desk(concurrency=1)
    desk.breaks("delay")
    desk.delivers(delivery(1))
    desk.rules.clear()
    desk.delivers(*map(delivery, (2, 3, 4)))
    desk.delivers(delivery(1), delivery(5, run=2, trigger=Trigger.RESEND), delivery(6, run=2, trigger=Trigger.RESEND))
    for _ in range(3):
        desk.answers()
    assert [2, 1, 5, 6] == desk.events_sent()
    await desk.dispatcher.stop()
    desk.answers()
    assert [(301, NEXT), (401, NEXT)] == desk.store.postponed[1:]
    assert [2, 1, 5, 6] == [each.delivery.event_number for each in desk.store.finished]
    assert 4 == len(desk.sender.sent)


@pytest.mark.anyio
async def test_a_resend_that_waits_for_a_lane_when_we_stop_is_logged():
    """Its caller is told that it was not sent."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1))
    desk.delivers(delivery(2, run=2, trigger=Trigger.RESEND))
    await desk.dispatcher.stop()
    [finished] = desk.store.finished
    assert (2, Result(Outcome.NOT_SENT, "Not sent")) == (finished.delivery.event_number, finished.result)


@pytest.mark.anyio
async def test_a_reset_drops_what_waits_for_a_lane():
    """What the log has forgotten is not sent, not even what it handed out just before; what came after it is."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1), delivery(2))
    resetting = await desk.begins_to_reset()
    desk.delivers(delivery(3), delivery(4))
    desk.answers()
    assert [1] == desk.events_sent()
    desk.store.resetting.set_result(401)
    await resetting
    assert [1, 4] == desk.events_sent()


@pytest.mark.anyio
async def test_a_reset_that_fails_drops_nothing():
    """What waited meanwhile leaves."""
    desk = Desk(concurrency=1)
    desk.delivers(delivery(1), delivery(2))
    resetting = await desk.begins_to_reset()
    desk.answers()
    desk.store.resetting.set_exception(StoreFailed("the disk is full"))
    with pytest.raises(StoreFailed):
        await resetting
    assert [1, 2] == desk.events_sent()
    assert (0, 0) == (desk.forgotten, desk.sender.recalled)


@pytest.mark.anyio
async def test_a_reset_calls_back_what_has_not_begun(desk: Desk):
    """What still waits for its connection; and the others are told to forget while nothing leaves."""
    resetting = await desk.begins_to_reset()
    desk.store.resetting.set_result(200)
    await resetting
    assert (1, 1) == (desk.forgotten, desk.sender.recalled)


@pytest.mark.anyio
async def test_a_reset_while_a_delivery_is_being_copied():
    """Neither it nor a copy is sent, and nothing of it is left."""
    desk = Desk(concurrency=1)
    desk.store.copying.clear()
    desk.breaks("duplicate")
    desk.delivers(delivery(1))
    resetting = await desk.begins_to_reset()
    desk.store.copying.set()
    desk.store.resetting.set_result(200)
    await resetting
    await asyncio.wait(desk.dispatcher._copying)
    assert {} == desk.dispatcher._slots._holders
    desk.rules.clear()
    desk.delivers(delivery(2))
    assert [2] == desk.events_sent()


@pytest.mark.anyio
async def test_a_stop_while_a_delivery_is_being_copied(desk: Desk):
    """It and its copies go back into the queue."""
    desk.store.copying.clear()
    desk.breaks("duplicate", copies=1)
    desk.delivers(delivery(1))
    stopping = asyncio.ensure_future(desk.dispatcher.stop())
    await asyncio.sleep(0)
    desk.store.copying.set()
    await stopping
    assert ([(101, NEXT), (102, NEXT)], []) == (desk.store.postponed, desk.sender.sent)
