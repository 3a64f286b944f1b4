"""A proxy before a receiver: it forwards each delivery, answers as the receiver did, and then records both.

    the vendor ──▶ proxy ──▶ receiver
               ◀──       ◀──  its answer, first
                    └──▶ record: a line for each delivery, second

Forwarding never waits for the record: a full disk ends the recording, which is said once, and no delivery. A receiver
that cannot be reached, or breaks off, is a 502 to the vendor, and an outcome without a status in the record.
"""

import http.client
import logging
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from frontsim.clock import stopwatch
from frontsim.errors import BadInput, Unusable
from frontsim.records.record import RecordedEvent
from frontsim.user_input.fields import read_json

MOST_BODY_BYTES = 32 * 1024 * 1024
TIMEOUT_S = 60.0
"""Seconds of silence until the receiver, or the vendor, is given up."""
_ANSWER_KEPT = 4 * 1024
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers between two ends of one connection, which each end writes for itself."""

logger = logging.getLogger(__name__)

Answered = tuple[int, list[tuple[str, str]], bytes]
"""A receiver's status, headers and body."""


@dataclass(frozen=True, slots=True)
class HeadersOf:
    """The names of the headers that say which event a delivery is of; `event` stands in where the type has none."""

    event_id: str
    webhook_id: str
    event_type: str
    event: str | None = None


class RecordingProxy:
    """Serves until `stop` is called.

    Args:
        listening: a socket that listens.
        to: the receiver. With a path it is where each delivery goes; without one, the path of each delivery stays.
        headers: see there.
        add: records an event. Raises Unusable when it can take no more.
        say: shows the user why the recording ended.
    """

    def __init__(
        self,
        listening: socket.socket,
        *,
        to: str,
        headers: HeadersOf,
        add: Callable[[RecordedEvent], None],
        say: Callable[[str], None],
    ) -> None:
        self._to = urlsplit(to)
        self._headers = headers
        self._add = add
        self._say = say
        self._lock = threading.Lock()
        self._is_recording = True
        self._server = ThreadingHTTPServer(
            listening.getsockname()[:2], type("Handler", (_Handler,), {"proxy": self}), bind_and_activate=False
        )
        self._server.daemon_threads = True
        self._server.socket.close()
        self._server.socket = listening

    def serve(self) -> None:
        """Forward and record; Ctrl-C ends it. What is answered after the end is not recorded."""
        try:
            self._server.serve_forever(poll_interval=0.1)
        finally:
            with self._lock:
                self._is_recording = False

    def stop(self) -> None:
        """End `serve`, from another thread. Deliveries under way are still answered."""
        self._server.shutdown()

    def forward(self, method: str, path: str, head: list[tuple[str, str]], body: bytes) -> tuple[Answered | None, str]:
        """The receiver's answer, or None and why there is none."""
        kind = http.client.HTTPSConnection if self._to.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._to.hostname or "", self._to.port, timeout=TIMEOUT_S)
        try:
            connection.putrequest(method, self._target(path), skip_accept_encoding=True)
            for name, value in head:
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return (answer.status, answer.getheaders(), answer.read(MOST_BODY_BYTES)), ""
        except TimeoutError:
            return None, "Timeout"
        except ConnectionRefusedError:
            return None, "Connection refused"
        except (OSError, http.client.HTTPException) as error:
            return None, str(error) or type(error).__name__
        finally:
            connection.close()

    def record(
        self,
        head: list[tuple[str, str]],
        body: bytes,
        answer: Answered | None,
        why: str,
        began: datetime,
        took_s: float,
    ) -> None:
        """Record a delivery that was answered; never raises."""
        with self._lock:
            if not self._is_recording:
                return
            try:
                self._add(self._event(head, body, answer, why, began, took_s))
            except Unusable as error:
                self._is_recording = False
                self._say(f"the recording has ended, and deliveries are still forwarded: {error}")

    def _target(self, path: str) -> str:
        if self._to.path in ("", "/"):
            return path
        query = self._to.query or urlsplit(path).query
        return f"{self._to.path}?{query}" if query else self._to.path

    def _event(
        self,
        head: list[tuple[str, str]],
        body: bytes,
        answer: Answered | None,
        why: str,
        began: datetime,
        took_s: float,
    ) -> RecordedEvent:
        values = {name.lower(): value for name, value in head}
        content: dict[str, Any]
        try:
            content = {"body": read_json(body)}
        except ValueError:
            content = {"body": None, "text": body.decode(errors="replace")}
        run = {
            "run": 1,
            "statusCode": answer and answer[0],
            "status": why or None,
            "success": answer is not None and 200 <= answer[0] < 300,
            "durationMs": round(took_s * 1000),
            "answer": answer[2][:_ANSWER_KEPT].decode(errors="replace") if answer else "",
        }
        return RecordedEvent(
            event=values.get(self._headers.event_type.lower()) or self._headers.event,
            webhook_id=values.get(self._headers.webhook_id.lower(), ""),
            webhook_event_id=values.get(self._headers.event_id.lower(), ""),
            time=began.isoformat(timespec="milliseconds"),
            head=dict(head),
            runs=[run],
            **content,
        )


class _Handler(BaseHTTPRequestHandler):
    proxy: RecordingProxy
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT_S

    def do_POST(self) -> None:
        try:
            body = self._body()
        except BadInput as error:
            self.close_connection = True
            self._answer((400, [("Content-Type", "text/plain; charset=utf-8")], str(error).encode()))
            return
        head, began, began_s = list(self.headers.items()), datetime.now(UTC), stopwatch()
        answer, why = self.proxy.forward(self.command, self.path, head, body)
        took_s = stopwatch() - began_s
        self._answer(answer or (502, [("Content-Type", "text/plain; charset=utf-8")], f"the receiver: {why}".encode()))
        self.proxy.record(head, body, answer, why, began, took_s)

    do_GET = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_POST  # noqa: N815 - http.server's names

    def _answer(self, answer: Answered) -> None:
        status, headers, body = answer
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _body(self) -> bytes:
        """Raises BadInput: it has no end that is known, or is too large."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES:
            raise BadInput(f"expected a Content-Length of at most {MOST_BODY_BYTES:,}, got {length[:40]}")
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            line = self.rfile.readline(1024).partition(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                size = -1
            if not 0 <= size <= MOST_BODY_BYTES - len(body):
                raise BadInput(f"expected chunks of at most {MOST_BODY_BYTES:,} bytes in all, got {line[:40]!r}")
            if size == 0:
                while self.rfile.readline(64 * 1024).strip():
                    pass  # trailers
                return bytes(body)
            body += self.rfile.read(size)
            self.rfile.readline(1024)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        logger.debug(format, *args)
