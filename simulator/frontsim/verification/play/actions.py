"""What each step of a scenario does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from frontsim.client.errors import Ambiguous, ApiError, UnexpectedAnswer
from frontsim.client.leases import DeliveryReport, LeasedDelivery
from frontsim.client.models import EventEntry
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
)

STALLED_ROUNDS = 5
"""Rounds of the list -> resend job that bring nothing, after which it is given up."""
_ROUND_PAUSE_S = 0.01
_NOW_AND_THEN_S = 0.5
_OF_THE_MOMENT = (408, 409, 423, 425, 429)
APART_S = 0.01
"""Seconds before and after a fault in which nothing is begun. The log's moments are rounded to some 3 ms: a run so near
to a fault would seem to be under it, and the answer to a sound body to be one to a broken one."""

HIDES_THE_TYPE = "unknown-event"
"""The fault that sends an event under a type's name that nobody knows."""


def act(state: ScenarioState, step: Step) -> None:
    """Do one step.

    Raises:
        CallError: nobody is there.
        Unusable: the simulator refused what the step says, or failed for longer than it is waited for, and the text
            names the file and the step; or it is the receiver's process that failed.
    """
    try:
        _ACTIONS[type(step)](state, step)
    except (Ambiguous, ApiError, UnexpectedAnswer) as error:
        raise Unusable(f"{place(state.scenario, step)}: {error}") from error


def end_faults(state: ScenarioState) -> None:
    """Let what is under way end, then break nothing any more. Raises CallError."""
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
    """The list -> resend job: it ends when nothing is left, nothing moves, or the rounds or the time are over.

    The harness repeats a call of the API that fails: that says nothing of the receiver, and no round ends with it.

    A receiver that turns everything away may be overloaded, or be starting. Unless it says that the request is at fault
    it is asked now and then before it is given up, for as long as missing effects are waited for; once in a run.
    Raises CallError.
    """
    job = _Job(state)
    made = 0
    while job.is_on() and (rounds is None or made < rounds or job.is_asked_now_and_then):
        state.harness.resend(sorted(job.owed))
        made += 1


@dataclass(slots=True)
class _Job:
    """One list -> resend job: what is owed now, and for how many rounds, and since when, that has been the same."""

    state: ScenarioState
    owed: set[tuple[str, str]] = field(default_factory=set)
    is_final: bool = False
    """Each was refused in a way that no further try will change."""
    stalled: int = -1
    moved: float = field(default_factory=stopwatch)

    @property
    def is_asked_now_and_then(self) -> bool:
        """Nothing has moved for some rounds."""
        return self.stalled >= STALLED_ROUNDS

    def is_on(self) -> bool:
        """Look what is owed now, and pause if that is what was owed before; False when it makes no sense to go on."""
        state = self.state
        entries = [entry for entry in state.harness.failed(state.webhook_ids) if _is_owed(state, entry)]
        owed = {_address(entry) for entry in entries}
        self.is_final = all(_is_final(entry) for entry in entries)
        if owed != self.owed:
            self.owed, self.stalled, self.moved = owed, 0, stopwatch()
        else:
            self.stalled += 1
        is_given_up = self.is_asked_now_and_then and not self._has_patience()
        state.unfinished = bool(owed) and not is_given_up and state.is_late()
        if not owed or is_given_up or state.unfinished:
            return False
        state.harness.pause(min(_NOW_AND_THEN_S, _ROUND_PAUSE_S * self.stalled**2))
        return True

    def _has_patience(self) -> bool:
        harness = self.state.harness
        if self.is_final or self.state.is_breaking or harness.latency.keeps_refusing:
            return False
        harness.latency.keeps_refusing = stopwatch() - self.moved >= harness.limits.last_s
        return not harness.latency.keeps_refusing


def _is_owed(state: ScenarioState, entry: EventEntry) -> bool:
    """It must be received in the end: what may be refused is not, once it was refused in good order."""
    tracked = state.tracked.get(entry.webhook_event_id)
    if tracked is None:
        return False
    if tracked.expect is not Expect.EITHER and any(each.step.fault == HIDES_THE_TYPE for each in state.active):
        return False  # under another type's name it may be acknowledged and left, and that would be our doing
    refused = entry.status_code is not None and entry.status_code < 500
    return tracked.expect is not Expect.EITHER or not refused


def _is_final(entry: EventEntry) -> bool:
    """It was refused as the request's fault: a 4xx, but for those that speak of the moment."""
    return entry.status_code is not None and entry.status_code < 500 and entry.status_code not in _OF_THE_MOMENT


def _address(entry: EventEntry) -> tuple[str, str]:
    return entry.webhook_id, entry.webhook_event_id


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


def _restart(state: ScenarioState, _: Restart) -> None:
    assert state.harness.process is not None
    state.mark("receiver killed")
    state.harness.process.restart()
    state.mark("receiver started")


def _crash(state: ScenarioState, step: Crash) -> None:
    for event in state.harness.selection.types(step.events):
        state.subscribe(event)
        for delivery in state.harness.sim.lease({event: 1}, count=1):
            _crash_in(state, step, delivery)


def _crash_in(state: ScenarioState, step: Crash, delivery: LeasedDelivery) -> None:
    """Deliver by hand and kill the receiver at the moment; then start it and tell the log how far it got."""
    harness = state.harness
    assert harness.process is not None
    state.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
    kill = harness.process.kill
    late = step.at is CrashPoint.AFTER_THE_ANSWER
    from_ms = state.now_ms()
    began = stopwatch()
    sent = send(delivery, crash_at=CrashPoint.ANSWER_READ if late else step.at, crash=_after(step, kill, harness.pause))
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
    """The delivery failed by our doing."""
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
    Restart: _restart,
    Crash: _crash,
}
