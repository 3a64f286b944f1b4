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
from frontsim.verification.facts.correlate import effects_of, may_await_next_batch
from frontsim.verification.facts.history import EventFact, FaultFact, History, Liveness, Observation
from frontsim.verification.observe.observers import effects
from frontsim.verification.observe.settle import ReceiverLatency, Settled, WaitLimits
from frontsim.verification.play.actions import act, end_faults, reconcile
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.log_facts import read_facts
from frontsim.verification.play.observing import take_baseline, wait_until_settled
from frontsim.verification.play.preflight import check_liveness, control
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
    state: ScenarioState | None = None
    rest: Settled | None = None
    seen: str = ""

    @property
    def change(self) -> str:
        """What had changed last when the effects did not settle."""
        return self.rest.change if self.rest else ""

    @property
    def is_due(self) -> bool:
        """Whether its effects have been unchanged for so long that one more look will do."""
        return self.rest is not None and stopwatch() - self.rest.since >= self._wait_limits.missing_s

    def watched_on(self) -> "Recording":
        """As it is after a last, patient look: everything has its effects, or has gone without for long enough.

        When they cannot be seen any more, `rest` says why, and the history is as it was.
        """
        if self.state is None or self.state.harness.observer is None or self.rest is None or self.history.final is None:
            return self
        rest = wait_until_settled(
            self.state, self.state.harness.observer, self.history, wait_limits=self._wait_limits, before=self.rest
        )
        if rest.failure:
            return replace(self, rest=rest)
        if rest.since != self.rest.since:
            self.state.harness.latency.note(self.rest.watched_s)  # it took longer than that
        own, before = effects_of(self.history, rest.effects), self.history.final
        others = set(map(id, before.effects)) - set(map(id, effects_of(self.history, before.effects)))
        strangers = tuple(effect for effect in before.effects if id(effect) in others)
        at_ms = before.at_ms + round(1000 * (rest.ended - self.rest.ended))
        history = replace(self.history, final=Observation(at_ms, own + strangers), settled=rest.settled)
        return replace(self, history=history, rest=rest)

    @property
    def _wait_limits(self) -> WaitLimits:
        assert self.state is not None
        lives = self.history.liveness is None or not self.history.liveness.failure
        return self.state.harness.last_wait_limits(silent=lives and may_await_next_batch(self.history))

    def not_shown_any_more(self, missing: Iterable[str]) -> int:
        """How many effects the observer has shown before and does not show now. Raises ObserverFailed.

        After a kill it is none: what is gone then may well be what the receiver has lost.
        """
        if self.state is None or self.state.harness.observer is None or self.history.marks:
            return 0
        gone = self.state.baseline.gone_from(effects(self.state.harness.observer, self.history.observer_key))
        return max(gone, int(self.seen in missing))

    def records_of_one_page(self) -> int:
        """How many records the observer shows if that looks like the first page of a longer list, else 0.

        It is a number that people choose for a page, and nothing newer is shown. Raises ObserverFailed.
        """
        if self.state is None or self.state.harness.observer is None or not may_await_next_batch(self.history):
            return 0
        number = len(self.state.harness.observer.read())
        return number if re.fullmatch("(?:1|2|25|5)0*", str(number)) and number >= _SMALLEST_PAGE else 0


def skip_reason(scenario: Scenario, harness: Harness) -> str:
    """Why a scenario cannot be played with what was given, "" when it can."""
    if scenario.needs_process_control and harness.process is None:
        return "it kills and restarts the receiver, which needs --receiver-cmd"
    missing = [
        name
        for step in scenario.steps
        if isinstance(step, Raise | Crash)
        for name in harness.selection.missing(step.events)
    ]
    if missing:
        return f"it needs {', '.join(dict.fromkeys(missing))}, which --events leaves out"
    return ""


def play(scenario: Scenario, harness: Harness) -> Recording:
    """Play a scenario to its end; what stops it is in the history's `trouble`."""
    try:
        state = ScenarioState(scenario, harness, harness.wait_limits, harness.now())
    except CallError as error:
        return Recording(History(scenario.name, trouble=str(error)))
    try:
        return _play(state)
    except FrontsimError as error:
        return Recording(_history(state, (), trouble=str(error)))
    finally:
        _clean_up(state)


def _play(state: ScenarioState) -> Recording:
    event = _control_type(state)
    _revive(state)
    take_baseline(state)
    seen = control(state, event)
    if any(each.failure for each in state.preflight):
        return Recording(_history(state, ()))
    _subscribe(state)
    for step in state.scenario.steps:
        act(state, step)
        if state.is_late():
            return Recording(_history(state, read_facts(state), trouble=_late(state)))
    end_faults(state)
    liveness = check_liveness(state, event)
    if not liveness.failure:
        reconcile(state)
    return _observed(state, read_facts(state), liveness, seen)


def _observed(state: ScenarioState, events: tuple[EventFact, ...], liveness: Liveness, seen: str) -> Recording:
    observer = state.harness.observer
    if observer is None:
        return Recording(_history(state, events, liveness=liveness))
    rest = wait_until_settled(state, observer, _history(state, events))
    if rest.failure:
        state.observer_failure = rest.failure
        return Recording(_history(state, events, liveness=liveness))
    _note(state.harness.latency, rest)
    final = Observation(state.now_ms(), rest.effects)
    history = _history(state, events, liveness=liveness, final=final, settled=rest.settled)
    return Recording(history, state, rest, seen)


def _note(latency: ReceiverLatency, rest: Settled) -> None:
    """Remember for the scenarios to come how long the last effect took, or that they changed without end."""
    if rest.settled:
        latency.note(rest.last_change_s)
    else:
        latency.never_settles = True


def _history(
    state: ScenarioState,
    events: tuple[EventFact, ...],
    *,
    liveness: Liveness | None = None,
    final: Observation | None = None,
    settled: bool = True,
    trouble: str = "",
) -> History:
    observer = state.harness.observer
    return History(
        scenario=state.scenario.name,
        events=events,
        observer=observer.name if observer else "",
        observer_key=state.harness.observer_key,
        checkpoint=state.checkpoint,
        final=final,
        observer_failure=state.observer_failure,
        settled=settled,
        preflight=tuple(state.preflight),
        liveness=liveness,
        faults=(*state.faults, *_open_faults(state)),
        trouble=trouble,
        marks=tuple(state.marks),
        unfinished=state.unfinished,
        duration_s=state.spent_s,
    )


def _open_faults(state: ScenarioState) -> list[FaultFact]:
    """Faults that were still on when the scenario was stopped."""
    return [each.ended(_NEVER_MS) for each in state.active]


def _control_type(state: ScenarioState) -> str:
    """A type that the scenario is about, so that the receiver is known to take it."""
    for step in state.scenario.steps:
        if isinstance(step, Raise | Crash):
            return state.harness.selection.types(step.events)[0]
    return state.harness.selection.types("some")[0]


def _subscribe(state: ScenarioState) -> None:
    """Have all webhooks before anything is broken: a fault on the API is for the list -> resend job to cope with."""
    for step in state.scenario.steps:
        if isinstance(step, Raise | Crash):
            for event in state.harness.selection.types(step.events):
                state.subscribe(event)


def _revive(state: ScenarioState) -> None:
    """Start a receiver of ours that an earlier scenario left dead."""
    process = state.harness.process
    if process is not None and not process.is_running:
        process.start()


def _late(state: ScenarioState) -> str:
    return (
        f"expected an end within {state.harness.limits.timeout_s:g} s (--timeout), got none: "
        "the receiver or the simulator is too slow for this scenario"
    )


def _clean_up(state: ScenarioState) -> None:
    """Leave neither faults nor webhooks behind; what cannot be removed is gone with the simulator."""
    try:
        for active in state.active:
            state.harness.sim.remove_fault(active.id)
        for webhook_id in state.webhook_ids:
            state.harness.api.delete_webhook(webhook_id)
    except CallError as error:
        logger.warning("the webhooks or faults of %s may be left behind: %s", state.scenario.name, error)
