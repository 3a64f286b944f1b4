"""Calls over plain HTTP to this machine: connections, answers of every form, and how a call that fails ends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import httpx
import pytest

from frontsim.client.loopback import LoopbackConnections
from tests.patience import PATIENCE_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"


class Peer:
    """A TCP peer. For each connection it has a script: an answer for each request, and then it closes."""

    def __init__(self, scripts: list[list[bytes]]) -> None:
        self.requests: list[bytes] = []
        self.closed = threading.Event()
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for script in self._scripts:
            try:
                connection = self._listener.accept()[0]
            except OSError:  # no caller will come any more
                return
            with closing(connection), suppress(OSError):  # the caller may be gone
                for answer in script:
                    self.requests.append(connection.recv(65536))
                    connection.sendall(answer)
            self.closed.set()

    def ends(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()


@contextmanager
def peer(*scripts: list[bytes]) -> Iterator[tuple[Peer, LoopbackConnections]]:
    one = Peer(list(scripts))
    connections = LoopbackConnections(httpx.URL(f"http://127.0.0.1:{one.port}"), headers={"a": "b"}, connect_s=5)
    try:
        with closing(connections):
            yield one, connections
    finally:
        one.ends()


def get(connections: LoopbackConnections, *, timeout_s: float = PATIENCE_S) -> bytes:
    return connections.exchange("GET", b"/x?y=1", None, timeout_s=timeout_s).content


def test_a_request_has_what_http_wants() -> None:
    """Host, the fixed headers, and with a body its type and length. A POST without a body says so."""
    with peer([OK, OK, OK]) as (one, connections):
        get(connections)
        connections.exchange("POST", b"/", b'{"n":1}', timeout_s=PATIENCE_S)
        connections.exchange("POST", b"/", None, timeout_s=PATIENCE_S)
    shared = f"Host: 127.0.0.1:{one.port}\r\nAccept-Encoding: identity\r\na: b\r\n"
    assert f"GET /x?y=1 HTTP/1.1\r\n{shared}\r\n".encode() == one.requests[0]
    body = 'Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"n":1}'
    assert f"POST / HTTP/1.1\r\n{shared}{body}".encode() == one.requests[1]
    assert f"POST / HTTP/1.1\r\n{shared}Content-Length: 0\r\n\r\n".encode() == one.requests[2]


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (OK, b"[]"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"[]"),
    ],
)
def test_answers_of_every_form_are_read_whole(answer: bytes, content: bytes) -> None:
    """By length, in chunks, until the connection ends, without a body, and after a 1xx."""
    with peer([answer]) as (_, connections):
        assert content == get(connections)


def test_the_headers_of_an_answer_have_names_in_lower_case() -> None:
    """The names of HTTP's headers have no case. Those of a 1xx before the answer are not its own."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    with peer([early + b"HTTP/1.1 429 Slow down\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"]) as (_, connections):
        found = connections.exchange("GET", b"/", None, timeout_s=PATIENCE_S)
    assert (429, {"retry-after": "3", "content-length": "0"}) == (found.status, found.headers)


def test_a_connection_is_used_again() -> None:
    """Two calls, one connection: the peer has a script for one alone."""
    with peer([OK, OK]) as (one, connections):
        assert [b"[]", b"[]"] == [get(connections), get(connections)]
    assert 2 == len(one.requests)


@pytest.mark.parametrize("last", [OK, OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")])
def test_a_connection_that_the_server_has_closed_is_not_used_again(last: bytes) -> None:
    """With or without notice. The second call has a connection of its own, and nothing was sent into the void."""
    with peer([last], [OK]) as (one, connections):
        get(connections)
        assert one.closed.wait(PATIENCE_S)
        assert b"[]" == get(connections)
    assert 2 == len(one.requests)


def test_nothing_listens() -> None:
    """An error that says that nothing was sent."""
    with peer() as (one, _):
        pass
    connections = LoopbackConnections(httpx.URL(f"http://127.0.0.1:{one.port}"), headers={}, connect_s=5)
    with pytest.raises(httpx.ConnectError, match="refused"):
        get(connections)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"HTTP/1.1 2", b"SSH-2.0-x\r\n\r\n"]
)
def test_no_whole_answer_is_an_error_that_leaves_open_what_was_done(answer: bytes) -> None:
    """No byte, too few, a torn head, and another protocol."""
    with peer([answer], [OK]) as (_, connections):
        with pytest.raises(httpx.RemoteProtocolError):
            get(connections)
        assert b"[]" == get(connections)


def test_silence_is_given_up() -> None:
    """Nothing comes within the timeout."""
    with peer([b"", OK]) as (_, connections), pytest.raises(httpx.ReadTimeout):
        get(connections, timeout_s=0.01)


def test_closing_ends_a_call_that_waits() -> None:
    """Another thread's call ends with an error, so that no thread stays behind."""
    ended = threading.Event()

    def call() -> None:
        with pytest.raises(httpx.TransportError):
            get(connections)
        ended.set()

    with peer([b"", OK]) as (one, connections):
        thread = threading.Thread(target=call)
        thread.start()
        while not one.requests:
            threading.Event().wait(0.001)
        connections.close()
        assert ended.wait(PATIENCE_S)
        thread.join()
