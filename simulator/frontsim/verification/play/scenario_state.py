"""The state of a scenario that runs: what it raises and has broken, and when. Moments are in simulator time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from frontsim.client.control import STRICT
from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.models import RaisedEvent
from frontsim.clock import stopwatch
from frontsim.errors import Unusable
from frontsim.verification.compare.state_reader import StateReader
from frontsim.verification.effects import content
from frontsim.verification.effects.history import Expect, FaultFact, Observation, PreflightCheck
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.patience import AT_ONCE_S, WaitLimits
from frontsim.verification.play.harness import Harness
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import CHANGES_THE_BODY, InjectFault, Raise

CLOCK_STEP_MS = 4
"""The log's moments are rounded to 1/300 s."""


@dataclass(slots=True)
class TrackedEvent:
    """An event that the scenario raised, and what is expected of it."""

    webhook_id: str
    webhook_event_id: str
    event: str
    expect: Expect = Expect.ONCE
    label: str = ""
    altered: bool = False
    series: str = ""
    rank: int = 0
    is_echo: bool = False


@dataclass(slots=True)
class ActiveFault:
    """A fault rule that is on now."""

    id: str
    step: InjectFault
    from_ms: int

    def ended(self, to_ms: int, *, hits: int | None = None) -> FaultFact:
        """The fact that the fault was on until then, and broke so much."""
        step = self.step
        detail = " ".join(f"{name}={value}" for name, value in {**step.match, **step.params}.items())
        return FaultFact(
            step.fault, self.from_ms, to_ms, detail, tolerable=step.tolerable, on_api=step.on_api, hits=hits
        )


@dataclass(frozen=True, slots=True)
class BrokenDependency:
    """A fault of a dependency that is on now."""

    fault: str
    from_ms: int


@dataclass(slots=True)
class ScenarioState:
    """The state of a scenario that is being played.

    Attributes:
        wait_limits: how long to wait for effects; the preflight makes them longer for a slow receiver.
        epoch: when the scenario began, by the simulator's clock, in the zone of the log's moments.
        effects: reads effects; None when the user gave no way.
        levels: reads the levels and customers that the receiver keeps; None when the user gave no way.
        webhooks: the ids of the scenario's webhooks by event type.
        tracked: the scenario's events by webhookEventId.
        pasts: for each type with a past: what its next events take over from that, in their order.
        marks: what was done to the receiver itself, with the moment in ms.
        limit: which bodies the receiver takes, where a large one was refused.
        answer_times_s: how long the receiver takes to answer clean events of a type, where it is killed by that.
        waited_s: how long it has waited for the rest of the run, by the receiver's clock.
        settling_s: how long it has waited for effects in its course. A receiver that books in batches is not too slow
            for a scenario, so its time-out leaves that out.
        echo_rounds: how often the receiver's writes raised events; `endless` names an echo of the last round.
        is_unfinished: time ran out before the list -> resend job was done or had given up.
    """

    scenario: Scenario
    harness: Harness
    wait_limits: WaitLimits
    epoch: datetime
    effects: EffectReader | None = None
    levels: StateReader | None = None
    began_s: float = field(default_factory=stopwatch)
    webhooks: dict[str, list[str]] = field(default_factory=dict)
    tracked: dict[str, TrackedEvent] = field(default_factory=dict)
    active: list[ActiveFault] = field(default_factory=list)
    faults: list[FaultFact] = field(default_factory=list)
    pasts: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)
    preflight: list[PreflightCheck] = field(default_factory=list)
    checkpoint: Observation | None = None
    observer_failure: str = ""
    echo_rounds: int = 0
    endless: str = ""
    is_unfinished: bool = False
    waited_s: float = 0.0
    settling_s: float = 0.0
    limit: str = ""
    turn: str = ""
    broken: BrokenDependency | None = None
    hits: int = 0
    slowest_kill_s: float = 0.0
    answer_times_s: dict[str, list[float]] = field(default_factory=dict)

    @property
    def spent_s(self) -> float:
        """Seconds since the scenario began."""
        return stopwatch() - self.began_s

    @property
    def webhook_ids(self) -> list[str]:
        return [each for ids in self.webhooks.values() for each in ids]

    @property
    def raised_on(self) -> list[str]:
        """The webhooks that have events so far: the log has nothing of the others, and each costs a call to read."""
        with_events = {each.webhook_id for each in self.tracked.values()}
        return [each for each in self.webhook_ids if each in with_events]

    @property
    def is_breaking(self) -> bool:
        """A fault breaks deliveries now in a way that a right receiver cannot cope with."""
        is_broken = any(not each.step.tolerable and not each.step.on_api for each in self.active)
        return is_broken or self.broken is not None

    @property
    def turns(self) -> tuple[str, ...]:
        """The dependencies that the steps are played for, one after another; one turn without a name for none."""
        if not self.scenario.needs_dependency or self.harness.given.dependencies is None:
            return ("",)
        return ("",) if self.scenario.named_dependencies else self.harness.given.dependencies.names

    def is_late(self) -> bool:
        return self.spent_s - self.settling_s > self.harness.limits.timeout_s

    @property
    def may_kill_again(self) -> bool:
        """There is time to kill the receiver and start it once more."""
        return self.harness.patience.may_kill(spent_s=self.spent_s, slowest_s=self.slowest_kill_s)

    def now_ms(self) -> int:
        """Milliseconds of simulator time since the scenario began. Raises CallError."""
        return since_ms(self.epoch, self.harness.now())

    def drain(self) -> None:
        """Wait until no delivery is due or in flight, within the scenario's time.

        Raises:
            CallError: the simulator cannot be reached.
            Unusable: the receiver's own writes raise events without end.
        """
        if not self.harness.drain(self.harness.patience.drain_s(spent_s=self.spent_s), raised=len(self.tracked)):
            raise Unusable(
                "the receiver answers events with writes that raise further events, without end, so no outage can be "
                "played; the scenario echo says which"
            )

    def is_drained(self) -> bool:
        """The simulator is drained once no delivery is due or in flight. Raises CallError."""
        return self.harness.sim.drain(AT_ONCE_S)

    def mark(self, text: str) -> None:
        """Record something that was done to the receiver, with the moment. Raises CallError."""
        self.marks.append((self.now_ms(), text))

    def subscribe(self, event: str) -> None:
        """Create the scenario's webhooks for a type, once. Raises CallError."""
        if event not in self.webhooks:
            ids = [
                self.harness.api.create_webhook(event, self.harness.given.request.receiver).id
                for _ in range(self.scenario.webhooks)
            ]
            self.webhooks[event] = ids

    def track(self, raised: RaisedEvent, *, expect: Expect = Expect.ONCE, label: str = "") -> TrackedEvent | None:
        """Remember an event; None when it is of a webhook that is not the scenario's."""
        if raised.webhook_id not in self.webhook_ids:
            return None
        tracked = TrackedEvent(raised.webhook_id, raised.webhook_event_id, raised.event, expect, label)
        tracked.altered = any(each.step.fault in CHANGES_THE_BODY for each in self.active)
        self.tracked[tracked.webhook_event_id] = tracked
        return tracked

    def track_lease(self, webhook_id: str, webhook_event_id: str, event: str) -> None:
        """Remember an event that the harness delivers itself."""
        self.track(RaisedEvent(webhook_id, webhook_event_id, event))


def since_ms(epoch: datetime, moment: datetime) -> int:
    """Milliseconds from the start to a moment of the simulator's clock, or of its log.

    The log's moments carry no zone: they are of the epoch's. In the hour that autumn repeats, such a moment is of the
    first pass that does not lie before the epoch.
    """
    zoned = [moment] if moment.tzinfo else [moment.replace(tzinfo=epoch.tzinfo, fold=fold) for fold in (0, 1)]
    began = epoch.astimezone(UTC)  # Python subtracts two moments of one zone as if its offset never changed
    since = [round((each.astimezone(UTC) - began) / timedelta(milliseconds=1)) for each in zoned]
    return next((each for each in since if each >= -CLOCK_STEP_MS), since[-1])


_SAMPLES = 8
"""Plain events raised to find an array with entries: a stock count, for example, may list no deviation."""

_OF_ONE_LINE = ("rowId", "txRef")
"""Fields that no two lines have in common, neither of one event nor of two."""


def raise_events(state: ScenarioState, step: Raise) -> None:
    """Raise the events of a step. Raises CallError."""
    for event in state.harness.given.selection.types(step.events):
        state.subscribe(event)
        if step.same_as:
            _raise_about_same(state, step, event)
        elif step.grow:
            _raise_grown(state, step, event)
        else:
            _raise(state, step, event, count=step.count, values=step.set)


def raise_clean(state: ScenarioState, event: str, *, now: str) -> list[TrackedEvent]:
    """Raise an event that any receiver must take, whatever the simulator's profile: no null, no odd text.

    It happens `now` by the simulator's clock, so that it differs from all events of earlier runs. A movement has an
    article of its own: it would hide which of a scenario's movements in the past counts. Each webhook of the scenario
    reports it: the first one's event comes first. Raises CallError.
    """
    state.subscribe(event)
    moments = dict.fromkeys(state.harness.given.selection.datetime_fields(event), now)
    values = {**moments, **state.harness.own_article(event)}
    tracked = _raise(state, Raise(), event, count=1, values=values, payloads=STRICT)
    if not tracked:
        raise UnexpectedAnswer("POST /_sim/trigger", expected=f"an event of {event} for our webhook", got="none")
    return tracked


def _raise(
    state: ScenarioState,
    step: Raise,
    event: str,
    *,
    count: int,
    values: Mapping[str, Any],
    payloads: str | None = None,
) -> list[TrackedEvent]:
    """Raise events of a type, each about a new entity, unless `values` say otherwise.

    `payloads` names a payload profile other than the simulator's.
    """
    pasts = state.pasts.get(event, []) if not (step.same_as or step.payload or step.together) else []
    fitting = state.harness.given.selection.fitting
    own = any(isinstance(value, list) for value in values.values()) or not step.together
    if step.payload or not own or not (state.harness.fresh(event) or pasts):
        each = None
    else:
        about = [{**_about(state, event, pasts), **_own_values(state, values)} for _ in range(count)]
        each = [fitting(event, one) for one in about]
    raised = state.harness.sim.trigger(
        event,
        count=count,
        set_=fitting(event, values) or None,
        each=each,
        payload=step.payload or None,
        invalid=step.invalid,
        payloads=payloads or state.harness.given.request.payloads,
    )
    known = [state.track(item, expect=step.expect, label=step.label) for item in raised.events]
    return [tracked for tracked in known if tracked is not None]


def _about(state: ScenarioState, event: str, pasts: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """An entity that the receiver knows already, while there are any, or a new one."""
    return pasts.pop(0) if pasts else state.harness.fresh(event)


def _own_values(state: ScenarioState, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values for one event. A list that is the same for all is left out, since it may have thousands of entries."""
    own: Mapping[str, Any] = _with_own_lines(state, values)
    return {path: value for path, value in own.items() if not isinstance(value, list) or value != values[path]}


def _with_own_lines(state: ScenarioState, values: Any) -> Any:
    """The values, with numbers of their own for the lines of a sale: a receiver may have a unique index on them."""
    if isinstance(values, list):  # of thousands of entries, a few objects that come again and again
        of_one = {key for key, each in {id(each): each for each in values}.items() if _has_own(each)}
        return [_with_own_lines(state, each) if id(each) in of_one else each for each in values]
    if not isinstance(values, Mapping):
        return values
    own = {name: str(next(state.harness.identities)) for name in _OF_ONE_LINE if values.get(name)}
    return {name: own.get(name) or _with_own_lines(state, value) for name, value in values.items()}


def _has_own(value: Any) -> bool:
    """A value holds, at any depth, a field that no two lines have in common."""
    if isinstance(value, list):
        return any(map(_has_own, value))
    return isinstance(value, Mapping) and (any(map(value.get, _OF_ONE_LINE)) or any(map(_has_own, value.values())))


def _raise_about_same(state: ScenarioState, step: Raise, event: str) -> None:
    """Raise events for each earlier event of the label, about the same entity: of this type, or of its past's."""
    past = state.harness.given.selection.past(event)
    types = (event, past.name if past else event)
    earlier = [each for each in state.tracked.values() if each.label == step.same_as and each.event in types]
    for number, other in enumerate(earlier):
        payload = _payload(state, other)
        kept = {path: content.find(payload, path) for path in step.keep if path.partition(".")[0] in payload}
        for each in _raise(state, step, event, count=step.count, values={**kept, **step.set}):
            if step.older_than or step.newer_than:
                other.series = each.series = f"{step.same_as}: {event} {number}"
                newest = other if step.older_than else each
                newest.rank = 1


def _raise_grown(state: ScenarioState, step: Raise, event: str) -> None:
    """Raise an event with as many entries in an array as the step asks for, copied from plain events of the type."""
    samples = [_payload(state, each) for each in _raise(state, Raise(), event, count=_SAMPLES, values={})]
    values = dict(step.set)
    for path, number in step.grow.items():
        entries = next((found for sample in samples if (found := content.find(sample, path))), None)
        if not isinstance(entries, list):
            raise UnexpectedAnswer(f"payload of {event}", expected=f"an array with entries at {path}", got=entries)
        values[path] = [entries[each % len(entries)] for each in range(number)]
    _raise(state, step, event, count=step.count, values=values)


def _payload(state: ScenarioState, tracked: TrackedEvent) -> Any:
    return state.harness.entry(tracked.webhook_id, tracked.webhook_event_id).payload
