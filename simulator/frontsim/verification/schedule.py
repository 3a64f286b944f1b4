"""Which scenarios run side by side, and until when.

    first (alone) -> batch, side by side -> one that must be alone -> batch, side by side ...
                     one that waits for the end: begins here ............................. and ends here

The first is alone because it shows how fast the receiver is. Results come in the scenarios' order; in a batch the
longest begin first. When the caller
stops asking, such as at Ctrl-C, no other scenario begins, and those that are played end at their next pause.
"""

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from threading import Event, Lock
from typing import Generic, Protocol, TypeVar

from frontsim.clock import stopwatch
from frontsim.pending import Pending
from frontsim.verification.play.rest_of_run import RestOfRun
from frontsim.verification.scenario.scenario import Scenario

JOBS, JOBS_THAT_WAIT = 4, 16
"""Scenarios that are played side by side, unless the user says otherwise."""
_LOOK_S = 0.02
_AMPLE_S = 60.0
"""Scenarios side by side are far from taking so long. With as much left of the budget, none of them is left out."""
T = TypeVar("T")
Co = TypeVar("Co", covariant=True)


class Stopped(Exception):
    """The caller wants no further scenario."""


class PlayOne(Protocol[Co]):
    """Plays one scenario; `is_alone` says that no other is played beside it, `rest` are the others of the run."""

    def __call__(self, scenario: Scenario, /, *, is_alone: bool, rest: RestOfRun) -> Co:
        """What came of it. Raises Stopped when nothing more is asked for."""


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
    """

    def __init__(self, scenarios: Sequence[Scenario], pace: Pace, *, began_s: float | None = None) -> None:
        self._scenarios = scenarios
        self._pace = pace
        self._began_s = stopwatch() if began_s is None else began_s
        self._stopped = Event()

    def is_over(self, *, reserve_s: float = 0.0) -> bool:
        """Whether the budget is used up, apart from what the last look takes."""
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
        first, rest = self._scenarios[:1], self._scenarios[1:]
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
                while not end.is_done and not rest.is_awaited.wait(_LOOK_S):
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
        if self.is_over(reserve_s=_AMPLE_S):
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
