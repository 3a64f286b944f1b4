"""Every plan at the socket: which bytes leave, in which order, what the result is, and that nothing follows."""

import asyncio
import socket

import pytest

from frontsim.delivery.send_plan import (
    LOST_RESPONSE,
    RESET_AFTER_SEND,
    Barrier,
    Ending,
    SendPlan,
    give_up,
    held,
    partial_body,
    slow_body,
    slow_headers,
)
from frontsim.domain.model import Outcome, Result
from tests.delivery.peer import OK, Peer, PeerCall, answers, silent
from tests.delivery.sender import BODY, Sender, head, untimed, whole

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("plan", "part"),
    [
        (partial_body(body_bytes=7), BODY[:7]),
        (partial_body(body_bytes=0), b""),
        (partial_body(body_bytes=999), BODY[:-1]),
        (partial_body(share=0.25), BODY[:5]),  # 23 bytes x 0.25 = 5.75
        (partial_body(share=1), BODY[:-1]),
        (partial_body(), BODY[:11]),
    ],
)
async def test_partial_body(plan: SendPlan, part: bytes) -> None:
    """The head with its full Content-Length and a part of the body leave, then FIN; the rest never follows."""
    async with Peer(silent) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=plan)
        call = await peer.ended()
        assert (head(peer.url) + part, "fin") == (call.received, call.end)
        assert (Outcome.UNKNOWN, "Connection closed", None, b"") == untimed(result)
        assert (1, 0) == (len(peer.calls), peer.requests)


async def test_partial_body_on_a_connection_that_was_used() -> None:
    """A fault on a keep-alive connection begins behind the delivery before it, and closes it."""

    async def once(call: PeerCall) -> None:
        await call.requests()
        await call.send(OK)

    async with Peer(once) as peer, Sender() as sender:
        await sender.sends(peer.url)
        await sender.sends(peer.url, plan=partial_body(body_bytes=1))
        call = await peer.ended()
        assert whole(peer.url) + head(peer.url) + BODY[:1] == call.received
        await sender.sends(peer.url)
        assert (2, whole(peer.url)) == (len(peer.calls), peer.calls[1].received)


async def test_slow_headers() -> None:
    """The head drips at its rate and the body follows at once; then it is a delivery like any other."""
    async with Peer() as peer, Sender() as sender:
        size = len(head(peer.url))
        result = await sender.sends(peer.url, plan=slow_headers(rate=1000))
        call = peer.calls[0]
        assert (whole(peer.url), 200) == (call.received, result.status_code)
        assert len(call.pieces) > 1
        assert [0] * (len(call.pieces) - 1) == [len(piece) % 20 for piece in call.pieces[:-1]]  # 1000 bytes/s x 20 ms
        assert result.duration_ms is not None
        assert result.duration_ms >= (size - 1) // 20 * 20 - 2  # when the last drip leaves, on a clock of whole ms
        assert (1, 1) == (len(peer.calls), peer.requests)


async def test_slow_body() -> None:
    """The head leaves at once and the body drips, byte by byte at a low rate; the connection is kept."""
    body = b"01234567"
    async with Peer() as peer, Sender() as sender:
        result = await sender.sends(peer.url, body=body, plan=slow_body(rate=40))
        call = peer.calls[0]
        assert (whole(peer.url, body), 200) == (call.received, result.status_code)
        assert len(call.pieces) > 2
        assert len(call.pieces[0]) >= len(head(peer.url, body))
        assert result.duration_ms is not None
        assert result.duration_ms >= 7 / 40 * 1000 - 2  # the eighth byte leaves 7/40 s after the first
        await sender.sends(peer.url)
        assert (1, 2) == (len(peer.calls), peer.requests)


@pytest.mark.slow
async def test_a_slow_delivery_has_its_time_for_the_answer_still() -> None:
    """A drip longer than the timeout is not cut: the time for the answer begins with the last byte."""
    async with Peer() as peer, Sender(timeout_s=1) as sender:
        result = await sender.sends(peer.url, body=b"0123456789", plan=slow_body(rate=7.5))  # 9 / 7.5 s = 1.2 s
        assert (Outcome.ANSWERED, "OK", 200, b"ok") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms > 1000


@pytest.mark.slow
async def test_a_slow_delivery_that_is_not_answered_times_out() -> None:
    """Behind a drip the timeout is the usual one."""
    async with Peer(silent) as peer, Sender(timeout_s=1) as sender:
        result = await sender.sends(peer.url, body=b"01", plan=slow_body(rate=50))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)


async def test_an_early_answer_stops_a_drip() -> None:
    """A receiver that answers before it has everything is answered; no further byte leaves, and we close."""

    async def hasty(call: PeerCall) -> None:
        await call.size(20)
        await call.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")

    async with Peer(hasty) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=slow_headers(rate=100))
        assert (Outcome.ANSWERED, "Content too large", 413, b"") == untimed(result)
        call = await peer.ended()
        assert whole(peer.url).startswith(call.received)
        assert len(call.received) < len(head(peer.url))


async def test_a_reset_stops_a_drip() -> None:
    """A receiver that resets in the middle of the head: unknown, and nothing follows."""

    async def resets(call: PeerCall) -> None:
        await call.size(20)
        call.reset()

    async with Peer(resets) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=slow_headers(rate=1000))
        assert (Outcome.UNKNOWN, "Connection reset", None, b"") == untimed(result)
        assert len(peer.calls) == 1


async def test_lost_response() -> None:
    """Everything leaves, the whole answer is read, and the log says Timeout; then we close in good order."""
    answer_is_sent = asyncio.Event()

    async def script(call: PeerCall) -> None:
        await call.requests()
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        await call.send(b"x" * 99_999)
        assert results == []
        await call.send(b"x")
        answer_is_sent.set()

    results: list[Result] = []
    async with Peer(script) as peer, Sender() as sender:
        results.append(await sender.sends(peer.url, plan=LOST_RESPONSE))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(results[0])
        await answer_is_sent.wait()
        call = await peer.ended()
        assert (whole(peer.url), "fin") == (call.received, call.end)
        assert (1, 1) == (len(peer.calls), peer.requests)


async def test_lost_response_of_a_receiver_that_fails() -> None:
    """Where no whole answer comes there is none to lose: the log says what happened."""

    async def closes(call: PeerCall) -> None:
        await call.requests()
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
        call.finish()

    async with Peer(closes) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=LOST_RESPONSE)
        assert (Outcome.UNKNOWN, "Connection closed", None, b"") == untimed(result)


async def test_reset_after_send() -> None:
    """Every byte arrives, then a TCP RST; an answer does not count."""
    async with Peer(silent) as peer, Sender() as sender:
        result = await sender.sends(peer.url, body=b"x" * 300_000, plan=RESET_AFTER_SEND)
        assert (Outcome.UNKNOWN, "Connection reset", None, b"") == untimed(result)
        call = await peer.ended()
        assert (whole(peer.url, b"x" * 300_000), "rst") == (call.received, call.end)
        assert len(peer.calls) == 1


async def test_give_up() -> None:
    """Everything leaves, and so many seconds later it is a Timeout, though the answer came in time."""
    async with Peer(answers(OK)) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=0.06))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms >= 59  # 60 ms, measured on two clocks
        call = await peer.ended()
        assert (whole(peer.url), "fin") == (call.received, call.end)
        assert len(peer.calls) == 1


@pytest.mark.slow
async def test_give_up_outlives_the_usual_timeout_and_a_closed_connection() -> None:
    """Its own time stands above the sender's, and an answer that closes the connection changes nothing."""
    async with Peer(answers(OK)) as peer, Sender(timeout_s=1) as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=1.2))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms >= 1199

    async def closes(call: PeerCall) -> None:
        await call.requests()
        await call.send(OK)
        call.finish()

    async with Peer(closes) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=0.06))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms >= 59


async def test_garbage_does_not_end_a_give_up() -> None:
    """Bytes that are no answer do not count either: it is a Timeout, when its time is over."""
    async with Peer(answers(b"garbage" * 99)) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=0.06))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms >= 59


@pytest.mark.parametrize("answer", [OK, b"garbage", b""])
async def test_reset_after_send_of_a_receiver_that_is_faster(answer: bytes) -> None:
    """A receiver that answers and closes before our RST leaves: the log still says Connection reset."""

    async def closes(call: PeerCall) -> None:
        await call.size(len(head(peer.url)))
        await call.send(answer)
        call.finish()

    async with Peer(closes) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=RESET_AFTER_SEND)
        assert (Outcome.UNKNOWN, "Connection reset", None, b"") == untimed(result)
        assert len(peer.calls) == 1


async def test_give_up_on_a_receiver_that_resets() -> None:
    """A connection that is torn down before an answer ends it at once."""

    async def resets(call: PeerCall) -> None:
        await call.requests()
        call.reset()

    async with Peer(resets) as peer, Sender() as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=60))
        assert (Outcome.UNKNOWN, "Connection reset", None, b"") == untimed(result)


async def test_simultaneous_duplicates_release_their_last_bytes_together() -> None:
    """All but the last byte arrives, everywhere; no last byte leaves before all stand there; then all do."""
    short = [asyncio.Event() for _ in range(3)]

    async def watches(call: PeerCall) -> None:
        await call.size(len(whole(peer.url)) - 1)
        short[peer.calls.index(call)].set()
        await call.requests()
        await call.send(OK)

    async with Peer(watches) as peer, Sender() as sender:
        barrier = Barrier(3)
        sent = [sender.start(peer.url, plan=held(barrier)) for _ in range(2)]
        await asyncio.gather(short[0].wait(), short[1].wait())
        assert [whole(peer.url)[:-1]] * 2 == [call.received for call in peer.calls]
        sent.append(sender.start(peer.url, plan=held(barrier)))
        results = await asyncio.gather(*sent)
        assert [200] * 3 == [result.status_code for result in results]
        assert [whole(peer.url)] * 3 == [call.received for call in peer.calls]
        assert [b"}"] * 2 == [call.pieces[-1] for call in peer.calls[:2]]


async def test_a_duplicate_that_fails_does_not_keep_the_others() -> None:
    """A party that cannot be sent leaves the barrier, and the last bytes of the others are released."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        refusing = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    async with Peer() as peer, Sender() as sender:
        barrier = Barrier(3)
        results = await asyncio.gather(
            sender.start(peer.url, plan=held(barrier)),
            sender.start(refusing, plan=held(barrier)),
            sender.start(peer.url, plan=held(barrier)),
        )
        assert ["OK", "Connection refused", "OK"] == [result.status for result in results]


async def test_a_duplicate_that_is_reset_while_it_waits_does_not_keep_the_others() -> None:
    """A party whose receiver resets at the barrier is unknown, and the others go on."""

    async def script(call: PeerCall) -> None:
        await call.size(len(whole(peer.url)) - 1)
        if peer.calls.index(call) == 0:
            call.reset()
            return
        await call.requests()
        await call.send(OK)

    async with Peer(script) as peer, Sender() as sender:
        barrier = Barrier(2)
        first = await sender.sends(peer.url, plan=held(barrier))
        second = await sender.sends(peer.url, plan=held(barrier))
        assert ["Connection reset", "OK"] == [first.status, second.status]


@pytest.mark.slow
async def test_a_barrier_that_never_opens_is_left_by_the_timeout() -> None:
    """A party that waits for one who never comes is unknown when its time is over."""
    async with Peer(silent) as peer, Sender(timeout_s=1) as sender:
        result = await sender.sends(peer.url, plan=held(Barrier(2)))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        call = await peer.ended()
        assert whole(peer.url)[:-1] == call.received


async def test_manners_combine() -> None:
    """A slow body whose answer is lost: what leaves, how fast and the ending are three things."""
    async with Peer() as peer, Sender() as sender:
        plan = SendPlan(body_rate=1000, ending=Ending.LOSE)
        result = await sender.sends(peer.url, plan=plan)
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert whole(peer.url) == peer.calls[0].received


async def test_tearing_down_stops_a_drip() -> None:
    """Closing the sender ends a drip as unknown."""
    async with Peer(silent) as peer, Sender() as sender:
        sent = sender.start(peer.url, plan=slow_headers(rate=1))
        await (await peer.call()).size(1)
        await sender.webhooks.close(0)
        assert (Outcome.UNKNOWN, "Unknown", None, b"") == untimed(sent.result())
