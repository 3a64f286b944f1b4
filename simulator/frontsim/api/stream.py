"""`/_sim/stream`: every change of the log as a server-sent event; its `id:` is the log's sequence.

A follower that reconnects with `Last-Event-ID` gets what it missed. If the log no longer keeps that, or
it reads too slowly, it gets a `missed` event and then what comes next.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from frontsim.api.connection import end_with_caller
from frontsim.api.stream_batches import StreamBatches
from frontsim.api.webhooks import view
from frontsim.clock import WireTime
from frontsim.domain.model import Finished, Raised, Webhook
from frontsim.errors import BadInput
from frontsim.store.changes import Change, Changes, Missed

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
        "outcome": result.outcome,
        "status": result.status,
        "statusCode": result.status_code,
        "success": result.success,
        "durationMs": result.duration_ms,
        "fault": finished.fault or None,
        "answer": result.answer.decode(errors="replace"),
    }
