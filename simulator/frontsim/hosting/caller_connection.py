"""A caller's connection: uvicorn's protocol with limits, so that no caller takes memory or time from the others.

    request line and headers   64 KiB, before anything else is checked; more is a 431
    pipelined requests         read in slices of 16 KiB, and the next slice only when those before are answered
    a head                     30 s from its first byte, or from the connection's start
    a whole request            300 s, and 60 s without a byte
    an answer                  60 s in which the caller reads nothing of it, or its host acknowledges nothing
    connections                4,096, or half of the descriptors; further callers get a 503

A caller that closes its own side is still answered, unless its call has no end (`api.connection`).
"""

import asyncio
import logging
import resource
import socket
import struct
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from frontsim.api.responses import ENDS_WITH_CALLER, RESET, problem

logger = logging.getLogger(__name__)

HEAD_LIMIT = 64 * 1024
"""Bytes of a request line and its headers."""
HEAD_S = 30.0
REQUEST_S = 300.0
SILENCE_S = 60.0
UNREAD_S = 60.0
REFUSED_S = 2.0
"""Seconds for a refused caller to read why: closing at once would reset the connection, and the answer with it."""
MOST_CONNECTIONS = 4096

_SLICE = 16 * 1024  # holds some 800 requests of the shortest kind
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)  # closing sends a TCP RST


class CallerConnection(HttpToolsProtocol):
    """One caller's connection; the server asks it once a second whether it is late."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport, self._is_behind)
        self._unread = b""
        self._head_bytes = 0
        self._in_head = True
        self._head_began = False  # in the slice that is being parsed
        self._is_too_large = False
        self._is_refused = False
        self._is_half_closed = False
        self._since = self._heard = self._read = self.loop.time()
        self._unsent = 0
        # let the connection fail when its host is gone: few bytes that are never acknowledged fill no buffer
        sock = self.transport.get_extra_info("socket")
        if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD_S * 1000))
        if len(self.connections) > most_connections():
            self._refuse(503, f"close other connections first: there are {len(self.connections) - 1} already")

    def data_received(self, data: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        self._heard = self.loop.time()
        self._unread = self._unread + data if self._unread else data
        self._parse()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection for the answer to a whole request, unless its call ends with the caller."""
        self._is_half_closed = True
        return self._is_answering() and not self._is_incomplete() and not self._ends_with_caller()

    def close_if_late(self, now: float) -> None:
        """Close the connection when it has taken longer than a limit."""
        if self.transport.is_closing():
            return
        if self._is_refused and not self._is_answering():
            late = now - self._since > REFUSED_S
        elif self._is_incomplete():
            is_silent = not self.flow.read_paused and now - self._heard > SILENCE_S
            late = is_silent or now - self._since > REQUEST_S
        elif self._is_answering():
            # the caller has read nothing of an answer for too long
            unsent = self.transport.get_write_buffer_size()
            if not self.flow.write_paused or unsent != self._unsent:
                self._read, self._unsent = now, unsent
            late = now - self._read > UNREAD_S
        else:
            late = self.timeout_keep_alive_task is None and now - self._since > HEAD_S
        if late:
            logger.debug("a connection of %s was closed: it was late", self.client)
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {RESET: self._reset, ENDS_WITH_CALLER: False}
        self.scope["extensions"] = extensions
        self._in_head = self._head_began = True
        self._head_bytes = 0
        self._since = self._heard

    def on_headers_complete(self) -> None:
        self._in_head = False
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_LIMIT:
            self._is_too_large = True
            raise ValueError("too large")  # httptools stops here
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True
        self._head_bytes = 0

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing() or self.pipeline:
            return
        if self._unread:
            self.loop.call_soon(self._parse)
        elif self._is_half_closed:
            self.transport.close()

    def _parse(self) -> None:
        """Parse what came, slice by slice, until a request must wait for the answers to those before it."""
        self._unset_keepalive_if_required()
        while self._unread and not self.pipeline and not self._is_refused and not self.transport.is_closing():
            part, self._unread = self._unread[:_SLICE], self._unread[_SLICE:]
            self._feed(part)
        if not self._unread and (self.cycle is None or len(self.cycle.body) <= HIGH_WATER_LIMIT):
            self.flow.resume_reading()
        if self._is_half_closed and not self._is_answering() and not self.pipeline:
            self.transport.close()

    def _feed(self, part: bytes) -> None:
        self._head_began = False
        try:
            self.parser.feed_data(part)
        except httptools.HttpParserUpgrade:  # we answer in HTTP/1.1; what follows may be another protocol's
            self._unread = b""
            self.cycle.keep_alive = False
        except httptools.HttpParserError as error:
            if self._is_too_large:
                self._refuse_head()
            else:
                logger.debug("what %s sent is not HTTP: %s", self.client, error)
                self._refuse(400, "expected an HTTP/1.1 request, got something else")
        else:
            if self._in_head and not self._head_began:
                self._head_bytes += len(part)
                if self._head_bytes > HEAD_LIMIT:
                    self._refuse_head()

    def _refuse_head(self) -> None:
        self._refuse(431, f"expected a request line and headers of at most {HEAD_LIMIT:,} bytes, got more")

    def _refuse(self, status: int, detail: str) -> None:
        """Answer the request that cannot be read, after those before it are answered, and read nothing more."""
        self._is_refused = True
        self._since = self.loop.time()
        self._unread = b""
        if self._is_answering():
            if self.pipeline or not self._is_incomplete() or self.cycle.response_started:
                self.cycle.keep_alive = False  # uvicorn closes after the last answer that is due
                return
            self.cycle.disconnected = True  # its body broke off: this is its answer
            self.cycle.message_event.set()
        answer = problem(status, detail)
        head = [*answer.raw_headers, (b"connection", b"close")]
        lines = b"".join(b"%b: %b\r\n" % header for header in head)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], lines, bytes(answer.body)))
        self.transport.write_eof()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not (self.cycle.response_complete or self.cycle.disconnected)

    def _is_incomplete(self) -> bool:
        """The rest of a request's body is still to come."""
        return self._is_answering() and not self._in_head and self.cycle.more_body

    def _ends_with_caller(self) -> bool:
        return bool(self.cycle.scope["extensions"][ENDS_WITH_CALLER])

    def _is_behind(self) -> bool:
        """Requests that came already wait for their turn."""
        return bool(self.pipeline or self._unread)

    def _reset(self) -> None:
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
        self.transport.abort()


class _Flow(FlowControl):
    """uvicorn's, which would read on after each answer, however many requests wait already."""

    def __init__(self, transport: asyncio.Transport, is_behind: Callable[[], bool]) -> None:
        super().__init__(transport)
        self._is_behind = is_behind

    def resume_reading(self) -> None:
        if not self._is_behind():
            super().resume_reading()


def most_connections() -> int:
    """How many callers may be connected at once; deliveries need descriptors as well."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, descriptors // 2)
