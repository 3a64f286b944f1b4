"""One delivery sent by hand over a socket, so that the receiver can be killed at an exact point of it.

The bytes are the lease's. The result says what is certain: not sent, unknown, or answered with a status.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

from frontsim.client.leases import LeasedDelivery
from frontsim.domain.model import Outcome
from frontsim.domain.target import parse_target
from frontsim.verification.scenario.steps import CrashPoint

TIMEOUT_S = 10.0
"""Seconds without progress after which the answer counts as lost."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """How a delivery ended."""

    outcome: Outcome
    status_code: int | None = None


def send(
    delivery: LeasedDelivery, *, crash_at: CrashPoint, crash: Callable[[], None], tls: ssl.SSLContext | None = None
) -> SendResult:
    """Send a delivery, and call `crash` once, at the crash point.

    Args:
        delivery: what to send, and where.
        crash_at: the crash point. Any point that the delivery does not reach crashes when the answer was read, or when
            none came.
        tls: the TLS settings; None for the system's authorities.
        crash: kills the receiver; for a crash some time after the answer, it pauses first.
    """
    try:
        connection = _connect(delivery.url, tls)
    except OSError:
        return SendResult(Outcome.NOT_SENT)
    with closing(connection):
        return _exchange(connection, delivery, crash_at, crash)


def _exchange(
    connection: socket.socket, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> SendResult:
    half = len(delivery.body) // 2
    pieces = {
        CrashPoint.ACCEPTED: b"",
        CrashPoint.HEADERS_SENT: _head(delivery),
        CrashPoint.HALF_THE_BODY: delivery.body[:half],
        CrashPoint.WHOLE_BODY: delivery.body[half:],
    }
    crashed = False
    for point, piece in pieces.items():
        try:
            connection.sendall(piece)
        except OSError:
            break
        if point is crash_at:
            crash()
            crashed = True
            if point is CrashPoint.ACCEPTED:
                return SendResult(Outcome.NOT_SENT)
    answer = _read_answer(connection)
    if not crashed:
        crash()
    return answer


def _connect(url: str, tls: ssl.SSLContext | None) -> socket.socket:
    target = parse_target(url)
    connection = socket.create_connection((target.host, target.port), timeout=TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not target.tls:
        return connection
    context = tls or ssl.create_default_context()
    return context.wrap_socket(connection, server_hostname=target.server_name)


def _head(delivery: LeasedDelivery) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in delivery.headers.items())
    ending = f"{lines}Content-Length: {len(delivery.body)}\r\nConnection: close\r\n\r\n"
    return parse_target(delivery.url).head_start + ending.encode()


def _read_answer(connection: socket.socket) -> SendResult:
    with closing(HTTPResponse(connection, method="POST")) as answer:
        try:
            answer.begin()
            answer.read()
        except (OSError, HTTPException):
            return SendResult(Outcome.UNKNOWN)
        return SendResult(Outcome.ANSWERED, answer.status)
