"""A receiver over HTTP: `POST /hook` and `/hook/{type}` with any query, and reads of what it keeps.

Reads: `GET /effects`, `/levels`, `/customers` and `/health`. Invariants: no content of a request causes a 5xx; an event
that could not be stored is never answered with 2xx; a sender that hangs up before the end of its body leaves nothing
behind.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from frontsim.receivers.bookings import Bookings
from frontsim.receivers.customers import customers_json
from frontsim.receivers.effects import counts, effects_json
from frontsim.receivers.inbound import EventHeaders, RawRequest, Refused
from frontsim.receivers.reference import Receiver, WorkFailed
from frontsim.receivers.stock import levels_json

LARGEST_BODY = 64 * 1024 * 1024
logger = logging.getLogger(__name__)


def make_app(receiver: Receiver, *, variant: str = "reference", headers: EventHeaders | None = None) -> Starlette:
    """The app of one receiver. It starts and stops the receiver, and leaves the receiver's file open."""
    names = headers or EventHeaders()

    async def hook(request: Request) -> Response:
        try:
            return Response(status_code=await receiver.receive(await _raw_request(request, names)))
        except Refused as refused:
            return _json({"error": str(refused)}, refused.status)
        except WorkFailed as failed:
            logger.warning("failed: %s", failed)
            return _json({"error": str(failed)}, failed.status)
        except sqlite3.Error as error:
            logger.error("nothing could be stored: %s", error)
            return _json({"error": f"nothing was stored: {error}"}, 503)
        except ClientDisconnect:
            return _json({"error": "expected the whole body, got only a part of it"}, 400)

    async def effects(request: Request) -> Response:
        payload = request.query_params.get("payload", "true") != "false"
        try:
            since_ms = _moment_ms(request.query_params.get("since", ""))
        except ValueError:
            return _json({"error": "since: expected a moment such as 2026-08-01T12:00:00Z"}, 400)
        body = await asyncio.to_thread(effects_json, receiver.bookings, payload=payload, since_ms=since_ms)
        return Response(body, media_type="application/json")

    async def health(_: Request) -> Response:
        found = await asyncio.to_thread(counts, receiver.bookings)
        return _json({"status": "ok", "variant": variant, **found, "held": receiver.held()})

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await receiver.start()
        yield
        await receiver.stop()

    return Starlette(
        routes=[
            Route("/hook", hook, methods=["POST"]),
            Route("/hook/{type}", hook, methods=["POST"]),
            Route("/effects", effects, methods=["GET"]),
            Route("/levels", _reading(levels_json, receiver.bookings), methods=["GET"]),
            Route("/customers", _reading(customers_json, receiver.bookings), methods=["GET"]),
            Route("/health", health, methods=["GET"]),
        ],
        lifespan=lifespan,
    )


def _reading(read: Callable[[Bookings], bytes], bookings: Bookings) -> Callable[[Request], Awaitable[Response]]:
    """Answers with what a read gives."""

    async def answer(_: Request) -> Response:
        return Response(await asyncio.to_thread(read, bookings), media_type="application/json")

    return answer


async def _raw_request(request: Request, names: EventHeaders) -> RawRequest:
    headers = request.headers
    return RawRequest(
        event_id=headers.get(names.event_id, ""),
        webhook_id=headers.get(names.webhook_id, ""),
        event=headers.get(names.event, ""),
        path_type=request.path_params.get("type", ""),
        content_type=headers.get("content-type", ""),
        body=await _body(request),
    )


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > LARGEST_BODY:
            raise Refused(413, f"expected at most {LARGEST_BODY} bytes")
    return b"".join(parts)


def _moment_ms(text: str) -> int:
    """A moment in ms since 1970, UTC where it does not name a zone; 0 for none. Raises ValueError."""
    if not text:
        return 0
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _json(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
