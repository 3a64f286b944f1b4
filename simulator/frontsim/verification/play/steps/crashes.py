"""Deliveries in which the receiver is killed, each sent by hand so that the moment is exact."""

from collections.abc import Callable

from frontsim.client.leases import DeliveryReport
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.verification.facts.history import FaultFact
from frontsim.verification.play.receiver.sender import send
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import Crash, CrashPoint


def crash(state: ScenarioState, step: Crash) -> None:
    """Deliver one event of each type, and kill the receiver in each delivery. Raises CallError or Unusable."""
    assert state.harness.process is not None
    kill, pause = state.harness.process.kill, state.harness.pause
    is_late = step.at is CrashPoint.AFTER_THE_ANSWER
    crash_at = CrashPoint.ANSWER_READ if is_late else step.at
    moment = f"{step.at}{f' + {step.after_ms} ms' if is_late or step.after_ms else ''}"

    def kill_later() -> None:
        if step.after_ms:
            pause(step.after_ms / 1000)
        kill()

    selection = state.harness.selection
    events = selection.types(step.events)
    for event in [each for each in events if selection.past(each) is None] or events:
        if state.may_kill_again:
            kill_in_delivery(state, event, kill=kill_later, crash_at=crash_at, moment=moment)
        else:
            state.mark(f"receiver not killed: {moment}: it takes {state.slowest_kill_s:.1f} s to start")


def kill_in_delivery(
    state: ScenarioState,
    event: str,
    *,
    kill: Callable[[], None],
    crash_at: CrashPoint,
    moment: str,
    before_start: Callable[[], None] = lambda: None,
) -> None:
    """Deliver one event by hand and kill the receiver meanwhile; start it, and report the delivery to the log.

    Args:
        state: of the scenario.
        event: the type.
        kill: kills the receiver, after any wait that the moment needs.
        crash_at: where in the delivery `kill` is called.
        moment: that moment in words.
        before_start: what must be done before the receiver starts again.
    """
    harness = state.harness
    assert harness.process is not None
    state.subscribe(event)
    set_ = harness.selection.fitting(event, harness.fresh(event))
    for delivery in harness.sim.lease_event(event, set_=set_, payloads=harness.payloads):
        state.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
        from_ms, began = state.now_ms(), stopwatch()
        sent = send(delivery, crash_at=crash_at, crash=kill, tls=harness.tls)
        duration_ms = round((stopwatch() - began) * 1000)
        report = DeliveryReport(delivery, sent.outcome, sent.status_code, duration_ms)
        harness.sim.report_lease(delivery.lease_id, [report])
        state.mark(f"receiver killed: {moment}")
        if sent.outcome is not Outcome.ANSWERED:  # the kill broke the delivery
            state.faults.append(FaultFact(f"kill -9 ({moment})", from_ms, state.now_ms()))
        before_start()
        harness.process.start()
        state.mark("receiver started")
        state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)
