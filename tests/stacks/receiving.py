"""The part that the receivers of this folder share: an HTTP server whose threads hand each event to one function."""

import json
import os
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Book = Callable[[str, Any], None]
"""Books one event: its id and payload. It raises where it cannot: the answer is then a 500."""


def address() -> tuple[str, int]:
    """Where the dependency is, from the variable that frontsim sets."""
    host, _, port = os.environ["FRONTSIM_DEPENDENCY_DB"].rpartition(":")
    return host, int(port)


def serve(book: Book) -> None:
    """Serve on PORT until killed."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(_status(book, self.headers["X-Webhook-Event-Id"], body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()


def _status(book: Book, event_id: str, body: bytes) -> int:
    try:
        payload = json.loads(body)
    except ValueError:
        return 400
    try:
        book(event_id, payload)
    except Exception as error:  # noqa: BLE001 - whatever the database raises
        print(type(error).__name__, error, flush=True)
        return 500
    return 204


class Pool:
    """One connection for each thread that works at a moment; one that failed is not used again."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._idle: list[Any] = []
        self._lock = threading.Lock()

    def run(self, work: Callable[[Any], None]) -> None:
        """Do the work on a connection; raises what the work raises."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or self._connect()
        try:
            work(connection)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)
