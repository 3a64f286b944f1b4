"""One attempt and all that are in flight; their shared timer, and one costly step a turn.

Because all limits of one `Deadlines` are equally long, they expire in the order in which they began. One timer, set on
the oldest, serves them all: beginning or ending a limit costs a dictionary entry, not a timer.

Time is counted fairly: if the event loop was busy, what arrived before the deadline may still wait in the kernel. So
when the timer fires, the loop reads once more from all sockets before anything expires.

    timer fires ─▶ (the loop may poll only now) ─▶ sockets are read ─▶ expire what is still in

An attempt ends once: by an answer, a failure or its deadline, whichever is first. Then `done` is called with the one
result; what comes later changes nothing.

What is cheap, such as a delivery on an open connection, is never queued here. Without turns a receiver that makes us
open a connection for each delivery, or that sends long answers on all its connections, would fill each turn of the loop
with its own work, and all others would wait for that.

    origin A   open, read on, read on, read on ─┐
    origin B   open ────────────────────────────┼─▶ A, B, A, A, A: one in each turn of the loop
                                                    beside it in each turn: every cheap step of every origin

While nothing else is to be done, a turn of the loop takes some microseconds, so turns cost an idle simulator nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Generic, TypeVar

from frontsim.clock import stopwatch
from frontsim.delivery.send_plan import SendPlan
from frontsim.domain.model import Outcome, Result, StatusText, of_status

T = TypeVar("T", bound=Hashable)


@asynccontextmanager
async def fair_timeout(span_s: float) -> AsyncIterator[None]:
    """`asyncio.timeout`, counted as fairly: the loop reads once more before it expires.

    Raises:
        TimeoutError
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        waiting = True

        def expire() -> None:
            if waiting:
                limit.reschedule(loop.time())

        timer = loop.call_later(span_s, loop.call_soon, loop.call_soon, expire)
        try:
            yield
        finally:
            waiting = False
            timer.cancel()


class Deadlines(Generic[T]):
    """Calls `expire(item)` once for each item that stays in for `span_s` seconds.

    `expire` may take items in and out of this same `Deadlines`. Used on one event loop only.
    """

    def __init__(self, span_s: float, expire: Callable[[T], object]) -> None:
        self._span_s = span_s
        self._expire = expire
        self._begins: dict[T, float] = {}
        self._timer: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._begins)

    def __iter__(self) -> Iterator[T]:
        return iter(self._begins)

    def add(self, item: T, now: float) -> None:
        """Begin an item's time, at `now` on the stopwatch; it is not in already."""
        self._begins[item] = now
        if self._timer is None:
            self._set_timer(self._span_s)

    def discard(self, item: T) -> bool:
        """End an item's time before it runs out; False when it was not in."""
        return self._begins.pop(item, None) is not None

    def clear(self) -> None:
        self._begins.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        latest = stopwatch() - self._span_s
        loop = asyncio.get_running_loop()
        # Two steps, because the first may run in the same turn of the loop, before it polls.
        self._timer = loop.call_soon(lambda: self._after_poll(latest))

    def _after_poll(self, latest: float) -> None:
        self._timer = asyncio.get_running_loop().call_soon(self._expire_all, latest)

    def _expire_all(self, latest: float) -> None:
        self._timer = None
        over = []
        for item, begin in self._begins.items():
            if begin > latest:
                self._set_timer(begin - latest)
                break
            over.append(item)
        try:
            for item in over:
                if self.discard(item):  # an earlier item's expiry may have removed it
                    self._expire(item)
        finally:
            if self._begins and self._timer is None:  # an expiry that raises must not stop the others
                self._set_timer(0)


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


Step = Callable[[], object]


class Turns:
    """The steps that wait for their turn, by origin; used on one event loop only."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[Step, int]]] = {}  # the origin whose turn is next comes first
        self._ticking = False
        self._skip = 0

    def take(self, origin: str, step: Step, *, cost: int = 1) -> None:
        """Call `step` when it is the origin's turn: at once if nothing waits.

        Args:
            origin: steps of one origin are called in their order.
            step: must not raise.
            cost: how many turns the step uses up.
        """
        if self._ticking:
            self._waiting.setdefault(origin, deque()).append((step, cost))
        else:
            self._ticking = True
            self._call(step, cost)

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def _call(self, step: Step, cost: int) -> None:
        self._skip = cost - 1
        asyncio.get_running_loop().call_soon(self._tick)
        step()

    def _tick(self) -> None:
        if self._skip > 0:
            self._skip -= 1
            asyncio.get_running_loop().call_soon(self._tick)
        elif self._waiting:
            origin = next(iter(self._waiting))
            steps = self._waiting.pop(origin)
            step, cost = steps.popleft()
            if steps:
                self._waiting[origin] = steps
            self._call(step, cost)
        else:
            self._ticking = False
