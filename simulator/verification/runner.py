"""Plays one scenario against a simulator over HTTP and records what happened; the judging is the checker's.

    past remembered -> control -> steps -> faults end -> sign of life -> list -> resend -> effects at rest -> log read

Whatever stops it is recorded as trouble: the history is then *unknown*, and nobody is accused. What was played can be
looked at again: effects may turn up later, and an observer may show less than before.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.clock import stopwatch
from simulator.errors import FrontsimError
from simulator.exchange import CallError
from simulator.verification.actions import act, end_faults, reconcile
from simulator.verification.bench import Bench
from simulator.verification.controls import control, sign_of_life
from simulator.verification.correlate import correlate
from simulator.verification.history import Alive, EventFact, FaultFact, History, Observation
from simulator.verification.logbook import read_facts
from simulator.verification.observers import effects
from simulator.verification.reading import at_rest, remember_past
from simulator.verification.scenario import Scenario
from simulator.verification.settle import Pace, Rest
from simulator.verification.stage import Stage
from simulator.verification.steps import Crash, Raise

logger = logging.getLogger(__name__)

ROUNDS = 40
"""Rounds of the list -> resend job at the end of a scenario."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A scenario that was played: its history, and what is needed to look at its effects again.

    `change` says what had changed last when the effects did not settle; `seen` is the webhookEventId of the clean
    event that was seen before everything else; `ended` is when they were looked at last, by the stopwatch.
    """

    history: History
    stage: Stage | None = None
    change: str = ""
    seen: str = ""
    ended: float = 0.0

    @property
    def age_s(self) -> float:
        """Seconds since the effects were looked at."""
        return stopwatch() - self.ended

    def booked_since(self, missing: Iterable[str]) -> int:
        """How many of the events whose effects were missing have them now. Raises ObserverFailed."""
        if self.stage is None or self.stage.bench.observer is None:
            return 0
        now = self.stage.baseline.new_in(effects(self.stage.bench.observer, self.history.observer_key))
        groups = correlate(self.history, Observation(0, now)).groups
        booked = {
            event.webhook_event_id for group in groups if len(group.effects) >= group.least for event in group.events
        }
        return len(booked.intersection(missing))

    def not_shown_any_more(self, missing: Iterable[str]) -> int:
        """How many effects the observer has shown before and does not show now. Raises ObserverFailed.

        After a kill it is none: what is gone then may well be what the receiver has lost.
        """
        if self.stage is None or self.stage.bench.observer is None or self.history.marks:
            return 0
        gone = self.stage.baseline.gone_from(effects(self.stage.bench.observer, self.history.observer_key))
        return max(gone, int(self.seen in missing))


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
        stage = Stage(scenario, bench, bench.patience, bench.now())
    except CallError as error:
        return Recording(History(scenario.name, trouble=str(error)))
    try:
        return _play(stage)
    except FrontsimError as error:
        return Recording(_history(stage, (), trouble=str(error)))
    finally:
        _clean_up(stage)


def _play(stage: Stage) -> Recording:
    event = _control_type(stage)
    _revive(stage)
    remember_past(stage)
    seen = control(stage, event)
    if any(each.failure for each in stage.controls):
        return Recording(_history(stage, ()))
    for step in stage.scenario.steps:
        act(stage, step)
        if stage.is_late():
            return Recording(_history(stage, read_facts(stage), trouble=_late(stage)))
    end_faults(stage)
    alive = sign_of_life(stage, event)
    if not alive.failure:
        reconcile(stage, ROUNDS)
    return _observed(stage, read_facts(stage), alive, seen)


def _observed(stage: Stage, events: tuple[EventFact, ...], alive: Alive, seen: str) -> Recording:
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
    return Recording(history, stage, rest.change, seen, stopwatch())


def _note(pace: Pace, rest: Rest) -> None:
    """Remember for the scenarios to come how long the last effect took, or that they changed without end."""
    if rest.settled:
        pace.note(rest.last_change_s)
    else:
        pace.restless = True


def _history(
    stage: Stage,
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
        duration_s=stage.spent_s,
    )


def _open_faults(stage: Stage) -> list[FaultFact]:
    """Faults that were still on when the scenario was stopped."""
    return [FaultFact(each.step.fault, each.from_ms, 1 << 40, "", each.step.tolerable) for each in stage.active]


def _control_type(stage: Stage) -> str:
    """A type that the scenario is about, so that the receiver is known to take it."""
    for step in stage.scenario.steps:
        if isinstance(step, Raise | Crash):
            return stage.bench.selection.types(step.events)[0]
    return stage.bench.selection.types("some")[0]


def _revive(stage: Stage) -> None:
    """Start a receiver of ours that an earlier scenario left dead."""
    process = stage.bench.process
    if process is not None and not process.is_running:
        process.start()


def _late(stage: Stage) -> str:
    return (
        f"expected an end within {stage.bench.limits.timeout_s:g} s (--timeout), got none: "
        "the receiver or the simulator is too slow for this scenario"
    )


def _clean_up(stage: Stage) -> None:
    """Leave neither faults nor webhooks behind; what cannot be removed is gone with the simulator."""
    try:
        for active in stage.active:
            stage.bench.sim.remove_fault(active.id)
        for webhook_id in stage.webhook_ids:
            stage.bench.api.delete_webhook(webhook_id)
    except CallError as error:
        logger.warning("the webhooks or faults of %s may be left behind: %s", stage.scenario.name, error)
