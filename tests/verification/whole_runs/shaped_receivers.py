"""Receivers that assume one shape of a delivery each, as three public integrations do; all are right otherwise.

None reads a header. Each books one effect per key, and a lock makes that safe.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

from tests.support.served import served

_IDENTITIES = ("saleId", "customerId", "movementId")


class WrongShape(Exception):
    """The receiver cannot use the request."""


@dataclass(frozen=True)
class ShapedEvent:
    """The parts that a receiver reads from a request: the type, and its key for the event."""

    type: str
    key: Any
    payload: Mapping[str, Any]


def typed(_: str, body: Mapping[str, Any]) -> ShapedEvent:
    """Reads `type` and `id` from the body, and refuses a movement whose `sku` is null or missing."""
    if body["type"] == "StockMovementCreated" and body["sku"] is None:
        raise WrongShape
    return ShapedEvent(body["type"], body["id"], body)


def event_field(_: str, body: Mapping[str, Any]) -> ShapedEvent:
    """Reads `event` from the body, and knows an event by what it is about."""
    return ShapedEvent(body["event"], _identity(body), body)


def url_only(path: str, body: Mapping[str, Any]) -> ShapedEvent:
    """Knows the type by its URL, and an event by what it is about."""
    return ShapedEvent(path.rpartition("/")[2], _identity(body), body)


def _identity(body: Mapping[str, Any]) -> Any:
    return next(body[name] for name in _IDENTITIES if name in body)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ShapedReceiver"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = self.server.read(self.path, orjson.loads(content))
        except (WrongShape, LookupError, TypeError, StopIteration, orjson.JSONDecodeError):
            self._reply(422, b"")
            return
        self.server.book(event)
        self._reply(202, b"")

    def do_GET(self) -> None:
        self._reply(200, self.server.effects())

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class ShapedReceiver(ThreadingHTTPServer):
    """One receiver; `POST` anywhere delivers, `GET` anywhere lists the effects."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, read: Callable[[str, Mapping[str, Any]], ShapedEvent]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.read = read
        self._lock = threading.Lock()
        self._booked: dict[tuple[str, Any], ShapedEvent] = {}

    def book(self, event: ShapedEvent) -> None:
        with self._lock:
            self._booked.setdefault((event.type, event.key), event)

    def effects(self) -> bytes:
        with self._lock:
            return orjson.dumps(
                [
                    {**_about(event.payload), "webhookEventId": event.key, "payload": event.payload}
                    for event in self._booked.values()
                ]
            )

    def handle_error(self, *_: object) -> None:
        """A caller that is gone is no error."""


def _about(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {name: payload[name] for name in _IDENTITIES if name in payload}


@contextmanager
def open_receiver(read: Callable[[str, Mapping[str, Any]], ShapedEvent]) -> Iterator[ShapedReceiver]:
    """A receiver that serves in a thread."""
    with served(ShapedReceiver(read)) as server:
        yield server
