"""Every plan within TLS, to the byte: what a receiver decrypts, record by record, and how the connection ended.

A record is one write of ours, up to 16 KiB, so unlike in TCP the pieces are the same on every machine.
"""

import asyncio
import socket
import ssl
import threading

import pytest

from frontsim.delivery import connect
from frontsim.delivery.send_plan import (
    LOST_RESPONSE,
    RESET_AFTER_SEND,
    Barrier,
    SendPlan,
    give_up,
    held,
    partial_body,
    slow_body,
    slow_headers,
)
from frontsim.domain.model import Outcome, Result
from tests.delivery.over_tls.secure_peer import SecureCall, SecurePeer
from tests.delivery.peer import OK, answers, silent
from tests.delivery.sender import BODY, PATIENCE_S, Sender, head, untimed, whole

pytestmark = pytest.mark.anyio

RECORD = 16384  # the most that one record of TLS carries


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[offset : offset + size] for offset in range(0, len(data), size)]


async def says_goodbye_back(call: SecureCall) -> None:
    await call.until_goodbye()
    await call.say_goodbye()


async def test_a_delivery_leaves_to_the_byte_and_gives_its_answer(
    receiver: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """Within TLS the same bytes leave as without, once, in one record; of the protocols offered HTTP/1.1 is ours."""
    async with SecurePeer(receiver) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.ANSWERED, "OK", 200, b"ok") == untimed(result)
        assert [[whole(peer.url)]] == [call.pieces for call in peer.calls]
        assert "http/1.1" == peer.calls[0].protocol
        assert BODY not in peer.calls[0].ciphertext


async def test_a_connection_is_used_again(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """Deliveries one after another share a connection and its one handshake; a body beyond every buffer is whole."""
    body = b"x" * 5_000_000
    async with SecurePeer(receiver) as peer, Sender(tls=trust) as sender:
        results = [await sender.sends(peer.url, body=body), await sender.sends(peer.url)]
        assert [200, 200] == [result.status_code for result in results]
        assert [whole(peer.url, body) + whole(peer.url)] == [call.received for call in peer.calls]
        assert [*cut(whole(peer.url, body), RECORD), whole(peer.url)] == peer.calls[0].pieces


@pytest.mark.parametrize(
    ("plan", "part"),
    [
        (partial_body(body_bytes=7), BODY[:7]),
        (partial_body(body_bytes=0), b""),
        (partial_body(body_bytes=999), BODY[:-1]),
        (partial_body(share=0.25), BODY[:5]),  # 23 bytes x 0.25 = 5.75
    ],
)
async def test_partial_body(receiver: ssl.SSLContext, trust: ssl.SSLContext, plan: SendPlan, part: bytes) -> None:
    """The head with its full Content-Length and a part of the body leave, then close_notify, then FIN."""
    async with SecurePeer(receiver, says_goodbye_back) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=plan)
        call = await peer.ended()
        assert ([head(peer.url) + part], True, "fin") == (call.pieces, call.said_goodbye, call.end)
        assert (Outcome.UNKNOWN, "Connection closed", None, b"") == untimed(result)
        assert (1, 0) == (len(peer.calls), peer.requests)


async def test_partial_body_to_a_receiver_that_says_no_goodbye(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that leaves our close_notify unanswered gets FIN all the same, and the log says what we did."""
    monkeypatch.setattr(connect, "TLS_SHUTDOWN_S", 0.02)
    async with SecurePeer(receiver, silent) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=partial_body())
        assert (Outcome.UNKNOWN, "Connection closed", None, b"") == untimed(result)
        call = await peer.ended()
        assert (head(peer.url) + BODY[:11], True, "fin") == (call.received, call.said_goodbye, call.end)


async def test_partial_body_to_a_receiver_that_reads_late(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late a receiver reads, it gets the whole share: TLS's close_notify has its time behind the last byte."""

    async def reads_late(call: SecureCall) -> None:
        asyncio.get_running_loop().call_later(0.1, late.set)  # five times as long as a goodbye may take
        await late.wait()
        await says_goodbye_back(call)

    monkeypatch.setattr(connect, "TLS_SHUTDOWN_S", 0.02)
    late = asyncio.Event()
    body = b"x" * 20_000_000
    async with SecurePeer(receiver, reads_late) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, body=body, plan=partial_body(share=0.75))
        assert (Outcome.UNKNOWN, "Connection closed", None, b"") == untimed(result)
        call = await peer.ended()
        assert len(head(peer.url, body)) + 15_000_000 == len(call.received)
        assert whole(peer.url, body).startswith(call.received)
        assert (True, "fin") == (call.said_goodbye, call.end)


async def test_partial_body_on_a_connection_that_was_used(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """A fault on a keep-alive connection begins behind the delivery before it, and closes it."""

    async def once(call: SecureCall) -> None:
        await call.requests()
        await call.send(OK)
        await says_goodbye_back(call)

    async with SecurePeer(receiver, once) as peer, Sender(tls=trust) as sender:
        await sender.sends(peer.url)
        await sender.sends(peer.url, plan=partial_body(body_bytes=1))
        call = await peer.ended()
        assert ([whole(peer.url), head(peer.url) + BODY[:1]], True) == (call.pieces, call.said_goodbye)
        await sender.sends(peer.url)
        assert (2, [whole(peer.url)]) == (len(peer.calls), peer.calls[1].pieces)


async def test_slow_headers(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """The head drips at its rate, each drip a record in its time, and the body follows at once."""
    async with SecurePeer(receiver) as peer, Sender(tls=trust) as sender:
        before = asyncio.get_running_loop().time()
        result = await sender.sends(peer.url, plan=slow_headers(rate=1000))
        call = peer.calls[0]
        assert (200, [*cut(head(peer.url), 20), BODY]) == (result.status_code, call.pieces)  # 1000 bytes/s x 20 ms
        for number, moment in enumerate(call.times[:-1]):
            assert moment - before >= number * 0.02 - 0.002  # on a clock of whole ms
        assert (1, 1) == (len(peer.calls), peer.requests)


async def test_slow_body(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """The head leaves at once and the body drips, a record for each byte at a low rate; the connection is kept."""
    body = b"01234567"
    async with SecurePeer(receiver) as peer, Sender(tls=trust) as sender:
        before = asyncio.get_running_loop().time()
        result = await sender.sends(peer.url, body=body, plan=slow_body(rate=40))
        call = peer.calls[0]
        assert (200, [head(peer.url, body), *cut(body, 1)]) == (result.status_code, call.pieces)
        for number, moment in enumerate(call.times[1:]):
            assert moment - before >= number / 40 - 0.002  # on a clock of whole ms
        await sender.sends(peer.url)
        assert (1, 2) == (len(peer.calls), peer.requests)


async def test_an_early_answer_stops_a_drip(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """A receiver that answers before it has everything is answered; no further record leaves but the goodbye."""

    async def hasty(call: SecureCall) -> None:
        await call.size(20)
        await call.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        await says_goodbye_back(call)

    async with SecurePeer(receiver, hasty) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=slow_headers(rate=100))
        assert (Outcome.ANSWERED, "Content too large", 413, b"") == untimed(result)
        call = await peer.ended()
        assert whole(peer.url).startswith(call.received)
        assert len(call.received) < len(head(peer.url))
        assert (True, "fin") == (call.said_goodbye, call.end)


async def test_an_early_answer_to_a_large_body_counts_and_closes(
    receiver: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """Bytes that wait below TLS are unsent: the answer counts, and the next delivery does not queue behind it."""

    async def hasty(call: SecureCall) -> None:
        await call.size(len(head(peer.url, body)))
        await call.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    body = b"x" * 20_000_000
    async with SecurePeer(receiver, hasty) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, body=body)
        assert (Outcome.ANSWERED, 413) == (result.outcome, result.status_code)
        call = await peer.ended()
        assert whole(peer.url, body).startswith(call.received)
        assert len(call.received) < len(whole(peer.url, body))
        assert not call.said_goodbye
        assert (Outcome.ANSWERED, 413) == untimed(await sender.sends(peer.url))[::2]
        assert 2 == len(peer.calls)


async def test_lost_response(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """Everything leaves, the whole answer is read, the log says Timeout; then FIN, as from a client that gave up."""
    before_the_last_byte: list[Result] = []

    async def script(call: SecureCall) -> None:
        await call.requests()
        await call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        await call.send(b"x" * 99_999)
        for _ in range(20):
            await asyncio.sleep(0)  # the sender reads what there is
        before_the_last_byte.extend(result for results in sender.results for result in results)
        await call.send(b"x")

    async with SecurePeer(receiver, script) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=LOST_RESPONSE)
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        call = await peer.ended()
        assert [] == before_the_last_byte
        assert ([whole(peer.url)], False, "fin") == (call.pieces, call.said_goodbye, call.end)
        assert (1, 1) == (len(peer.calls), peer.requests)


@pytest.mark.parametrize("size", [23, 300_000])
async def test_reset_after_send(receiver: ssl.SSLContext, trust: ssl.SSLContext, size: int) -> None:
    """Every byte arrives, then a TCP RST, and neither TLS's close_notify nor FIN before it."""
    body = b"x" * size
    async with SecurePeer(receiver, silent) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, body=body, plan=RESET_AFTER_SEND)
        assert (Outcome.UNKNOWN, "Connection reset", None, b"") == untimed(result)
        call = await peer.ended()
        assert (cut(whole(peer.url, body), RECORD), False, "rst") == (call.pieces, call.said_goodbye, call.end)
        assert 1 == len(peer.calls)


async def test_reset_after_send_waits_for_what_lies_beneath_tls(
    receiver: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """Also where the receiver has drained our kernel while our loop was busy, the rest leaves before the RST."""
    loop = asyncio.get_running_loop()
    url: asyncio.Future[str] = loop.create_future()
    ours, theirs = socket.socketpair()
    drained = threading.Event()
    calls: list[SecureCall] = []

    def is_busy() -> None:
        loop.remove_reader(ours)
        drained.wait(PATIENCE_S)

    async def drains(call: SecureCall) -> None:
        await call.size(1)
        theirs.send(b"!")
        await call.drain(quiet_s=0.05)
        drained.set()
        await call.until_end()

    async def serve() -> None:
        async with SecurePeer(receiver, drains) as peer:
            loop.call_soon_threadsafe(url.set_result, peer.url)
            calls.append(await peer.ended())

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    body = b"x" * 20_000_000
    with ours, theirs:
        loop.add_reader(ours, is_busy)
        async with Sender(tls=trust) as sender:
            result = await sender.sends(await url, body=body, plan=RESET_AFTER_SEND)
        await loop.run_in_executor(None, thread.join)
    assert (Outcome.UNKNOWN, "Connection reset", None, b"") == untimed(result)
    assert len(whole(url.result(), body)) == len(calls[0].received)
    assert (False, "rst") == (calls[0].said_goodbye, calls[0].end)


async def test_give_up(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """Everything leaves, and so many seconds later it is a Timeout, though the answer came in time."""
    async with SecurePeer(receiver, answers(OK)) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=0.08))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms >= 79  # 80 ms, measured on two clocks
        call = await peer.ended()
        assert ([whole(peer.url)], False, "fin") == (call.pieces, call.said_goodbye, call.end)
        assert 1 == len(peer.calls)


async def test_give_up_outlives_a_goodbye(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """An answer that closes TLS in good order changes nothing: it is a Timeout, when its time is over."""

    async def closes(call: SecureCall) -> None:
        await call.requests()
        await call.send_with_goodbye(OK)
        call.finish()

    async with SecurePeer(receiver, closes) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=give_up(after_s=0.06))
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        assert result.duration_ms is not None
        assert result.duration_ms >= 59  # 60 ms, measured on two clocks


async def test_simultaneous_duplicates_release_their_last_bytes_together(
    receiver: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """All but the last byte arrives, everywhere; no last byte leaves before all stand there; then all do."""
    short = [asyncio.Event() for _ in range(3)]

    async def watches(call: SecureCall) -> None:
        await call.size(len(whole(peer.url)) - 1)
        short[peer.calls.index(call)].set()
        await call.requests()
        await call.send(OK)

    async with SecurePeer(receiver, watches) as peer, Sender(tls=trust) as sender:
        barrier = Barrier(3)
        sent = [sender.start(peer.url, plan=held(barrier)) for _ in range(2)]
        await asyncio.gather(short[0].wait(), short[1].wait())
        loop, looked = asyncio.get_running_loop(), asyncio.Event()
        loop.call_later(0.03, looked.set)  # both have looked at the kernel for long, and stand
        await looked.wait()
        assert [[whole(peer.url)[:-1]]] * 2 == [call.pieces for call in peer.calls]
        sent.append(sender.start(peer.url, plan=held(barrier)))
        results = await asyncio.gather(*sent)
        assert [200] * 3 == [result.status_code for result in results]
        assert [[whole(peer.url)[:-1], b"}"]] * 3 == [call.pieces for call in peer.calls]


async def test_a_duplicate_that_is_reset_while_it_waits_does_not_keep_the_others(
    receiver: ssl.SSLContext, trust: ssl.SSLContext
) -> None:
    """A party whose receiver resets at the barrier is unknown, and the others go on."""

    async def script(call: SecureCall) -> None:
        await call.size(len(whole(peer.url)) - 1)
        if peer.calls.index(call) == 0:
            call.reset()
            return
        await call.requests()
        await call.send(OK)

    async with SecurePeer(receiver, script) as peer, Sender(tls=trust) as sender:
        barrier = Barrier(2)
        first = await sender.sends(peer.url, plan=held(barrier))
        second = await sender.sends(peer.url, plan=held(barrier))
        assert ["Connection reset", "OK"] == [first.status, second.status]


@pytest.mark.slow
async def test_no_answer_in_time_is_unknown(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """A receiver that stays silent: Timeout, unknown, and its connection is closed without a goodbye."""
    async with SecurePeer(receiver, silent) as peer, Sender(tls=trust, timeout_s=1) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, "Timeout", None, b"") == untimed(result)
        call = await peer.ended()
        assert ([whole(peer.url)], False, "fin") == (call.pieces, call.said_goodbye, call.end)
        assert (1, 1) == (len(peer.calls), peer.requests)
