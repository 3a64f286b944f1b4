"""Reads whole answers over HTTP within a time and a size, for API clients and for observers of effects.

An answer may trickle, never end, or be a gzip bomb. httpx's own limit starts anew with every byte, and it decompresses
all of what came at once. So a watching thread ends the connections of a call that is late, and an answer is
decompressed a piece at a time until it is too much.

    caller   add the call's end -> send -> read piece by piece -> take the end away
    watcher  ............ sleeps until the earliest end, then shuts the late call's sockets ............
"""

import math
import os
import socket
import threading
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from queue import Empty, SimpleQueue
from typing import Any

import httpx

from frontsim.clock import stopwatch
from frontsim.user_input.fields import most_values

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of an answer, decompressed, unless the reader says otherwise."""
_PIECE = 64 * 1024
_MOST_REDIRECTS = 20

ACCEPT_ENCODING = "gzip, deflate"
"""The encodings that are read here."""


class TooMuch(Exception):
    """More bytes, values or rows than are read; the text says which."""


class TooSlow(Exception):
    """It did not end within its time."""


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """A status, and the whole body, decompressed; of an answer that is no 2xx the beginning."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300


@dataclass(eq=False, slots=True)
class _Call:
    until: float
    end: Callable[[], None]
    is_over: bool = False


class _Watch:
    """Ends late calls. It holds no lock, because a signal that interrupts a caller would leave it held."""

    def __init__(self) -> None:
        self._calls: dict[_Call, None] = {}
        self._earlier: SimpleQueue[None] = SimpleQueue()
        self._wakes_at = math.inf
        self._is_started = False

    @contextmanager
    def limit(self, limit_s: float, end: Callable[[], None]) -> Iterator[_Call]:
        """Calls `end` in a separate thread if the block takes longer."""
        call = _Call(stopwatch() + limit_s, end)
        self._calls[call] = None
        if not self._is_started:
            self._is_started = True
            threading.Thread(target=self._run, name="frontsim-late-calls", daemon=True).start()
        if call.until < self._wakes_at:
            self._earlier.put(None)
        try:
            yield call
        finally:
            self._calls.pop(call, None)

    def _run(self) -> None:
        while True:
            self._wakes_at = math.inf  # first, so that a call that is added from here on wakes us
            now = stopwatch()
            waiting = list(self._calls)
            for call in waiting:
                if call.until <= now:
                    call.is_over = True
                    self._calls.pop(call, None)
                    call.end()
            self._wakes_at = min((call.until for call in waiting if call.until > now), default=math.inf)
            with suppress(Empty):
                self._earlier.get(timeout=None if self._wakes_at == math.inf else max(0, self._wakes_at - now))


_watch = _Watch()


def _watch_anew() -> None:
    global _watch
    _watch = _Watch()


os.register_at_fork(after_in_child=_watch_anew)


class BoundedReader:
    """Reads the answers of one client. When a call is late, it ends all connections of that client."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_values: int | None = None) -> None:
        self._most_bytes = most_bytes
        self._most_values = most_values
        self._streams: set[weakref.ref[Any]] = set()

    def read(
        self,
        send: Callable[[httpx.Request], httpx.Response],
        request: httpx.Request,
        *,
        limit_s: float,
        follow: bool = False,
    ) -> WholeAnswer:
        """Send a request, and read its whole answer.

        Args:
            send: gives an answer whose body is not read yet.
            request: changed so that its connection is known.
            limit_s: seconds for all of it.
            follow: follow redirects.

        Raises:
            TooMuch, TooSlow: see there.
            httpx.HTTPError: there was no whole answer.
        """
        with _watch.limit(limit_s, self._end) as call:
            try:
                response = self._opened(send, request, call, follow=follow)
                try:
                    body = self._body(response)
                finally:
                    response.close()
            except httpx.HTTPError:
                if call.is_over:
                    raise TooSlow from None
                raise
            if call.is_over:  # an answer that ends with its connection then looks whole
                raise TooSlow
        return WholeAnswer(response.status_code, response.headers, body)

    def _opened(
        self, send: Callable[[httpx.Request], httpx.Response], request: httpx.Request, call: _Call, *, follow: bool
    ) -> httpx.Response:
        def trace(name: str, info: Mapping[str, Any]) -> None:
            if name.endswith(("connect_tcp.complete", "start_tls.complete")):
                self._streams.add(weakref.ref(info["return_value"], self._streams.discard))
                if call.is_over:
                    self._end()

        for _ in range(_MOST_REDIRECTS):
            request.extensions["trace"] = trace
            response = send(request)
            if response.next_request is None or not follow:
                return response
            response.close()
            request = response.next_request
        raise httpx.TooManyRedirects("more than 20 redirects", request=request)

    def _body(self, response: httpx.Response) -> bytes:
        found = BytesIO()  # its value is no copy
        for piece in pieces_of(response):
            found.write(piece)
            if not response.is_success and found.tell() > _PIECE:
                break
            if found.tell() > self._most_bytes:
                raise TooMuch(f"more than {self._most_bytes // 1024 // 1024} MiB")
        body = found.getvalue()
        if self._most_values is not None and most_values(body) > self._most_values:
            raise TooMuch(f"more than {self._most_values:,} values")
        return body

    def _end(self) -> None:
        for reference in list(self._streams):
            stream = reference()
            if stream is not None:
                with suppress(OSError):  # the connection is closed already
                    socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


def pieces_of(response: httpx.Response) -> Iterator[bytes]:
    """The body, decompressed a piece at a time. Raises httpx.HTTPError."""
    if response.is_stream_consumed:  # by a transport without a network
        return iter([response.content])
    return _decoded(response.iter_raw(), response.headers.get("content-encoding", "identity").strip().lower())


def lines_of(response: httpx.Response) -> Iterator[str]:
    """The lines of a stream, each as soon as it is whole.

    Raises:
        TooMuch: a line has more than `MOST_BYTES`.
        httpx.HTTPError: the stream broke off.
    """
    begun = bytearray()
    for piece in pieces_of(response):
        *whole, rest = piece.split(b"\n")
        for line in whole:
            begun += line
            yield begun.decode(errors="replace").removesuffix("\r")
            begun.clear()
        begun += rest
        if len(begun) > MOST_BYTES:
            raise TooMuch(f"a line of more than {MOST_BYTES // 1024 // 1024} MiB")


def _decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "identity":
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise httpx.DecodingError(f"its Content-Encoding is {encoding[:40]}, which was not asked for")
    decoder = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either format, by its first bytes
    try:
        for piece in pieces:
            rest = piece
            while rest and not decoder.eof:
                yield decoder.decompress(rest, _PIECE)
                rest = decoder.unconsumed_tail
        yield decoder.flush(_PIECE)
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None
