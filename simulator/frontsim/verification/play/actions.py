"""What each step of a scenario does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from frontsim.client.errors import Ambiguous, ApiError, UnexpectedAnswer
from frontsim.client.leases import Lease, LeasedDelivery
from frontsim.client.models import EventEntry
from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome
from frontsim.errors import Unusable
from frontsim.verification.facts.history import Expect, FaultFact
from frontsim.verification.play.raising import raise_events
from frontsim.verification.play.reading import look_now
from frontsim.verification.play.scenario_state import ActiveFault, ScenarioState
from frontsim.verification.play.sender import SendResult, send
from frontsim.verification.scenario.scenario import place
from frontsim.verification.scenario.steps import (
    Advance,
    Clear,
    Crash,
    Drain,
    InjectFault,
    Moment,
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


def act(stage: ScenarioState, step: Step) -> None:
    """Do one step.

    Raises:
        CallError: nobody is there.
        Unusable: the simulator refused what the step says, or failed for longer than it is waited for, and the text
            names the file and the step; or it is the receiver's process that failed.
    """
    try:
        _ACTIONS[type(step)](stage, step)
    except (Ambiguous, ApiError, UnexpectedAnswer) as error:
        raise Unusable(f"{place(stage.scenario, step)}: {error}") from error


def end_faults(stage: ScenarioState) -> None:
    """Let what is under way end, then break nothing any more. Raises CallError."""
    if not stage.active:
        return
    drain(stage)
    to_ms = stage.now_ms()
    for active in stage.active:
        stage.bench.sim.remove_fault(active.id)
        stage.faults.append(active.ended(to_ms))
    stage.active.clear()
    stage.bench.pause(APART_S)


def drain(stage: ScenarioState) -> None:
    """Wait until nothing is due or in flight, within the scenario's time. Raises CallError."""
    left_s = stage.bench.limits.timeout_s - stage.spent_s
    stage.bench.sim.drain(max(0.1, left_s))


def reconcile(stage: ScenarioState, *, rounds: int | None = None) -> None:
    """The list -> resend job: it ends when nothing is left, nothing moves, or the rounds or the time are over.

    A call of the API that fails is made again by the bench: it says nothing of the receiver, and no round ends with it.

    A receiver that turns everything away may be overloaded, or be starting. Unless it says that the request is at fault
    it is asked now and then before it is given up, for as long as missing effects are waited for; once in a run.
    Raises CallError.
    """
    job = _Job(stage)
    made = 0
    while job.is_on() and (rounds is None or made < rounds or job.is_asked_now_and_then):
        stage.bench.resend(sorted(job.owed))
        made += 1


@dataclass(slots=True)
class _Job:
    """One list -> resend job: what is owed now, and for how many rounds, and since when, that has been the same."""

    stage: ScenarioState
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
        stage = self.stage
        entries = [entry for entry in stage.bench.failed(stage.webhook_ids) if _is_owed(stage, entry)]
        owed = {_address(entry) for entry in entries}
        self.is_final = all(_is_final(entry) for entry in entries)
        if owed != self.owed:
            self.owed, self.stalled, self.moved = owed, 0, stopwatch()
        else:
            self.stalled += 1
        if not owed or stage.is_late():
            stage.unfinished = bool(owed) and not self.is_asked_now_and_then
            return False
        if self.is_asked_now_and_then and not self._has_patience():
            return False
        stage.bench.pause(min(_NOW_AND_THEN_S, _ROUND_PAUSE_S * self.stalled**2))
        return True

    def _has_patience(self) -> bool:
        bench = self.stage.bench
        if self.is_final or self.stage.is_breaking or bench.pace.refuses:
            return False
        bench.pace.refuses = stopwatch() - self.moved >= bench.limits.last_s
        return not bench.pace.refuses


def _is_owed(stage: ScenarioState, entry: EventEntry) -> bool:
    """It must be received in the end: what may be refused is not, once it was refused in good order."""
    tracked = stage.tracked.get(entry.webhook_event_id)
    if tracked is None:
        return False
    if tracked.expect is not Expect.EITHER and any(each.step.fault == HIDES_THE_TYPE for each in stage.active):
        return False  # under another type's name it may be acknowledged and left, and that would be our doing
    refused = entry.status_code is not None and entry.status_code < 500
    return tracked.expect is not Expect.EITHER or not refused


def _is_final(entry: EventEntry) -> bool:
    """It was refused as the request's fault: a 4xx, but for those that speak of the moment."""
    return entry.status_code is not None and entry.status_code < 500 and entry.status_code not in _OF_THE_MOMENT


def _address(entry: EventEntry) -> tuple[str, str]:
    return entry.webhook_id, entry.webhook_event_id


def _raise(stage: ScenarioState, step: Raise) -> None:
    raise_events(stage, step)


def _fault(stage: ScenarioState, step: InjectFault) -> None:
    stage.bench.pause(APART_S)
    from_ms = stage.now_ms()
    rule = stage.bench.sim.add_fault(
        step.fault,
        match=step.match if step.on_api else {"url": stage.bench.receiver_url, **step.match},
        times=step.times or None,
        probability=step.probability,
        params=step.params,
    )
    stage.active.append(ActiveFault(str(rule.get("id", "")), step, from_ms))


def _clear(stage: ScenarioState, _: Clear) -> None:
    end_faults(stage)


def _drain(stage: ScenarioState, _: Drain) -> None:
    drain(stage)


def _resend(stage: ScenarioState, step: Resend) -> None:
    chosen = [each for each in stage.tracked.values() if not step.label or each.label == step.label]
    for _ in range(step.times):
        for start in range(0, len(chosen), step.together):
            part = chosen[start : start + step.together]
            stage.bench.resend([(each.webhook_id, each.webhook_event_id) for each in part])


def _reconcile(stage: ScenarioState, step: Reconcile) -> None:
    reconcile(stage, rounds=step.rounds)


def _observe(stage: ScenarioState, _: Observe) -> None:
    look_now(stage)


def _advance(stage: ScenarioState, step: Advance) -> None:
    stage.bench.sim.advance(step.seconds)


def _wait(stage: ScenarioState, step: Wait) -> None:
    stage.bench.pause(step.seconds)


def _restart(stage: ScenarioState, _: Restart) -> None:
    assert stage.bench.process is not None
    stage.mark("receiver killed")
    stage.bench.process.restart()
    stage.mark("receiver started")


def _crash(stage: ScenarioState, step: Crash) -> None:
    for event in stage.bench.selection.types(step.events):
        stage.subscribe(event)
        lease = stage.bench.leases.take(event)
        for delivery in lease.deliveries:
            _crash_in(stage, step, lease, delivery)


def _crash_in(stage: ScenarioState, step: Crash, lease: Lease, delivery: LeasedDelivery) -> None:
    """Deliver by hand and kill the receiver at the moment; then start it and tell the log how far it got."""
    bench = stage.bench
    assert bench.process is not None
    stage.track_lease(delivery.webhook_id, delivery.webhook_event_id, delivery.event)
    kill = bench.process.kill
    late = step.at is Moment.AFTER_THE_ANSWER
    from_ms = stage.now_ms()
    began = stopwatch()
    sent = send(delivery, strike_at=Moment.ANSWER_READ if late else step.at, strike=_after(step, kill, bench.pause))
    duration_ms = round((stopwatch() - began) * 1000)
    bench.leases.report(lease, delivery, sent.outcome, status_code=sent.status_code, duration_ms=duration_ms)
    stage.mark(f"receiver killed: {step.at}{f' + {step.after_ms} ms' if late else ''}")
    if _was_hit(sent):
        stage.faults.append(FaultFact(f"kill -9 ({step.at})", from_ms, stage.now_ms()))
    bench.process.start()
    stage.mark("receiver started")


def _after(step: Crash, kill: Callable[[], None], pause: Callable[[float], None]) -> Callable[[], None]:
    def strike() -> None:
        if step.after_ms:
            pause(step.after_ms / 1000)
        kill()

    return strike


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
