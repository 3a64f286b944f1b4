"""The facts of one scenario, and what a right receiver owes by them.

Nothing here is judged. A test can write a history by hand. Two sides are kept apart: what the log says of each run
(`Run`), and what the receiver's business system shows (`Effect`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.state_shape import StateFacts
from frontsim.wording import counted


class Expect(StrEnum):
    """A right receiver treats an event in one of these ways."""

    ONCE = "once"
    """The event has one effect in the end."""
    REFUSED = "refused"
    """The first run was broken on the way: it gets a 4xx and has no effect. The sound resend has one effect."""
    EITHER = "either"
    """The event may be acknowledged or refused, and have one effect or none; but the receiver must not break."""


class ContentCheck(StrEnum):
    """How strictly an effect's copy of the payload is compared with what was sent."""

    EXACT = "exact"
    """Every key and value is as it was sent; only the order of keys and the form of a number are free."""
    KNOWN = "known"
    """The forms of docs/reference/content.md are no difference, and nothing else is free."""
    OFF = "off"
    """Content is not compared."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to deliver, as the log has it.

    Attributes:
        outcome: UNKNOWN means that the receiver may have processed it.
        at_ms: when it began, from the scenario's start.
        at: when it began, by the simulator's clock, in the user's zone with its offset: `15:06:10.447+01:00`.
        faulted: a fault was breaking deliveries then, so a failure is not the receiver's.
        mutated: the delivery was changed in a way that a right receiver copes with, so a failure is the receiver's.
    """

    number: int
    trigger: Trigger
    outcome: Outcome
    status: str
    status_code: int | None
    at_ms: int
    at: str = ""
    duration_ms: int = 0
    faulted: bool = False
    mutated: bool = False

    @property
    def acknowledged(self) -> bool:
        """The log has a 2xx for the run (published: only that counts as received)."""
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class Entity:
    """An event is about this: a path and value such as `saleId` and `125086012`, and which state of it."""

    path: str
    value: str
    version: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StateRow:
    """An event gives the newest state of this: `row` of a table that keeps one row each, since a moment (text)."""

    table: str
    row: str
    since: str = ""


@dataclass(frozen=True, slots=True)
class EventFact:
    """One of our events, for one webhook, with all its runs in order.

    Attributes:
        state: what it gives the newest state of; None for what happens once.
        altered: the body was changed on the way, so its effects cannot be compared with `payload`.
        series: events with the same series are states of one thing.
        rank: the place in the series, oldest first.
        is_echo: a write of the receiver raised it.
    """

    webhook_id: str
    webhook_event_id: str
    event: str
    runs: tuple[Run, ...]
    expect: Expect = Expect.ONCE
    entity: Entity | None = None
    payload: Any = field(default=None, repr=False)
    state: StateRow | None = None
    altered: bool = False
    series: str = ""
    rank: int = 0
    is_echo: bool = False

    @property
    def acknowledged(self) -> bool:
        """The receiver acknowledged some run of the event."""
        return any(run.acknowledged for run in self.runs)


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that the receiver booked, as the observer shows it: `key` is the text at its key, or None."""

    key: str | None
    value: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Observation:
    """The effects that were not there before the scenario, at one moment (ms from its start)."""

    at_ms: int
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class FaultFact:
    """A fault and when it was on, in ms from the scenario's start.

    Attributes:
        tolerable: a right receiver copes with it.
        on_api: it hit calls of the vendor's API and no delivery, so every answer is the receiver's own.
        hits: how many deliveries or calls it broke; None where that was not counted.
    """

    fault: str
    from_ms: int
    to_ms: int
    detail: str = ""
    tolerable: bool = False
    on_api: bool = False
    hits: int | None = None


@dataclass(frozen=True, slots=True)
class PreflightCheck:
    """One check before a scenario: `failure` is a sentence, "" when the check passed.

    `unanswered`: the receiver gave no answer at all.
    """

    name: str
    failure: str = ""
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Liveness:
    """The receiver's state at the end: `failure` is a sentence, "" when the receiver still answered."""

    failure: str = ""


@dataclass(frozen=True, slots=True)
class Strangers:
    """Effects of a run that are of none of its events.

    Attributes:
        number: those of no event that any frontsim sent, and `example` is one of them.
        come_with_events: none of them came while nothing was sent.
        of_others: those of events that another frontsim sent.
    """

    number: int
    example: str
    come_with_events: bool
    of_others: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that accuse no receiver."""
        which = f"{counted(self.of_others, 'new effect is', 'new effects are')} of events"
        others = f"{which} that another frontsim sent to this receiver: its ids tell"
        return (
            *((str(self),) if self.number and not self.come_with_events else ()),
            *([others] if self.of_others else ()),
        )

    def __str__(self) -> str:
        which = counted(self.number, "new effect is", "new effects are")
        if self.come_with_events:
            return (
                f"{which} of no event, such as {self.example}, and they come only when events are sent: they may be "
                "second bookings; let the observer show an event's id or what it is about, or leave such effects out"
            )
        return (
            f"{which} of no event, such as {self.example}: other systems write here, too; a WHERE or "
            "--observe-ignore leaves them out"
        )


@dataclass(frozen=True, slots=True)
class History:
    """All that was recorded in one scenario.

    Attributes:
        observer: how effects were read, "" when the user gave no way.
        observer_key: `business`, or the dotted path of the event's id in an effect.
        check_content: how strictly content is compared.
        column_map: the path of a field by its column, as the user says; "" for what is not compared.
        earlier: a few events of the run's other scenarios with their effects, by which it is known how fields are kept.
        zone: of the vendor, whose date-times carry none.
        samples: clean single deliveries of the run's other scenarios, each with its number of effects beside its own.
        strangers: effects of the whole run that are of no event; None where there are none, or in other scenarios.
        is_alone: no other scenario was played beside it, so effects that name none of its events are strange.
        checkpoint: the effects before the sound resends of broken events.
        final: the effects at the end; None when they could not be read, and `observer_failure` says why.
        settled: the effects were unchanged for the quiet window.
        state: the receiver's derived state; None when the user gave no way to read it.
        liveness: None when it was not checked.
        trouble: why the scenario could not be played to its end, "" when it was.
        marks: what was done to the receiver itself, such as kills, with the moment in ms.
        waited_s: how long the scenario has waited for the rest of the run, by the receiver's clock.
        limit: which bodies the receiver takes, where a large one was refused; a sentence.
        volume: with how many of its events it was played, where that is not all; a sentence.
        keyless: the programs that called the API without a subscription key, by their User-Agent.
        endless: the webhookEventId of an echo of the last round, where the writes did not end before, "" for none.
        unfinished: time was over before the list -> resend job was done or had given up.
        overload: why the machine may be at fault for what came too late, "" when it is not.
    """

    scenario: str
    events: tuple[EventFact, ...] = ()
    observer: str = ""
    observer_key: str = "webhookEventId"
    check_content: ContentCheck = ContentCheck.KNOWN
    column_map: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[tuple[EventFact, tuple[Effect, ...]], ...] = ()
    zone: str = "Europe/Oslo"
    samples: tuple[tuple[EventFact, int], ...] = ()
    strangers: Strangers | None = None
    is_alone: bool = True
    checkpoint: Observation | None = None
    final: Observation | None = None
    observer_failure: str = ""
    settled: bool = True
    state: StateFacts | None = None
    preflight: tuple[PreflightCheck, ...] = ()
    liveness: Liveness | None = None
    faults: tuple[FaultFact, ...] = ()
    trouble: str = ""
    marks: tuple[tuple[int, str], ...] = ()
    endless: str = ""
    unfinished: bool = False
    overload: str = ""
    duration_s: float = 0.0
    waited_s: float = 0.0
    limit: str = ""
    volume: str = ""
    keyless: tuple[str, ...] = ()

    @property
    def why_not_judged(self) -> str:
        """Why this history proves nothing at all; "" when it does."""
        failed = [check.failure for check in self.preflight if check.failure]
        nothing = "" if self.events else "expected events of this scenario in the log, got none"
        return self.trouble or (failed[0] if failed else nothing)


def is_owed(event: EventFact) -> bool:
    """A right receiver must have applied an event that it acknowledged, and that is expected once."""
    return event.acknowledged and event.expect is Expect.ONCE


def may_apply(event: EventFact) -> bool:
    """A right receiver may have applied an event, unless it refused it for good."""
    reached = [run for run in event.runs if run.outcome is not Outcome.NOT_SENT]
    return not all(run.status_code is not None and 400 <= run.status_code < 500 for run in reached)


def first_ms(event: EventFact) -> int:
    """When its first run began."""
    return min(run.at_ms for run in event.runs)


def last_ms(event: EventFact) -> int:
    """When its last run ended."""
    return max(run.at_ms + run.duration_ms for run in event.runs)
