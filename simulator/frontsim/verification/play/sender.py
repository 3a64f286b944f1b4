"""One delivery sent by hand over a socket, so that something can happen at an exact point of it.

Bytes are the lease's; how far it got is told, never guessed: not sent, unknown, or answered with a status.
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
from frontsim.verification.scenario.steps import Moment

TIMEOUT_S = 10.0
"""Seconds without progress until the answer is given up."""


@dataclass(frozen=True, slots=True)
class SendResult:
    """How a delivery ended."""

    outcome: Outcome
    status_code: int | None = None


def send(delivery: LeasedDelivery, *, strike_at: Moment, strike: Callable[[], None]) -> SendResult:
    """Send a delivery; `strike` is called once, at the moment of it.

    Args:
        delivery: what to send, and where.
        strike_at: the moment; `after the answer` is the caller's own business, and struck when the answer was read.
        strike: kills the receiver.
    """
    try:
        connection = _connect(delivery.url)
    except OSError:
        return SendResult(Outcome.NOT_SENT)
    with closing(connection):
        return _exchange(connection, delivery, strike_at, strike)


def _exchange(
    connection: socket.socket, delivery: LeasedDelivery, strike_at: Moment, strike: Callable[[], None]
) -> SendResult:
    half = len(delivery.body) // 2
    pieces = {
        Moment.ACCEPTED: b"",
        Moment.HEADERS_SENT: _head(delivery),
        Moment.HALF_THE_BODY: delivery.body[:half],
        Moment.WHOLE_BODY: delivery.body[half:],
    }
    struck = False
    for moment, piece in pieces.items():
        try:
            connection.sendall(piece)
        except OSError:
            break
        if moment is strike_at:
            strike()
            struck = True
            if moment is Moment.ACCEPTED:
                return SendResult(Outcome.NOT_SENT)
    answer = _read_answer(connection)
    if not struck:
        strike()
    return answer


def _connect(url: str) -> socket.socket:
    target = parse_target(url)
    connection = socket.create_connection((target.host, target.port), timeout=TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not target.tls:
        return connection
    context = ssl.create_default_context()
    return context.wrap_socket(connection, server_hostname=target.server_name)


def _head(delivery: LeasedDelivery) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in delivery.headers.items())
    ending = f"{lines}Content-Length: {len(delivery.body)}\r\nConnection: close\r\n\r\n"
    return parse_target(delivery.url).opening + ending.encode()


def _read_answer(connection: socket.socket) -> SendResult:
    with closing(HTTPResponse(connection, method="POST")) as answer:
        try:
            answer.begin()
            answer.read()
        except (OSError, HTTPException):
            return SendResult(Outcome.UNKNOWN)
        return SendResult(Outcome.ANSWERED, answer.status)
