"""Serves one receiver over HTTP (an entry point).

Reads: `GET /effects`, `/levels`, `/customers` and `/health`. Invariants: no content of a request causes a 5xx; an event
that could not be stored is never answered with 2xx; a sender that hangs up before the end of its body leaves nothing
behind.
"""

import argparse
import asyncio
import logging
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from frontsim import catalog
from frontsim.api.origin_guard import OriginGuard, is_loopback
from frontsim.clock import Clock
from frontsim.errors import BadInput, Unusable
from frontsim.hosting.listening import KEEP_ALIVE_S, listen, url_of
from frontsim.subjects.bookings import Bookings, counts, effects_json
from frontsim.subjects.correct import customers_json, levels_json
from frontsim.subjects.inbound import EventHeaders, RawRequest, Refused
from frontsim.subjects.reference import Receiver, WorkFailed
from frontsim.subjects.registry import find
from frontsim.threads import ending_signals

LARGEST_BODY = 64 * 1024 * 1024
logger = logging.getLogger(__name__)


def make_app(receiver: Receiver, *, variant: str = "reference", headers: EventHeaders | None = None) -> Starlette:
    """The app of one receiver. It starts and stops the receiver, and leaves the receiver's file open."""
    names = headers or EventHeaders()

    async def hook(request: Request) -> Response:
        try:
            return Response(status_code=await receiver.receive(await _raw_request(request, names)))
        except Refused as refused:
            return _json({"error": str(refused)}, refused.status, retry_after_s=refused.retry_after_s)
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


def _json(value: object, status: int = 200, *, retry_after_s: int = 0) -> Response:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


GRACE_S = 1  # for requests that are open at the end


class Server(uvicorn.Server):
    """Serves until it is stopped.

    Args:
        app: what answers.
        listening: called once the server accepts connections.
    """

    def __init__(self, app: ASGIApp, *, listening: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="on",
                log_level="warning",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                timeout_graceful_shutdown=GRACE_S,
                timeout_keep_alive=KEEP_ALIVE_S,
            )
        )
        self._listening = listening
        self._stopped = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            try:
                self._listening()
            except BaseException:  # such as a full standard output: the app ends as it began, and the caller is told
                await self.shutdown(sockets)
                raise

    async def main_loop(self) -> None:
        """Wait for `stop`; uvicorn itself polls ten times a second."""
        await self._stopped.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install none: the caller handles signals."""
        yield

    def stop(self) -> None:
        """Accept no new requests; end when the open ones are done, or after a second."""
        self.should_exit = True
        self._stopped.set()


UNUSABLE = 3  # the exit code for a port or file that cannot be used


def run(
    *,
    host: str,
    port: int,
    db: Path,
    variant: str = "reference",
    header: str | None = None,
    allow_host: Sequence[str] = (),
    ready: Callable[[str], None],
) -> None:
    """Serve a receiver; returns on SIGINT, SIGTERM or SIGHUP, within a second or so.

    Args:
        host: address to listen on.
        port: 0 picks a free one.
        db: its file, created if it does not exist.
        variant: a name of the registry.
        header: the header with the event's id; X-Webhook-Event-Id by default.
        allow_host: further names in `Host`. A page's own name that was pointed at us would read the effects.
        ready: called with the base URL (`http://127.0.0.1:8500`) once it listens.

    Raises:
        BadInput: no such variant, or not the name of a header.
        Unusable: the port or the file cannot be used.
    """
    kind = find(variant)
    names = EventHeaders() if header is None else EventHeaders(event_id=header)
    with closing(listen(host, port)) as listener, closing(Bookings(db)) as bookings:
        receiver = kind.receiver(bookings, catalog=catalog.load(), clock=Clock())
        app = make_app(receiver, variant=variant, headers=names)
        guarded = OriginGuard(app, host=host, loopback_only=is_loopback(host), allowed=allow_host)
        server = Server(guarded, listening=lambda: ready(url_of(listener)))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            for each in ending_signals():
                runner.get_loop().add_signal_handler(each, server.stop)
            runner.run(server.serve(sockets=[listener]))


def main() -> int:
    """Serve; print one JSON line `{"url", "effects"}` on stdout once it listens. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m frontsim.subjects.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--db", type=Path, required=True, help="the receiver's file")
    parser.add_argument("--variant", default="reference", help="a name that `frontsim receiver --list` shows")
    parser.add_argument("--header", help="the header with the event's id")
    options = parser.parse_args()
    try:
        run(**vars(options), ready=_announce)
    except (BadInput, Unusable) as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    return 0


def _announce(base_url: str) -> None:
    line = orjson.dumps({"url": f"{base_url}/hook", "effects": f"{base_url}/effects"}).decode()
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
