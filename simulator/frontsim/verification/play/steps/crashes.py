"""Deliveries in which the receiver is killed, each sent by hand so that the moment is exact.

Where the gap between two commits lies depends on how fast receiver and machine are. So some kills are timed by what the
receiver itself takes for such an event:

    started -> clean events, timed: 40 ms -> killed 20 ms after the next one -> started -> a clean one -> killed ...

A clean event comes before each such kill because the first event after a start takes longer than the others: modules
are imported, connections opened.
"""

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from frontsim.client.leases import DeliveryReport, LeasedDelivery
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.verification.facts.history import FaultFact
from frontsim.verification.play.receiver.sender import SendResult, send
from frontsim.verification.play.scenario_state import APART_S, ScenarioState
from frontsim.verification.scenario.steps import Crash, CrashPoint

_TIMED = 3
_TIMED_S = 1.0
"""Clean events that are timed: fewer where they take so long, because their time then hardly varies."""


def crash(state: ScenarioState, step: Crash) -> None:
    """Deliver one event of each type, and kill the receiver in each delivery. Raises CallError or Unusable."""
    selection = state.harness.selection
    events = selection.types(step.events)
    for event in [each for each in events if selection.past(each) is None] or events:
        if state.may_kill_again:
            began = stopwatch()
            _crash_in(state, step, event)
            state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)
        else:
            state.mark(f"receiver not killed: {step.at}: it takes {state.slowest_kill_s:.1f} s to start")


def _crash_in(state: ScenarioState, step: Crash, event: str) -> None:
    assert state.harness.process is not None
    kill, pause = state.harness.process.kill, state.harness.pause
    is_late = step.at is CrashPoint.AFTER_THE_ANSWER
    crash_at = CrashPoint.ANSWER_READ if is_late else step.at
    after_s = step.after_ms / 1000
    moment = f"{step.at}{f' + {step.after_ms} ms' if is_late or step.after_ms else ''}"
    if step.of_answer_time:
        answer_s = _answer_time_s(state, event)
        if answer_s is None:
            state.mark(f"receiver not killed: {moment}: it acknowledges no clean event whose time could be taken")
            return
        after_s = step.of_answer_time * answer_s
        moment += f" + {1000 * after_s:.3g} ms, {step.of_answer_time:.0%} of its answer time"

    def kill_later() -> None:
        if after_s:
            pause(after_s)
        kill()

    kill_in_delivery(state, event, kill=kill_later, crash_at=crash_at, moment=moment)


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
    process = state.harness.process
    assert process is not None
    for delivery in _leased(state, event):
        from_ms, began = state.now_ms(), stopwatch()
        sent, _ = _sent(state, delivery, crash_at, kill)
        state.mark(f"receiver killed: {moment}")
        if sent.outcome is not Outcome.ANSWERED:  # the kill broke the delivery
            state.faults.append(FaultFact(f"kill -9 ({moment})", from_ms, state.now_ms()))
        before_start()
        process.start()
        state.mark("receiver started")
        state.slowest_kill_s = max(state.slowest_kill_s, stopwatch() - began)


def _answer_time_s(state: ScenarioState, event: str) -> float | None:
    """Seconds in which the receiver usually answers such an event; None where it acknowledges none.

    It delivers a clean event at least, so that the next is not the first after a start.
    """
    _timed(state, event)
    if event not in state.answer_times_s:
        times: list[float] = []
        for _ in range(_TIMED):
            if sum(times) < _TIMED_S:
                times += _timed(state, event)
        state.answer_times_s[event] = times
    state.harness.pause(APART_S)
    times = state.answer_times_s[event]
    return median(times) if times else None


def _timed(state: ScenarioState, event: str) -> list[float]:
    """Deliver a clean event: for each delivery that is acknowledged, the seconds from its last byte to the answer."""
    times = []
    for delivery in _leased(state, event):
        moments: list[float] = []
        note = partial(_note_moment, moments)
        sent, answered_s = _sent(state, delivery, CrashPoint.WHOLE_BODY, note)
        if moments and sent.status_code is not None and 200 <= sent.status_code < 300:
            times.append(answered_s - moments[0])
    return times


def _note_moment(moments: list[float]) -> None:
    moments.append(stopwatch())


def _leased(state: ScenarioState, event: str) -> Iterator[LeasedDelivery]:
    """The deliveries of a new event, which are ours to send."""
    harness = state.harness
    state.subscribe(event)
    set_ = harness.selection.fitting(event, harness.fresh(event))
    for delivery in harness.sim.lease_event(event, set_=set_, payloads=harness.payloads):
        state.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
        yield delivery


def _sent(
    state: ScenarioState, delivery: LeasedDelivery, crash_at: CrashPoint, crash: Callable[[], None]
) -> tuple[SendResult, float]:
    """Send a delivery and report to the log how it ended; by the stopwatch, when it did."""
    began = stopwatch()
    sent = send(delivery, crash_at=crash_at, crash=crash, tls=state.harness.tls)
    ended = stopwatch()
    report = DeliveryReport(delivery, sent.outcome, sent.status_code, round((ended - began) * 1000))
    state.harness.sim.report_lease(delivery.lease_id, [report])
    return sent, ended
