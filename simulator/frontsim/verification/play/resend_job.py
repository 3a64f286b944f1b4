"""The list -> resend job of a test run: resend what is still owed until nothing is left or nothing moves.

look: what is owed? --> decide: go on, ask now and then, or stop --> pause --> resend --> look ...
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from frontsim.clock import stopwatch

STALLED_ROUNDS = 5
"""Rounds without progress after which the receiver is asked only now and then, or not again."""
_ROUND_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.5
_ABOUT_THE_MOMENT = (408, 409, 423, 425, 429)
"""Answers of the 4xx class that say that a later try may succeed."""

EventAddress = tuple[str, str]
"""A webhook's id and a webhookEventId."""


@dataclass(frozen=True, slots=True)
class Owed:
    """The events that must still be received.

    `is_refused_for_good`: the receiver refused each of them in a way that no further try will change.
    """

    events: frozenset[EventAddress]
    is_refused_for_good: bool = False


class FailedEvents(Protocol):
    """Where a job finds what is owed, and how it resends."""

    def owed(self) -> Owed:
        """What must still be received. Raises CallError."""

    def resend(self, events: Sequence[EventAddress]) -> None:
        """Resend each. Raises CallError."""


@dataclass(slots=True)
class _Progress:
    """What is owed, since when, and for how many rounds that has been the same."""

    owed: Owed
    stalled_rounds: int
    changed_s: float

    @property
    def is_stalled(self) -> bool:
        return self.stalled_rounds >= STALLED_ROUNDS

    def note(self, owed: Owed, at_s: float) -> None:
        if owed.events == self.owed.events:
            self.stalled_rounds += 1
        else:
            self.stalled_rounds, self.changed_s = 0, at_s
        self.owed = owed

    @property
    def pause_s(self) -> float:
        """Longer with each round that brings nothing."""
        return min(_LONGEST_PAUSE_S, _ROUND_PAUSE_S * self.stalled_rounds**2)


def run_resend_job(
    failed: FailedEvents,
    *,
    pause: Callable[[float], None],
    is_late: Callable[[], bool],
    may_wait: Callable[[float], bool],
    rounds: int | None = None,
) -> bool:
    """Resend until nothing is owed, nothing moves, or the rounds or the time are over.

    A receiver that refuses everything may be overloaded or starting. Unless it says that the requests themselves are
    at fault, the job asks it now and then before it gives up.

    Args:
        failed: what is owed, and how to resend it.
        pause: waits so many seconds.
        is_late: whether the time is over.
        may_wait: whether to ask a receiver again that has taken nothing for so many seconds.
        rounds: at most so many; a job that asks now and then is not bound by it.

    Returns:
        Whether the time was over before the job was done or had given up.

    Raises:
        CallError: as `failed`.
    """
    progress = _Progress(Owed(frozenset()), -1, stopwatch())
    made = 0
    while True:
        progress.note(failed.owed(), stopwatch())
        if not progress.owed.events:
            return False
        if progress.is_stalled and not _is_asked_again(progress, may_wait):
            return False
        if is_late():
            return True
        if rounds is not None and made >= rounds and not progress.is_stalled:
            return False
        pause(progress.pause_s)
        failed.resend(sorted(progress.owed.events))
        made += 1


def is_refused_for_good(status_codes: Collection[int | None]) -> bool:
    """Whether every answer says that the request is at fault: a 4xx, but for those that speak of the moment."""
    return all(code is not None and code < 500 and code not in _ABOUT_THE_MOMENT for code in status_codes)


def _is_asked_again(progress: _Progress, may_wait: Callable[[float], bool]) -> bool:
    return not progress.owed.is_refused_for_good and may_wait(stopwatch() - progress.changed_s)
