"""Plays schedules, with the parts that a run of verify is made of, and finds out what they can be made of.

    schedules ──▶ FirstPasses ──▶ judged by what is seen at once ──▶ effects are missing? ──▶ last look, later
                 side by side                                          while others are played

An effect that is missing keeps nobody waiting: the search goes on, and the last look is taken when it is due, after the
seconds that the user grants what is late. It is judged then, unless the schedule broke the receiver or what that calls:
a queue tries the job of a dead worker again after a minute, so what is missing then has until the end of the search.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from statistics import median

from frontsim import catalog
from frontsim.explore.drawing import HOLDS
from frontsim.explore.grammar import Update, Vocabulary
from frontsim.verdicts import Contract, Verdict
from frontsim.verification.effects.classes import GOOD, UNSEEN
from frontsim.verification.effects.history import History, Strangers
from frontsim.verification.first_passes import FirstPass, FirstPasses
from frontsim.verification.played import Played, weighed
from frontsim.verification.run import OpenRun, last_looks
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Drain, InjectFault, Raise
from frontsim.verification.schedule import Pace

_HURRIED_S, _HURRIED_QUIET_S = 0.4, 0.2
"""While a schedule is shrunk, an effect is missing that stays away for some 2 s; the last tries wait for longer."""
_SLOW = 10
"""An answer that takes so many times as long as usual is a near miss, if it takes `_SLOW_MS` at least."""
_SLOW_MS = 100
_SERVER_ERROR = 500


class Tries:
    """Plays schedules against the receiver of an open run.

    Args:
        opened: the run.
        contract: the clauses to judge by.
        pace: how many schedules are played side by side.
    """

    def __init__(self, opened: OpenRun, contract: Contract, pace: Pace) -> None:
        self._opened = opened
        self._contract = contract
        self._pace = pace
        self._passes = FirstPasses(opened.given, opened.harness, contract, pace, None)
        self._waiting: list[FirstPass] = []

    def play(self, schedules: Sequence[Scenario]) -> Iterator[Played]:
        """Play these, and give those that are judged by now, of these and of earlier ones.

        Those that break bodies come late and those that kill the receiver last: nothing is played beside them.
        """
        late = sorted(schedules, key=lambda each: (bool(each.needs), each.checks_broken_bodies))
        for each in self._passes.play(late, ends_run=False):
            if not each.is_open:
                yield weighed(each.played)
            else:
                self._waiting.append(each)
        due = [each for each in self._waiting if each.is_due]
        shaken = [each for each in due if _may_try_again(each.played.scenario)]
        self._waiting = [each for each in self._waiting if not any(each is one for one in due)]
        yield from self._judged([each for each in due if not any(each is one for one in shaken)])
        yield from self._judged(shaken, is_end=False)
        self._waiting += shaken

    def rest(self) -> Iterator[Played]:
        """Those that were not judged yet. A clean event is sent first: a worker that books it has passed over them."""
        if self._waiting:
            clean = Scenario("clean event", "Nothing breaks.", HOLDS, (Raise("one"), Drain()))
            list(self._passes.play([clean], ends_run=False))
        waiting, self._waiting = self._waiting, []
        yield from self._judged(waiting)

    @property
    def has_suspect(self) -> bool:
        """An effect was missing for long; only the end of the search tells whether it stays away."""
        return any(each.lacks_something for each in self._waiting)

    def _judged(self, waiting: list[FirstPass], *, is_end: bool = True) -> Iterator[Played]:
        """Those of which no later look is owed; they leave the list."""
        yield from (weighed(each.played) for each in last_looks(waiting, len(waiting), self._contract, is_end=is_end))

    def strangers(self) -> Strangers | None:
        """The effects of the run that are of no event; nothing is sent any more."""
        return self._passes.strangers()

    def together(self, schedules: Sequence[Scenario], *, in_a_hurry: bool) -> list[Played]:
        """Play these and judge them all; `in_a_hurry` does not wait long for what is missing."""
        opened = self._opened
        if in_a_hurry:
            limits = opened.given.request.limits
            hurried = replace(
                limits, last_s=min(limits.last_s, _HURRIED_S), settle_s=min(limits.settle_s, _HURRIED_QUIET_S)
            )
            given = replace(opened.given, request=replace(opened.given.request, limits=hurried))
            opened = OpenRun(given, opened.seed, opened.simulators, opened.pause)
        tries = Tries(opened, self._contract, self._pace)
        return [*tries.play(schedules), *tries.rest()]


def _may_try_again(schedule: Scenario) -> bool:
    """It breaks the receiver or what that calls."""
    return bool(schedule.needs) or any(isinstance(step, InjectFault) and step.on_api for step in schedule.steps)


def first_schedule(opened: OpenRun, *, seed: int) -> Scenario:
    """A schedule without a fault, which shows what types the receiver books."""
    selection = opened.given.selection
    taken = opened.probed.taken if opened.probed else selection.types("all")
    updates = [each for each in taken if selection.past(each) and not selection.happens_once(each)]
    common = [each for each in selection.types("some") if each in taken]
    raises = (Raise([each]) for each in dict.fromkeys([*common, *updates[:2], *taken]))
    return Scenario(f"found-{seed}-0", "Nothing breaks.", HOLDS, (*raises, Drain()))


def vocabulary_of(opened: OpenRun, first: Played) -> Vocabulary:
    """Return the types of which the receiver has booked a clean event, common ones first: schedules use no others."""
    good = {each.event for each in first.history.events if first.judgement.classes.get(each.webhook_event_id) in GOOD}
    named = (step.events[0] for step in first.scenario.steps if isinstance(step, Raise))
    types = tuple(each for each in named if each in good)
    return Vocabulary(
        types,
        {event: update for event, update in _updates(opened).items() if event in types},
        once=frozenset(filter(opened.given.selection.happens_once, types)),
        kills=opened.given.process is not None,
        dependencies=opened.given.dependencies.names if opened.given.dependencies else (),
    )


def _updates(opened: OpenRun) -> Mapping[str, Update]:
    """The types that report states of something that has a past, by the catalogue."""
    contracts = opened.given.request.contracts
    found = catalog.load(*[contracts] if contracts else [])
    return {
        kind.name: Update(tuple(kind.keep), kind.version[0])
        for kind in found
        if kind.past and kind.version and kind.identity in kind.keep and not kind.is_replaced
    }


def why_not_tried(played: Played) -> str:
    """Why a schedule proves nothing, "" when it does: it has no verdict, or a fault had nothing to break.

    That effects do not show which of two states counts leaves the rest of a schedule proven.
    """
    if played.judgement.findings:
        return ""
    if played.judgement.verdict is not Verdict.VERIFIED and played.judgement.reason != UNSEEN:
        return played.judgement.reason
    idle = next((fault.fault for fault in played.history.faults if fault.hits == 0), "")
    return f"{idle} broke nothing" if idle else ""


def is_near_miss(history: History) -> bool:
    """The receiver failed by itself for a moment, or was slow: more of the same may break it."""
    runs = [run for event in history.events for run in event.runs if not run.faulted]
    usual_ms = median([run.duration_ms for run in runs]) if runs else 0
    return any(
        (run.status_code is not None and run.status_code >= _SERVER_ERROR)
        or run.duration_ms > max(_SLOW_MS, _SLOW * usual_ms)
        for run in runs
    )
