"""Which schedules are legal: a schedule is a scenario that a right receiver survives, whatever was drawn.

A step is legal after the steps before it, which `Course` follows. The generator only draws legal steps, and shrinking
only tries legal schedules, so that neither accuses a receiver of what real life would not do to it:

    what is named     a label, a type or a dependency is there, and an update is newer than the state that it follows
    what is broken    each fault has something to hit before it ends; of two, each breaks other deliveries
    changed bodies    stand alone: only their own events are sent and resent while the fault is on, because another's
                      effect could no longer be compared with its payload
    nulls             what was sent with them is not resent with values: a key of what an event is about would differ
    broken bodies     the effects are read before the sound resends, and once in a schedule
    kills             nothing else is broken, so that what is missing was lost by the receiver
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from frontsim.domain.model import Trigger
from frontsim.verification.effects.history import Expect
from frontsim.verification.scenario.scenario import Scenario, bundled_scenarios
from frontsim.verification.scenario.steps import (
    ACTING_STEPS,
    BreakDependency,
    Clear,
    Crash,
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

BROKEN = ("garbage-json", "truncated-json", "partial-body")
"""Faults on bodies that a receiver must refuse."""
NULLING = "null-optional"
HARMLESS = ("unknown-field", NULLING)
"""Faults on bodies that a receiver must take."""
HIDING = "unknown-event"
"""The fault on the name of an event's type: a receiver may take such an event or refuse it."""
CHANGING = (*BROKEN, *HARMLESS, HIDING)

MOST_STEPS = 24
MOST_DELIVERIES = 200
MOST_SECONDS = 3.0
"""Of waits in one schedule."""
MOST_API_FAULTS = 3
"""Calls of the API that one fault breaks: the harness repeats each for a while only."""
_FIRST, _AGAIN = {"run": 1}, {"trigger": str(Trigger.RESEND)}
RESENDING = {"operation": "deliverWebhookEvent"}
"""The call of the API that a fault of a schedule breaks: the others of the resend job reach no receiver."""
MATCHES: Sequence[Mapping[str, Any]] = ({}, _FIRST, _AGAIN)
"""The deliveries that a fault of a schedule breaks: all, each event's first, or resends."""


@dataclass(frozen=True, slots=True)
class Update:
    """How events of a type change one thing: the paths that stay the same, and the one that has the moment."""

    keep: tuple[str, ...]
    moment: str


@dataclass(frozen=True, slots=True)
class OlderState:
    """Two states of one thing, the newer one sent first, as a bundled scenario has them; without labels."""

    newer: Raise
    older: Raise


def _older_states() -> tuple[OlderState, ...]:
    steps = [step for each in bundled_scenarios() for step in each.steps if isinstance(step, Raise)]
    newer = {step.label: step for step in steps if step.label}
    return tuple(
        OlderState(replace(newer[step.older_than], label=""), replace(step, label="", same_as="", older_than=""))
        for step in steps
        if step.older_than
    )


OLDER_STATES = _older_states()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The parts of schedules for one receiver.

    Attributes:
        types: the event types that it books.
        updates: those of them that may report two states of one thing.
        once: those of them that report what happens once, without a past. Of others, a receiver that keeps the newest
            state shows one event where two webhooks report it.
        kills: it can be killed and started.
        dependencies: the names of those that can be broken.
    """

    types: tuple[str, ...]
    updates: Mapping[str, Update] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    kills: bool = False
    dependencies: tuple[str, ...] = ()


@dataclass(slots=True)
class RaisedStep:
    """Events of one raise step, under their label."""

    step: Raise
    event: str
    is_clean: bool
    """Nothing was broken when they were sent."""
    is_in_flight: bool = True
    has_nulls: bool = False
    """What may be null was null when they were sent."""


class Illegal(Exception):
    """A step that may not stand there. The text says why."""


def why_illegal(schedule: Scenario, vocabulary: Vocabulary) -> str:
    """Why a schedule may accuse a right receiver, or proves nothing; "" for a legal one."""
    course = Course(vocabulary, webhooks=schedule.webhooks)
    try:
        for step in schedule.steps:
            course.take(step)
        course.end()
    except Illegal as error:
        return str(error)
    if len(schedule.steps) > MOST_STEPS:
        return f"expected at most {MOST_STEPS} steps, got {len(schedule.steps)}"
    return ""


def repaired(schedule: Scenario, vocabulary: Vocabulary) -> Scenario:
    """The schedule without steps that may not stand there, that change nothing, or that every end has anyway.

    So an end goes without its fault, a resend without its events, and a fault that has nothing to break.
    """
    course = Course(vocabulary, webhooks=schedule.webhooks)
    left: list[Step] = []
    for step in schedule.steps:
        if isinstance(step, Clear):
            if course.idle:
                return _without(schedule, course.idle, vocabulary)
            if left and isinstance(left[-1], Drain):
                left.pop()  # the end of a fault waits, too
        elif isinstance(step, Drain) and not course.is_in_flight:
            continue
        ahead = course.copy()
        with suppress(Illegal):
            ahead.take(step)
            course = ahead
            left.append(step)
    if course.idle:
        return _without(schedule, course.idle, vocabulary)
    while left and isinstance(left[-1], Clear | Drain):
        left.pop()
    named = {name for step in left for name in _names_in(step)}
    steps = [replace(step, label="") if isinstance(step, Raise) and step.label not in named else step for step in left]
    return replace(schedule, steps=tuple(steps))


def _without(schedule: Scenario, faults: Sequence[Step], vocabulary: Vocabulary) -> Scenario:
    steps = tuple(step for step in schedule.steps if not any(step is each for each in faults))
    return repaired(replace(schedule, steps=steps), vocabulary)


def _names_in(step: Step) -> tuple[str, ...]:
    """The labels that a step is about."""
    match step:
        case Raise():
            return step.same_as, step.older_than
        case Resend():
            return (step.label,)
        case _:
            return ()


class Course:
    """Follows a schedule step by step.

    Args:
        vocabulary: what its steps may be made of.
        webhooks: how many it has for each type.
    """

    def __init__(self, vocabulary: Vocabulary, *, webhooks: int = 1) -> None:
        self._vocabulary = vocabulary
        self._webhooks = webhooks
        self.raised: dict[str, RaisedStep] = {}
        self.active: list[InjectFault] = []
        self.broken: BreakDependency | None = None
        self.is_owed = False
        """We have broken deliveries, and no resend job has brought them since."""
        self.is_settled = True
        """A resend job has brought all that was sent, also what the receiver refused by itself."""
        self.has_observed = False
        self.acts = False
        self.deliveries = 0
        self.idle: list[Step] = []
        """Faults that have had nothing to break yet."""
        self._seconds = 0.0
        self._had_refused = False

    def copy(self) -> "Course":
        """Where the schedule is now, to go on from twice."""
        other = copy(self)
        other.raised = {label: replace(each) for label, each in self.raised.items()}
        other.active, other.idle = [*self.active], [*self.idle]
        return other

    @property
    def changing(self) -> str:
        """The fault on bodies that is on, "" without one."""
        return next((each.fault for each in self.active if each.fault in CHANGING), "")

    @property
    def has_refused(self) -> bool:
        """Broken bodies were sent; a fault on their sound resends would look like another broken body."""
        return any(each.step.expect is Expect.REFUSED for each in self.raised.values())

    @property
    def is_in_flight(self) -> bool:
        return any(each.is_in_flight for each in self.raised.values())

    @property
    def is_calm(self) -> bool:
        """Nothing is broken, under way or owed."""
        return not (self.active or self.broken or self.is_in_flight or self.is_owed)

    def may_update(self, label: str) -> bool:
        """The events of a label may be followed by newer states of what they are about."""
        each = self.raised.get(label)
        return bool(
            each
            and each.event in self._vocabulary.updates
            and self._vocabulary.updates[each.event].moment in each.step.set
            and each.is_clean
            and not each.is_in_flight
            and self._webhooks == 1
        )

    def take(self, step: Step) -> None:
        """Go on by a step. Raises Illegal, and is of no further use then."""
        match step:
            case Raise():
                self._raise(step)
            case InjectFault():
                self._fault(step)
            case Resend():
                self._resend(step)
            case Reconcile():
                self._reconcile()
            case Clear():
                self._clear()
            case Drain():
                self._drain()
            case Observe():
                self._observe()
            case Wait():
                self._seconds += step.seconds
                _expect(self._seconds <= MOST_SECONDS, "shorter waits")
            case Restart() | Crash():
                self._kill(step)
            case BreakDependency():
                self._break(step)
            case _:
                raise Illegal(f"expected a step that a schedule may have, got {type(step).__name__}")
        self.acts = self.acts or isinstance(step, ACTING_STEPS)

    def end(self) -> None:
        """The end of the schedule. Raises Illegal."""
        _expect(self.acts, "a step that sends events")
        _expect(not self.idle, "something to break for each fault")

    def _raise(self, step: Raise) -> None:
        _expect(isinstance(step.events, list) and len(step.events) == 1, "one named type in each step")
        event = step.events[0]
        _expect(event in self._vocabulary.types, "a type that the receiver books")
        expected = Expect.REFUSED if self.changing in BROKEN else Expect.ONCE
        expected = Expect.EITHER if self.changing == HIDING or step.older_than else expected
        _expect(step.expect is expected, f"events that are expected {expected}")
        _expect(self._webhooks == 1 or event in self._vocabulary.once, "what happens once, for two webhooks")
        _expect(step.label not in self.raised, "a label of its own")
        if step.older_than:
            self._check_older(step)
        elif step.same_as:
            self._check_update(step, event)
        self._deliver(step.count)
        label = step.label or f"#{len(self.raised)}"
        self.raised[label] = RaisedStep(
            step, event, is_clean=not self._breaks_deliveries, has_nulls=self.changing == NULLING
        )
        self._hit(again=False)
        self.is_settled = False
        self.is_owed = self.is_owed or self._breaks_deliveries

    def _check_older(self, step: Raise) -> None:
        """An older state is one of a bundled scenario's, about what that scenario has sent before."""
        newer = self.raised.get(step.older_than)
        _expect(newer is not None and newer.is_clean and not newer.is_in_flight, "a newer state that has arrived")
        assert newer is not None
        known = [(each.newer, each.older) for each in OLDER_STATES]
        unlabelled = replace(step, label="", same_as="", older_than="")
        _expect((replace(newer.step, label=""), unlabelled) in known and self._webhooks == 1, "a known older state")
        _expect(not self.changing, "sound bodies of states")

    def _check_update(self, step: Raise, event: str) -> None:
        earlier = self.raised.get(step.same_as)
        _expect(earlier is not None and earlier.event == event, "an earlier event of the same type")
        assert earlier is not None
        update = self._vocabulary.updates.get(event)
        _expect(update is not None and tuple(step.keep) == update.keep, "what an update keeps")
        assert update is not None
        before, now = (str(each.set.get(update.moment, "")) for each in (earlier.step, step))
        _expect(now > before and self.may_update(step.same_as), "a newer state of what has arrived")
        newest = max(str(each.step.set.get(update.moment, "")) for each in self.raised.values() if each.event == event)
        _expect(now > newest, "the newest state")

    def _fault(self, step: InjectFault) -> None:
        _expect(not self.changing and not self.broken, "no fault beside one on bodies or a dependency")
        if step.on_api:
            _expect(0 < step.times <= MOST_API_FAULTS, "an API that recovers")
            _expect(not any(each.on_api for each in self.active), "one fault on the API at a time")
            _expect(step.match == RESENDING, "calls that resend")
        elif step.fault in CHANGING:
            _expect(self.is_calm, "nothing else that is broken, under way or owed")
            _expect(not step.times and not step.match, "a fault on all bodies")
            _expect(step.tolerable == (step.fault not in BROKEN), "tolerable, unless the body is broken")
            _expect(step.fault in BROKEN or self.is_settled, "a resend job before bodies change")
            _expect(not (step.fault in BROKEN and self.has_observed), "one look at broken bodies")
        else:
            _expect(step.match in MATCHES and not step.tolerable, "a plain fault on deliveries")
            _expect(not (self.has_refused and self.is_owed), "a resend job after broken bodies")
            others = [each.match for each in self.active if not each.on_api]
            _expect(all(step.match != each and step.match and each for each in others), "one fault for each delivery")
        self._had_refused = self.has_refused
        self.active.append(step)
        self.idle.append(step)

    def _resend(self, step: Resend) -> None:
        _expect(bool(self.raised), "events to resend")
        if self.changing:
            _expect(step.label in self.raised, "a resend of the changed events alone")
            each = self.raised[step.label]
            _expect(not each.is_clean and not each.is_in_flight and self.changing in BROKEN[:2], "a broken body again")
            _expect(each.step.expect is Expect.REFUSED, "a broken body again")
        elif step.label:
            _expect(step.label in self.raised, "an earlier label")
            is_refused = self.raised[step.label].step.expect is Expect.REFUSED
            _expect(not (is_refused and self._breaks_deliveries), "sound resends of broken bodies")
        else:
            _expect(not (self.has_refused and self._breaks_deliveries), "sound resends of broken bodies")
        chosen = [each for each in self.raised.values() if not step.label or each.step.label == step.label]
        _expect(not any(each.has_nulls for each in chosen), "no values where nulls were sent")
        self._deliver(step.times * sum(each.step.count for each in chosen))
        self._hit(again=True)
        self.is_settled = False
        self.is_owed = self.is_owed or self._breaks_deliveries

    def _reconcile(self) -> None:
        _expect(bool(self.raised), "events to resend")
        _expect(self.changing not in BROKEN and self.broken is None, "no resend job while bodies are broken")
        _expect(not self.changing or not self.is_in_flight, "a resend job after the deliveries")
        self.is_owed = self.is_owed and self._breaks_deliveries
        self.is_settled = not (self._breaks_deliveries or self.is_in_flight)

    def _clear(self) -> None:
        _expect(bool(self.active or self.broken), "a fault to end")
        _expect(not self.idle, "something to break for each fault")
        self.is_owed = self.is_owed or bool(self.changing)
        self.active.clear()
        self.broken = None
        self._drain()

    def _drain(self) -> None:
        for each in self.raised.values():
            each.is_in_flight = False

    def _observe(self) -> None:
        _expect(self.changing in BROKEN and not self.is_in_flight, "a look at broken bodies")
        _expect(not self.has_observed, "one look")
        _expect(not self._had_refused, "no sound resend of a broken body before the look")
        self.has_observed = True

    def _kill(self, step: Restart | Crash) -> None:
        _expect(self._vocabulary.kills, "a receiver that can be killed")
        _expect(not self.changing and not self.broken, "nothing broken beside a kill")
        if isinstance(step, Crash):
            _expect(not self.active and not self.is_in_flight, "nothing under way before a kill in a delivery")
            _expect(isinstance(step.events, list) and len(step.events) == 1, "one named type in each step")
            _expect(step.events[0] in self._vocabulary.once, "what happens once and needs no past")
            sent = RaisedStep(Raise(step.events), step.events[0], is_clean=False, is_in_flight=False)
            self.raised[f"#{len(self.raised)}"] = sent
        self.is_settled = False
        self.is_owed = self.is_owed or isinstance(step, Crash) or self.is_in_flight

    def _break(self, step: BreakDependency) -> None:
        _expect(step.dependency in self._vocabulary.dependencies, "a dependency that can be broken")
        _expect(self.is_calm, "nothing else that is broken, under way or owed")
        self.broken = step
        self.idle.append(step)

    def _deliver(self, number: int) -> None:
        self.deliveries += number * self._webhooks
        _expect(self.deliveries <= MOST_DELIVERIES, "fewer deliveries")

    @property
    def _breaks_deliveries(self) -> bool:
        return self.broken is not None or any(not each.on_api for each in self.active)

    def _hit(self, *, again: bool) -> None:
        """Note which faults have something to break by a delivery, or by a resend."""
        hit = ({}, RESENDING, _AGAIN) if again else ({}, _FIRST)
        self.idle = [each for each in self.idle if (each.match if isinstance(each, InjectFault) else {}) not in hit]


def _expect(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise Illegal(f"expected {what}")
