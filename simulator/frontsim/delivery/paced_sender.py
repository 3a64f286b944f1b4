"""Sends one request by a plan other than `WHOLE`, to the byte.

`_steps` is a generator: it writes, and yields when it has to wait for a time, for the receiver's kernel, or at a
barrier. Nothing else writes on the connection meanwhile.
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
"""Seconds between two checks of what the kernel still holds."""
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)

ResumeAt = float | None
"""When the steps go on, on the event loop's clock; None: when the barrier calls `_advance`."""


class PacedSender:
    """Sends one request.

    While the request drips, the attempt's time limit is suspended; it begins anew with the last byte, so that a slow
    rate does not turn into a partial body. `over` says that the last byte was written.
    """

    def __init__(
        self, transport: asyncio.Transport, attempt: Attempt, in_flight: InFlight, unsent: Callable[[], int]
    ) -> None:
        self._transport = transport
        self._attempt = attempt
        self._in_flight = in_flight
        self._unsent = unsent
        self._loop = asyncio.get_running_loop()
        self._remaining = self._steps()
        self._timer: asyncio.TimerHandle | None = None
        self.over = False

    def start(self) -> None:
        self._advance()

    def stop(self) -> None:
        """Send nothing more. What was written stays written."""
        self._remaining = iter(())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _advance(self) -> None:
        self._timer = None
        resume_at = next(self._remaining, None)
        if resume_at is not None:
            self._timer = self._loop.call_at(resume_at, self._advance)

    def _steps(self) -> Iterator[ResumeAt]:
        plan, attempt = self._attempt.plan, self._attempt
        head, body = attempt.head, plan.part_of(attempt.body)
        last = b""
        if plan.barrier is not None:
            head, body, last = (head, body[:-1], body[-1:]) if body else (head[:-1], b"", head[-1:])
        if plan.head_rate is None and plan.body_rate is None:
            self._transport.write(head + body)
        else:
            self._in_flight.suspend(attempt)
            yield from self._drip(head, plan.head_rate)
            yield from self._drip(body, plan.body_rate)
            self._in_flight.restart(attempt)
        if plan.barrier is not None:
            yield from self._until_received()
            plan.barrier.wait(attempt, self._advance)
            yield None
            self._transport.write(last)
        self.over = True
        yield from self._end(plan.ending, plan.after_s)

    def _drip(self, data: bytes, rate: float | None) -> Iterator[ResumeAt]:
        if rate is None:
            self._transport.write(data)
            return
        start = self._loop.time()
        size = max(1, round(rate * DRIP_S))
        for offset in range(0, len(data), size):
            if offset:
                yield start + offset / rate
            self._transport.write(data[offset : offset + size])

    def _end(self, ending: Ending, after_s: float) -> Iterator[ResumeAt]:
        attempt = self._attempt
        if ending is Ending.CLOSE:
            yield from self._until_received()  # a TLS close, flushing included, is given limited time
            self._transport.close()  # when the connection ends, the attempt does
        elif ending is Ending.RESET:
            yield from self._until_received()
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
            attempt.fail(StatusText.CONNECTION_RESET)
        elif ending is Ending.GIVE_UP:
            yield from self._until_received()
            self._in_flight.suspend(attempt)
            yield self._loop.time() + after_s
            attempt.fail(StatusText.TIMEOUT)

    def _until_received(self) -> Iterator[ResumeAt]:
        """Wait until the receiver's machine has acknowledged every byte. The attempt's time limit goes on."""
        yield self._loop.time()  # the transport writes at the end of the loop's turn
        while not self._transport.is_closing() and (self._unsent() or _unacknowledged(self._transport)):
            yield self._loop.time() + _LOOK_S


def _unacknowledged(transport: asyncio.Transport) -> int:
    """Bytes in our kernel that the receiver's has not acknowledged; 0 where the kernel does not say."""
    connection = transport.get_extra_info("socket")
    try:
        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except OSError:
        return 0
    return int(struct.unpack("i", answer)[0])
