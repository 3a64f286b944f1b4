"""The state of a scenario that runs: what it has raised and broken, and when. Moments are in simulator time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from frontsim.client.models import RaisedEvent
from frontsim.clock import stopwatch
from frontsim.verification.compare.state_reader import StateReader
from frontsim.verification.effects.history import Expect, FaultFact, Observation, PreflightCheck
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.patience import AT_ONCE_S, WaitLimits
from frontsim.verification.play.harness import Harness
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import CHANGES_THE_BODY, InjectFault

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
        """Wait until no delivery is due or in flight, within the scenario's time. Raises CallError."""
        self.harness.sim.drain(self.harness.patience.drain_s(spent_s=self.spent_s))

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
