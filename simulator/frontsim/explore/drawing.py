"""Draws schedules: legal ones, by what has happened in them so far, and such as try what no earlier one has tried.

    number ──▶ dice of its own ──▶ kinds of moves it may have (swarm) ──▶ moves, each legal ──▶ some candidates
                                                                                                    │
                         the one with the most pairs that no schedule before it has had  ◀──────────┘

A move is one to six steps that belong together, such as a fault with the events that it breaks. Few moves and few
events make a schedule, because most bugs need two or three things at once, and a short schedule is quickly played and
read. A schedule in which a right receiver came near to a mistake (it refused by itself, or was slow) is drawn on later.

The same seed and the same feedback give the same schedules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any

from frontsim.explore import grammar
from frontsim.explore.grammar import RESENDING, Course, Illegal, Vocabulary, why_illegal
from frontsim.verification.dependency.breakage import DependencyFault
from frontsim.verification.effects.history import Expect
from frontsim.verification.scenario.scenario import Scenario, bundled_scenarios
from frontsim.verification.scenario.steps import (
    BreakDependency,
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

HOLDS = "Every event is booked exactly once, with the content that was sent."
_EPOCH = datetime(2026, 8, 1, 10)  # noqa: DTZ001 - the vendor writes local times without a zone
_CANDIDATES = 5
_COMMON = 6
"""Types that are drawn more often than others: what they show, the others rarely hide."""
_MOST_MOVES = 4
_MANY = 3
"""Events of one step that are more than several."""
_KEPT = 20
"""Near misses that are drawn on."""
_MOST_ENTRIES = 1_000
"""Of a list in a large body: some 200 kB."""
_EVERY = 5
"""One schedule in so many begins as a near miss did."""

DELIVERY_FAULTS: Sequence[tuple[str, Sequence[Mapping[str, Any]]]] = (
    ("refuse", ({},)),
    ("answer", ({"status": 500}, {"status": 503})),
    ("lost-response", ({},)),
    ("reset-after-send", ({},)),
    ("timeout", ({"afterS": 0.05},)),
    ("false-failure", ({"status": 500},)),
    ("duplicate", ({"copies": 1}, {"copies": 3}, {"copies": 2, "apart": 0.05})),
    ("delay", ({"seconds": 0.1},)),
    ("reorder", ({"behind": 1, "atMostS": 0.3}, {"behind": 2, "atMostS": 0.3})),
    ("slow-body", ({"bytesPerS": 20_000},)),
    ("wrong-content-type", ({},)),
)
"""Faults of deliveries, with the parameters that are drawn. The simplest come first: shrinking goes there."""
_API_FAULTS: Sequence[tuple[str, Mapping[str, Any]]] = (
    ("api-error", {"status": 500}),
    ("api-error", {"status": 503}),
    ("api-lost-response", {}),
    ("api-slow", {"seconds": 0.05}),
)
_CRASHES: Sequence[Mapping[str, Any]] = (
    *({"at": at} for at in CrashPoint if at is not CrashPoint.AFTER_THE_ANSWER),
    *({"at": CrashPoint.AFTER_THE_ANSWER, "after_ms": ms} for ms in (0, 5, 50)),
    *({"at": CrashPoint.WHOLE_BODY, "after_ms": ms} for ms in (1, 5, 20)),
)
ODD_CONTENT = [
    step
    for each in bundled_scenarios()
    for step in each.steps
    if each.name in ("unicode-and-decimals", "same-second") and isinstance(step, Raise) and not step.same_as
]
"""Events with odd values: many scripts, long texts, decimals, look-alikes."""
_ALONE = ("SaleCreated", "CustomerCreated")
"""The types that have them: a movement's name a stock item, of which schedules side by side would replace the state."""
LARGE = [
    replace(step, grow=dict.fromkeys(step.grow, _MOST_ENTRIES))
    for each in bundled_scenarios()
    for step in each.steps
    if isinstance(step, Raise) and step.grow
]
_CROWDS = (30, 120)
"""Events of one type that come between: a memory of the last few ids forgets the others."""


class Moves:
    """Draws the moves of one schedule. Each gives the steps to append, none where it does not fit."""

    def __init__(self, vocabulary: Vocabulary, dice: Random, *, webhooks: int) -> None:
        self.steps: list[Step] = []
        self.course = Course(vocabulary, webhooks=webhooks)
        self._vocabulary = vocabulary
        self._dice = dice
        self._webhooks = webhooks

    def make(self, kind: str) -> None:
        """Append a move of a kind, unless a part of it is illegal here."""
        course = self.course.copy()
        steps = list(_KINDS[kind](self))
        try:
            for step in steps:
                course.take(step)
        except Illegal:
            return
        self.course = course
        self.steps += steps

    def _type(self) -> str:
        """Types that were sent are drawn more often: bugs are about two events of one type more than of two."""
        sent = [each.event for each in self.course.raised.values()]
        if sent and self._dice.random() < 0.6:
            return self._dice.choice(sent)
        types = self._vocabulary.types if self._webhooks == 1 else sorted(self._vocabulary.once)
        return self._dice.choice(types[:_COMMON] if self._dice.random() < 0.8 else types)

    def _label(self) -> str:
        return f"{'abcdefghijklmnopqrstuvwxyz'[len(self.course.raised) % 26]}{len(self.course.raised) // 26 or ''}"

    def _raise(self, **keys: Any) -> Raise:
        event = self._type()
        odd = [each for each in ODD_CONTENT if each.events == [event] and event in _ALONE]
        values = self._dice.choice(odd).set if odd and self._dice.random() < 0.2 else {}
        count = self._dice.choice((1, 1, 1, 2, 3))
        return Raise([event], count=count, label=self._label(), set=values, **keys)

    def _perhaps(self, step: Step, probability: float = 0.5) -> Iterator[Step]:
        if self._dice.random() < probability:
            yield step

    def send(self) -> Iterator[Step]:
        """Plain events."""
        yield self._raise()
        yield from self._perhaps(Drain(), 0.8)

    def crowd(self) -> Iterator[Step]:
        """Many events of a type."""
        yield Raise([self._type()], count=self._dice.choice(_CROWDS))
        yield Drain()

    def outage(self) -> Iterator[Step]:
        """A fault, what it breaks, and its end."""
        yield self._fault(self._dice.choice(({}, {}, {"run": 1})))
        yield from self._perhaps(self._resend(), 0.3)
        yield self._raise()
        yield Drain()
        yield from self._perhaps(self._resend(), 0.2)
        yield Clear()
        yield from self._perhaps(Reconcile(), 0.4)

    def outage_of_resends(self) -> Iterator[Step]:
        """A fault on first deliveries, if any, and another one on their resends."""
        yield from self._perhaps(self._fault({"run": 1}), 0.6)
        yield self._fault({"trigger": "Resend"})
        yield self._raise()
        yield Drain()
        yield Resend(times=self._dice.choice((1, 1, 2)))
        yield from self._perhaps(Drain(), 0.5)
        yield Clear()

    def _fault(self, match: Mapping[str, Any]) -> InjectFault:
        name, drawn = self._dice.choice(DELIVERY_FAULTS)
        times = self._dice.choice((0, 0, 1))
        return InjectFault(name, match=match, times=times, params=self._dice.choice(drawn))

    def resend(self) -> Iterator[Step]:
        """Resends of what was sent, whether or not it was received."""
        yield from self._perhaps(Drain(), 0.3)
        yield self._resend()

    def _resend(self) -> Resend:
        labels = [each.step.label for each in self.course.raised.values() if each.step.label]
        return Resend(
            label=self._dice.choice(labels) if labels and self._dice.random() < 0.5 else "",
            times=self._dice.choice((1, 1, 2, 3)),
            together=self._dice.choice((1, 8)),
        )

    def job(self) -> Iterator[Step]:
        """The list -> resend job."""
        yield Reconcile()

    def broken_body(self) -> Iterator[Step]:
        """Bodies that must be refused."""
        label = self._label()
        fault = self._dice.choice(grammar.BROKEN)
        yield InjectFault(fault)
        yield self._raise(expect=Expect.REFUSED)
        yield Drain()
        if fault != "partial-body":
            yield from self._perhaps(Resend(label=label, times=self._dice.choice((1, 2))))
            yield Drain()
        yield from self._perhaps(Observe())
        yield Clear()
        yield from self._perhaps(Reconcile())

    def harmless_body(self) -> Iterator[Step]:
        """Bodies with a change that a receiver must cope with."""
        if self.steps:
            yield from (Drain(), Reconcile())
        yield InjectFault(self._dice.choice(grammar.HARMLESS), tolerable=True)
        yield self._raise()
        yield from (Drain(), Reconcile(), Clear(), Reconcile())

    def hidden_type(self) -> Iterator[Step]:
        """Events of a type that is new."""
        if self.steps:
            yield from (Drain(), Reconcile())
        yield InjectFault(grammar.HIDING, tolerable=True)
        yield self._raise(expect=Expect.EITHER)
        yield from (Drain(), Reconcile(), Clear())

    def update(self) -> Iterator[Step]:
        """Two states of one thing, the newer one perhaps while something is broken."""
        if not self._vocabulary.updates:
            return
        event = self._dice.choice(sorted(self._vocabulary.updates))
        update = self._vocabulary.updates[event]
        bases = [label for label in self.course.raised if self.course.may_update(label)]
        base, is_new = (
            (self._dice.choice(bases), False) if bases and self._dice.random() < 0.5 else (self._label(), True)
        )
        if is_new:
            yield Raise([event], label=base, set={update.moment: self._moment(0)})
            yield Drain()
        else:
            event = self.course.raised[base].event
            update = self._vocabulary.updates[event]
        is_broken = not self.course.active and self._dice.random() < 0.4
        if is_broken:
            yield self._fault({})
        yield Raise(
            [event],
            label=f"{base}'",
            same_as=base,
            keep=list(update.keep),
            set={update.moment: self._moment(1)},
        )
        yield Drain()
        if is_broken:
            yield Clear()

    def _moment(self, after: int) -> str:
        number = len(self.steps) + after
        return (_EPOCH + timedelta(minutes=number)).isoformat()

    def older_state(self) -> Iterator[Step]:
        """An older state after a newer one."""
        types = set(self._vocabulary.types) - self._vocabulary.updates.keys()  # an update's past would be replaced, too
        known = [each for each in grammar.OLDER_STATES if each.newer.events[0] in types]
        if not known:
            return
        states, label = self._dice.choice(known), self._label()
        yield replace(states.newer, label=label)
        yield Drain()
        yield replace(states.older, label=f"{label}'", same_as=label, older_than=label)
        yield Drain()

    def large_body(self) -> Iterator[Step]:
        """A body that is larger than most limits of columns and buffers."""
        known = [each for each in LARGE if each.events[0] in self._vocabulary.types]
        if known:
            yield replace(self._dice.choice(known), label=self._label())
            yield Drain()

    def api_trouble(self) -> Iterator[Step]:
        """The vendor's API fails while events are resent."""
        name, params = self._dice.choice(_API_FAULTS)
        yield InjectFault(name, match=RESENDING, times=self._dice.choice((1, 2)), params=params)
        yield self._resend()
        yield Clear()

    def wait(self) -> Iterator[Step]:
        """Time for the receiver to forget something."""
        yield Wait(self._dice.choice((0.05, 0.2, 1.0)))

    def restart(self) -> Iterator[Step]:
        """The receiver dies by kill -9, and is started."""
        yield Restart()
        yield from self._perhaps(self._resend())

    def crash(self) -> Iterator[Step]:
        """The receiver dies by kill -9 at a moment of a delivery, and is started."""
        if not self._vocabulary.once:
            return
        yield from self._perhaps(Drain())
        yield Crash(**self._dice.choice(_CRASHES), events=[self._dice.choice(sorted(self._vocabulary.once))])
        yield from self._perhaps(Reconcile(), 0.7)

    def dependency_trouble(self) -> Iterator[Step]:
        """The receiver's database, broker or API breaks while events arrive."""
        if not self._vocabulary.dependencies:
            return
        fault = self._dice.choice([each for each in DependencyFault if "held" not in each])
        yield BreakDependency(
            fault,
            dependency=self._dice.choice(self._vocabulary.dependencies),
            after=self._dice.choice((0, 1)) if fault.startswith("lost") else 0,
            times=self._dice.choice((0, 1)) if fault.startswith("lost") else 0,
            delay_ms=200 if fault is DependencyFault.SLOW else 0,
        )
        yield self._raise()
        yield from (Drain(), Clear(), Reconcile())


_KINDS: Mapping[str, Callable[[Moves], Iterable[Step]]] = {
    "send": Moves.send,
    "outage": Moves.outage,
    "outage of resends": Moves.outage_of_resends,
    "resend": Moves.resend,
    "job": Moves.job,
    "broken body": Moves.broken_body,
    "harmless body": Moves.harmless_body,
    "hidden type": Moves.hidden_type,
    "update": Moves.update,
    "older state": Moves.older_state,
    "large body": Moves.large_body,
    "api trouble": Moves.api_trouble,
    "wait": Moves.wait,
    "crowd": Moves.crowd,
    "restart": Moves.restart,
    "crash": Moves.crash,
    "dependency trouble": Moves.dependency_trouble,
}
_WEIGHTS = {
    "large body": 0.3,
    "send": 3,
    "outage": 4,
    "resend": 4,
    "update": 2,
    "outage of resends": 2,
    "crowd": 0.4,
    "restart": 3,
    "crash": 3,
}
"""How often a kind is drawn, where it is not as often as others."""
_KILLING, _BREAKING = ("restart", "crash"), ("dependency trouble",)


def pairs_of(schedule: Scenario) -> frozenset[tuple[str, str]]:
    """Return what a schedule tries: each two of its things, such as faults with place and type, in their order."""
    return frozenset(combinations(_things(schedule), 2))


def _things(schedule: Scenario) -> Iterator[str]:
    types = {step.label: step.events[0] for step in schedule.steps if isinstance(step, Raise)}
    for step in schedule.steps:
        match step:
            case Raise():
                yield f"{_kind_of(step)} {step.events[0]}"
            case InjectFault():
                where = next((str(each) for each in step.match.values()), "all")
                how = next((str(each) for each in step.params.values()), "")
                yield f"{step.fault} {how} on {where}{' once' if step.times == 1 else ''}"
            case Resend():
                yield f"resend {types.get(step.label, 'all')} {step.times}{' apart' if step.together == 1 else ''}"
            case Crash():
                yield f"crash {step.at} {step.after_ms}"
            case BreakDependency():
                yield f"dependency {step.fault}"
            case Clear() | Drain() | Observe():
                pass  # they make a schedule legal, and are no circumstance of their own
            case _:
                yield type(step).__name__.lower()


def _kind_of(step: Raise) -> str:
    kinds = {
        "older state of": step.older_than,
        "update of": step.same_as,
        "a large": step.grow,
        "many": step.count > _MANY,
        "an odd": any(step.set == each.set for each in ODD_CONTENT),
        "several": step.count > 1,
    }
    return next((kind for kind, holds in kinds.items() if holds), "one")


class Drawing:
    """Draws one schedule after another.

    Args:
        vocabulary: what they are made of.
        seed: repeats them.
    """

    def __init__(self, vocabulary: Vocabulary, *, seed: int) -> None:
        self._vocabulary = vocabulary
        self._seed = seed
        self._number = 0
        self._near: list[Scenario] = []
        self.covered: set[tuple[str, str]] = set()
        kinds = [*_KINDS]
        if not vocabulary.kills:
            kinds = [each for each in kinds if each not in _KILLING]
        if not vocabulary.dependencies:
            kinds = [each for each in kinds if each not in _BREAKING]
        self._kinds = kinds

    def next(self) -> Scenario:
        """The next schedule: of some candidates the one that tries most that is new."""
        self._number += 1
        dice = Random(f"{self._seed}/{self._number}")  # noqa: S311 - repeats a run, keeps no secret
        begin = dice.choice(self._near) if self._near and self._number % _EVERY == 0 else None
        candidates = [self._candidate(dice, begin) for _ in range(_CANDIDATES)]
        best = max(candidates, key=lambda each: len(pairs_of(each) - self.covered) / (4 + len(each.steps)))
        self.covered |= pairs_of(best)
        return replace(best, name=f"found-{self._seed}-{self._number}")

    def note_near_miss(self, schedule: Scenario) -> None:
        """Draw on a schedule in which the receiver came near to a mistake."""
        self._near = [*self._near, schedule][-_KEPT:]

    def _candidate(self, dice: Random, begin: Scenario | None) -> Scenario:
        while True:
            webhooks = begin.webhooks if begin else dice.choice((1,) * 12 + (2,)) if self._vocabulary.once else 1
            moves = Moves(self._vocabulary, dice, webhooks=webhooks)
            for step in begin.steps if begin else ():
                moves.course.take(step)
                moves.steps.append(step)
            swarm = [each for each in self._kinds if dice.random() < 0.5] or self._kinds
            weights = [_WEIGHTS.get(each, 1) for each in swarm]
            for _ in range(dice.randint(2, _MOST_MOVES)):
                moves.make(dice.choices(swarm, weights)[0])
            found = Scenario("", "-", HOLDS, tuple(moves.steps), webhooks=webhooks)
            if not why_illegal(found, self._vocabulary):
                return found
