"""Batches of changes: made once for all followers, each of which takes them at its own pace."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from frontsim.api.stream import StreamBatches
from frontsim.store.changes import Change, Changes, Missed

pytestmark = pytest.mark.anyio

LONG_S = 3600.0
HEARTBEAT = b":"


class ChangesLog:
    """Changes, and the batches that are made of them; keeps what was encoded, as ids."""

    def __init__(
        self, *, gap_s: float = 0, heartbeat_s: float = LONG_S, kept_bytes: int = 1000, kept: int = 1000
    ) -> None:
        self.changes = Changes(0, kept=kept)
        self.encoded: list[list[int]] = []
        self.batches = StreamBatches(
            self.changes,
            self._encode,
            heartbeat=HEARTBEAT,
            gap_s=gap_s,
            heartbeat_s=heartbeat_s,
            kept_bytes=kept_bytes,
        )

    def changes_by(self, count: int) -> None:
        self.changes.publish([("event.raised", None)] * count)

    def _encode(self, first: int, changes: Sequence[Change]) -> bytes:
        numbers = list(range(first, first + len(changes)))
        self.encoded.append(numbers)
        return b"".join(b"%d " % number for number in numbers)


async def joined(log: ChangesLog) -> AsyncGenerator[bytes]:
    """A follower from now on that has joined: its first batch, of one change, is read."""
    follower = log.batches.after(log.changes.sequence)
    log.changes_by(1)
    assert b"%d " % log.changes.sequence == await anext(follower)
    return follower


async def test_a_batch_is_encoded_once_for_all_followers() -> None:
    """However many there are, they get the same bytes."""
    log = ChangesLog()
    followers = [log.batches.after(0) for _ in range(20)]
    log.changes_by(3)
    first = [await anext(follower) for follower in followers]  # each begins with what was there before it
    assert {b"1 2 3 "} == set(first)
    log.encoded.clear()

    log.changes_by(2)
    batches = [await anext(follower) for follower in followers]

    assert {b"4 5 "} == set(batches)
    assert 1 == len({id(batch) for batch in batches})
    assert [[4, 5]] == log.encoded


async def test_changes_that_come_soon_after_a_batch_share_the_next_one() -> None:
    """The first is sent at once; the log's end ends the wait for more, and nothing is lost."""
    log = ChangesLog(gap_s=LONG_S)
    follower = await joined(log)
    for _ in range(3):
        log.changes_by(1)
    log.changes.close()

    assert [b"2 3 4 "] == [batch async for batch in follower]


async def test_a_follower_that_comes_between_two_batches() -> None:
    """It gets what is behind the change that it knows, no change twice and none left out."""
    log = ChangesLog(gap_s=LONG_S)
    one = await joined(log)
    log.changes_by(2)
    other = log.batches.after(2)
    assert b"3 " == await anext(other)
    log.changes_by(1)
    log.changes.close()

    assert [b"2 3 ", b"4 "] == [batch async for batch in one]
    assert [b"4 "] == [batch async for batch in other]


async def test_a_follower_that_is_too_slow_has_missed_changes() -> None:
    """Only the newest batches are kept; a follower that reads them as they come misses nothing."""
    log = ChangesLog(kept_bytes=8)
    slow, quick = await joined(log), log.batches.after(1)
    for number in range(2, 9):
        log.changes_by(1)
        assert b"%d " % number == await anext(quick)

    with pytest.raises(Missed):
        await anext(slow)


async def test_more_changes_at_once_than_the_log_keeps() -> None:
    """Every follower has missed some."""
    log = ChangesLog(kept=10)
    follower = await joined(log)
    log.changes_by(11)

    with pytest.raises(Missed):
        await anext(follower)
    again = log.batches.after(log.changes.sequence)
    log.changes_by(1)
    assert b"13 " == await anext(again)


async def test_a_silence_has_heartbeats() -> None:
    """Something must be written now and then: only then is it noticed that a follower is gone."""
    log = ChangesLog(heartbeat_s=0)
    follower = log.batches.after(0)
    assert HEARTBEAT == await anext(follower)
    log.changes_by(1)
    log.changes.close()
    assert b"1 " == [batch async for batch in follower][-1]


async def test_nothing_is_encoded_without_followers() -> None:
    """The last that leaves ends the work."""
    log = ChangesLog()
    async with aclosing(await joined(log)):
        pass
    log.changes_by(5)
    async with aclosing(await joined(log)):
        pass

    assert [[1], [7]] == log.encoded
