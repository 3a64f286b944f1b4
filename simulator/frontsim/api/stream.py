"""`/_sim/stream`: every change of the log, in batches made once for all followers.

changes ──▶ every 50 ms: one batch, encoded once ──▶ the newest batches ──▶ follower
                                                                            ├─▶ follower
                                                                            └─▶ ...

The first change after a silence is sent at once. A follower takes the batches at its own pace; when it is more than
`KEPT_BYTES` behind, it has missed some. In a silence there is an empty batch now and then: writing it is how the server
learns that a follower is gone.

What was there before a follower came, and is still kept, is encoded for that follower alone.

A follower that reconnects with `Last-Event-ID` gets what it missed. If the log no longer keeps that, or
it reads too slowly, it gets a `missed` event and then what comes next.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from frontsim.api.responses import end_with_caller
from frontsim.api.webhooks import view
from frontsim.clock import WireTime, utc_text
from frontsim.domain.model import Finished, Raised, Webhook
from frontsim.errors import BadInput
from frontsim.store.changes import Change, Changes, Missed

GAP_S = 0.05
"""Seconds between two batches: writing to each follower costs much the same, however many changes are written."""
HEARTBEAT_S = 15.0
KEPT_BYTES = 8 * 1024 * 1024
_CHANGES = 500  # encoded in one step: some 3 ms


class StreamBatches:
    """The batches, on one event loop; they are made only while there are followers.

    Args:
        changes: of the log.
        encode: gives the bytes of changes, the first of which has that number.
        heartbeat: the bytes of an empty batch.
        gap_s: as `GAP_S`.
        heartbeat_s: seconds of silence before an empty batch.
        kept_bytes: as `KEPT_BYTES`.
    """

    def __init__(
        self,
        changes: Changes,
        encode: Callable[[int, Sequence[Change]], bytes],
        *,
        heartbeat: bytes,
        gap_s: float = GAP_S,
        heartbeat_s: float = HEARTBEAT_S,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._changes = changes
        self._encode = encode
        self._heartbeat = heartbeat
        self._gap_s = gap_s
        self._heartbeat_s = heartbeat_s
        self._most_bytes = kept_bytes
        self._batches: deque[bytes] = deque()
        self._bytes = 0
        self._count = 0  # of all batches so far
        self._sequence = changes.sequence  # of the last change in them
        self._made = asyncio.Event()
        self._ended = False
        self._followers = 0
        self._making: asyncio.Task[None] | None = None

    async def after(self, sequence: int) -> AsyncGenerator[bytes]:
        """Yields what a follower lacks that knows the changes up to `sequence`, until there will be no more.

        Raises:
            Missed: some changes are no longer kept.
        """
        if self._followers == 0:
            self._forget()
            self._making = asyncio.get_running_loop().create_task(self._make())
        self._followers += 1
        self._encode_new()  # so that no batch holds changes on both sides of where this follower begins
        try:
            number, last = self._count, self._sequence
            while sequence < last:
                earlier = self._changes.after(sequence, most=min(_CHANGES, last - sequence))
                yield self._encode(sequence + 1, earlier)
                sequence += len(earlier)
            while True:
                made = self._made
                if self._count - number > len(self._batches):
                    raise Missed
                if number < self._count:
                    number += 1
                    yield self._batches[number - 1 - self._count]
                elif self._ended:
                    return
                else:
                    await made.wait()
        finally:
            self._followers -= 1
            if self._followers == 0 and self._making is not None:
                self._making.cancel()

    async def _make(self) -> None:
        """Make batches for as long as there are followers."""
        while not self._changes.closed:
            try:
                async with asyncio.timeout(self._heartbeat_s):
                    await self._changes.wait(self._sequence)
            except TimeoutError:
                self._add(self._heartbeat)
                continue
            self._encode_new()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._gap_s):
                    await self._changes.wait_closed()
        self._encode_new()
        self._ended = True
        self._wake()

    def _encode_new(self) -> None:
        """Encode what came since the last batch. If that is no longer kept, every follower has missed it."""
        while self._sequence < self._changes.sequence:
            try:
                new = self._changes.after(self._sequence, most=_CHANGES)
            except Missed:
                self._forget()
                self._count += 1
                self._wake()
                return
            self._add(self._encode(self._sequence + 1, new))
            self._sequence += len(new)

    def _add(self, batch: bytes) -> None:
        self._batches.append(batch)
        self._bytes += len(batch)
        self._count += 1
        while self._bytes > self._most_bytes and len(self._batches) > 1:
            self._bytes -= len(self._batches.popleft())
        self._wake()

    def _forget(self) -> None:
        self._batches.clear()
        self._bytes = 0
        self._sequence = self._changes.sequence

    def _wake(self) -> None:
        self._made.set()
        self._made = asyncio.Event()


_MOST_DIGITS = 18


class Stream:
    """Sends every change of the log to each follower."""

    def __init__(self, *, changes: Changes, wire_time: WireTime) -> None:
        self._changes = changes
        self._time = wire_time
        self._batches = StreamBatches(changes, self._encode, heartbeat=b": nothing new\n\n")
        self.routes = [Route("/_sim/stream", self.follow, methods=["GET"])]

    async def follow(self, request: Request) -> Response:
        """Send changes from now on, or from the event after `Last-Event-ID`."""
        last = request.headers.get("last-event-id", "").strip()
        if last and not (last.isdecimal() and len(last) <= _MOST_DIGITS):
            raise BadInput(f"Last-Event-ID: expected a number, got {last[:64]!r}")
        after = int(last) if last else self._changes.sequence
        kind: dict[str, Any] = {"media_type": "text/event-stream", "headers": {"Cache-Control": "no-store"}}
        if request.method == "HEAD":
            return Response(**kind)
        end_with_caller(request.scope)
        return StreamingResponse(self._messages(after), **kind)

    async def _messages(self, after: int) -> AsyncIterator[bytes]:
        yield b": follows the log\n\n"  # so that the follower sees that it is connected
        missed = after > self._changes.sequence  # the id is from another simulator's log
        while True:
            if missed:
                after = self._changes.sequence
                yield b"id: %d\nevent: missed\ndata: {}\n\n" % after
            try:
                async with aclosing(self._batches.after(after)) as batches:
                    async for batch in batches:
                        yield batch
            except Missed:
                missed = True
            else:
                return

    def _encode(self, first: int, changes: Sequence[Change]) -> bytes:
        return b"".join([self._message(sequence, *change) for sequence, change in enumerate(changes, first)])

    def _message(self, sequence: int, kind: str, about: object) -> bytes:
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (sequence, kind.encode(), orjson.dumps(self._shown(about)))

    def _shown(self, about: object) -> dict[str, Any]:
        if isinstance(about, Webhook):
            return view(about)
        if isinstance(about, Raised):
            return {"webhookId": about.webhook_id, "webhookEventId": about.webhook_event_id, "event": about.event}
        if isinstance(about, Finished):
            return run_view(about, self._time)
        return {}


def run_view(finished: Finished, wire_time: WireTime) -> dict[str, Any]:
    """A run that is over, as followers see it."""
    delivery, result = finished.delivery, finished.result
    return {
        "webhookId": delivery.webhook_id,
        "webhookEventId": delivery.webhook_event_id,
        "event": delivery.event,
        "url": delivery.url,
        "run": delivery.run,
        "trigger": delivery.trigger,
        "createdDateTime": wire_time.write(finished.began_at),
        "utc": utc_text(finished.began_at),
        "outcome": result.outcome,
        "status": result.status,
        "statusCode": result.status_code,
        "success": result.success,
        "durationMs": result.duration_ms,
        "fault": finished.fault or None,
        "answer": result.answer.decode(errors="replace"),
    }
