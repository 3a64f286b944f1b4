"""Which scenarios run side by side, with how many events, and when to stop.

first (alone) -> batch, side by side -> one that must be alone -> batch, side by side ...
                     one that waits for the end: begins here ............................. and ends here

The first is alone because it shows how fast the receiver is. Results come in the scenarios' order; in a batch the
longest begin first. When the caller
stops asking, such as at Ctrl-C, no other scenario begins, and those that are played end at their next pause.

A scenario keeps its steps and types, and at least two events where it has several; a note in its report says with how
many it was played. What the receiver takes is counted while a delivery is under way, not while nothing is sent.
"""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

from frontsim.clock import stopwatch
from frontsim.threads import Pending
from frontsim.verdicts import Verdict
from frontsim.verification import patience
from frontsim.verification.effects.history import History
from frontsim.verification.patience import DELIVERIES_S
from frontsim.verification.play.harness import RestOfRun
from frontsim.verification.play.preflight import ACKNOWLEDGED, ANSWERS, SEEN, SEEN_ONCE
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Clear, InjectFault, Raise, Resend, WaitForEnd

JOBS, JOBS_THAT_WAIT = 4, 16
"""Scenarios that are played side by side, unless the user says otherwise."""
T = TypeVar("T")
Co = TypeVar("Co", covariant=True)


class Stopped(Exception):
    """The caller wants no further scenario."""


class PlayOne(Protocol[Co]):
    """Plays one scenario; `is_alone` says that no other is played beside it, `rest` are the others of the run."""

    def __call__(self, scenario: Scenario, /, *, is_alone: bool, rest: RestOfRun) -> Co:
        """Plays a scenario, and returns the result. Raises Stopped when nothing more is asked for."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many scenarios are played side by side, and until when.

    Attributes:
        jobs: at most so many at once.
        jobs_that_wait: at most so many where the receiver answers fast and books late: they mostly wait.
        budget_s: after so many seconds of the run none begins any more.
    """

    jobs: int = 1
    jobs_that_wait: int = 1
    budget_s: float = math.inf


def usual_pace(*, one_at_a_time: bool, jobs: int | None = None, budget_s: float = math.inf) -> Pace:
    """The pace of a run whose user asks for `jobs`, or for nothing; a receiver that is killed takes `one_at_a_time`."""
    asked = 1 if one_at_a_time else jobs
    return Pace(asked or JOBS, asked or JOBS_THAT_WAIT, budget_s)


class Schedule:
    """Plays scenarios at a pace.

    Args:
        scenarios: in their order.
        pace: the pace.
        began_s: when the run began, by the stopwatch; now, if it is None.
        knows_receiver: an earlier schedule has shown how fast it is, so that the first need not be alone.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario],
        pace: Pace,
        *,
        began_s: float | None = None,
        knows_receiver: bool = False,
    ) -> None:
        self._scenarios = scenarios
        self._alone = 0 if knows_receiver else 1
        self._pace = pace
        self._began_s = stopwatch() if began_s is None else began_s
        self._stopped = Event()

    def is_over(self, *, reserve_s: float = 0.0) -> bool:
        """The budget is used up, apart from what the last look takes."""
        return stopwatch() - self._began_s + reserve_s >= self._pace.budget_s

    def pause(self, wait: Callable[[float], None]) -> Callable[[float], None]:
        """The same wait, which raises Stopped when nothing more is asked for."""

        def pause(seconds: float) -> None:
            if self._stopped.is_set():
                raise Stopped
            wait(seconds)

        return pause

    def play(self, one: PlayOne[T], *, jobs: Callable[[], int]) -> Generator[T, None, None]:
        """Play all; the results in order.

        Args:
            one: plays one.
            jobs: how many to play at once; asked when the first has been played.
        """
        first, rest = self._scenarios[: self._alone], self._scenarios[self._alone :]
        yield from (one(each, is_alone=True, rest=RestOfRun()) for each in first)
        waiting = [each for each in rest if each.waits_for_the_end]
        others = [each for each in rest if not each.waits_for_the_end]
        if not waiting or not others:
            yield from self._play_rest(rest, one, jobs())
            return
        over = Event()
        with self._kept_waiting(waiting, one, over) as ends:
            yield from self._play_rest(others, _CountedDown(one, len(others), over), jobs())
        yield from (end.result() for end in ends)

    @contextmanager
    def _kept_waiting(self, waiting: Sequence[Scenario], one: PlayOne[T], over: Event) -> Iterator[list[Pending[T]]]:
        """Begin those scenarios, and let them end when the others are `over`, which begin in the block.

        The block begins when they have sent their events.
        """
        rests = [RestOfRun(is_over=over) for _ in waiting]
        pool = ThreadPoolExecutor(len(waiting), thread_name_prefix="waiting-scenario")
        ends = [
            Pending(pool, partial(one, each, is_alone=False, rest=rest))
            for each, rest in zip(waiting, rests, strict=True)
        ]
        try:
            for end, rest in zip(ends, rests, strict=True):
                while not end.is_done and not rest.is_awaited.wait(patience.LOOK_S):
                    pass
            yield ends
        except BaseException:
            self._stopped.set()
            raise
        finally:
            over.set()
            pool.shutdown(wait=False)

    def _play_rest(self, rest: Sequence[Scenario], one: PlayOne[T], at_once: int) -> Iterator[T]:
        takes_its_risk = at_once > self._pace.jobs  # what waits long is played together
        alone = _breaks_the_receiver if takes_its_risk else _breaks_anything
        for must_be_alone, batch in groupby(rest, alone):
            if must_be_alone or at_once == 1:
                yield from (one(each, is_alone=True, rest=RestOfRun()) for each in batch)
            else:
                yield from self._side_by_side(list(batch), one, at_once)

    def _side_by_side(self, batch: Sequence[Scenario], one: PlayOne[T], jobs: int) -> Iterator[T]:
        with ThreadPoolExecutor(jobs, thread_name_prefix="scenario") as pool:
            playing = {
                place: Pending(pool, partial(one, batch[place], is_alone=False, rest=RestOfRun()))
                for place in self._begun(batch)
            }
            try:
                for place in range(len(batch)):
                    yield playing[place].result()
            finally:
                if not all(each.is_done for each in playing.values()):
                    self._stopped.set()
                    pool.shutdown(wait=False, cancel_futures=True)

    def _begun(self, batch: Sequence[Scenario]) -> Sequence[int]:
        """The places of the scenarios in the order in which they begin: the long ones first, so that none ends alone.

        Where the budget may end before all have begun, they begin in their own order.
        """
        places = range(len(batch))
        if self.is_over(reserve_s=patience.AMPLE_S):
            return places
        return sorted(places, key=lambda place: not batch[place].takes_long)


class _CountedDown(Generic[T]):
    """Plays each of so many scenarios, and says when the last is over: its result may be taken up much later."""

    def __init__(self, one: PlayOne[T], number: int, over: Event) -> None:
        self._one = one
        self._left = number
        self._over = over
        self._lock = Lock()

    def __call__(self, scenario: Scenario, /, *, is_alone: bool, rest: RestOfRun) -> T:
        found = self._one(scenario, is_alone=is_alone, rest=rest)
        with self._lock:
            self._left -= 1
        if not self._left:
            self._over.set()
        return found


def _breaks_the_receiver(scenario: Scenario) -> bool:
    """Other scenarios must not meet it: the receiver is killed, or its dependency is broken."""
    return bool(scenario.needs)


def _breaks_anything(scenario: Scenario) -> bool:
    """The receiver is killed, or may break at what is sent: others beside it would find it gone."""
    return _breaks_the_receiver(scenario) or scenario.checks_broken_bodies


_FEWEST = 2
_BEFORE, _AFTER = 3, 1
"""Clean events that are sent before a scenario's own and after them."""
_COPIES = 1  # the simulator's own number of copies, where a fault does not say

NumberOfTypes = Callable[[str | Sequence[str]], int]
"""How many of the run's types `all`, `some`, `one` or a list stands for."""


@dataclass(frozen=True, slots=True)
class Volume:
    """A scenario at a volume.

    Attributes:
        scenario: with the counts that fit.
        note: of how many events it was played with, "" for all.
        expected_s: how long its deliveries take at the receiver's rate, about.
        end_s: how long those take that it makes after it has waited for the end of the run.
    """

    scenario: Scenario
    note: str = ""
    expected_s: float = 0.0
    end_s: float = 0.0


def deliveries_per_s(history: History, *, counts_pauses: bool = False) -> float:
    """How many deliveries the receiver acknowledges a second, while any is under way; 0 where that is not known.

    `counts_pauses`: from the first delivery to the last, because the receiver limits how many come.
    """
    runs = [run for event in history.events for run in event.runs if run.acknowledged]
    busy_ms, until_ms = 0, 0
    for begin, end in sorted((run.at_ms, run.at_ms + run.duration_ms) for run in runs):
        busy_ms += max(0, end - (until_ms or begin if counts_pauses else max(begin, until_ms)))
        until_ms = max(until_ms, end)
    return 1000 * len(runs) / busy_ms if busy_ms else 0.0


def fitted(scenario: Scenario, *, per_s: float, number_of: NumberOfTypes, pasts_of: NumberOfTypes) -> Volume:
    """The scenario with as many events as the receiver takes in `DELIVERIES_S`.

    `pasts_of`: of how many of these types the receiver hears first by another event.
    """
    events, deliveries = _size(scenario, number_of)
    part = min(1.0, per_s * DELIVERIES_S / deliveries) if deliveries else 1.0
    steps = tuple(
        replace(step, count=max(min(step.count, _FEWEST), int(step.count * part)))
        if isinstance(step, Raise) and part < 1
        else step
        for step in scenario.steps
    )
    fewer = replace(scenario, steps=steps)
    left, _ = _size(fewer, number_of)
    note = f"played with {left} of {events} events, because the receiver takes about {per_s:.2g} deliveries a second"
    before, after = _deliveries(fewer, number_of, pasts_of)
    is_all = left == events
    return Volume(
        scenario if is_all else fewer, "" if is_all else note, expected_s=(before + after) / per_s, end_s=after / per_s
    )


def _deliveries(scenario: Scenario, number_of: NumberOfTypes, pasts_of: NumberOfTypes) -> tuple[float, float]:
    """How many deliveries it makes, about: those before it waits for the end of the run, and those after that.

    Each event that a fault may have broken is sent again by the list -> resend job.
    """
    _, made = _size(scenario, number_of)
    raises = [step for step in scenario.steps if isinstance(step, Raise)]
    own = sum(step.count * number_of(step.events) for step in raises) * scenario.webhooks
    pasts = sum(step.count * pasts_of(step.events) for step in raises) * scenario.webhooks
    again = own if any(isinstance(step, InjectFault) for step in scenario.steps) else 0
    resends = [step for step in scenario.steps if isinstance(step, Resend)]
    resent = sum(step.times for step in resends) * (
        own if any(step.label for step in resends) else _BEFORE + pasts + own
    )
    before = _BEFORE + pasts + made + again
    if any(isinstance(step, WaitForEnd) for step in scenario.steps):
        return before, resent + _AFTER
    return before + resent + _AFTER, 0


def _size(scenario: Scenario, number_of: NumberOfTypes) -> tuple[int, float]:
    """How many events its steps raise, and how many deliveries these make at first: a fault may send copies."""
    events, deliveries, copies = 0, 0.0, 0.0
    for step in scenario.steps:
        if isinstance(step, Clear):
            copies = 0.0
        elif isinstance(step, InjectFault) and step.fault == "duplicate":
            copies += step.probability * step.params.get("copies", _COPIES)
        elif isinstance(step, Raise):
            raised = step.count * number_of(step.events) * scenario.webhooks
            events += raised
            deliveries += raised * (1 + copies)
    return events, deliveries


_NEVER_SETTLED = "never settled"
_BLINDNESS = {
    ANSWERS: "the observer did not answer",
    SEEN: "the observer did not show a clean event",
    SEEN_ONCE: "the observer showed a clean event more than once",
    _NEVER_SETTLED: "the effects did not come to rest",
}
"""The reasons why effects are not judged, in words."""


def blindness(history: History, verdict: Verdict) -> str:
    """Returns why a scenario's effects were not judged: a key of `_BLINDNESS`; "" when they were."""
    if verdict is not Verdict.UNKNOWN:
        return ""
    failed = [check.name for check in history.preflight if check.failure and check.name != ACKNOWLEDGED]
    if failed:
        return failed[0]
    if history.observer_failure:
        return ANSWERS
    return _NEVER_SETTLED if not history.settled else ""


def reason_to_stop(history: History, *, blind: str, blind_before: str | None, can_restart: bool) -> str:
    """Why the scenarios after this one are not played; "" when they are.

    Args:
        history: of the scenario that was played last.
        blind: its `blindness`.
        blind_before: that of the scenario played before it; None for the first.
        can_restart: the receiver is our process, so a dead one can be started again.
    """
    if not can_restart and (reason := _receiver_is_gone(history)):
        return reason
    is_blind_twice = blind and blind == blind_before
    is_blind_from_the_start = blind == SEEN and blind_before is None
    if is_blind_twice or is_blind_from_the_start:
        return f"{_BLINDNESS[blind]} in {history.scenario}"
    return ""


def _receiver_is_gone(history: History) -> str:
    if any(check.unanswered for check in history.preflight):
        return f"the receiver gave no answer to a clean event in {history.scenario}"
    if history.liveness is not None and history.liveness.failure:
        return f"the receiver stopped answering in {history.scenario}, and there is no --receiver-cmd to start it again"
    return ""
