"""Plain deliveries: which bytes are sent, the result of each end, and which connections are used again."""

import asyncio
import socket
import threading

import pytest

from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import Outcome
from tests.delivery.peer import OK, Peer, PeerCall, answers, answers_ok, silent
from tests.delivery.sender import BODY, HEADERS, Sender, whole
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


async def test_a_delivery_leaves_to_the_byte_and_gives_its_answer() -> None:
    """The opening, the given headers, Content-Length and the body leave; the result is the answer."""
    async with Peer() as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert whole(peer.url) == peer.calls[0].received
        assert (Outcome.ANSWERED, "OK", 200, b"ok") == (
            result.outcome,
            result.status,
            result.status_code,
            result.answer,
        )
        assert result.duration_ms is not None


async def test_an_empty_body_is_a_body() -> None:
    """A delivery without a body has Content-Length 0."""
    async with Peer() as peer, Sender() as sender:
        await sender.sends(peer.url, body=b"")
        assert peer.calls[0].received.endswith(b"\r\nContent-Length: 0\r\n\r\n")


async def test_a_large_body_arrives_whole() -> None:
    """A body larger than every buffer on the way arrives whole, and its connection is used again."""
    body = b"x" * 5_000_000
    async with Peer() as peer, Sender() as sender:
        first = await sender.sends(peer.url, body=body)
        await sender.sends(peer.url)
        assert first.status_code == 200
        assert whole(peer.url, body) + whole(peer.url) == peer.calls[0].received


async def test_a_connection_is_used_again() -> None:
    """Deliveries one after another share a connection; those at the same time do not."""
    async with Peer() as peer, Sender() as sender:
        await sender.sends(peer.url)
        await sender.sends(peer.url)
        assert [2 * whole(peer.url)] == [call.received for call in peer.calls]
        await asyncio.gather(sender.start(peer.url), sender.start(peer.url))
        assert (2, 4) == (len(peer.calls), peer.requests)


async def test_what_has_not_begun_is_called_back() -> None:
    """Not a byte of it is sent, not even when its connection would have stood a moment later; the others go on."""
    came = asyncio.Event()

    async def silent(call: PeerCall) -> None:
        await call.requests()
        came.set()

    async with Peer() as peer, Peer(silent) as dead, Sender() as sender:
        begun = sender.start(dead.url)
        await came.wait()
        connecting = sender.start(peer.url)
        sender.webhooks.recall()
        result = await connecting
        assert (Outcome.NOT_SENT, "Not sent") == (result.outcome, result.status)
        assert (await sender.sends(peer.url)).status_code == 200
        assert [whole(peer.url)] == [call.received for call in peer.calls if call.received]
        assert not begun.done()


async def test_origins_do_not_share_connections() -> None:
    """A connection carries deliveries of its own origin only."""
    async with Peer() as one, Peer() as other, Sender() as sender:
        await sender.sends(one.url)
        await sender.sends(other.url)
        assert (1, 1) == (one.requests, other.requests)


async def test_done_may_send_at_once() -> None:
    """Within `done` the connection is free already, and carries the next delivery."""
    async with Peer() as peer, Sender() as sender:
        target = parse_target(peer.url)
        over = asyncio.Event()
        webhooks = sender.webhooks
        webhooks.send(target, HEADERS, BODY, lambda _: webhooks.send(target, HEADERS, BODY, lambda _: over.set()))
        await asyncio.wait_for(over.wait(), PATIENCE_S)
        assert [2 * whole(peer.url)] == [call.received for call in peer.calls]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\n",
        OK + b"junk",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=["connection close", "HTTP/1.0", "an answer without a request", "junk behind the answer", "101"],
)
async def test_a_connection_that_may_not_go_on_is_closed(answer: bytes) -> None:
    """After such an answer the connection is closed, and the next delivery opens another."""
    async with Peer(answers(answer)) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert result.outcome is Outcome.ANSWERED
        await peer.ended()
        await sender.sends(peer.url)
        assert [whole(peer.url)] * 2 == [call.received for call in peer.calls]


async def test_http_1_0_with_keep_alive_goes_on() -> None:
    """An HTTP/1.0 receiver that says keep-alive is taken at its word."""

    async def script(call: PeerCall) -> None:
        for count in (1, 2):
            await call.requests(count)
            await call.send(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")

    async with Peer(script) as peer, Sender() as sender:
        await sender.sends(peer.url)
        await sender.sends(peer.url)
        assert (1, 2) == (len(peer.calls), peer.requests)


async def test_an_idle_connection_that_the_peer_closed_carries_nothing() -> None:
    """A connection whose end has been seen is passed over: no byte is written on it, so another is opened."""

    async def once(call: PeerCall) -> None:
        await call.requests()
        await call.send(OK)
        call.finish()

    async with Peer(once) as peer, Sender() as sender:
        await sender.sends(peer.url)
        await peer.ended()
        result = await sender.sends(peer.url)
        assert result.outcome is Outcome.ANSWERED
        assert [whole(peer.url)] * 2 == [call.received for call in peer.calls]


async def test_an_end_that_only_the_kernel_knows_is_asked_for() -> None:
    """A peer that closed while our loop was busy is noticed before the first byte is written."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    may_close, closed = threading.Event(), threading.Event()

    def serve() -> None:
        link, _ = listener.accept()
        link.recv(65536)
        link.sendall(OK)
        may_close.wait(PATIENCE_S)
        link.close()
        closed.set()
        link, _ = listener.accept()
        link.recv(65536)
        link.sendall(OK)
        link.recv(65536)
        link.close()

    thread = threading.Thread(target=serve)
    thread.start()
    async with Sender() as sender:
        await sender.sends(url)
        loop = asyncio.get_running_loop()
        idle_since = loop.time()
        ready = loop.create_future()
        loop.call_later(0.03, ready.set_result, None)  # longer than Pool trusts what the loop last saw
        await ready
        assert loop.time() - idle_since > 0.01
        may_close.set()
        closed.wait(PATIENCE_S)  # the loop stands still meanwhile, so that it cannot see the end
        result = await sender.sends(url)
        assert result.outcome is Outcome.ANSWERED
    await loop.run_in_executor(None, thread.join)
    listener.close()


async def test_a_keep_alive_connection_closed_under_the_request_is_unknown() -> None:
    """Once a byte was written the outcome is unknown; and the request is never sent a second time."""

    async def script(call: PeerCall) -> None:
        await call.requests()
        await call.send(OK)
        await call.requests(2)
        call.reset()

    async with Peer(script) as peer, Sender() as sender:
        await sender.sends(peer.url)
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, "Connection reset") == (result.outcome, result.status)
        assert (1, 2) == (len(peer.calls), peer.requests)


async def test_a_peer_that_speaks_while_idle_loses_its_connection() -> None:
    """Bytes on an idle connection belong to no request: it is closed, not used."""

    async def script(call: PeerCall) -> None:
        await call.requests()
        await call.send(OK)
        await call.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")

    async with Peer(script) as peer, Sender() as sender:
        result = await sender.sends(peer.url)
        assert result.status_code == 200
        await peer.ended()
        await sender.sends(peer.url)
        assert [whole(peer.url)] * 2 == [call.received for call in peer.calls]


@pytest.mark.slow
async def test_no_answer_in_time_is_unknown() -> None:
    """A receiver that stays silent: Timeout, unknown, and its connection is closed."""
    async with Peer(silent) as peer, Sender(timeout_s=1) as sender:
        result = await sender.sends(peer.url)
        assert (Outcome.UNKNOWN, "Timeout", None) == (result.outcome, result.status, result.status_code)
        assert result.duration_ms is not None
        assert result.duration_ms >= 999  # 1 s, measured on two clocks
        call = await peer.ended()
        assert (whole(peer.url), "fin") == (call.received, call.end)
        assert (1, 1) == (len(peer.calls), peer.requests)


async def test_closing_gives_grace_and_then_tells_how_far_each_got() -> None:
    """`close` waits for what is in flight; what is left ends as unknown, and nothing more is taken."""

    async def second_only(call: PeerCall) -> None:
        await call.requests()
        await hold.wait()
        await call.send(OK)

    hold = asyncio.Event()
    async with Peer(second_only) as peer, Sender() as sender:
        slow = sender.start(peer.url)
        await peer.call()
        closing = asyncio.create_task(sender.webhooks.close(10))
        await asyncio.sleep(0)
        late = sender.start(peer.url)
        assert (await late).outcome is Outcome.NOT_SENT
        hold.set()
        assert (await slow).outcome is Outcome.ANSWERED
        await closing
        assert peer.requests == 1


async def test_what_is_torn_down_is_unknown_if_begun() -> None:
    """Without grace, a delivery that was written is unknown and one that was not is not sent."""
    arrived = asyncio.Event()

    async def silent(call: PeerCall) -> None:
        await call.requests()
        arrived.set()
        await call.until_end()

    async with Peer(silent) as peer, Sender() as sender:
        begun = sender.start(peer.url)
        await arrived.wait()
        opening = sender.start(peer.url)
        await sender.webhooks.close(0)
        assert (Outcome.UNKNOWN, "Unknown") == (begun.result().outcome, begun.result().status)
        assert (Outcome.NOT_SENT, "Not sent") == (opening.result().outcome, opening.result().status)


async def test_in_flight_counts_what_has_no_result() -> None:
    """`in_flight` is the number of deliveries without a result."""
    async with Peer(answers_ok) as peer, Sender() as sender:
        assert sender.webhooks.in_flight == 0
        futures = [sender.start(peer.url, body=BODY) for _ in range(3)]
        assert sender.webhooks.in_flight == 3
        await asyncio.gather(*futures)
        assert sender.webhooks.in_flight == 0


async def test_a_silent_receiver_does_not_hold_up_another() -> None:
    """While a hundred deliveries wait for a receiver that says nothing, those to another are answered."""
    async with Peer(silent) as dead, Peer() as alive, Sender() as sender:
        for _ in range(100):
            sender.start(dead.url)
        for _ in range(20):
            assert (await sender.sends(alive.url)).outcome is Outcome.ANSWERED
        assert sender.webhooks.in_flight == 100
        await sender.webhooks.close(0)
