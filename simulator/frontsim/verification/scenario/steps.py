"""The steps of a scenario, each with its keys: the reader, the docs and the runner all follow these classes.

A field is a key of the TOML file; one with a default may be left out. Times are seconds unless the name says ms.
A number's bounds are in the field's metadata; a number without bounds is 0 or more.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from frontsim.domain.faults import FAULTS, SINK, FaultStage
from frontsim.verification.dependency.breakage import DependencyFault
from frontsim.verification.effects.history import Expect

BOUNDS = "bounds"
"""The name under which a field's metadata has the smallest and the largest value."""
_AT_LEAST_1 = {BOUNDS: (1, math.inf)}
_HUNDRED_YEARS_S = 86_400 * 366 * 100


class CrashPoint(StrEnum):
    """Where in a delivery the receiver is killed."""

    ACCEPTED = "accepted"
    HEADERS_SENT = "headers sent"
    HALF_THE_BODY = "half the body"
    WHOLE_BODY = "whole body"
    ANSWER_READ = "answer read"
    AFTER_THE_ANSWER = "after the answer"


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise events.

    Attributes:
        events: `["SaleCreated", ...]`, `"all"` types, `"some"` of them (a few, so that it is fast), or `"one"`.
        count: how many occurrences of each type; with `same_as`, for each earlier event.
        expect: what a right receiver does: once, refused or either.
        set: dotted paths of the payload and their values.
        payload: replaces the payload.
        invalid: send the payload even if it breaks the schema.
        label: a name under which later steps find these events.
        same_as: raise `count` events for each event of that label, with the values at the paths in `keep`.
        keep: see `same_as`.
        grow: a path of an array, and the number of entries that the array gets.
        older_than: these are older states of the entities of that label's events.
        newer_than: these are newer states of them.
        together: log them in one go, so that their event ids follow each other closely.
    """

    events: str | list[str] = "some"
    count: int = field(default=1, metadata={BOUNDS: (1, 100_000)})
    expect: Expect = Expect.ONCE
    set: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    invalid: bool = False
    label: str = ""
    same_as: str = ""
    keep: list[str] = field(default_factory=list)
    grow: Mapping[str, int] = field(default_factory=dict)
    older_than: str = ""
    newer_than: str = ""
    together: bool = False


@dataclass(frozen=True, slots=True)
class InjectFault:
    """Break deliveries, or calls of the vendor's API, from here until a `clear` step or the end.

    Attributes:
        fault: its name (`frontsim fault --help` lists them).
        match: which deliveries: event, trigger, run, url; for a fault on the API which calls: operation.
        times: how often; without it, until cleared.
        probability: of each delivery or call that matches; drawn from the seed.
        params: as the fault takes them.
        tolerable: a right receiver copes with it, so a refusal is the receiver's own.
    """

    fault: str
    match: Mapping[str, Any] = field(default_factory=dict)
    times: int = field(default=0, metadata=_AT_LEAST_1)
    probability: float = 1.0
    params: Mapping[str, Any] = field(default_factory=dict)
    tolerable: bool = False

    @property
    def on_api(self) -> bool:
        """The fault breaks calls of the vendor's API, and no delivery."""
        return FAULTS[self.fault].stage is FaultStage.API and not self.on_sink

    @property
    def on_sink(self) -> bool:
        """The fault breaks the receiver's calls to the sink."""
        return self.match.get("operation") == SINK

    @property
    def holds_back(self) -> bool:
        """The fault sends deliveries, or copies of them, at a later moment."""
        return FAULTS[self.fault].stage is FaultStage.ODDLY_DELIVERED


@dataclass(frozen=True, slots=True)
class Clear:
    """End all faults, once what they hold back has arrived, unless the scenario advances the clock."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Wait until nothing is due or in flight."""


@dataclass(frozen=True, slots=True)
class Resend:
    """Resend events, whether or not they were received.

    Attributes:
        label: which events; without it, all of the scenario.
        times: how often to resend each.
        together: how many at once.
    """

    label: str = ""
    times: int = field(default=1, metadata=_AT_LEAST_1)
    together: int = field(default=8, metadata=_AT_LEAST_1)


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Run the list -> resend job: list what failed, resend each, list again, until nothing is left.

    Attributes:
        rounds: at most.
    """

    rounds: int = field(default=20, metadata=_AT_LEAST_1)


@dataclass(frozen=True, slots=True)
class Echoes:
    """Deliver what was raised, then what the receiver's own writes raise from that, round after round.

    A scenario with this step holds every first delivery back, so a loop cannot run away.

    Attributes:
        rounds: a receiver whose writes raise events in so many of them answers its own echo for ever.
    """

    rounds: int = field(default=3, metadata={BOUNDS: (2, 20)})


@dataclass(frozen=True, slots=True)
class Observe:
    """Read the effects now: a `refused` event must have none here."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Move the simulator's clock on.

    Attributes:
        seconds: by how much.
    """

    seconds: float = field(metadata={BOUNDS: (0, _HUNDRED_YEARS_S)})


@dataclass(frozen=True, slots=True)
class Wait:
    """Let real time pass, because the receiver's own clock matters.

    Attributes:
        seconds: how much.
    """

    seconds: float = field(metadata={BOUNDS: (0, 3600)})


@dataclass(frozen=True, slots=True)
class WaitForEnd:
    """Let the other scenarios of the run be played; wait for `--memory` in any case, and travel by `--time-travel`."""


@dataclass(frozen=True, slots=True)
class KeepAway:
    """Let `--dependency-away` pass; with `--receiver-cmd`, kill the receiver halfway: it starts with its dependency."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Kill the receiver (kill -9) and start it again; needs `--receiver-cmd`."""


@dataclass(frozen=True, slots=True)
class Crash:
    """Deliver one event, kill the receiver (kill -9) at a moment of that, and start it; needs `--receiver-cmd`.

    Attributes:
        at: accepted, headers sent, half the body, whole body, answer read or after the answer.
        after_ms: with `whole body` or `after the answer`: how long after.
        of_answer_time: or, with `whole body`: after this part of the time in which it answers clean events.
        near_the_effect: or so many kills, each nearer to the moment at which the event's effect appears.
        events: as in `raise`; one event of each.
    """

    at: CrashPoint
    after_ms: int = field(default=0, metadata={BOUNDS: (0, 60_000)})
    of_answer_time: float = field(default=0.0, metadata={BOUNDS: (0, 10)})
    near_the_effect: int = field(default=0, metadata={BOUNDS: (0, 100)})
    events: str | list[str] = "some"


@dataclass(frozen=True, slots=True)
class BreakDependency:
    """Break the receiver's connections to a dependency, from here until a `clear` step or the end.

    Needs `--dependency`. A receiver with several has the whole scenario played once for each, unless a step names one.

    Attributes:
        fault: down, stall, slow, lost-request, lost-answer, lost-commit, held-answer or held-commit.
        dependency: its name; without it, the one whose turn it is.
        after: with the last four: how many answers (or commits) pass first.
        times: how many it breaks; without it, all.
        delay_ms: with slow: how much longer each answer takes.
    """

    fault: DependencyFault
    dependency: str = ""
    after: int = field(default=0, metadata={BOUNDS: (0, 1000)})
    times: int = field(default=0, metadata=_AT_LEAST_1)
    delay_ms: int = field(default=0, metadata={BOUNDS: (1, 60_000)})


class BoundaryAct(StrEnum):
    """An act on the receiver between two requests to a dependency."""

    LOSE = "lose the answer"
    KILL = "kill the receiver"


@dataclass(frozen=True, slots=True)
class AtBoundaries:
    """Deliver one event for each request that the receiver makes to its dependencies for an event, and break it there.

    Clean events tell how many requests that are. Then the answer to the first request does not come back in one event,
    to the second in the next, and so on. Needs `--dependency`; to kill, also `--receiver-cmd`.

    Attributes:
        act: `lose the answer`: the connection is reset; `kill the receiver`: kill -9, then start it again.
        events: as in `raise`.
        most: how many requests at most, spread evenly.
    """

    act: BoundaryAct
    events: str | list[str] = "one"
    most: int = field(default=12, metadata={BOUNDS: (1, 100)})


Step = (
    Raise
    | InjectFault
    | Clear
    | Drain
    | Resend
    | Reconcile
    | Echoes
    | Observe
    | Advance
    | Wait
    | WaitForEnd
    | KeepAway
    | Restart
    | Crash
    | BreakDependency
    | AtBoundaries
)

STEPS: Mapping[str, type[Step]] = {
    "raise": Raise,
    "fault": InjectFault,
    "clear": Clear,
    "drain": Drain,
    "resend": Resend,
    "reconcile": Reconcile,
    "echoes": Echoes,
    "observe": Observe,
    "advance": Advance,
    "wait": Wait,
    "wait_for_end": WaitForEnd,
    "keep_away": KeepAway,
    "restart": Restart,
    "crash": Crash,
    "dependency": BreakDependency,
    "boundaries": AtBoundaries,
}
"""The values of a step's `do`."""

PROCESS_CONTROL = (Restart, Crash)
EVENTFUL = (Raise, Crash, AtBoundaries)
"""Steps that raise events themselves."""
ON_DEPENDENCIES = (BreakDependency, AtBoundaries, KeepAway)
"""Steps that break connections to the receiver's dependencies."""
ACTING_STEPS = (Raise, Resend, AtBoundaries, *PROCESS_CONTROL)
"""Steps that cause deliveries or crashes; a scenario without one has nothing to judge."""

JOB_CALLS = ("listWebhookEvents", "deliverWebhookEvent")
"""The operations of the vendor's API that a scenario lists and resends through: a fault on another would not crash."""

CHANGES_THE_BODY = frozenset(
    {
        "garbage-json",
        "truncated-json",
        "unknown-field",
        "null-optional",
        "missing-field",
        "wrong-type",
        "unknown-event",
        "huge",
        "bom",
        "duplicate-key",
        "partial-body",
    }
)
"""Faults that make the arriving body differ from the payload in the log."""
