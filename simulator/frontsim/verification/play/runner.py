"""Plays one scenario against a simulator over HTTP and records what happened; the judging is the checker's.

    past remembered -> control -> steps -> faults end -> sign of life -> list -> resend -> effects at rest -> log read

Whatever stops it is recorded as trouble: the history is then *unknown*, and nobody is accused. What was played can be
looked at again: effects may turn up later, and an observer may show less than before.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from frontsim.client.errors import CallError
from frontsim.clock import stopwatch
from frontsim.errors import FrontsimError
from frontsim.verification.facts.correlate import is_silent, ours
from frontsim.verification.facts.history import Alive, EventFact, FaultFact, History, Observation
from frontsim.verification.observe.observers import effects
from frontsim.verification.observe.settle import ReceiverLatency, Settled, WaitLimits
from frontsim.verification.play.actions import act, end_faults, reconcile
from frontsim.verification.play.bench import Bench
from frontsim.verification.play.log_facts import read_facts
from frontsim.verification.play.preflight import control, sign_of_life
from frontsim.verification.play.reading import at_rest, remember_past
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import Crash, Raise

logger = logging.getLogger(__name__)

_SMALLEST_PAGE = 10
_NEVER_MS = 1 << 40


@dataclass(frozen=True, slots=True)
class Recording:
    """A scenario that was played: its history, and what is needed to look at its effects again.

    `rest` is what the wait for its effects came to; `seen` is the webhookEventId of the clean event that was seen
    before everything else.
    """

    history: History
    stage: ScenarioState | None = None
    rest: Settled | None = None
    seen: str = ""

    @property
    def change(self) -> str:
        """What had changed last when the effects did not settle."""
        return self.rest.change if self.rest else ""

    @property
    def is_due(self) -> bool:
        """Whether its effects have been unchanged for so long that one more look will do."""
        return self.rest is not None and stopwatch() - self.rest.since >= self._patience.missing_s

    def watched_on(self) -> "Recording":
        """As it is after a last, patient look: everything has its effects, or has gone without for long enough.

        When they cannot be seen any more, `rest` says why, and the history is as it was.
        """
        if self.stage is None or self.stage.bench.observer is None or self.rest is None or self.history.final is None:
            return self
        rest = at_rest(self.stage, self.stage.bench.observer, self.history, patience=self._patience, before=self.rest)
        if rest.failure:
            return replace(self, rest=rest)
        if rest.since != self.rest.since:
            self.stage.bench.pace.note(self.rest.watched_s)  # it took longer than that
        own, before = ours(self.history, rest.effects), self.history.final
        others = set(map(id, before.effects)) - set(map(id, ours(self.history, before.effects)))
        strangers = tuple(effect for effect in before.effects if id(effect) in others)
        at_ms = before.at_ms + round(1000 * (rest.ended - self.rest.ended))
        history = replace(self.history, final=Observation(at_ms, own + strangers), settled=rest.settled)
        return replace(self, history=history, rest=rest)

    @property
    def _patience(self) -> WaitLimits:
        assert self.stage is not None
        lives = self.history.alive is None or not self.history.alive.failure
        return self.stage.bench.last_patience(silent=lives and is_silent(self.history))

    def not_shown_any_more(self, missing: Iterable[str]) -> int:
        """How many effects the observer has shown before and does not show now. Raises ObserverFailed.

        After a kill it is none: what is gone then may well be what the receiver has lost.
        """
        if self.stage is None or self.stage.bench.observer is None or self.history.marks:
            return 0
        gone = self.stage.baseline.gone_from(effects(self.stage.bench.observer, self.history.observer_key))
        return max(gone, int(self.seen in missing))

    def records_of_one_page(self) -> int:
        """How many records the observer shows if that looks like the first page of a longer list, else 0.

        It is a number that people choose for a page, and nothing newer is shown. Raises ObserverFailed.
        """
        if self.stage is None or self.stage.bench.observer is None or not is_silent(self.history):
            return 0
        number = len(self.stage.bench.observer.read())
        return number if re.fullmatch("(?:1|2|25|5)0*", str(number)) and number >= _SMALLEST_PAGE else 0


def skip_reason(scenario: Scenario, bench: Bench) -> str:
    """Why a scenario cannot be played with what was given, "" when it can."""
    if scenario.needs_process_control and bench.process is None:
        return "it kills and restarts the receiver, which needs --receiver-cmd"
    missing = [
        name
        for step in scenario.steps
        if isinstance(step, Raise | Crash)
        for name in bench.selection.missing(step.events)
    ]
    if missing:
        return f"it needs {', '.join(dict.fromkeys(missing))}, which --events leaves out"
    return ""


def play(scenario: Scenario, bench: Bench) -> Recording:
    """Play a scenario to its end; what stops it is in the history's `trouble`."""
    try:
        stage = ScenarioState(scenario, bench, bench.patience, bench.now())
    except CallError as error:
        return Recording(History(scenario.name, trouble=str(error)))
    try:
        return _play(stage)
    except FrontsimError as error:
        return Recording(_history(stage, (), trouble=str(error)))
    finally:
        _clean_up(stage)


def _play(stage: ScenarioState) -> Recording:
    event = _control_type(stage)
    _revive(stage)
    remember_past(stage)
    seen = control(stage, event)
    if any(each.failure for each in stage.controls):
        return Recording(_history(stage, ()))
    _subscribe(stage)
    for step in stage.scenario.steps:
        act(stage, step)
        if stage.is_late():
            return Recording(_history(stage, read_facts(stage), trouble=_late(stage)))
    end_faults(stage)
    alive = sign_of_life(stage, event)
    if not alive.failure:
        reconcile(stage)
    return _observed(stage, read_facts(stage), alive, seen)


def _observed(stage: ScenarioState, events: tuple[EventFact, ...], alive: Alive, seen: str) -> Recording:
    observer = stage.bench.observer
    if observer is None:
        return Recording(_history(stage, events, alive=alive))
    rest = at_rest(stage, observer, _history(stage, events))
    if rest.failure:
        stage.observer_failure = rest.failure
        return Recording(_history(stage, events, alive=alive))
    _note(stage.bench.pace, rest)
    final = Observation(stage.now_ms(), rest.effects)
    history = _history(stage, events, alive=alive, final=final, settled=rest.settled)
    return Recording(history, stage, rest, seen)


def _note(pace: ReceiverLatency, rest: Settled) -> None:
    """Remember for the scenarios to come how long the last effect took, or that they changed without end."""
    if rest.settled:
        pace.note(rest.last_change_s)
    else:
        pace.restless = True


def _history(
    stage: ScenarioState,
    events: tuple[EventFact, ...],
    *,
    alive: Alive | None = None,
    final: Observation | None = None,
    settled: bool = True,
    trouble: str = "",
) -> History:
    observer = stage.bench.observer
    return History(
        scenario=stage.scenario.name,
        events=events,
        observer=observer.name if observer else "",
        observer_key=stage.bench.observer_key,
        checkpoint=stage.checkpoint,
        final=final,
        observer_failure=stage.observer_failure,
        settled=settled,
        controls=tuple(stage.controls),
        alive=alive,
        faults=(*stage.faults, *_open_faults(stage)),
        trouble=trouble,
        marks=tuple(stage.marks),
        unfinished=stage.unfinished,
        duration_s=stage.spent_s,
    )


def _open_faults(stage: ScenarioState) -> list[FaultFact]:
    """Faults that were still on when the scenario was stopped."""
    return [each.ended(_NEVER_MS) for each in stage.active]


def _control_type(stage: ScenarioState) -> str:
    """A type that the scenario is about, so that the receiver is known to take it."""
    for step in stage.scenario.steps:
        if isinstance(step, Raise | Crash):
            return stage.bench.selection.types(step.events)[0]
    return stage.bench.selection.types("some")[0]


def _subscribe(stage: ScenarioState) -> None:
    """Have all webhooks before anything is broken: a fault on the API is for the list -> resend job to cope with."""
    for step in stage.scenario.steps:
        if isinstance(step, Raise | Crash):
            for event in stage.bench.selection.types(step.events):
                stage.subscribe(event)


def _revive(stage: ScenarioState) -> None:
    """Start a receiver of ours that an earlier scenario left dead."""
    process = stage.bench.process
    if process is not None and not process.is_running:
        process.start()


def _late(stage: ScenarioState) -> str:
    return (
        f"expected an end within {stage.bench.limits.timeout_s:g} s (--timeout), got none: "
        "the receiver or the simulator is too slow for this scenario"
    )


def _clean_up(stage: ScenarioState) -> None:
    """Leave neither faults nor webhooks behind; what cannot be removed is gone with the simulator."""
    try:
        for active in stage.active:
            stage.bench.sim.remove_fault(active.id)
        for webhook_id in stage.webhook_ids:
            stage.bench.api.delete_webhook(webhook_id)
    except CallError as error:
        logger.warning("the webhooks or faults of %s may be left behind: %s", stage.scenario.name, error)
