"""Receivers that misbehave within TLS: how far each delivery got, what counts as an end in good order, sent once.

Within TLS good order is close_notify. A FIN without it may be a third party's, who cuts the answer short, so it ends
only what says its own length (RFC 9112, section 9.8).
"""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable

import pytest

from frontsim.delivery import webhook_sender
from frontsim.delivery.send_plan import slow_headers
from frontsim.domain.model import Outcome
from tests.delivery.over_tls.secure_peer import FORGED, SecureCall, SecurePeer
from tests.delivery.peer import OK, answers_ok
from tests.delivery.sender import PATIENCE_S, Sender, whole
from tests.support.authority import Authority

pytestmark = pytest.mark.anyio

End = Callable[[SecureCall, bytes], Awaitable[None]]
"""Sends the last bytes, and ends."""


async def goodbye(call: SecureCall, last: bytes) -> None:
    await call.send_with_goodbye(last)


async def goodbye_and_fin(call: SecureCall, last: bytes) -> None:
    await call.send_with_goodbye(last)
    call.finish()


async def fin(call: SecureCall, last: bytes) -> None:
    await call.send(last)
    call.finish()


async def rst(call: SecureCall, last: bytes) -> None:
    await call.send(last)
    call.reset()


async def alert(call: SecureCall, last: bytes) -> None:
    await call.send(last)
    await call.send_fatal_alert()


async def forgery(call: SecureCall, last: bytes) -> None:
    await call.send(last)
    await call.send_as_it_is(FORGED)


def ends(end: End, last: bytes = b"") -> Callable[[SecureCall], Awaitable[None]]:
    """A receiver that reads a request, sends those bytes, and ends."""

    async def script(call: SecureCall) -> None:
        await call.requests()
        await end(call, last)

    return script


@pytest.mark.parametrize("count", [1, 170, 1_000_000], ids=["in the head", "behind the head", "in the body"])
async def test_a_reset_while_we_send_is_unknown(receiver: ssl.SSLContext, trust: ssl.SSLContext, count: int) -> None:
    """However early a receiver resets, something was written, so the outcome is unknown; and nothing is sent again."""

    async def resets(call: SecureCall) -> None:
        await call.size(count)
        call.reset()

    async with SecurePeer(receiver, resets) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, body=b"x" * 5_000_000)
        assert (Outcome.UNKNOWN, "Connection reset", None) == (result.outcome, result.status, result.status_code)
        assert (1, 0) == (len(peer.calls), peer.requests)


async def test_a_reset_after_the_handshake_is_never_an_answer(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """A reset right behind the handshake is not sent if we saw it before we wrote, else unknown; sent once."""

    async def at_once(call: SecureCall) -> None:
        call.reset()

    async with SecurePeer(receiver, at_once) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert result.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
        assert result.status in ("Connection reset", "TLS handshake failed")
        assert 1 == len(peer.calls)


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
    ],
    ids=["nothing", "status line", "head", "body", "no last chunk"],
)
@pytest.mark.parametrize(
    ("end", "status"),
    [
        (goodbye, "Connection closed"),
        (goodbye_and_fin, "Connection closed"),
        (fin, "Connection closed"),
        (rst, "Connection reset"),
        (alert, "Connection reset"),
        (forgery, "Connection reset"),
    ],
)
async def test_a_connection_that_ends_within_the_answer_is_unknown(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, part: bytes, end: End, status: str
) -> None:
    """A part of an answer is none, however the receiver ends: with TLS's close_notify, without, or torn down."""
    async with SecurePeer(receiver, ends(end, part)) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, status, None, b"") == (
            result.outcome,
            result.status,
            result.status_code,
            result.answer,
        )
        assert [[whole(peer.url)]] == [call.pieces for call in peer.calls]


@pytest.mark.parametrize("length", [b"", b"Connection: close\r\n"], ids=["", "close"])
@pytest.mark.parametrize(
    ("end", "outcome", "status"),
    [
        (goodbye, Outcome.ANSWERED, "OK"),
        (goodbye_and_fin, Outcome.ANSWERED, "OK"),
        (fin, Outcome.UNKNOWN, "Connection closed"),
        (rst, Outcome.UNKNOWN, "Connection reset"),
        (alert, Outcome.UNKNOWN, "Connection reset"),
    ],
)
async def test_an_answer_without_a_length_ends_with_a_goodbye(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, length: bytes, end: End, outcome: Outcome, status: str
) -> None:
    """Only close_notify makes such an answer whole: by a bare FIN anybody on the way could have cut it short."""
    answer = b"HTTP/1.1 200 OK\r\n" + length + b"\r\nall of it"
    async with SecurePeer(receiver, ends(end, answer)) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        told = b"all of it" if outcome is Outcome.ANSWERED else b""
        assert (outcome, status, told) == (result.outcome, result.status, result.answer)
        assert [[whole(peer.url)]] == [call.pieces for call in peer.calls]


@pytest.mark.parametrize("end", [goodbye, goodbye_and_fin, fin])
async def test_a_whole_answer_counts_whatever_follows(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, end: End
) -> None:
    """An answer that says its length needs no goodbye; its connection is not used again."""
    async with SecurePeer(receiver, ends(end, OK)) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.ANSWERED, 200, b"ok") == (result.outcome, result.status_code, result.answer)
        await peer.ended()
        await sender.sends(peer.url)
        assert [[whole(peer.url)]] * 2 == [call.pieces for call in peer.calls]


async def test_a_goodbye_is_answered(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """A receiver that closes TLS in good order gets our close_notify, and then FIN."""
    async with SecurePeer(receiver, ends(goodbye, OK)) as peer, Sender(tls=trust) as sender:
        await sender.sends(peer.url)
        call = await peer.ended()
        assert ([whole(peer.url)], True, "fin") == (call.pieces, call.said_goodbye, call.end)


@pytest.mark.parametrize("end", [goodbye, fin, rst])
async def test_an_end_that_only_the_kernel_knows_is_asked_for(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, end: End
) -> None:
    """A peer that closed an idle connection while our loop was busy is noticed before the first byte is written."""
    loop = asyncio.get_running_loop()
    url: asyncio.Future[str] = loop.create_future()
    may_close, closed = threading.Event(), threading.Event()
    calls: list[SecureCall] = []

    async def serve() -> None:
        async def script(call: SecureCall) -> None:
            if peer.calls.index(call) > 0:
                await answers_ok(call)
                return
            await call.requests()
            await call.send(OK)
            may_close.wait(PATIENCE_S)
            await end(call, b"")
            closed.set()

        async with SecurePeer(receiver, script) as peer:
            loop.call_soon_threadsafe(url.set_result, peer.url)
            calls.extend([await peer.ended(0), await peer.ended(1)])

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    async with Sender(tls=trust) as sender:
        await sender.sends(await url)
        ready = loop.create_future()
        loop.call_later(0.03, ready.set_result, None)  # longer than Pool trusts what the loop last saw
        await ready
        may_close.set()
        closed.wait(PATIENCE_S)  # the loop stands still meanwhile, so that it cannot see the end
        result = await sender.sends(await url)
        assert Outcome.ANSWERED is result.outcome
    await loop.run_in_executor(None, thread.join)
    assert [[whole(url.result())]] * 2 == [call.pieces for call in calls]


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (goodbye, "Connection closed"),
        (fin, "Connection closed"),
        (rst, "Connection reset"),
        (alert, "Connection reset"),
    ],
)
async def test_a_keep_alive_connection_closed_under_the_request_is_unknown(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, end: End, status: str
) -> None:
    """Once a byte was written the outcome is unknown; and the request is never sent a second time."""

    async def script(call: SecureCall) -> None:
        await call.requests()
        await call.send(OK)
        await call.requests(2)
        await end(call, b"")

    async with SecurePeer(receiver, script) as peer, Sender(tls=trust) as sender:
        await sender.sends(peer.url)
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, status) == (result.outcome, result.status)
        assert [[whole(peer.url)] * 2] == [call.pieces for call in peer.calls]


async def test_a_peer_that_speaks_while_idle_loses_its_connection(
    receiver: ssl.SSLContext, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes on an idle connection belong to no request: it is closed, not used."""
    monkeypatch.setattr(webhook_sender, "IDLE_S", 10 * PATIENCE_S)
    idle = asyncio.Event()

    async def script(call: SecureCall) -> None:
        await call.requests()
        await call.send(OK)
        await idle.wait()
        await call.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")

    async with SecurePeer(receiver, script) as peer, Sender(tls=trust) as sender:
        assert 200 == (await sender.sends(peer.url)).status_code
        idle.set()
        await asyncio.wait_for(peer.ended(), PATIENCE_S)
        await sender.sends(peer.url)
        assert [[whole(peer.url)]] * 2 == [call.pieces for call in peer.calls]


async def test_a_goodbye_before_the_answer_is_no_answer(receiver: ssl.SSLContext, trust: ssl.SSLContext) -> None:
    """A receiver that says goodbye while we still drip: unknown, and nothing follows but our goodbye."""

    async def hangs_up(call: SecureCall) -> None:
        await call.size(20)
        await call.say_goodbye()

    async with SecurePeer(receiver, hangs_up) as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url, plan=slow_headers(rate=100))
        assert (Outcome.UNKNOWN, "Connection closed") == (result.outcome, result.status)
        call = await peer.ended()
        assert whole(peer.url).startswith(call.received)
        assert len(call.received) < len(whole(peer.url))
        assert (1, True, "fin") == (len(peer.calls), call.said_goodbye, call.end)


async def test_ipv6(authority: Authority, trust: ssl.SSLContext) -> None:
    """A delivery goes to an IPv6 address whose certificate names it, and its Host is bracketed."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    async with SecurePeer(authority.receiver(name="::1"), host="::1") as peer, Sender(tls=trust) as sender:
        result = await sender.sends(peer.url)
        assert Outcome.ANSWERED is result.outcome
        assert [whole(peer.url)] == peer.calls[0].pieces
        assert f"\r\nHost: [::1]:{peer.port}\r\n".encode() in peer.calls[0].received


async def test_what_comes_together_with_the_handshakes_end(authority: Authority, trust: ssl.SSLContext) -> None:
    """It came before a byte of ours, so it answers no request: the connection is closed, and nothing was sent on it."""
    context = authority.receiver()
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in which the receiver has the last word

    async def with_the_last_word(call: SecureCall) -> None:
        await call.handshake(last=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with SecurePeer(context, with_the_last_word, shakes=False) as peer, Sender(tls=trust) as sender:
        for number in range(10):
            result = await sender.sends(peer.url)
            assert (Outcome.NOT_SENT, "Bad response") == (result.outcome, result.status)
            assert b"" == (await peer.ended(number)).received
