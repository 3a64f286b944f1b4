"""The events that one call has given the log, and those that the log has taken."""

import asyncio

import orjson
import pytest

from frontsim.api.trigger import LoggedEvents
from frontsim.domain.model import Raised
from frontsim.errors import Busy, StoreFailed

pytestmark = pytest.mark.anyio


class NotingLog:
    """Batches that were given to a log, which takes or refuses each when the test says so."""

    def __init__(self) -> None:
        self.logged = LoggedEvents()

    def is_given(self, occurrences: int) -> "asyncio.Future[list[Raised]]":
        batch = asyncio.get_running_loop().create_future()
        self.logged.expect(occurrences, batch)
        return batch


def events(*ids: str) -> list[Raised]:
    return [Raised("webhook", event_id, "SaleCreated") for event_id in ids]


async def test_the_answer_lists_events_in_the_order_in_which_they_were_given():
    """Whichever batch the log tells of first."""
    log = NotingLog()
    first, second = log.is_given(2), log.is_given(1)
    second.set_result(events("c"))
    first.set_result(events("a", "b"))
    await log.logged.fewer_than(1)
    answer = orjson.loads(log.logged.answer().body)
    assert 3 == answer["occurrences"]
    assert ["a", "b", "c"] == [event["webhookEventId"] for event in answer["events"]]


async def test_fewer_than_leaves_the_newest_batches_waiting():
    """A call goes on when one of its two batches is logged."""
    log = NotingLog()
    first, second = log.is_given(1), log.is_given(1)
    first.set_result(events("a"))
    await log.logged.fewer_than(2)
    assert (1, False) == (log.logged.occurrences, second.done())


async def test_what_the_log_took_beside_a_refused_batch_is_counted():
    """The first batch is refused while the log has the second, and takes it: the call says so."""
    log = NotingLog()
    first, second = log.is_given(500), log.is_given(500)
    first.set_exception(StoreFailed("the disk is full"))
    second.set_result(events("a"))
    with pytest.raises(StoreFailed, match=r"^500 occurrences are in the log, no more: the disk is full$"):
        await log.logged.fewer_than(2)


async def test_the_first_refusal_is_the_answer():
    """With nothing logged it stands alone."""
    log = NotingLog()
    log.is_given(1).set_exception(Busy("too much waits", retry_after_s=1))
    log.is_given(1).set_exception(StoreFailed("the disk is full"))
    with pytest.raises(Busy, match=r"^too much waits$"):
        await log.logged.fewer_than(1)
