"""The one retry loop: which failed calls are made again, and how long to wait before each.

A read changes nothing, so `read` repeats it after every failure that may pass. For a call that does something, the
caller names with `when` the failures after which it was certainly not done.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from frontsim.client.errors import Ambiguous, ApiError, CallError, Unreachable

READ_DELAYS_S = (1.0, 2.0, 4.0)
"""Seconds between the tries of a read: one try more than delays."""

LONGEST_WAIT_S = 900.0
"""A longer `Retry-After` is a quota, not a rate limit: the call fails instead."""

T = TypeVar("T")
Sleep = Callable[[float], None]
Say = Callable[[str], None]


class CallGate:
    """Holds the calls of all threads while one of them waits as the API asked.

    Calls that were under way together get a 429 each. The first of them waits for all; the others go on after that.

        thread 1   call -> 429 -> [ holds the gate, sleeps ] -> call
        thread 2   call -> 429 -> .......... at the gate ....-> call
        thread 3   .............. at the gate ...............-> call
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits = 0

    def enter(self) -> int:
        """Wait until no thread holds the gate; the number of waits so far."""
        with self._lock:
            return self._waits

    def hold(self, wait: Callable[[], None], *, since: int | None = None) -> None:
        """Wait with the gate closed, unless another thread has done so after `since`."""
        with self._lock:
            if since in (None, self._waits):
                wait()
                self._waits += 1


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Repeats calls. Safe to use from several threads: when the API asks one of them to wait, all wait.

    Args:
        sleep: waits so many seconds.
        say: shows the user, in a sentence, why a call waits.
        longest_wait_s: the longest `Retry-After` to wait for.
    """

    sleep: Sleep
    say: Say = lambda _: None
    longest_wait_s: float = LONGEST_WAIT_S
    gate: CallGate = field(default_factory=CallGate)

    def read(self, call: Callable[[], T]) -> T:
        """Make a call that changes nothing; again when no answer came, or the API was busy or failed.

        Raises:
            CallError: the last try's, or one that no further try would change.
        """
        return self.repeat(call, when=may_pass, delays_s=READ_DELAYS_S)

    def repeat(self, call: Callable[[], T], *, when: Callable[[CallError], bool], delays_s: Iterable[float]) -> T:
        """Make a call until it succeeds.

        Args:
            call: what to do.
            when: whether to repeat it after this error.
            delays_s: seconds to wait before each further try; asked for the next one only after a failure, so a
                generator can end by a deadline. `Retry-After` makes a wait longer, never shorter.

        Raises:
            CallError: the last one, when the delays are used up, `when` says no, or the API asks for too long a wait.
        """
        delays = iter(delays_s)
        while True:
            since = self.gate.enter()
            try:
                return call()
            except CallError as error:
                delay_s = next(delays, None) if when(error) else None
                if delay_s is None:
                    raise
                self.wait(error, at_least_s=delay_s, since=since)

    def wait(self, error: CallError, *, at_least_s: float = 1.0, since: int | None = None) -> None:
        """Wait for as long as the API asks in its answer, and no less than `at_least_s`.

        Args:
            error: how the call ended.
            at_least_s: seconds.
            since: what `gate.enter` gave before the call: a wait that was made meanwhile is not made again.

        Raises:
            CallError: `error` itself, where the API asks for more than `longest_wait_s`.
        """
        if not isinstance(error, ApiError):
            self.sleep(at_least_s)
            return
        wait_s, status = max(at_least_s, error.retry_after_s or 0.0), error.status
        if wait_s > self.longest_wait_s:
            raise error

        def wait() -> None:
            self.say(f"the API answered {status}: waiting {wait_s:g} s")
            self.sleep(wait_s)

        if error.retry_after_s is not None or is_rate_limit(error):
            self.gate.hold(wait, since=since)
        else:
            wait()


def may_pass(error: CallError) -> bool:
    """A failed call may pass later if no answer came, or the API was busy (429) or failed (5xx)."""
    if isinstance(error, ApiError):
        return is_rate_limit(error) or error.status >= 500
    return isinstance(error, Ambiguous | Unreachable)


def is_rate_limit(error: CallError) -> bool:
    """A 429 says that the API refused the call, undone, because there were too many."""
    return isinstance(error, ApiError) and error.status == 429


def backoff_s(first_s: float, longest_s: float) -> Iterator[float]:
    """Delays without end, each twice the one before, up to `longest_s`."""
    while True:
        yield first_s
        first_s = min(2 * first_s, longest_s)
