"""One connection to a receiver: one attempt at a time, whole or to the byte, and how it ended.

`_steps` is a generator: it writes, and yields when it has to wait for a time, for the receiver's kernel, or at a
barrier. Nothing else writes on the connection meanwhile.

OPENING ── the transport is there ──▶ IDLE ── carry ──▶ BUSY ── whole answer, both sides keep it ──▶ IDLE
                                           │                 │ └── an answer that does not count ──▶ MUTED
                                           │ anything comes  │ answered and not kept, torn, aborted    │
                                           ▼                 ▼                                         ▼
                                          GONE ◀─────────────┴─────────────────────────────────────────┘

A byte that comes on an idle connection closes it: no request is under way, so the byte answers nothing.
"""

import asyncio
import fcntl
import select
import socket
import struct
import termios
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import Protocol, cast

from frontsim.delivery.answer import AnswerReader, BadAnswer
from frontsim.delivery.in_flight import Attempt, InFlight, Turns
from frontsim.delivery.send_plan import WHOLE, Ending
from frontsim.domain.model import StatusText

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


FREE_BYTES = 16 * 1024
"""Bytes of an answer that are read as they come; a longer answer takes turns with other work."""
RECEIVE_BUFFER = 64 * 1024
"""Bytes that the kernel holds for us (Linux doubles that). A receiver that sends more waits until we read on, and one
read of ours is no longer than that."""


class State(Enum):
    """A connection's state says which calls it takes now."""

    OPENING = auto()
    """There is no transport yet."""
    IDLE = auto()
    """It can carry an attempt."""
    BUSY = auto()
    """It carries an attempt, whose answer is awaited."""
    MUTED = auto()
    """It carries an attempt whose answer has come and does not count: the paced sender ends the attempt."""
    GONE = auto()
    """It can carry nothing any more; its socket may still be closing."""


_IDLE, _BUSY = State.IDLE, State.BUSY  # a delivery looks at both twice, and to find a member of an Enum takes a while


class ConnectionOwner(Protocol):
    """A connection calls its owner when its state changes."""

    def on_idle(self, connection: "Connection") -> None:
        """The connection may carry another attempt."""

    def on_gone(self, connection: "Connection") -> None:
        """The connection carries nothing any more."""

    def on_closed(self, connection: "Connection") -> None:
        """The socket is closed."""


class Connection(asyncio.Protocol):
    """A connection to `origin`."""

    def __init__(self, origin: str, owner: ConnectionOwner, in_flight: InFlight, turns: Turns) -> None:
        self.origin = origin
        self.why_gone: StatusText | None = None
        """Why the connection can carry nothing; None while it can."""
        self.tcp_transport: asyncio.Transport | None = None
        """The transport below TLS, where there is TLS."""
        self._owner = owner
        self._in_flight = in_flight
        self._turns = turns
        self._reader = AnswerReader()
        self._state = State.OPENING
        self._attempt: Attempt | None = None
        self._paced_sender: PacedSender | None = None
        self._transport: asyncio.Transport | None = None
        self._write: Callable[[bytes], None]
        self.unsent: Callable[[], int] = self._unsent_below_tls
        """Bytes that our kernel has not taken yet."""
        self._poll: select.poll | None = None

    def carry(self, attempt: Attempt) -> None:
        """Send an attempt's request; from here on the attempt is begun."""
        assert self._transport is not None
        self._state = _BUSY
        self._attempt = attempt
        attempt.abandon = self.abort
        attempt.begun = True
        if attempt.plan is WHOLE:
            self._write(attempt.head + attempt.body)
        else:
            self._paced_sender = PacedSender(self._transport, attempt, self._in_flight, self.unsent)
            self._paced_sender.start()

    def is_stale(self) -> bool:
        """The kernel holds something that the event loop has not seen yet: mostly the receiver's FIN."""
        if self._poll is None:
            assert self._transport is not None
            self._poll = select.poll()
            self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return bool(self._poll.poll(0))

    def abort(self) -> None:
        """Close at once; an attempt that is still carried fails."""
        self._lose(StatusText.CONNECTION_CLOSED)
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's transports do not inherit from asyncio's
        self._write = self._transport.write
        if self.tcp_transport is None:
            self.unsent = self._transport.get_write_buffer_size
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if self._state is State.OPENING:
            self._state = State.IDLE

    def data_received(self, data: bytes) -> None:
        """Read on in the answer."""
        if self._state is not _BUSY:
            self._take_unasked()
            return
        attempt = self._attempt
        assert attempt is not None
        try:
            whole = self._reader.feed(data)
        except BadAnswer:
            self._end(attempt, answered=False)
            return
        if whole and attempt.plan is WHOLE:
            self._answer(attempt)
        elif whole:
            self._end(attempt, answered=True)
        elif self._reader.size > FREE_BYTES:
            self._wait_for_turn()

    def eof_received(self) -> None:
        """The receiver sends no more; returning None closes our side too."""
        if self._state is State.BUSY and self._reader.end():
            assert self._attempt is not None
            self._end(self._attempt, answered=True)
        self._lose(StatusText.CONNECTION_CLOSED)

    def connection_lost(self, exc: Exception | None) -> None:
        # a missing TLS close is no error: we closed in good order, and the receiver did not answer with one
        torn = exc is not None and not (isinstance(exc, TimeoutError) and exc.errno is None)
        self._lose(StatusText.CONNECTION_RESET if torn else StatusText.CONNECTION_CLOSED)
        self._owner.on_closed(self)

    def _unsent_below_tls(self) -> int:
        """The TLS transport does not count the bytes in the one below it."""
        assert self._transport is not None
        assert self.tcp_transport is not None
        return self._transport.get_write_buffer_size() + self.tcp_transport.get_write_buffer_size()

    def _take_unasked(self) -> None:
        """Ignores bytes that count for nothing (MUTED). A connection that got others unasked is of no use."""
        if self._state is State.MUTED:
            self._ignore()
            return
        self._lose(StatusText.BAD_RESPONSE)
        assert self._transport is not None
        self._transport.abort()

    def _ignore(self) -> None:
        """Read nothing more, except where we close in good order: a TLS close must read the receiver's."""
        assert self._attempt is not None
        assert self._transport is not None
        if self._attempt.plan.ending is Ending.CLOSE:
            self._wait_for_turn()
        else:
            self._transport.pause_reading()

    def _wait_for_turn(self) -> None:
        assert self._transport is not None
        self._transport.pause_reading()
        self._turns.take(self.origin, self._read_on)

    def _read_on(self) -> None:
        if self._state is not State.GONE and self._transport is not None:
            self._transport.resume_reading()

    def _end(self, attempt: Attempt, *, answered: bool) -> None:
        """The answer is whole (`answered`), or what came is not an answer; the plan says whether that counts."""
        ending = attempt.plan.ending
        if ending is Ending.LOSE:
            attempt.fail(StatusText.TIMEOUT)
        elif ending is not Ending.ANSWER:
            self._state = State.MUTED
        elif answered:
            self._answer(attempt)
        else:
            attempt.fail(StatusText.BAD_RESPONSE)

    def _answer(self, attempt: Attempt) -> None:
        reader = self._reader
        status_code, head, body = reader.status_code, reader.head, reader.body
        self._attempt = None
        if reader.reusable and (self._paced_sender is None or self._is_over()) and not self.unsent():
            reader.expect()
            self._state = _IDLE
            self._owner.on_idle(self)
        else:
            self._close()
        attempt.answer(status_code, body, head)

    def _is_over(self) -> bool:
        """The paced sender has sent the whole request; if an answer came before, it sends no more of it."""
        sender, self._paced_sender = self._paced_sender, None
        assert sender is not None
        if sender.over:
            return True
        sender.stop()
        return False

    def _close(self) -> None:
        assert self._transport is not None
        self._lose(StatusText.CONNECTION_CLOSED)
        if self.unsent():
            self._transport.abort()
        else:
            self._transport.close()

    def _lose(self, why: StatusText) -> None:
        """Become GONE, and fail the attempt that is still carried. A second call changes nothing."""
        before = self._state
        if before is State.GONE:
            return
        self._state, self.why_gone = State.GONE, why
        self._owner.on_gone(self)
        attempt, self._attempt = self._attempt, None
        sender, self._paced_sender = self._paced_sender, None
        if before is State.MUTED and attempt is not None and _ends_by_timer(attempt):
            return  # the timer of its paced sender
        if sender is not None:
            sender.stop()
        if attempt is not None:
            attempt.abandon = None
            attempt.fail(StatusText.CONNECTION_RESET if attempt.plan.ending is Ending.RESET else why)


def _ends_by_timer(attempt: Attempt) -> bool:
    return attempt.plan.ending is Ending.GIVE_UP and not attempt.ended
