"""One scenario while it is played: what was raised, what was broken and when, all in simulator time."""

from dataclasses import dataclass, field
from datetime import datetime

from frontsim.client.models import RaisedEvent
from frontsim.clock import stopwatch
from frontsim.verification.facts.baseline import Baseline
from frontsim.verification.facts.history import Expect, FaultFact, Observation, PreflightCheck
from frontsim.verification.observe.settle import WaitLimits
from frontsim.verification.play.harness import Harness
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import CHANGES_THE_BODY, InjectFault


@dataclass(slots=True)
class TrackedEvent:
    """An event of ours, and what is expected of it."""

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
    """A fault rule that is on."""

    id: str
    step: InjectFault
    from_ms: int

    def ended(self, to_ms: int) -> FaultFact:
        """What is to be told of it when it was on until then."""
        step = self.step
        detail = " ".join(f"{name}={value}" for name, value in {**step.match, **step.params}.items())
        return FaultFact(step.fault, self.from_ms, to_ms, detail, tolerable=step.tolerable, on_api=step.on_api)


@dataclass(slots=True)
class ScenarioState:
    """The state of a scenario that is being played."""

    scenario: Scenario
    harness: Harness
    wait_limits: WaitLimits
    epoch: datetime
    began: float = field(default_factory=stopwatch)
    webhooks: dict[str, list[str]] = field(default_factory=dict)
    tracked: dict[str, TrackedEvent] = field(default_factory=dict)
    active: list[ActiveFault] = field(default_factory=list)
    faults: list[FaultFact] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)
    preflight: list[PreflightCheck] = field(default_factory=list)
    baseline: Baseline = field(default_factory=lambda: Baseline({}))
    checkpoint: Observation | None = None
    observer_failure: str = ""
    unfinished: bool = False
    """Time was over before the list -> resend job was done or had given up."""

    @property
    def spent_s(self) -> float:
        """Seconds since it began."""
        return stopwatch() - self.began

    @property
    def webhook_ids(self) -> list[str]:
        """All webhooks of it."""
        return [each for ids in self.webhooks.values() for each in ids]

    @property
    def is_breaking(self) -> bool:
        """A fault is on that a receiver cannot cope with."""
        return any(not each.step.tolerable and not each.step.on_api for each in self.active)

    def is_late(self) -> bool:
        """The scenario's time is over."""
        return self.spent_s > self.harness.limits.timeout_s

    def now_ms(self) -> int:
        """Milliseconds of simulator time since it began. Raises CallError."""
        return self.since(self.harness.now())

    def since(self, moment: datetime) -> int:
        """Milliseconds from the scenario's start to a moment of the simulator."""
        return round((moment - self.epoch).total_seconds() * 1000)

    def mark(self, text: str) -> None:
        """Write down something that was done to the receiver."""
        self.marks.append((self.now_ms(), text))

    def subscribe(self, event: str) -> None:
        """Have the scenario's webhooks for a type. Raises CallError."""
        if event not in self.webhooks:
            ids = [
                self.harness.api.create_webhook(event, self.harness.receiver_url).id
                for _ in range(self.scenario.webhooks)
            ]
            self.webhooks[event] = ids

    def track(self, raised: RaisedEvent, *, expect: Expect = Expect.ONCE, label: str = "") -> TrackedEvent | None:
        """Remember an event if it is of one of our webhooks."""
        if raised.webhook_id not in self.webhook_ids:
            return None
        tracked = TrackedEvent(raised.webhook_id, raised.webhook_event_id, raised.event, expect, label)
        tracked.altered = any(each.step.fault in CHANGES_THE_BODY for each in self.active)
        self.tracked[tracked.webhook_event_id] = tracked
        return tracked

    def track_lease(self, webhook_id: str, webhook_event_id: str, event: str) -> None:
        """Remember an event that we deliver ourselves."""
        self.track(RaisedEvent(webhook_id, webhook_event_id, event))
