"""The list -> resend job: the rounds that every one of them has, whatever it resends and however it does so.

    look: what is due? --> decide: resend, or end --> pause --> resend --> look ...

`client.reconcile` runs it against the real API, a scenario and a load test against a simulator. They differ in how they
look and resend (`FailedEvents`) and in when they end (`JobLimits`).
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from frontsim.clock import stopwatch

STALLED_ROUNDS = 5
"""Rounds that change nothing after which a receiver that may be starting is asked only now and then, or not again."""
_ROUND_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.5
_ABOUT_THE_MOMENT = (408, 409, 423, 425, 429)
"""Answers of the 4xx class that say that a later try may succeed."""

EventAddress = tuple[str, str]
"""A webhook's id and a webhookEventId."""

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Due(Generic[E]):
    """What the job resends in the next round, in this order.

    `mark` stands for all that a round can change: a round after which it is the same has changed nothing.
    `is_refused_for_good`: the receiver refused each of the events in a way that no further try will change.
    """

    events: Sequence[E]
    mark: Hashable
    is_refused_for_good: bool = False


class FailedEvents(Protocol[E]):
    """Where a job finds what is due, and how it resends."""

    def due(self) -> Due[E]:
        """What must still be received. Raises CallError."""

    def resend(self, events: Sequence[E]) -> None:
        """Resend each once. Raises CallError."""


@dataclass(frozen=True, slots=True)
class JobLimits:
    """When a job ends, besides the moment when nothing is due.

    Attributes:
        rounds: at most so many; a job that asks now and then is not bound by it.
        stalled_rounds: after so many rounds in a row that changed nothing the job ends, unless `may_wait`.
        is_late: whether the time is over.
        may_wait: whether to ask a receiver again that has taken nothing for so many seconds.
        pause: waits so many seconds before a round; the more rounds have changed nothing, the longer.
    """

    rounds: int | None = None
    stalled_rounds: int = STALLED_ROUNDS
    is_late: Callable[[], bool] = lambda: False
    may_wait: Callable[[float], bool] = lambda _: False
    pause: Callable[[float], None] = lambda _: None


class _Next(Enum):
    RESEND = auto()
    END = auto()
    OUT_OF_TIME = auto()


@dataclass(slots=True)
class _Progress:
    """How many rounds were made, and since when and for how many of them nothing has changed."""

    changed_s: float
    rounds: int = -1
    stalled_rounds: int = -1
    mark: Hashable = None

    def note(self, mark: Hashable, at_s: float) -> None:
        self.rounds += 1
        if self.rounds and mark == self.mark:
            self.stalled_rounds += 1
        else:
            self.stalled_rounds, self.changed_s = 0, at_s
        self.mark = mark

    @property
    def pause_s(self) -> float:
        """Longer with each round that changes nothing."""
        return min(_LONGEST_PAUSE_S, _ROUND_PAUSE_S * self.stalled_rounds**2)


def run_resend_job(failed: FailedEvents[E], limits: JobLimits) -> bool:
    """Resend until nothing is due, nothing moves, or the rounds or the time are over.

    A receiver that refuses everything may be overloaded or starting. Unless it says that the requests themselves are
    at fault, the job asks it now and then before it gives up, as `limits` allow.

    Returns:
        Whether the time was over before the job was done or had given up.

    Raises:
        CallError: as `failed`.
    """
    progress = _Progress(stopwatch())
    while True:
        due, now_s = failed.due(), stopwatch()
        progress.note(due.mark, now_s)
        step = _decide(due, progress, limits, now_s)
        if step is not _Next.RESEND:
            return step is _Next.OUT_OF_TIME
        limits.pause(progress.pause_s)
        failed.resend(due.events)


def _decide(due: Due[E], progress: _Progress, limits: JobLimits, now_s: float) -> _Next:
    if not due.events:
        return _Next.END
    is_stalled = progress.stalled_rounds >= limits.stalled_rounds
    if is_stalled and (due.is_refused_for_good or not limits.may_wait(now_s - progress.changed_s)):
        return _Next.END
    if limits.is_late():
        return _Next.OUT_OF_TIME
    is_out_of_rounds = limits.rounds is not None and progress.rounds >= limits.rounds
    return _Next.END if is_out_of_rounds and not is_stalled else _Next.RESEND


def is_refused_for_good(status_codes: Collection[int | None]) -> bool:
    """Whether every answer says that the request is at fault: a 4xx, except those that may differ a moment later."""
    return all(code is not None and code < 500 and code not in _ABOUT_THE_MOMENT for code in status_codes)
