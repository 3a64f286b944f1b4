"""What each step of a scenario does: `act` looks it up by the step's class."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from frontsim.client.errors import Ambiguous, ApiError, UnexpectedAnswer
from frontsim.client.models import EventEntry
from frontsim.client.resend_job import Due, EventAddress, JobLimits, is_refused_for_good, run_resend_job
from frontsim.errors import Unusable
from frontsim.verification.facts.history import Expect
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.play.steps.boundaries import break_at_boundaries
from frontsim.verification.play.steps.crashes import crash
from frontsim.verification.play.steps.dependency_faults import begin_dependency_fault, patience_s, start_what_ended_late
from frontsim.verification.play.steps.faults import begin_fault, end_faults
from frontsim.verification.play.steps.observing import take_checkpoint
from frontsim.verification.play.steps.raising import raise_events
from frontsim.verification.scenario.scenario import place
from frontsim.verification.scenario.steps import (
    Advance,
    AtBoundaries,
    BreakDependency,
    Clear,
    Crash,
    Drain,
    InjectFault,
    Observe,
    Raise,
    Reconcile,
    Resend,
    Restart,
    Step,
    Wait,
    WaitForEnd,
)

HIDES_THE_TYPE = "unknown-event"
"""The fault that sends an event under the name of an unknown type."""


def act(state: ScenarioState, step: Step) -> None:
    """Do one step.

    Raises:
        CallError: the simulator cannot be reached.
        Unusable: the simulator refused what the step says, or failed for longer than the harness waits (the text names
            the file and the step); or the receiver's process failed.
    """
    try:
        _ACTIONS[type(step)](state, step)
    except (Ambiguous, ApiError, UnexpectedAnswer) as error:
        raise Unusable(f"{place(state.scenario, step)}: {error}") from error


def reconcile(state: ScenarioState, *, rounds: int | None = None) -> None:
    """Run the list -> resend job for the scenario's events. Raises CallError.

    The harness repeats a call of the API that fails: that says nothing of the receiver, and no round ends with it.
    """
    limits = JobLimits(
        rounds=rounds,
        is_late=state.is_late,
        may_wait=lambda stalled_s: _may_wait(state, stalled_s),
        pause=state.harness.pause,
    )
    state.is_unfinished = run_resend_job(_ScenarioFailures(state), limits)


class _ScenarioFailures:
    """The scenario's events that must still be received, by the log."""

    def __init__(self, state: ScenarioState) -> None:
        self._state = state

    def due(self) -> Due[EventAddress]:
        state = self._state
        entries = [entry for entry in state.harness.failed(state.raised_on) if _is_owed(state, entry)]
        events = frozenset((entry.webhook_id, entry.webhook_event_id) for entry in entries)
        return Due(sorted(events), events, is_refused_for_good([entry.status_code for entry in entries]))

    def resend(self, events: Sequence[EventAddress]) -> None:
        start_what_ended_late(self._state)
        self._state.harness.resend(events)


def _may_wait(state: ScenarioState, stalled_s: float) -> bool:
    """Whether to ask a receiver again that has refused everything for so long; a run waits out `last_s` only once."""
    latency = state.harness.latency
    if state.is_breaking or latency.keeps_refusing:
        return False
    latency.keeps_refusing = stalled_s >= patience_s(state)
    return not latency.keeps_refusing


def _is_owed(state: ScenarioState, entry: EventEntry) -> bool:
    """Whether an event must be received in the end.

    An event that may be refused is not owed once it was answered below 500. While a fault sends events under the name
    of an unknown type, only those that may be refused are owed: a receiver may acknowledge and ignore such a type, and
    the loss would be our doing.
    """
    tracked = state.tracked.get(entry.webhook_event_id)
    if tracked is None:
        return False
    if tracked.expect is Expect.EITHER:
        return entry.status_code is None or entry.status_code >= 500
    return not any(each.step.fault == HIDES_THE_TYPE for each in state.active)


def _raise(state: ScenarioState, step: Raise) -> None:
    raise_events(state, step)


def _clear(state: ScenarioState, _: Clear) -> None:
    end_faults(state)


def _drain(state: ScenarioState, _: Drain) -> None:
    state.drain()


def _resend(state: ScenarioState, step: Resend) -> None:
    chosen = [each for each in state.tracked.values() if not step.label or each.label == step.label]
    for _ in range(step.times):
        for start in range(0, len(chosen), step.together):
            part = chosen[start : start + step.together]
            state.harness.resend([(each.webhook_id, each.webhook_event_id) for each in part])


def _reconcile(state: ScenarioState, step: Reconcile) -> None:
    reconcile(state, rounds=step.rounds)


def _observe(state: ScenarioState, _: Observe) -> None:
    take_checkpoint(state)


def _advance(state: ScenarioState, step: Advance) -> None:
    state.harness.sim.advance(step.seconds)


def _wait(state: ScenarioState, step: Wait) -> None:
    state.harness.pause(step.seconds)


def _wait_for_end(state: ScenarioState, _: WaitForEnd) -> None:
    """The wait is not the scenario's own time. Our receiver may be dead after it, or is started at another time."""
    limits, process = state.harness.limits, state.harness.process
    waited_s = state.harness.rest_of_run.wait(state.harness.pause, least_s=limits.memory_s)
    state.began_s += waited_s
    state.waited_s = waited_s + limits.travel_s
    if process is not None and limits.travel_s:
        state.mark("receiver killed")
        process.travel(limits.travel_s)
        state.mark(f"receiver started, {limits.travel_s / 86_400:g} days later")
    elif process is not None and not process.is_running:
        process.start()


def _restart(state: ScenarioState, _: Restart) -> None:
    assert state.harness.process is not None
    state.mark("receiver killed")
    state.harness.process.restart()
    state.mark("receiver started")


_ACTIONS: Mapping[type[Step], Callable[[ScenarioState, Any], None]] = {
    Raise: _raise,
    InjectFault: begin_fault,
    Clear: _clear,
    Drain: _drain,
    Resend: _resend,
    Reconcile: _reconcile,
    Observe: _observe,
    Advance: _advance,
    Wait: _wait,
    WaitForEnd: _wait_for_end,
    Restart: _restart,
    Crash: crash,
    BreakDependency: begin_dependency_fault,
    AtBoundaries: break_at_boundaries,
}
