"""The list -> resend job for one webhook, and the rounds that every such job has.

look: what is due? --> decide: resend, or end --> pause --> resend --> look ...

`client.reconcile` runs it against the real API, a scenario and a load test against a simulator. They differ in how they
look and resend (`FailedEvents`) and in when they end (`JobLimits`).

list success=false -> resend each once, oldest first -> list again -> ... until nothing is left, or a round
    changes nothing

`client.resend_job` makes the rounds; how to look and resend at an API whose calls may fail stands here.
The vendor never resends by itself (published), so this job is half of every integration. It is safe against
the real API:

- It resends only what the log lists as failed, and each event at most once in a round; rounds are bounded.
- A resend whose answer was lost may have been made. The job does not repeat it blindly: it reads the event
  until the counter of runs shows a new run, or has not moved for longer than a receiver may take. An event
  that cannot be read is not resent again, and counts as still failing.
- After a 429 the job waits as `Retry-After` asks, all its threads together. Refused keys, an API that is not there,
  or one that makes none of the resends ends the job; the counts so far stay.

A receiver that is not idempotent books an event twice when it received the first run but its answer was lost.
This job cannot see that: it is why receivers must be idempotent.
"""

import threading
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import repeat
from typing import Generic, Protocol, TypeVar

from frontsim.client.errors import (
    READ_DELAYS_S,
    Ambiguous,
    ApiError,
    CallError,
    RetryPolicy,
    Say,
    Sleep,
    UnexpectedAnswer,
    Unreachable,
    is_rate_limit,
)
from frontsim.client.http import FrontSystems, When
from frontsim.client.models import EventEntry
from frontsim.clock import stopwatch
from frontsim.threads import for_each
from frontsim.wording import times

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
    """The job resends these events in the next round, in this order.

    `mark` stands for all that a round can change: a round after which it is the same has changed nothing.
    `is_refused_for_good`: the receiver refused each of the events in a way that no further try will change.
    `wait_s`: the receiver asks for so many seconds before the round.
    """

    events: Sequence[E]
    mark: Hashable
    is_refused_for_good: bool = False
    wait_s: float = 0.0


class FailedEvents(Protocol[E]):
    """Where a job finds what is due, and how it resends."""

    def due(self) -> Due[E]:
        """Lists the events that must still be received. Raises CallError."""

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
        limits.pause(max(progress.pause_s, due.wait_s))
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
    """A refusal is for good if every answer blames the request: a 4xx, except those that may differ a moment later."""
    return all(code is not None and code < 500 and code not in _ABOUT_THE_MOMENT for code in status_codes)


MAX_ROUNDS = 10
"""Rounds of one job: an event that always fails is resent no more often than this."""

# 31.7 s in all, because a receiver has 30 s to answer (open at the vendor). The first looks come soon: where the
# connection was reset, most resends have ended long ago.
_LOOK_DELAYS_S = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_AFTER_ERROR_S = (1.0,)  # an API that answers with its own error has ended its work
_KEYS_REFUSED = (401, 403)
_MOST_RATE_LIMITS = 10  # for one resend
_SAY_EVERY = 100  # resends
_MOST_UNMADE = 3  # resends of one event that were certainly not made
_MOST_FAILED_CALLS = 10  # resends in a row that were not made, or may not have been

Progress = Callable[[int, int], None]
"""Called with how many of how many resends of a round are done."""


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """The job's outcome for one webhook.

    `listed` counts the events that were ever listed as failed, `resent` the resends that were or may have been
    made, and `recovered` the listed events that no longer fail; `left` are those that still do, oldest first. Of
    those, `spent` have used up their attempts: the job does not resend them any more. `stopped` is the error that
    ended the job early: `left` then has every event that is not known to have recovered.
    """

    webhook_id: str
    listed: int
    resent: int
    recovered: int
    left: tuple[EventEntry, ...]
    stopped: CallError | None = None
    spent: frozenset[str] = frozenset()

    @property
    def ends_everything(self) -> bool:
        """The same error would end the job of every other webhook: keys refused, quota used up, or no API there."""
        error = self.stopped
        if isinstance(error, ApiError):
            return error.status in _KEYS_REFUSED or is_rate_limit(error)
        return isinstance(error, Unreachable)


def reconcile(
    api: FrontSystems,
    webhook_id: str,
    *,
    from_: When,
    to: When,
    sleep: Sleep,
    say: Say = lambda _: None,
    dry_run: bool = False,
    max_rounds: int = MAX_ROUNDS,
    max_attempts: int | None = None,
    concurrency: int = 1,
    progress: Progress | None = None,
) -> ReconcileResult:
    """Run the job for one webhook. It raises no CallError: the result has the one that ended the job early.

    Args:
        api: the vendor's API, real or mock.
        webhook_id: whose events.
        from_: events created since then, as the API's list takes it.
        to: events created before.
        sleep: waits so many seconds.
        say: shows the user, in a sentence, how far the job is.
        dry_run: list, and resend nothing.
        max_rounds: the job ends after so many rounds, even when events are left.
        max_attempts: an event that was resent so often, by any start of the job, is not resent again.
        concurrency: resends that are under way at the same time. 1 keeps the events in their order.
        progress: shows the user how many of a round's resends are done; without it `say` tells every hundredth.
    """
    job = _Job(api, webhook_id, from_, to, RetryPolicy(sleep, say), max_attempts, concurrency, progress)
    try:
        run_resend_job(job, JobLimits(rounds=0 if dry_run else max_rounds, stalled_rounds=1))
    except CallError as error:
        return job.result(stopped=error)
    return job.result()


@dataclass
class _Job:
    """One webhook's job in progress; its counts are right at any moment. Its threads change them under the lock."""

    api: FrontSystems
    webhook_id: str
    from_: When
    to: When
    retry: RetryPolicy
    max_attempts: int | None
    concurrency: int
    progress: Progress | None
    lock: threading.RLock = field(default_factory=threading.RLock)
    failed: dict[str, EventEntry] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    recovered: set[str] = field(default_factory=set)  # since the last list
    given_up: set[str] = field(default_factory=set)
    spent: set[str] = field(default_factory=set)  # events with all their attempts used up
    unmade: dict[str, int] = field(default_factory=dict)  # how many of its resends were certainly not made, by event
    to_repeat: int = 0  # resends that were certainly not made, and that a later round may make
    failed_calls: int = 0  # in a row
    rounds: int = 0
    resent: int = 0

    def result(self, *, stopped: CallError | None = None) -> ReconcileResult:
        left = tuple(entry for key, entry in self.failed.items() if key not in self.recovered)
        recovered = len(self.listed) - len(left)
        spent = frozenset(self.spent & self.failed.keys())
        return ReconcileResult(self.webhook_id, len(self.listed), self.resent, recovered, left, stopped, spent)

    def due(self) -> Due[EventEntry]:
        """Read the list again: only the list says what failed. An event that is listed twice is one event."""
        entries = self.retry.read(
            lambda: self.api.list_events(self.webhook_id, from_=self.from_, to=self.to, success=False)
        )
        # An API that ignores `success` also lists what was received, or what no run has ended of: do not resend that.
        failing = (entry for entry in entries if entry.success is False and entry.runs_counter != 0)
        failed = sorted(failing, key=lambda entry: entry.created or "")
        self.failed = {entry.webhook_event_id: entry for entry in failed}
        self.listed |= self.failed.keys()
        self.recovered.clear()
        for entry in failed:
            # give up an event that has been resent as often as it may be; its first run was not a resend
            resends = (entry.runs_counter or 1) - 1
            if self.max_attempts is not None and resends >= self.max_attempts:
                self.spent.add(entry.webhook_event_id)
                if entry.webhook_event_id not in self.given_up:
                    self._give_up(entry, f"it was resent {times(resends)}")
        due = [entry for key, entry in self.failed.items() if key not in self.given_up]
        return Due(due, (frozenset(self.failed), self.to_repeat))

    def resend(self, events: Sequence[EventEntry]) -> None:
        """Resend each once; the first error that ends the job ends all."""
        self.rounds += 1
        self.retry.say(f"webhook {self.webhook_id}: round {self.rounds}, {len(events)} to resend")
        for_each(events, self._resend, at_once=self.concurrency, tell=lambda begun: self._tell(begun, len(events)))
        self._tell(len(events), len(events))

    def _tell(self, done: int, of: int) -> None:
        if self.progress is not None:
            self.progress(done, of)
        elif 0 < done < of and done % _SAY_EVERY == 0:
            self.retry.say(f"webhook {self.webhook_id}: {done} of {of}")

    def _resend(self, entry: EventEntry) -> None:
        """Resend one event, once; the next list shows whether the receiver took it."""
        try:
            after = self._deliver(entry.webhook_event_id)
        except UnexpectedAnswer:
            self._made(entry, success=False)  # made, but we cannot read the answer
        except Ambiguous as error:
            self._look_for_run(entry, error, _LOOK_DELAYS_S)
        except ApiError as error:
            self._refused(entry, error)
        else:
            if after.runs_counter is None or _has_new_run(after, since=entry):
                self._made(entry, success=after.success is True)
            else:  # the API answers before it makes the run (open at the vendor)
                early = UnexpectedAnswer("the answer to a resend", expected="an entry with a new run", got=after.raw)
                self._look_for_run(entry, early, _LOOK_DELAYS_S)

    def _deliver(self, webhook_event_id: str) -> EventEntry:
        """The call itself, repeated only after errors that prove that the resend was not made."""
        return self.retry.repeat(
            lambda: self.retry.repeat(
                lambda: self.api.deliver(self.webhook_id, webhook_event_id),
                when=lambda error: isinstance(error, Unreachable),
                delays_s=READ_DELAYS_S,
            ),
            when=is_rate_limit,
            delays_s=repeat(1.0, _MOST_RATE_LIMITS),
        )

    def _refused(self, entry: EventEntry, error: ApiError) -> None:
        """The API answered, but not with a 2xx: after a 4xx the resend was not made, after a 5xx it may have been."""
        if error.status in _KEYS_REFUSED or is_rate_limit(error):
            raise error
        if error.status < 500:
            self._give_up(entry, str(error))
            return
        if error.retry_after_s is not None:
            self.retry.wait(error)
        self._look_for_run(entry, error, _LOOK_DELAYS_S if error.status in (502, 504) else _AFTER_ERROR_S)

    def _look_for_run(self, entry: EventEntry, error: CallError, delays_s: Iterable[float]) -> None:
        """Find out whether a resend that got no good answer was made, before it can be made again."""
        self.retry.say(f"event {entry.webhook_event_id}: {error}; checking whether it was done")
        with self.lock:
            self.resent += 1  # it may have been made; taken back when the log shows that it was not
        seen = self._read_until_new_run(entry, delays_s)
        if seen is not None and _has_new_run(seen, since=entry):
            self._note_run(entry, success=seen.success is True)
            return
        if seen is None or seen.runs_counter is None:
            self._give_up(entry, "the log does not show whether its resend was made")
        else:
            self._was_not_made(entry)
        with self.lock:
            self.failed_calls += 1
            if self.failed_calls >= _MOST_FAILED_CALLS:  # the API does nothing that it is asked for
                raise error

    def _read_until_new_run(self, entry: EventEntry, delays_s: Iterable[float]) -> EventEntry | None:
        """The event as the log has it: once it has a new run, or after all delays; None if it could never be read."""
        seen = None
        for delay_s in delays_s:
            self.retry.sleep(delay_s)
            try:
                seen = self.retry.read(lambda: self.api.get_event(self.webhook_id, entry.webhook_event_id))
            except CallError as error:
                if isinstance(error, Unreachable) or (isinstance(error, ApiError) and error.status in _KEYS_REFUSED):
                    raise
                continue
            if _has_new_run(seen, since=entry):
                break
        return seen

    def _made(self, entry: EventEntry, *, success: bool) -> None:
        with self.lock:
            self.resent += 1
            self._note_run(entry, success=success)

    def _note_run(self, entry: EventEntry, *, success: bool) -> None:
        with self.lock:
            self.failed_calls = 0
            if success:
                self.recovered.add(entry.webhook_event_id)

    def _was_not_made(self, entry: EventEntry) -> None:
        """The next round may try again, a few times."""
        key = entry.webhook_event_id
        with self.lock:
            self.resent -= 1
            self.unmade[key] = self.unmade.get(key, 0) + 1
            if self.unmade[key] >= _MOST_UNMADE:
                self._give_up(entry, f"its resend could not be made {_MOST_UNMADE} times")
            else:
                self.to_repeat += 1

    def _give_up(self, entry: EventEntry, reason: str) -> None:
        with self.lock:
            self.given_up.add(entry.webhook_event_id)
        self.retry.say(f"event {entry.webhook_event_id}: not resent again: {reason}")


def _has_new_run(seen: EventEntry, *, since: EventEntry) -> bool:
    """The log shows that the event was sent again, or received; without a counter it cannot tell."""
    return bool(seen.success) or (seen.runs_counter is not None and seen.runs_counter != since.runs_counter)
