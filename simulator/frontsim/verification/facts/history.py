"""What happened in one scenario, as recorded facts: the only thing that the checker ever sees.

Nothing here is judged. A history can be written down by hand, which is how the checker is tested. Two sides are
kept apart: what the log says of each run (`Run`), and what the receiver's business system shows (`Effect`).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from frontsim.domain.model import Outcome, Trigger


class Expect(StrEnum):
    """What a right receiver does with an event."""

    ONCE = "once"
    """It has one effect in the end."""
    REFUSED = "refused"
    """Its first run was mangled on the way: a 4xx and no effect; the sound resend has one effect."""
    EITHER = "either"
    """It may be acknowledged or refused, have one effect or none; but the receiver must not break."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt to deliver, as the log tells it.

    `at_ms` counts from the scenario's start. `faulted` says that we were breaking deliveries when it was made, so a
    failure is not the receiver's; `mutated` that it was changed in a way that a right receiver copes with, so it is.
    `outcome` UNKNOWN means that it may have been processed.
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
        """The log has a 2xx for it (published: only that counts as received)."""
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(frozen=True, slots=True)
class Entity:
    """What an event is about: a path and value such as `saleId` and `125086012`, and which state of it."""

    path: str
    value: str
    version: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EventFact:
    """One event of ours, for one webhook, with all its runs in order.

    `altered` says that its body was changed on the way, so that its effects cannot be compared with `payload`.
    `series` names events that are states of one thing, oldest first in `rank`.
    """

    webhook_id: str
    webhook_event_id: str
    event: str
    runs: tuple[Run, ...]
    expect: Expect = Expect.ONCE
    entity: Entity | None = None
    payload: Any = field(default=None, repr=False)
    altered: bool = False
    series: str = ""
    rank: int = 0

    @property
    def acknowledged(self) -> bool:
        """Some run of it was."""
        return any(run.acknowledged for run in self.runs)


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that the receiver booked, as the observer saw it: `key` is the text at the observer's key, or None."""

    key: str | None
    value: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Observation:
    """The effects that were not there before the scenario, at one moment (ms from its start)."""

    at_ms: int
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class FaultFact:
    """A fault that was on, in ms from the scenario's start.

    A right receiver copes with a `tolerable` one. One `on_api` broke no delivery: what a receiver answered is its own.
    """

    fault: str
    from_ms: int
    to_ms: int
    detail: str = ""
    tolerable: bool = False
    on_api: bool = False


@dataclass(frozen=True, slots=True)
class PreflightCheck:
    """Whether what must work at all did: `failure` is a sentence, "" when it did.

    `unanswered`: the receiver gave no answer at all.
    """

    name: str
    failure: str = ""
    unanswered: bool = False


@dataclass(frozen=True, slots=True)
class Liveness:
    """The receiver's last sign of life: `failure` says what it did not answer, "" when it did."""

    failure: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All that was recorded in one scenario.

    Attributes:
        observer: how effects were read, "" when nobody gave a way.
        observer_key: `business`, or the dotted path of the event's id in an effect.
        checkpoint: what was seen before the sound resends of mangled events.
        final: what was seen at the end; None when nothing was, `observer_failure` says why.
        settled: the effects were unchanged for the quiet window.
        alive: None when it was not asked.
        trouble: why the scenario could not be played to its end, "" when it was.
        marks: what we did to the receiver itself, such as kills, with the moment.
        unfinished: time was over before the list -> resend job was done or had given up.
    """

    scenario: str
    events: tuple[EventFact, ...] = ()
    observer: str = ""
    observer_key: str = "webhookEventId"
    checkpoint: Observation | None = None
    final: Observation | None = None
    observer_failure: str = ""
    settled: bool = True
    preflight: tuple[PreflightCheck, ...] = ()
    liveness: Liveness | None = None
    faults: tuple[FaultFact, ...] = ()
    trouble: str = ""
    marks: tuple[tuple[int, str], ...] = ()
    unfinished: bool = False
    duration_s: float = 0.0

    @property
    def why_not_judged(self) -> str:
        """Why nothing at all can be said, "" when something can."""
        failed = [control.failure for control in self.preflight if control.failure]
        nothing = "" if self.events else "expected events of this scenario in the log, got none"
        return self.trouble or (failed[0] if failed else nothing)
