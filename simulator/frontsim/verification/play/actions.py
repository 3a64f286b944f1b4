"""What each step of a scenario does: `act` looks it up by the step's class."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from frontsim.client.errors import Ambiguous, ApiError, UnexpectedAnswer
from frontsim.client.leases import DeliveryReport, LeasedDelivery
from frontsim.client.models import EventEntry
from frontsim.client.resend_job import Due, EventAddress, JobLimits, is_refused_for_good, run_resend_job
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.errors import Unusable
from frontsim.verification.facts.history import Expect, FaultFact
from frontsim.verification.play.observing import take_checkpoint
from frontsim.verification.play.raising import raise_events
from frontsim.verification.play.scenario_state import ActiveFault, ScenarioState
from frontsim.verification.play.sender import SendResult, send
from frontsim.verification.scenario.scenario import place
from frontsim.verification.scenario.steps import (
    Advance,
    Clear,
    Crash,
    CrashPoint,
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

APART_S = 0.01
"""Seconds before and after a fault in which no delivery starts. The log rounds moments to some 3 ms: a run so near to a
fault would look as if the fault had broken it."""

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


def end_faults(state: ScenarioState) -> None:
    """Wait for the deliveries in flight, then remove all faults. Raises CallError."""
    if not state.active:
        return
    drain(state)
    to_ms = state.now_ms()
    for active in state.active:
        state.harness.sim.remove_fault(active.id)
        state.faults.append(active.ended(to_ms))
    state.active.clear()
    state.harness.pause(APART_S)


def drain(state: ScenarioState) -> None:
    """Wait until nothing is due or in flight, within the scenario's time. Raises CallError."""
    left_s = state.harness.limits.timeout_s - state.spent_s
    state.harness.sim.drain(max(0.1, left_s))


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
        entries = [entry for entry in state.harness.failed(state.webhook_ids) if _is_owed(state, entry)]
        events = frozenset((entry.webhook_id, entry.webhook_event_id) for entry in entries)
        return Due(sorted(events), events, is_refused_for_good([entry.status_code for entry in entries]))

    def resend(self, events: Sequence[EventAddress]) -> None:
        self._state.harness.resend(events)


def _may_wait(state: ScenarioState, stalled_s: float) -> bool:
    """Whether to ask a receiver again that has refused everything for so long; a run waits out `last_s` only once."""
    latency = state.harness.latency
    if state.is_breaking or latency.keeps_refusing:
        return False
    latency.keeps_refusing = stalled_s >= state.harness.limits.last_s
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


def _fault(state: ScenarioState, step: InjectFault) -> None:
    state.harness.pause(APART_S)
    from_ms = state.now_ms()
    rule = state.harness.sim.add_fault(
        step.fault,
        match=step.match if step.on_api else {"url": state.harness.receiver_url, **step.match},
        times=step.times or None,
        probability=step.probability,
        params=step.params,
    )
    state.active.append(ActiveFault(str(rule.get("id", "")), step, from_ms))


def _clear(state: ScenarioState, _: Clear) -> None:
    end_faults(state)


def _drain(state: ScenarioState, _: Drain) -> None:
    drain(state)


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


def _crash(state: ScenarioState, step: Crash) -> None:
    selection = state.harness.selection
    events = selection.types(step.events)
    for event in [each for each in events if selection.past(each) is None] or events:
        state.subscribe(event)
        set_ = selection.fitting(event, state.harness.fresh(event))
        for delivery in state.harness.sim.lease_event(event, set_=set_, payloads=state.harness.payloads):
            _crash_in(state, step, delivery)


def _crash_in(state: ScenarioState, step: Crash, delivery: LeasedDelivery) -> None:
    """Deliver by hand and kill the receiver at the crash point; then start it, and report the delivery to the log."""
    harness = state.harness
    assert harness.process is not None
    state.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
    kill = harness.process.kill
    late = step.at is CrashPoint.AFTER_THE_ANSWER
    from_ms = state.now_ms()
    began = stopwatch()
    sent = send(
        delivery,
        crash_at=CrashPoint.ANSWER_READ if late else step.at,
        crash=_after(step, kill, harness.pause),
        tls=harness.tls,
    )
    duration_ms = round((stopwatch() - began) * 1000)
    report = DeliveryReport(delivery, sent.outcome, sent.status_code, duration_ms)
    harness.sim.report_lease(delivery.lease_id, [report])
    state.mark(f"receiver killed: {step.at}{f' + {step.after_ms} ms' if late else ''}")
    if _was_hit(sent):
        state.faults.append(FaultFact(f"kill -9 ({step.at})", from_ms, state.now_ms()))
    harness.process.start()
    state.mark("receiver started")


def _after(step: Crash, kill: Callable[[], None], pause: Callable[[float], None]) -> Callable[[], None]:
    def crash() -> None:
        if step.after_ms:
            pause(step.after_ms / 1000)
        kill()

    return crash


def _was_hit(sent: SendResult) -> bool:
    """Whether the kill broke the delivery."""
    return sent.outcome is not Outcome.ANSWERED


_ACTIONS: Mapping[type[Step], Callable[[ScenarioState, Any], None]] = {
    Raise: _raise,
    InjectFault: _fault,
    Clear: _clear,
    Drain: _drain,
    Resend: _resend,
    Reconcile: _reconcile,
    Observe: _observe,
    Advance: _advance,
    Wait: _wait,
    WaitForEnd: _wait_for_end,
    Restart: _restart,
    Crash: _crash,
}
