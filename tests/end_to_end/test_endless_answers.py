"""Answers that are long, endless or late: what of them is read, and that no other delivery suffers."""

import asyncio

import pytest

from frontsim.clock import stopwatch
from frontsim.delivery.send_plan import give_up
from frontsim.domain.model import ANSWER_BODY_KEPT, Outcome
from tests.delivery.peer import OK, Peer, PeerCall
from tests.delivery.sender import Sender
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 200_000 + b"\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: ", b"x" * 65536),
    ],
    ids=["body", "one-byte chunks", "chunk extensions", "trailer"],
)
async def test_an_answer_without_end_is_cut_off_and_counts(start: bytes, more: bytes) -> None:
    """It has answered, with its status; we hang up, and send nothing again."""
    sent = 0

    async def endless(call: PeerCall) -> None:
        nonlocal sent
        await call.requests()
        await call.send(start)
        while True:
            await call.send(more)
            sent += len(more)

    async with Peer(endless) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.ANSWERED, "OK", 200) == (result.outcome, result.status, result.status_code)
        assert len(result.answer) <= ANSWER_BODY_KEPT
        await peer.ended()
        assert peer.requests == 1
        assert sent < 20_000_000


@pytest.mark.parametrize(
    "more",
    [b"x" * 65536, b"1\r\nx\r\n" * 10_000, b"1;" + b"x" * 200_000 + b"\r\nx\r\n"],
    ids=["bytes", "chunks", "extensions"],
)
async def test_a_good_receiver_beside_a_hostile_one(more: bytes) -> None:
    """While 16 deliveries are always under way to one that answers without end, the good one's all count."""

    async def endless(call: PeerCall) -> None:
        await call.requests()
        await call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await call.send(more)

    async def delivers_on(sender: Sender, url: str) -> None:
        while not over.is_set():
            await sender.sends(url)

    over = asyncio.Event()

    async with Peer(endless) as hostile, Peer() as good, Sender() as sender:
        beside = [asyncio.ensure_future(delivers_on(sender, hostile.url)) for _ in range(16)]
        results = [await sender.sends(good.url) for _ in range(50)]
        over.set()
        await asyncio.gather(*beside)
        assert {(Outcome.ANSWERED, 200)} == {(result.outcome, result.status_code) for result in results}
        assert 50 == good.requests
        assert hostile.requests > 16


async def test_nothing_more_is_read_of_an_answer_that_does_not_count() -> None:
    """Though the attempt goes on: the receiver's bytes stay with the receiver."""
    sent = 0

    async def endless(call: PeerCall) -> None:
        nonlocal sent
        await call.requests()
        while sent < 200_000_000:
            await call.send(OK + b"x" * 65536)
            sent += 65536

    async with Peer(endless) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=0.5))
        assert (Outcome.UNKNOWN, "Timeout") == (result.outcome, result.status)
        await peer.ended()
        assert sent < 20_000_000


@pytest.mark.slow
async def test_an_answer_that_came_in_time_counts_though_we_were_busy() -> None:
    """An answer that arrives before the deadline is read before the attempt expires, however late we look."""

    for timeout_s in (0.5, 5, 50):  # so long that even a busy machine answers in time
        if await answered_in_time(timeout_s):
            return
    raise AssertionError("nothing was answered within 50 s")


async def answered_in_time(timeout_s: float) -> bool:
    """True if the answer arrived in time, and we looked too late: it counts then."""

    async def answers_late(call: PeerCall) -> None:
        await call.requests()
        asked.set()
        await answered.wait()
        await call.send(OK)

    asked, answered = asyncio.Event(), asyncio.Event()
    async with Peer(answers_late) as peer, Sender(timeout_s=timeout_s) as sender:
        began_s = stopwatch()
        result = sender.start(peer.url)
        await asked.wait()
        answered.set()
        await asyncio.sleep(0)  # the answer is with the kernel now, and the event loop has not seen it
        is_in_time = stopwatch() - began_s < timeout_s
        until = began_s + timeout_s
        while is_in_time and stopwatch() < until:
            pass
        outcome = (await asyncio.wait_for(result, PATIENCE_S)).outcome
    assert Outcome.ANSWERED is outcome or not is_in_time
    return is_in_time
