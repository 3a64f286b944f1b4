"""Receivers that misbehave at every stage: how far each delivery got, and that nothing is sent again."""

import asyncio
import socket

import pytest

from frontsim.domain.model import ANSWER_BODY_KEPT, Outcome
from tests.delivery.peer import Peer, PeerCall, Script, answers
from tests.delivery.sender import Sender, head, whole

pytestmark = pytest.mark.anyio


def answers_and_ends(data: bytes, end: str) -> Script:
    """Answer the first request with these bytes, then close (`fin`) or reset."""

    async def script(call: PeerCall) -> None:
        await call.requests()
        await call.send(data)
        if end == "fin":
            call.finish()
        else:
            call.reset()

    return script


def resets_after(count: int) -> Script:
    """A receiver that resets once so many bytes have come."""

    async def script(call: PeerCall) -> None:
        await call.size(count)
        call.reset()

    return script


@pytest.mark.parametrize(
    ("count", "body"),
    [(1, b"x" * 5_000_000), (170, b"x" * 5_000_000), (1_000_000, b"x" * 5_000_000)],
    ids=["in the head", "behind the head", "in the body"],
)
async def test_a_reset_while_we_send_is_unknown(count: int, body: bytes) -> None:
    """However early a receiver resets, something was written, so the outcome is unknown; and nothing is sent again."""
    async with Peer(resets_after(count)) as peer, Sender() as sender:
        result = await sender.sends(peer.url, body=body)
        assert (Outcome.UNKNOWN, "Connection reset", None) == (result.outcome, result.status, result.status_code)
        assert (1, 0) == (len(peer.calls), peer.requests)


async def test_a_reset_after_the_accept_is_never_an_answer() -> None:
    """A reset right behind the accept is not sent if we saw it before we wrote, else unknown; sent once."""

    async def at_once(call: PeerCall) -> None:
        call.reset()

    async with Peer(at_once) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert result.status == "Connection reset"
        assert result.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
        assert len(peer.calls) == 1


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ],
    ids=["nothing", "status line", "head", "body", "chunk", "no last chunk", "only 100", "head without length"],
)
@pytest.mark.parametrize("end", ["fin", "rst"])
async def test_a_connection_that_ends_within_the_answer_is_unknown(part: bytes, end: str) -> None:
    """A part of an answer is none, whether the receiver closes or resets."""
    async with Peer(answers_and_ends(part, end)) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        status = "Connection closed" if end == "fin" else "Connection reset"
        assert (Outcome.UNKNOWN, status, None, b"") == (
            result.outcome,
            result.status,
            result.status_code,
            result.answer,
        )
        assert (1, 1) == (len(peer.calls), peer.requests)


@pytest.mark.parametrize(
    ("length", "end"), [(b"", "fin"), (b"Connection: close\r\n", "fin"), (b"", "rst")], ids=["fin", "close", "rst"]
)
async def test_an_answer_without_a_length_ends_with_the_connection(length: bytes, end: str) -> None:
    """Closed in good order such an answer is whole; by a reset it may not be."""
    answer = b"HTTP/1.1 200 OK\r\n" + length + b"\r\nall of it"
    async with Peer(answers_and_ends(answer, end)) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        expected = (Outcome.ANSWERED, b"all of it") if end == "fin" else (Outcome.UNKNOWN, b"")
        assert expected == (result.outcome, result.answer)
        assert (1, 1) == (len(peer.calls), peer.requests)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 099 Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1234567",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"\x15\x03\x03\x00\x02\x02\x46",
    ],
    ids=["ssh", "http/2", "099", "bad chunk", "long chunk", "length text", "two lengths", "negative", "tls alert"],
)
async def test_what_is_not_an_answer_is_unknown(answer: bytes) -> None:
    """Bytes that are no HTTP/1.x answer: Bad response, unknown; we close and do not send again."""
    async with Peer(answers(answer)) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, "Bad response", None) == (result.outcome, result.status, result.status_code)
        await peer.ended()
        assert (1, 1) == (len(peer.calls), peer.requests)


@pytest.mark.parametrize(
    ("answer", "status", "code", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", "OK", 200, b"1"),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
            "No content",
            204,
            b"",
        ),
        (b"HTTP/1.1 404 NOPE\r\nContent-Length: 0\r\n\r\n", "Not found", 404, b""),
        (b"HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", "Status 599", 599, b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "OK", 200, b"ab"),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", "Found", 302, b""),
    ],
    ids=["100", "103, 100", "404", "599", "chunked", "redirect"],
)
async def test_answers(answer: bytes, status: str, code: int, body: bytes) -> None:
    """A whole answer is answered, whatever its status; 1xx answers are passed over, redirects not followed."""

    async def byte_by_byte(call: PeerCall) -> None:
        await call.requests()
        for offset in range(len(answer)):
            await call.send(answer[offset : offset + 1])

    for script in (answers(answer), byte_by_byte):
        async with Peer(script) as peer, Sender() as sender:
            result = await sender.sends(peer.url)
            assert (Outcome.ANSWERED, status, code, body) == (
                result.outcome,
                result.status,
                result.status_code,
                result.answer,
            )
            assert (1, 1) == (len(peer.calls), peer.requests)


async def test_only_the_first_4_kib_of_an_answer_are_kept() -> None:
    """A long answer is read to its end, and its first 4 KiB are told."""
    answer = (
        b"HTTP/1.1 500 Oops\r\nContent-Length: 1000000\r\n\r\n"
        + b"a" * ANSWER_BODY_KEPT
        + b"b" * (1_000_000 - ANSWER_BODY_KEPT)
    )
    async with Peer(answers(answer)) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert (500, b"a" * 4096) == (result.status_code, result.answer)


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: " + b"x" * 65526 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Header: ", b"x" * 65536),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2621),
    ],
    ids=["many headers", "one header", "1xx answers"],
)
async def test_100_mb_of_head_are_not_read(start: bytes, more: bytes) -> None:
    """A head or 1xx answers beyond 64 KiB: Bad response, and we hang up long before 100 MB."""
    sent = 0

    async def endless(call: PeerCall) -> None:
        nonlocal sent
        await call.requests()
        await call.send(start)
        for _ in range(1600):  # 1600 x 64 KiB = 100 MiB
            await call.send(more)
            sent += len(more)

    async with Peer(endless) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, "Bad response", None) == (result.outcome, result.status, result.status_code)
        await peer.ended()
        assert sent < 20_000_000
        assert (1, 1) == (len(peer.calls), peer.requests)


async def test_an_early_answer_to_a_large_body_counts_and_closes() -> None:
    """A receiver that answers before it has read everything has answered; that connection is not used again."""

    async def hasty(call: PeerCall) -> None:
        await call.size(len(head(peer.url, body)))
        await call.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")

    body = b"x" * 20_000_000
    async with Peer(hasty) as peer, Sender() as sender:
        result = await sender.sends(peer.url, body=body)
        assert (Outcome.ANSWERED, 413) == (result.outcome, result.status_code)
        call = await peer.ended()
        assert whole(peer.url, body).startswith(call.received)
        await sender.sends(peer.url)
        assert len(peer.calls) == 2


async def test_ipv6() -> None:
    """A delivery goes to an IPv6 address, and its Host is bracketed."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    async with Peer(host="::1") as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert result.outcome is Outcome.ANSWERED
        assert f"\r\nHost: [::1]:{peer.port}\r\n".encode() in peer.calls[0].received


async def test_a_name_with_several_addresses_is_tried_through() -> None:
    """`localhost` may be ::1 first, which refuses: the delivery goes to 127.0.0.1, once."""
    async with Peer() as peer, Sender() as sender:
        result = await sender.sends(f"http://localhost:{peer.port}/")
        assert (Outcome.ANSWERED, 1) == (result.outcome, peer.requests)


async def test_a_refused_connection_is_not_sent() -> None:
    """A refused connection is not sent, and said as such."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with Sender() as sender:
        for host in ("127.0.0.1", "localhost"):
            result = await sender.sends(f"http://{host}:{port}/")
            assert (Outcome.NOT_SENT, "Connection refused", None) == (
                result.outcome,
                result.status,
                result.status_code,
            )


async def test_a_name_without_an_address() -> None:
    """A name that cannot be looked up is not sent."""
    async with Sender() as sender:
        result = await sender.sends("http://unknown.invalid/")
        assert (Outcome.NOT_SENT, "Name not resolved") == (result.outcome, result.status)


async def test_a_receiver_that_never_accepts() -> None:
    """A connection that does not stand in time is not sent, also where the whole time is over first."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = []
        try:
            for _ in range(8):  # the backlog takes one or two, and answers no other
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
                fillers.append(filler)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            for limits in ({"connect_timeout_s": 0.05}, {"timeout_s": 0.05}):
                async with Sender(**limits) as sender:
                    result = await sender.sends(url)
                    assert (Outcome.NOT_SENT, "Connect timeout") == (result.outcome, result.status)
        finally:
            for filler in fillers:
                filler.close()


async def test_a_receiver_that_speaks_first() -> None:
    """A server of another protocol that greets first is a Bad response."""

    async def greets(call: PeerCall) -> None:
        await call.send(b"220 mail.example ESMTP\r\n")

    async with Peer(greets) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert result.status == "Bad response"
        assert result.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
        assert len(peer.calls) == 1


async def test_many_at_once_to_a_dead_receiver() -> None:
    """Each of many deliveries to a dead receiver gets its own result."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with Sender() as sender:
        results = await asyncio.gather(*(sender.start(f"http://127.0.0.1:{port}/") for _ in range(200)))
        assert {(Outcome.NOT_SENT, "Connection refused")} == {(result.outcome, result.status) for result in results}
