"""Callers that send too much, too slowly, or nothing; and those that close their side early."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from frontsim.hosting import serving
from frontsim.hosting.serving import HEAD_LIMIT
from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import Simulation, simulation

GET = b"GET /_sim/health HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def sim() -> Iterator[Simulation]:
    with simulation() as running:
        yield running


def connected(sim: Simulation) -> socket.socket:
    return socket.create_connection(("127.0.0.1", sim.port), timeout=PATIENCE_S)


def answer(link: socket.socket) -> bytes:
    """All that the server sends until it closes; a reset ends it too."""
    parts = []
    try:
        while part := link.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def test_a_head_up_to_the_limit(sim: Simulation):
    """64 KiB of request line and headers are taken."""
    filler = b"X: " + b"x" * (HEAD_LIMIT - len(GET) - 100) + b"\r\n"
    with connected(sim) as link:
        link.sendall(GET + filler + b"Connection: close\r\n\r\n")
        assert b"HTTP/1.1 200 " == answer(link)[:13]


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X: " + b"x" * HEAD_LIMIT + b"\r\n\r\n",
        GET + b"".join(b"X-%d: x\r\n" % number for number in range(10_000)) + b"\r\n",
        b"GET /" + b"x" * HEAD_LIMIT + b" HTTP/1.1\r\n\r\n",
        GET + b"X: " + b"x" * 20 * HEAD_LIMIT,  # without an end
        b"\r\n" * HEAD_LIMIT,
    ],
    ids=["header", "headers", "line", "endless", "blank lines"],
)
@pytest.mark.parametrize("token", ["", "s3cret"])
def test_a_head_above_the_limit(head: bytes, token: str):
    """A 431, before the token is looked at; the connection ends, and others are served."""
    with simulation(token=token) as sim:
        with connected(sim) as link:
            threading.Thread(target=_send, args=(link, head), daemon=True).start()
            assert b"HTTP/1.1 431 " == answer(link)[:13]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        assert 200 == sim.sim("GET", "health", headers=headers).status_code


def _send(link: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # the server reads no more than it must
        link.sendall(data)


def test_what_is_no_http(sim: Simulation):
    """A 400 in our own form, and nothing on standard error."""
    with connected(sim) as link:
        link.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert b"HTTP/1.1 400 " == answer(link)[:13]


def test_what_is_no_http_behind_a_request(sim: Simulation):
    """The request before it is answered, then the connection ends."""
    with connected(sim) as link:
        link.sendall(GET + b"\r\n\x16\x03\x01 hello\r\n\r\n" + GET + b"\r\n")
        got = answer(link)
        assert (b"HTTP/1.1 200 ", 1) == (got[:13], got.count(b"HTTP/1.1 "))


@pytest.mark.slow
def test_pipelined_requests_are_read_as_they_are_answered(sim: Simulation):
    """A caller that never reads has a bounded number of its requests read; all are answered once it reads."""
    request = GET + b"\r\n"
    count = 20_000
    with connected(sim) as link:
        sender = threading.Thread(target=link.sendall, args=(request * count,), daemon=True)
        sender.start()
        sim.drains()  # others are served meanwhile
        answered, tail = 0, b""
        while answered < count:
            part = link.recv(1 << 20)
            assert part, f"the connection ended after {answered} answers"
            answered += (tail + part).count(b"HTTP/1.1 200 ")
            tail = (tail + part)[-12:]  # one byte less than what is counted
        sender.join()


def test_few_requests_wait_for_their_turn(monkeypatch: pytest.MonkeyPatch):
    """Behind a call that lasts, at most a slice of requests is parsed, however many have come."""
    most = 0
    before = serving.CallerConnection.on_headers_complete

    def counting(connection: serving.CallerConnection) -> None:
        nonlocal most
        before(connection)
        most = max(most, len(connection.pipeline))

    monkeypatch.setattr(serving.CallerConnection, "on_headers_complete", counting)
    body = b'{"timeoutS": 1}'
    drain = b"POST /_sim/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with Recorder() as receiver, simulation() as sim, connected(sim) as link:
        sim.subscribes(receiver.url)
        sim.breaks("delay", params={"seconds": 3600})
        sim.raises()
        link.sendall(drain + (GET + b"\r\n") * 4000)
        assert link.recv(13)
    assert 0 < most <= serving._SLICE // len(GET) + 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "sent"),
    [
        ("HEAD_S", b""),
        ("HEAD_S", b"GET /_sim/hea"),
        ("HEAD_S", GET),
        ("SILENCE_S", b"POST /_sim/trigger HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"),
        ("REQUEST_S", b"POST /_sim/trigger HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"),
    ],
)
def test_slow_callers(sim: Simulation, monkeypatch: pytest.MonkeyPatch, limit: str, sent: bytes):
    """A head or a body that does not come ends the connection."""
    with connected(sim) as link:
        link.sendall(sent)
        monkeypatch.setattr(serving, limit, 0.0)
        assert b"" == answer(link)


@pytest.mark.slow
def test_a_caller_that_does_not_read(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """An answer that is not read is given up."""
    record = {"filler": "x" * 9_000_000}
    for _ in range(3):
        sim.does("sink/erp", record)
    with connected(sim) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.sendall(b"GET /_sim/sink/erp HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert link.recv(1)
        monkeypatch.setattr(serving, "UNREAD_S", 0.0)
        ended = threading.Event()
        monkeypatch.setattr(serving.CallerConnection, "connection_lost", lambda *_: ended.set())
        assert ended.wait(PATIENCE_S)


def test_connections_are_bounded(monkeypatch: pytest.MonkeyPatch):
    """One more than may be gets a 503; it is taken once another has ended."""
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 5)
    with simulation() as sim:
        held = [connected(sim) for _ in range(5)]
        with connected(sim) as link:
            assert b"HTTP/1.1 503 " == answer(link)[:13]
        for link in held:
            link.close()
        monkeypatch.setattr(serving, "MOST_CONNECTIONS", 4096)
        assert 200 == sim.sim("GET", "health").status_code


@pytest.mark.parametrize(
    "request_",
    [
        GET + b"\r\n",
        b"GET /api/Webhooks HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\n\r\n",
        b"POST /_sim/drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}",
        (GET + b"\r\n") * 1000,
    ],
)
def test_a_caller_that_closes_its_side(sim: Simulation, request_: bytes):
    """As `nc -N` does: all its requests are answered, then the connection ends."""
    with connected(sim) as link:
        link.sendall(request_)
        link.shutdown(socket.SHUT_WR)
        assert request_.count(b"HTTP/1.1") == answer(link).count(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "call",
    [
        "POST /_sim/reset",
        "DELETE /_sim/faults",
        "DELETE /_sim/faults/1",
        "DELETE /api/Webhooks/{webhook}",
        "POST /api/WebhooksEvents/{webhook}/deliver/{event}",
    ],
)
def test_a_body_that_is_cut_off(sim: Simulation, call: str):
    """Half a request is no request, not even where the call needs no body."""
    sim.breaks("refuse")
    webhook = sim.subscribes(f"{sim.server}/_sim/sink/erp")
    (event,) = sim.raises()
    sim.drains()
    with connected(sim) as link:
        head = f"{call.format(webhook=webhook, event=event)} HTTP/1.1\r\nHost: localhost\r\nx-api-key: k\r\n"
        link.sendall(f"{head}Content-Length: 9\r\n\r\n{{".encode())
        before = sim.state()
        link.shutdown(socket.SHUT_WR)
        assert b"" == answer(link)
    assert before == sim.state()


def test_a_follower_that_closes_its_side(sim: Simulation):
    """The stream has no end, so it ends with its follower."""
    with connected(sim) as link:
        link.sendall(b"GET /_sim/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert link.recv(65536)
        link.shutdown(socket.SHUT_WR)
        answer(link)


def test_another_protocol_is_not_spoken(sim: Simulation, caplog: pytest.LogCaptureFixture):
    """An Upgrade is answered in HTTP/1.1, then the connection ends; the log gives no hints about libraries."""
    with connected(sim) as link:
        link.sendall(GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        got = answer(link)
        assert (b"HTTP/1.1 200 ", 1) == (got[:13], got.count(b"HTTP/1.1"))
    assert "Upgrade" not in caplog.text
    assert "pip install" not in caplog.text


def test_head_of_the_stream(sim: Simulation):
    """HEAD asks for the headers of the stream, and ends."""
    with closing(sim.sim("HEAD", "stream")) as head:
        assert (200, "text/event-stream; charset=utf-8") == (head.status_code, head.headers["content-type"])
