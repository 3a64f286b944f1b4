"""Reads a request's body within limits, and the JSON in it without a long step on the event loop.

Many callers may send at once, so the bytes of bodies that are not whole yet are bounded in all; the first 64 KiB of a
body are free, because connections are bounded too. A body is parsed here while it holds few values:

    up to 100 kB            ──▶ on the event loop, in a few milliseconds
    up to 100,000 values    ──▶ in a thread: Python's lock is held for some 25 ms, by one body at a time
    more                    ──▶ refused: the parser would hold the lock for up to 0.6 s, and every call would wait
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request

from frontsim.errors import BadInput, BodyTooLarge, Busy, UnsupportedMediaType
from frontsim.user_input.fields import most_values, read_json, shown_briefly

BODY_LIMIT = 10 * 1024 * 1024
"""Most bytes of a request body."""
MOST_UNFINISHED = 256 * 1024 * 1024
"""Bytes of all bodies that are not whole yet."""
MOST_VALUES = 100_000
"""Values in a request body. Each comma and each opening bracket counts as one, in texts too."""
_FREE = 64 * 1024
_SMALL = 100_000  # bytes that are parsed on the event loop
_PARSER = ThreadPoolExecutor(1, thread_name_prefix="frontsim-bodies")  # of several, the event loop would wait for each


class HeldBody:
    """One body that is being received."""

    def __init__(self, bodies: "UnfinishedBodies") -> None:
        self._bodies = bodies
        self._size = 0
        self.counted = 0

    def grow(self, size: int) -> None:
        """Count further bytes. Raises Busy: all bodies together would hold too many."""
        self._size += size
        more = max(0, self._size - _FREE) - self.counted
        if more:
            self._bodies.take(more)
            self.counted += more


class UnfinishedBodies:
    """The bytes of all bodies that are being received, in whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = 0

    @contextmanager
    def hold(self) -> Iterator[HeldBody]:
        """A body, until it is whole or broken off."""
        body = HeldBody(self)
        try:
            yield body
        finally:
            with self._lock:
                self._held -= body.counted

    def take(self, size: int) -> None:
        """Count bytes. Raises Busy: there would be too many."""
        with self._lock:
            if self._held + size > MOST_UNFINISHED:
                raise Busy(
                    f"send fewer large bodies at once: those that are not whole hold {self._held:,} bytes, and at most "
                    f"{MOST_UNFINISHED:,} may be held",
                    retry_after_s=1,
                )
            self._held += size


_UNFINISHED = UnfinishedBodies()


async def read_body(request: Request) -> bytes:
    """The request's body.

    A call that changes something reads it even where it needs none: half a request is no request.

    Raises:
        BodyTooLarge, Busy, BadInput: the caller broke it off.
    """
    too_large = BodyTooLarge(f"expected a body of at most {BODY_LIMIT} bytes, got more")
    if int(request.headers.get("content-length", "0")) > BODY_LIMIT:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        with _UNFINISHED.hold() as held:
            async for part in request.stream():
                size += len(part)
                if size > BODY_LIMIT:
                    raise too_large
                held.grow(len(part))
                parts.append(part)
    except ClientDisconnect:
        raise BadInput("the caller closed the connection before it had sent its whole body") from None
    return b"".join(parts)


async def parsed(body: bytes) -> object:
    """The JSON value in a body, with or without a byte order mark. Raises BodyTooLarge, BadInput."""
    if len(body) <= _SMALL:
        return _value_of(body)
    return await asyncio.get_running_loop().run_in_executor(_PARSER, _value_of_large, body)


def _value_of_large(body: bytes) -> object:
    if (values := most_values(body)) > MOST_VALUES:
        raise BodyTooLarge(
            f"expected a body of at most {MOST_VALUES:,} values, got {values:,} (each comma and opening bracket counts "
            "as one): every other call would wait while it is parsed. For bytes, send a long text"
        )
    return _value_of(body)


def _value_of(body: bytes) -> object:
    """As `parsed`, at once and however large."""
    try:
        return read_json(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise BadInput(str(error), {"": [str(error)]}) from None


def as_object(value: object) -> dict[str, Any]:
    """The value, if it is a JSON object. Raises BadInput."""
    if not isinstance(value, dict):
        text = f"expected a JSON object, got {shown_briefly(value)}"
        raise BadInput(text, {"": [text]})
    return value


async def read_object(request: Request, *, any_type: bool = False, empty: bool = False) -> dict[str, Any]:
    """The JSON object in a request's body.

    Args:
        request: its Content-Type may be missing; if there is one, it must be JSON.
        any_type: take any Content-Type, as `curl -d` sends it.
        empty: read a missing body as `{}`.

    Raises:
        UnsupportedMediaType, BodyTooLarge, BadInput, Busy: with what was expected and what came.
    """
    body = await read_body(request)
    if not body.strip() and empty:
        return {}
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and not any_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise UnsupportedMediaType(f"expected Content-Type: application/json, got {media_type[:100]}")
    return as_object(await parsed(body))
