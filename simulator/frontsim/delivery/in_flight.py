"""One delivery on its way, and the register of all that are.

An exchange ends once: by an answer, a failure or its deadline, whichever is first, and then `done` is called
with the one result. What comes later finds it ended and changes nothing.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from frontsim.clock import stopwatch
from frontsim.delivery.deadlines import Deadlines
from frontsim.delivery.send_plan import SendPlan
from frontsim.domain.model import Outcome, Result
from frontsim.domain.status_text import StatusText, of_status

Done = Callable[[Result], object]


class Attempt:
    """One delivery from `send` to its one call of `done`.

    `begun` is set when the first byte of the request is handed on: from then on nobody can say for sure
    that the receiver has not seen it, so every failure is *unknown*; before it, *not sent*.
    """

    __slots__ = ("_done", "_register", "abandon", "begun", "body", "ended", "head", "manner", "started")

    def __init__(self, register: "InFlight", head: bytes, body: bytes, manner: SendPlan, done: Done) -> None:
        self._register = register
        self._done = done
        self.head = head
        self.body = body
        self.manner = manner
        self.started = stopwatch()
        self.begun = False
        self.ended = False
        self.abandon: Callable[[], object] | None = None
        """Tears down what works for this exchange: the opening of a connection, or the connection."""
        register.add(self)

    def answer(self, status_code: int, body: bytes) -> None:
        """The receiver's whole answer is here."""
        if not self.ended:
            self._end(Outcome.ANSWERED, of_status(status_code), status_code, body)

    def fail(self, phrase: StatusText) -> None:
        """There will be no answer that counts; whatever still works for this exchange is torn down."""
        if self.ended:
            return
        abandon, self.abandon = self.abandon, None
        self.ended = True
        if abandon is not None:
            abandon()
        self._end(Outcome.UNKNOWN if self.begun else Outcome.NOT_SENT, phrase.value, None, b"")

    def _end(self, outcome: Outcome, status: str, status_code: int | None, body: bytes) -> None:
        self.ended = True
        self.abandon = None
        self._register.remove(self)
        if self.manner.barrier is not None:
            self.manner.barrier.leave(self)
        duration_ms = round((stopwatch() - self.started) * 1000)
        self._done(Result(outcome, status, status_code, duration_ms, body))


class InFlight:
    """Every exchange that has not ended, and the time that each may take.

    Args:
        timeout_s: seconds from `add`, or the last `restart`, until an exchange fails.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timed: Deadlines[Attempt] = Deadlines(timeout_s, _run_out)
        self._untimed: set[Attempt] = set()
        self._empty: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._timed) + len(self._untimed)

    def add(self, exchange: Attempt) -> None:
        """Note a new exchange; its time begins."""
        self._timed.add(exchange, exchange.started)

    def remove(self, exchange: Attempt) -> None:
        """An exchange has ended."""
        if not self._timed.discard(exchange):
            self._untimed.discard(exchange)
        if self._empty is not None and not len(self):
            self._empty.set()

    def suspend(self, exchange: Attempt) -> None:
        """Stop an exchange's time: whoever sends it watches over it until `restart`."""
        if self._timed.discard(exchange):
            self._untimed.add(exchange)

    def restart(self, exchange: Attempt) -> None:
        """The time of a suspended exchange begins anew."""
        if exchange in self._untimed:
            self._untimed.discard(exchange)
            self._timed.add(exchange, stopwatch())

    def recall(self) -> None:
        """End all that have not begun."""
        for exchange in [each for each in (*self._timed, *self._untimed) if not each.begun]:
            exchange.fail(StatusText.NOT_SENT)

    async def drained(self, grace_s: float) -> None:
        """Wait until all have ended, but `grace_s` seconds at most; then end what is left."""
        self._empty = asyncio.Event()
        if len(self):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), grace_s)
        for exchange in (*self._timed, *self._untimed):
            exchange.fail(StatusText.UNKNOWN if exchange.begun else StatusText.NOT_SENT)
        self._timed.clear()


def _run_out(exchange: Attempt) -> None:
    exchange.fail(StatusText.TIMEOUT if exchange.begun else StatusText.CONNECT_TIMEOUT)
