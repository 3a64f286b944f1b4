"""Sends one request in a manner that is not plain, to the byte.

It walks one course of steps; between them it waits for a time, for the receiver's kernel, or at a barrier.
Nothing else writes on the connection meanwhile.
"""

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Callable, Iterator

from frontsim.delivery.in_flight import Attempt, InFlight
from frontsim.delivery.send_plan import Ending
from frontsim.domain.status_text import StatusText

DRIP_S = 0.02
"""Seconds between two drips; where a rate is below one byte in that time, the bytes leave one by one."""
_LOOK_S = 0.001
"""Seconds between two looks at what the kernel still holds."""
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)

Moment = float | None
"""When a course goes on, on the event loop's clock; None: when somebody calls `_go_on`."""


class PacedSender:
    """One request's way out.

    While it drips, the exchange's own time stands still and begins anew with the last byte: a slow rate
    must not turn into a partial body. `over` says that the last byte was written.
    """

    def __init__(
        self, transport: asyncio.Transport, exchange: Attempt, register: InFlight, unsent: Callable[[], int]
    ) -> None:
        self._transport = transport
        self._exchange = exchange
        self._register = register
        self._unsent = unsent
        self._loop = asyncio.get_running_loop()
        self._course = self._steps()
        self._timer: asyncio.TimerHandle | None = None
        self.over = False

    def start(self) -> None:
        """Begin."""
        self._go_on()

    def stop(self) -> None:
        """Send nothing more. What was written stays written."""
        self._course = iter(())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go_on(self) -> None:
        self._timer = None
        moment = next(self._course, None)
        if moment is not None:
            self._timer = self._loop.call_at(moment, self._go_on)

    def _steps(self) -> Iterator[Moment]:
        manner, exchange = self._exchange.manner, self._exchange
        head, body = exchange.head, manner.part_of(exchange.body)
        last = b""
        if manner.barrier is not None:
            head, body, last = (head, body[:-1], body[-1:]) if body else (head[:-1], b"", head[-1:])
        if manner.head_rate is None and manner.body_rate is None:
            self._transport.write(head + body)
        else:
            self._register.suspend(exchange)
            yield from self._drip(head, manner.head_rate)
            yield from self._drip(body, manner.body_rate)
            self._register.restart(exchange)
        if manner.barrier is not None:
            yield from self._until_received()
            manner.barrier.stand(exchange, self._go_on)
            yield None
            self._transport.write(last)
        self.over = True
        yield from self._end(manner.ending, manner.after_s)

    def _drip(self, data: bytes, rate: float | None) -> Iterator[Moment]:
        if rate is None:
            self._transport.write(data)
            return
        start = self._loop.time()
        size = max(1, round(rate * DRIP_S))
        for offset in range(0, len(data), size):
            if offset:
                yield start + offset / rate
            self._transport.write(data[offset : offset + size])

    def _end(self, ending: Ending, after_s: float) -> Iterator[Moment]:
        exchange = self._exchange
        if ending is Ending.CLOSE:
            yield from self._until_received()  # TLS gives a close, what it has to flush included, only so much time
            self._transport.close()  # the connection's end is then the exchange's
        elif ending is Ending.RESET:
            yield from self._until_received()
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
            exchange.fail(StatusText.CONNECTION_RESET)
        elif ending is Ending.GIVE_UP:
            yield from self._until_received()
            self._register.suspend(exchange)
            yield self._loop.time() + after_s
            exchange.fail(StatusText.TIMEOUT)

    def _until_received(self) -> Iterator[Moment]:
        """Until the receiver's machine has acknowledged every byte. The exchange's time goes on."""
        yield self._loop.time()  # written bytes leave at the end of the loop's turn
        while not self._transport.is_closing() and (self._unsent() or _unacknowledged(self._transport)):
            yield self._loop.time() + _LOOK_S


def _unacknowledged(transport: asyncio.Transport) -> int:
    """Bytes that the kernel holds until the receiver's has them; 0 where it cannot tell."""
    connection = transport.get_extra_info("socket")
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except OSError:
        return 0
    return int(struct.unpack("i", answer)[0])
