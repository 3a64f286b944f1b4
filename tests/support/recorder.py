"""A receiver on a real socket that records every request byte for byte: no HTTP library."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.support.patience import PATIENCE_S

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status: int, body: bytes = b"") -> bytes:
    """A whole answer with that status."""
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


@dataclass
class RecordedCall:
    """One request as it came: what its first line says, its headers (names in lower case) and its body."""

    line: str
    headers: dict[str, str]
    body: bytes
    whole: bool = True
    end: str | None = None
    """How the connection ended before the request was whole, or before an answer could be read: `fin`, `rst`."""

    @property
    def event_id(self) -> str:
        return self.headers["x-webhook-event-id"]


@dataclass
class Recorder:
    """Answers each request with `respond(call)`, by default 200; `None` answers nothing and keeps the connection.

    `calls` are whole requests in the order of their last byte; `parts` those that ended before.
    """

    respond: Callable[[RecordedCall], bytes | None] = lambda _: OK
    calls: list[RecordedCall] = field(default_factory=list)
    parts: list[RecordedCall] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    connections: int = 0

    def __enter__(self) -> Self:
        self._news = threading.Condition()
        self._links: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.goes_down()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=abc"

    def goes_down(self) -> None:
        """Close the listener and every connection."""
        _ends(self._listener)
        self._threads[0].join(PATIENCE_S)  # what it has accepted until now is among the links
        for link in self._links:
            _ends(link)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def until(self, ready: Callable[[], bool], what: str = "it") -> None:
        """Wait until something that was recorded makes `ready` true."""
        with self._news:
            assert self._news.wait_for(ready, PATIENCE_S), f"{what} did not come: {len(self.calls)} calls"

    def gets(self, count: int) -> list[RecordedCall]:
        """The whole requests, once there are `count`."""
        self.until(lambda: len(self.calls) >= count, f"call {count}")
        return self.calls

    @property
    def event_ids(self) -> list[str]:
        return [call.event_id for call in self.calls]

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with self._news:
                self.connections += 1
                self._links.append(link)
            with suppress(OSError):  # it may be gone already
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._news:
                thread = threading.Thread(target=self._serve, args=(link,), daemon=True)
                self._threads.append(thread)
            thread.start()

    def _serve(self, link: socket.socket) -> None:
        data = b""
        end = ""
        while not end:
            try:
                piece = link.recv(1 << 16)
                end = "" if piece else "fin"
            except ConnectionResetError:
                piece, end = b"", "rst"
            except OSError:
                return
            data += piece
            data = self._answer(link, data)
        with self._news:
            self.ends.append(end)
            if data:
                self.parts.append(_call(data, whole=False, end=end))
            self._news.notify_all()

    def _answer(self, link: socket.socket, data: bytes) -> bytes:
        while (size := _whole_size(data)) is not None:
            call = _call(data[:size])
            data = data[size:]
            with self._news:
                self.calls.append(call)
                self._news.notify_all()
            said = self.respond(call)
            if said is not None:
                try:
                    link.sendall(said)
                except OSError:
                    return data
        return data


def _ends(link: socket.socket) -> None:
    with suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()


def _whole_size(data: bytes) -> int | None:
    head, mark, rest = data.partition(b"\r\n\r\n")
    if not mark:
        return None
    length = int(_call(head + mark).headers["content-length"])
    return len(head) + 4 + length if len(rest) >= length else None


def _call(data: bytes, *, whole: bool = True, end: str | None = None) -> RecordedCall:
    head, _, body = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(item.split(": ", 1) for item in lines if ": " in item)
    return RecordedCall(line, {name.lower(): value for name, value in headers.items()}, body, whole, end)
