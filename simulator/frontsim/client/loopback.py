"""Calls over plain HTTP/1.1 to a server on this machine, at a tenth of the processor time of httpx.

A verification makes some two thousand calls to simulators on loopback, and httpx took a third of all its processor
time for them. Here httptools reads the answers, as it does for the simulator's own deliveries.

    idle connection, still silent ──┐
    none: connect ──────────────────┴─▶ send ─▶ read the whole answer ─▶ idle again, or closed

How a call ended is told by httpx's errors, because `client.http` knows what each says about what was sent.
"""

import socket
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

import httptools
import httpx

_PIECE = 64 * 1024
_LEAST_FINAL = 200


@dataclass(frozen=True, slots=True)
class LoopbackAnswer:
    """A whole answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class LoopbackConnections:
    """Keeps connections to one server open between calls. Several threads may use it.

    Args:
        url: has the server's host and port, and perhaps a user and a password.
        headers: sent with every call.
        connect_s: seconds until a connection must stand.
    """

    def __init__(self, url: httpx.URL, *, headers: Mapping[str, str], connect_s: float) -> None:
        self._address = (url.host, url.port or 80)
        fixed = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", **headers, **_authorization(url)}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in fixed.items()).encode()
        self._connect_s = connect_s
        self._idle: deque[socket.socket] = deque()
        self._open: set[socket.socket] = set()
        self._closed = False

    def exchange(self, method: str, target: bytes, body: bytes | None, *, timeout_s: float) -> LoopbackAnswer:
        """Send one request, and read its whole answer.

        Args:
            method: GET, POST, PUT or DELETE.
            target: path and query, percent-encoded.
            body: JSON; None for no body.
            timeout_s: seconds of silence until the answer is given up.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: nothing was sent.
            httpx.TransportError: another one: it was sent, and no whole answer came.
        """
        has_body = body is not None or method in ("POST", "PUT")
        length = b"Content-Length: %d\r\n" % len(body or b"") if has_body else b""
        kind = b"" if body is None else b"Content-Type: application/json\r\n"
        head = b"%s %s HTTP/1.1\r\n%s%s%s\r\n" % (method.encode(), target, self._headers, kind, length)
        connection, answer = self._connected(), _AnswerReader()
        try:
            connection.settimeout(timeout_s)
            with suppress(ConnectionError):  # the answer may have come before the whole request went out
                connection.sendall(head + (body or b""))
            _read(connection, answer)
        except BaseException:
            self._drop(connection)
            raise
        if answer.keeps_alive and not self._closed:
            self._idle.append(connection)
        else:
            self._drop(connection)
        return LoopbackAnswer(answer.status, answer.headers, b"".join(answer.pieces))

    def close(self) -> None:
        """Close the connections, also those on which a call still waits: it ends with an error."""
        self._closed = True
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        while self._idle:
            self._drop(self._idle.pop())

    def _connected(self) -> socket.socket:
        while self._idle:
            with suppress(IndexError):  # another thread has just taken the last one
                idle = self._idle.pop()
                if _is_silent(idle):
                    return idle
                self._drop(idle)
        try:
            connection = socket.create_connection(self._address, timeout=self._connect_s)
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(connection)
        return connection

    def _drop(self, connection: socket.socket) -> None:
        self._open.discard(connection)
        connection.close()


def _authorization(url: httpx.URL) -> dict[str, str]:
    """The header for the user and the password of a URL."""
    if not url.userinfo:
        return {}
    return {"Authorization": f"Basic {b64encode(unquote(url.userinfo.decode()).encode()).decode()}"}


class _AnswerReader:
    """Takes in the parts of one answer; httptools calls its `on_` methods. 1xx answers are skipped."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.pieces: list[bytes] = []
        self.is_whole = self.keeps_alive = False
        self.parser = httptools.HttpResponseParser(self)

    @property
    def ends_with_connection(self) -> bool:
        return self.status > 0 and not self.headers.keys() & {"content-length", "transfer-encoding"}

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        status = self.parser.get_status_code()
        if status >= _LEAST_FINAL:
            self.status = status
        else:
            self.headers.clear()

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        self.is_whole = self.status > 0
        self.keeps_alive = self.parser.should_keep_alive()  # the parser knows it only now


def _read(connection: socket.socket, answer: _AnswerReader) -> None:
    while not answer.is_whole:
        try:
            piece = connection.recv(_PIECE)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpx.ReadError(str(error)) from error
        if not piece:
            if answer.ends_with_connection:
                return
            raise httpx.RemoteProtocolError("the connection was closed before the answer was whole")
        try:
            answer.parser.feed_data(piece)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            raise httpx.RemoteProtocolError(str(error)) from error


def _is_silent(connection: socket.socket) -> bool:
    """Whether an idle connection is open: what comes on it, its end as well, answers no request."""
    try:
        connection.settimeout(0)
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
