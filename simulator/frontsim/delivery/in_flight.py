"""One attempt to send a delivery, and the set of all that are in flight.

An attempt ends once: by an answer, a failure or its deadline, whichever is first. Then `done` is called with the one
result; what comes later changes nothing.
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

    `begun` is set when the first byte of the request goes to the transport. Before it every failure is *not sent*;
    after it the receiver may have seen the request, so every failure is *unknown*.
    """

    __slots__ = ("_done", "_in_flight", "abandon", "begun", "body", "ended", "head", "plan", "started")

    def __init__(self, in_flight: "InFlight", head: bytes, body: bytes, plan: SendPlan, done: Done) -> None:
        self._in_flight = in_flight
        self._done = done
        self.head = head
        self.body = body
        self.plan = plan
        self.started = stopwatch()
        self.begun = False
        self.ended = False
        self.abandon: Callable[[], object] | None = None
        """Tears down what works for this attempt: the task that opens a connection, or the connection."""
        in_flight.add(self, self.started)

    def answer(self, status_code: int, body: bytes, head: bytes = b"") -> None:
        """The receiver's whole answer is here."""
        if not self.ended:
            self._end(Outcome.ANSWERED, of_status(status_code), status_code, body, head)

    def fail(self, status_text: StatusText) -> None:
        """No answer that counts will come; tear down what still works for this attempt."""
        if self.ended:
            return
        abandon, self.abandon = self.abandon, None
        self.ended = True
        if abandon is not None:
            abandon()
        self._end(Outcome.UNKNOWN if self.begun else Outcome.NOT_SENT, status_text.value, None, b"", b"")

    def _end(self, outcome: Outcome, status: str, status_code: int | None, body: bytes, head: bytes) -> None:
        self.ended = True
        self.abandon = None
        self._in_flight.remove(self)
        if self.plan.barrier is not None:
            self.plan.barrier.leave(self)
        duration_ms = round((stopwatch() - self.started) * 1000)
        self._done(Result(outcome, status, status_code, duration_ms, body, head))


class InFlight:
    """Every attempt that has not ended, and its time limit.

    Args:
        timeout_s: seconds from `add`, or the last `restart`, until an attempt fails.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timed: Deadlines[Attempt] = Deadlines(timeout_s, _run_out)
        self.add = self._timed.add
        """Add an attempt; its time begins at the moment that is given."""
        self._untimed: set[Attempt] = set()
        self._empty: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._timed) + len(self._untimed)

    def remove(self, attempt: Attempt) -> None:
        """An attempt has ended."""
        if not self._timed.discard(attempt):
            self._untimed.discard(attempt)
        if self._empty is not None and not len(self):
            self._empty.set()

    def suspend(self, attempt: Attempt) -> None:
        """Stop an attempt's time until `restart`: its sender limits it meanwhile."""
        if self._timed.discard(attempt):
            self._untimed.add(attempt)

    def restart(self, attempt: Attempt) -> None:
        """Begin the time of a suspended attempt anew."""
        if attempt in self._untimed:
            self._untimed.discard(attempt)
            self._timed.add(attempt, stopwatch())

    def recall(self) -> None:
        """End all attempts that have not begun, as *not sent*."""
        for attempt in [each for each in (*self._timed, *self._untimed) if not each.begun]:
            attempt.fail(StatusText.NOT_SENT)

    async def drained(self, grace_s: float) -> None:
        """Wait until all have ended, at most `grace_s` seconds; then end the rest."""
        self._empty = asyncio.Event()
        if len(self):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), grace_s)
        for attempt in (*self._timed, *self._untimed):
            attempt.fail(StatusText.UNKNOWN if attempt.begun else StatusText.NOT_SENT)
        self._timed.clear()


def _run_out(attempt: Attempt) -> None:
    attempt.fail(StatusText.TIMEOUT if attempt.begun else StatusText.CONNECT_TIMEOUT)
