"""Many equal time limits on one timer: each rings once, none early, none that was taken out."""

import asyncio
import socket
import time

import pytest

from frontsim.clock import stopwatch
from frontsim.delivery.in_flight import Deadlines, fair_timeout
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

SPAN_S = 0.03


async def test_each_expires_once_in_order_and_not_early() -> None:
    """Items expire in the order in which they came in, after the span."""
    expired: list[tuple[int, float]] = []
    over = asyncio.Event()

    def expire(item: int) -> None:
        expired.append((item, stopwatch()))
        if item == 2:
            over.set()

    deadlines: Deadlines[int] = Deadlines(SPAN_S, expire)
    start = stopwatch()
    for item in (1, 3, 2):
        deadlines.add(item, stopwatch())
    await asyncio.wait_for(over.wait(), PATIENCE_S)
    assert [1, 3, 2] == [item for item, _ in expired]
    assert all(moment - start >= SPAN_S for _, moment in expired)
    assert not deadlines.discard(1)


async def test_what_was_taken_out_does_not_expire() -> None:
    """An item that is out in time never expires; a later one does, and may be added by an expiry."""
    expired: list[str] = []
    over = asyncio.Event()

    def expire(item: str) -> None:
        expired.append(item)
        if item == "first":
            deadlines.discard("with first")
            deadlines.add("again", stopwatch())
        else:
            over.set()

    deadlines: Deadlines[str] = Deadlines(SPAN_S, expire)
    for item in ("gone", "first", "with first"):
        deadlines.add(item, stopwatch())
    assert deadlines.discard("gone")
    await asyncio.wait_for(over.wait(), PATIENCE_S)
    assert ["first", "again"] == expired


async def test_sockets_are_read_before_anything_expires() -> None:
    """An answer that arrived in time, while the loop was busy, takes its item out."""
    expired: list[str] = []
    over = asyncio.Event()

    def expire(item: str) -> None:
        expired.append(item)
        over.set()

    deadlines: Deadlines[str] = Deadlines(SPAN_S, expire)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        asyncio.get_running_loop().add_reader(ours, lambda: (ours.recv(1), deadlines.discard("answered")))
        begin = stopwatch()
        deadlines.add("answered", begin)
        deadlines.add("not answered", begin)
        theirs.send(b"x")
        while stopwatch() < begin + 2 * SPAN_S:
            pass
        await asyncio.wait_for(over.wait(), PATIENCE_S)
        asyncio.get_running_loop().remove_reader(ours)
    assert ["not answered"] == expired


async def test_cleared_deadlines_are_silent() -> None:
    """After `clear` nothing expires that was in before."""
    expired: list[str] = []
    over = asyncio.Event()
    deadlines: Deadlines[str] = Deadlines(SPAN_S, lambda item: (expired.append(item), over.set()))
    deadlines.add("cleared", stopwatch())
    deadlines.clear()
    deadlines.add("later", stopwatch())
    await asyncio.wait_for(over.wait(), PATIENCE_S)
    assert ["later"] == expired


async def test_an_end_that_raises_does_not_keep_the_others() -> None:
    """An exception of one expiry goes to the loop's handler; those that are over with it expire all the same."""
    expired: list[int] = []
    over = asyncio.Event()
    errors: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: errors.append(context["exception"]))

    def expire(item: int) -> None:
        expired.append(item)
        if item == 3:
            over.set()
        raise ZeroDivisionError

    deadlines: Deadlines[int] = Deadlines(SPAN_S, expire)
    now = stopwatch()
    for item in (1, 2, 3):
        deadlines.add(item, now)
    await asyncio.wait_for(over.wait(), PATIENCE_S)
    await asyncio.sleep(0)
    loop.set_exception_handler(None)
    assert [1, 2, 3] == expired
    assert [ZeroDivisionError] * 3 == [type(error) for error in errors]


async def test_a_fair_timeout_reads_once_more_before_it_expires() -> None:
    """An answer that came while the loop was busy counts, though the time is up."""
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    with ours, theirs:
        ours.setblocking(False)

        def be_busy() -> None:
            time.sleep(2 * SPAN_S)
            theirs.send(b"in time")

        async with fair_timeout(SPAN_S):
            loop.call_soon(be_busy)
            assert b"in time" == await loop.sock_recv(ours, 100)
        with pytest.raises(TimeoutError):
            async with fair_timeout(SPAN_S):
                await loop.sock_recv(ours, 100)


async def test_a_fair_timeout_ends_with_its_block() -> None:
    """An expiry that is under way when the block is left changes nothing."""
    for turns in range(3):
        async with fair_timeout(0):
            for _ in range(turns):
                await asyncio.sleep(0)
        await asyncio.sleep(SPAN_S)
