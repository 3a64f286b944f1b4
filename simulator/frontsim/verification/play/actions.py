"""Acts for each step's class: the past, looks, resends, waits.

A receiver may hold an update back until it knows the customer, and a scenario sends nothing that real life would not.
So before anything is broken, the receiver gets the creation of each customer, order and transfer that an event of the
scenario changes. The catalogue says which types need a past.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from frontsim.catalog import EventType
from frontsim.client.errors import Ambiguous, ApiError, UnexpectedAnswer
from frontsim.client.models import EventEntry, RaisedEvent
from frontsim.client.reconcile import Due, EventAddress, JobLimits, is_refused_for_good, run_resend_job
from frontsim.clock import stopwatch
from frontsim.domain.model import Trigger
from frontsim.errors import Unusable
from frontsim.verification import patience
from frontsim.verification.effects import content
from frontsim.verification.effects.history import Expect, History, Observation
from frontsim.verification.play.faults import (
    begin_dependency_fault,
    begin_fault,
    break_at_boundaries,
    end_faults,
    start_what_ended_late,
)
from frontsim.verification.play.kills import crash
from frontsim.verification.play.log import read_facts, track_echoes
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent, raise_events
from frontsim.verification.scenario.scenario import place
from frontsim.verification.scenario.steps import (
    Advance,
    AtBoundaries,
    BreakDependency,
    Clear,
    Crash,
    Drain,
    Echoes,
    InjectFault,
    KeepAway,
    Observe,
    Raise,
    Reconcile,
    Resend,
    Restart,
    Step,
    Wait,
    WaitForEnd,
)


def take_baseline(state: ScenarioState) -> None:
    """Leave out of the scenario's effects what was booked before it, and remember the levels."""
    if state.effects is not None:
        state.effects.take_baseline(is_alone=state.harness.is_alone)
    if state.levels is not None:
        state.levels.take_baseline()


def take_checkpoint(state: ScenarioState) -> None:
    """Remember what is booked while only broken bodies have arrived. Raises CallError."""
    if state.effects is None:
        return
    history = History(state.scenario.name, read_facts(state), observer_key=state.effects.key)
    limits = state.harness.patience.first_wait()
    settled = state.effects.wait_until_settled(history, limits, wants_all=False)
    state.settling_s += settled.watched_s
    if settled.failure:
        state.observer_failure = settled.failure
    else:
        state.checkpoint = Observation(state.now_ms(), settled.effects)


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
    failures = ScenarioFailures(state)
    limits = JobLimits(rounds=rounds, is_late=state.is_late, may_wait=failures.may_wait, pause=state.harness.pause_long)
    state.is_unfinished = run_resend_job(failures, limits)


def hold_first_deliveries(state: ScenarioState) -> None:
    """Only resends reach the receiver from now on, so that what its writes raise waits for its round."""
    begin_fault(state, InjectFault("refuse", match={"trigger": str(Trigger.ORIGINAL)}))


def _deliver_echoes(state: ScenarioState, step: Echoes) -> None:
    """Deliver what is held, then what the receiver's writes have raised meanwhile; so many rounds are a loop.

    raise ──▶ held ──▶ resend ──▶ the receiver writes ──▶ events, held ──▶ resend ──▶ ...
    """
    reconcile(state)
    while echoes := _await_echoes(state):
        state.echo_rounds += 1
        if state.echo_rounds >= step.rounds:
            state.endless = echoes[0].webhook_event_id
            return
        reconcile(state)


def _await_echoes(state: ScenarioState) -> list[TrackedEvent]:
    """What the receiver's writes raise, once nothing more has come for as long as it may take to write."""
    harness, found = state.harness, track_echoes(state, state.harness.failed(state.webhook_ids))
    limits = harness.patience.first_wait()
    began_s = changed_s = stopwatch()
    while (now_s := stopwatch()) - changed_s < limits.needed_s(
        is_complete=bool(found)
    ) and now_s - began_s < limits.most_s:
        harness.pause(patience.LOOK_S)
        if more := track_echoes(state, harness.failed(state.webhook_ids)):
            found, changed_s = found + more, stopwatch()
    state.settling_s += stopwatch() - began_s
    return found


_TOO_MANY, _BUSY = 429, 503


class ScenarioFailures:
    """The scenario's events that must still be received, by the log.

    A receiver may ask for fewer requests: by a 429, after which a round ends, or by Retry-After. Each such round makes
    the pause before the next one longer, until the receiver takes most of what it is sent.
    """

    def __init__(self, state: ScenarioState) -> None:
        self._state = state
        self._asked_s = 0.0
        self._pause_s = 0.0

    def due(self) -> Due[EventAddress]:
        state = self._state
        entries = [entry for entry in state.harness.failed(state.raised_on) if _is_owed(state, entry)]
        events = frozenset((entry.webhook_id, entry.webhook_event_id) for entry in entries)
        self._asked_s = 0.0 if state.is_breaking else self._retry_after_s(entries)
        state.harness.given.latency.limits_rate |= self._wait_s > 0
        is_for_good = is_refused_for_good([entry.status_code for entry in entries])
        return Due(sorted(events), events, is_for_good, min(self._wait_s, state.harness.limits.timeout_s))

    def resend(self, events: Sequence[EventAddress]) -> None:
        start_what_ended_late(self._state)
        minds = not self._state.is_breaking
        made = self._state.harness.resend(events, ends_at=lambda entry: minds and entry.status_code == _TOO_MANY)
        refused = sum(entry.status_code == _TOO_MANY for entry in made) if minds else 0
        taken = sum(bool(entry.success) for entry in made)
        self._pause_s = patience.round_pause_s(self._pause_s, taken=taken, refused=refused)

    def may_wait(self, stalled_s: float) -> bool:
        """A receiver that has taken nothing for so long is asked again.

        A run waits out `last_s` only once, unless the receiver asks for patience.
        """
        latency = self._state.harness.given.latency
        longest_s = self._state.harness.patience.return_s(breaks_dependency=self._state.scenario.needs_dependency)
        if self._state.is_breaking:
            return False
        if self._wait_s:
            return stalled_s < max(longest_s, 2 * self._asked_s)
        if latency.keeps_refusing:
            return False
        latency.keeps_refusing = stalled_s >= longest_s
        return not latency.keeps_refusing

    @property
    def _wait_s(self) -> float:
        return max(self._asked_s, self._pause_s)

    def _retry_after_s(self, entries: Sequence[EventEntry]) -> float:
        """Return the pause that the newest refusal asks for; 0 for none."""
        busy = [entry for entry in entries if entry.status_code in (_TOO_MANY, _BUSY)]
        if not busy:
            return 0.0
        newest = max(busy, key=lambda entry: entry.updated or "")
        runs = self._state.harness.sim.event(newest.webhook_event_id).runs
        return (runs[-1].retry_after_s if runs else None) or 0.0


def _is_owed(state: ScenarioState, entry: EventEntry) -> bool:
    """An event is owed if the receiver must take it in the end.

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
    limits, process = state.harness.limits, state.harness.given.process
    waited_s = state.harness.rest_of_run.wait(state.harness.pause, least_s=limits.memory_s)
    state.began_s += waited_s
    state.harness.lead_back()  # the others have led the receiver's calls elsewhere
    state.waited_s = waited_s + limits.travel_s
    if process is not None and limits.travel_s:
        state.mark("receiver killed")
        process.travel(limits.travel_s)
        state.mark(f"receiver started, {limits.travel_s / 86_400:g} days later")
    elif process is not None and not process.is_running:
        process.start()


def _keep_away(state: ScenarioState, _: KeepAway) -> None:
    """The wait is not the scenario's own time. What starts the receiver again is the end of the fault."""
    half_s, process = state.harness.limits.away_s / 2, state.harness.given.process
    state.drain()
    state.harness.pause_long(half_s)
    if process is not None and state.broken is not None:
        state.mark("receiver killed")
        process.kill()
    state.harness.pause_long(half_s)
    state.settling_s += 2 * half_s


def _restart(state: ScenarioState, _: Restart) -> None:
    assert state.harness.given.process is not None
    state.mark("receiver killed")
    state.harness.given.process.restart()
    state.mark("receiver started")


_ACTIONS: Mapping[type[Step], Callable[[ScenarioState, Any], None]] = {
    Raise: raise_events,
    InjectFault: begin_fault,
    Clear: _clear,
    Drain: _drain,
    Resend: _resend,
    Reconcile: _reconcile,
    Echoes: _deliver_echoes,
    Observe: _observe,
    Advance: _advance,
    Wait: _wait,
    WaitForEnd: _wait_for_end,
    KeepAway: _keep_away,
    Restart: _restart,
    Crash: crash,
    BreakDependency: begin_dependency_fault,
    AtBoundaries: break_at_boundaries,
}


_BEFORE = timedelta(days=1)


def send_pasts(state: ScenarioState) -> None:
    """Deliver what the scenario's events need as their past, and see it acknowledged. Raises CallError."""
    moments = _moments(state)
    for event, count, fixed in _wanted(state):
        past = state.harness.given.selection.past(event)
        if past is None:
            continue
        state.subscribe(past.name)
        values = [_values(state, past, event, next(moments), fixed) for _ in range(count)]
        state.pasts.setdefault(event, []).extend(
            _deliver_pasts(state, past, values, state.harness.given.selection.kept(event))
        )
    if state.pasts:
        state.drain()
        reconcile(state)


def _wanted(state: ScenarioState) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """The type and number of events that steps raise about new entities, and the values that they set."""
    for step in state.scenario.steps * len(state.turns):
        if isinstance(step, Raise) and not (step.same_as or step.payload or step.together or step.grow):
            for event in state.harness.given.selection.types(step.events):
                yield event, step.count, step.set


def _values(
    state: ScenarioState, past: EventType, event: str, moment: str, fixed: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The values of one past by path: a new entity, at that moment."""
    selection = state.harness.given.selection
    paths = selection.kept(event)
    values: dict[str, Any] = {path: moment if path == past.since[-1] else None for path in past.since}
    values |= {path: moment for path in selection.datetime_fields(past.name) if path in values}
    values |= state.harness.fresh(past.name)
    return values | {path: value for path, value in fixed.items() if path in paths}


def _deliver_pasts(
    state: ScenarioState, past: EventType, values: Sequence[Mapping[str, Any]], paths: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Raise the pasts with those values; returns what an event takes over from each of them."""
    harness = state.harness
    each = [harness.given.selection.fitting(past.name, one) for one in values]
    raised = harness.sim.trigger(past.name, each=each, payloads=harness.given.request.payloads).events
    for event in raised:
        state.track(event)
    if all(path in one for one in values for path in paths):
        return [{path: one[path] for path in paths} for one in values]
    return [{path: content.find(payload, path) for path in paths} for payload in _payloads(state, past, raised)]


def _payloads(state: ScenarioState, past: EventType, raised: Sequence[RaisedEvent]) -> list[Any]:
    """The payload of each occurrence, by the first of the scenario's webhooks."""
    webhook_id = state.webhooks[past.name][0]
    listed = {entry.webhook_event_id: entry.payload for entry in state.harness.log([webhook_id])}
    return [listed[each.webhook_event_id] for each in raised if each.webhook_id == webhook_id]


def _moments(state: ScenarioState) -> Iterator[str]:
    """Moments before all of the scenario, each its own."""
    set_values = [value for step in state.scenario.steps if isinstance(step, Raise) for value in step.set.values()]
    began = min([state.epoch.replace(tzinfo=None), *filter(None, map(_moment, set_values))]) - _BEFORE
    while True:
        yield began.isoformat(timespec="milliseconds")
        began += timedelta(milliseconds=1)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None
