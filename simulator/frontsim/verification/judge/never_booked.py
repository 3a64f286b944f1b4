r"""Kinds of events that a receiver acknowledges and never books, over a whole run: pure.

    all acknowledged events --> those of a type               \\
                            --> those whose field is null     --> none is booked, others are, and not by chance

A kind is named only where the facts leave no doubt. Losses by chance, or by a kill in some scenario, hit a rare kind
alone, too. So its events must be more than chance explains, by the share of others that are lost: of those most like
them in the run, and of all others in the same scenario.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontsim.verification.judge.evidence import null_paths

_CHANCE = 1e-4
"""Losses that chance explains with less than this are no chance: there are some 400 types and nullable fields."""
_ENOUGH_BOOKED = 3
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An event that a right receiver books. `payload` is None where it is not known what arrived."""

    scenario: str
    event: str
    payload: Any
    is_booked: bool


@dataclass(frozen=True, slots=True)
class NeverBooked:
    """A kind of events: of these types and, if there are `paths`, with a null at each of them.

    `number` of them were acknowledged, none of which is booked; `others` are, of other types or of these types.
    """

    events: tuple[str, ...]
    paths: tuple[str, ...]
    number: int
    others: int

    def takes_in(self, event: str, payload: Any) -> bool:
        """An event is of this kind: its type and its nulls fit."""
        return event in self.events and set(self.paths) <= set(null_paths(payload))

    def __str__(self) -> str:
        said = f"none of the {self.number:,} acknowledged {_named(self.events)} events"
        if not self.paths:
            return f"{said} has an effect, {self.others:,} events of other types have"
        verb = "is" if len(self.paths) == 1 else "are"
        fields = _named([f"`{path}`" for path in self.paths])
        return f"{said} whose {fields} {verb} null has an effect, {self.others:,} others have"


def never_booked(acknowledged: Sequence[Acknowledged]) -> tuple[NeverBooked, ...]:
    """The kinds that are never booked, whole types first: one for all types, and one for each field."""
    by_type: dict[str, list[Acknowledged]] = defaultdict(list)
    for each in acknowledged:
        by_type[each.event].append(each)
    mixed = {event: rows for event, rows in by_type.items() if _booked(rows)}
    pool = _Pool([each for rows in mixed.values() for each in rows])
    types = [event for event, rows in by_type.items() if event not in mixed and pool.is_beyond_chance(rows, pool.rows)]
    found = [_of_types(types, by_type, pool)] if types else []
    nulls: dict[tuple[str, ...], list[NeverBooked]] = defaultdict(list)
    for event, rows in mixed.items():
        for kind in _by_nulls(event, rows, pool):
            nulls[kind.paths].append(kind)
    return (*found, *(_together(paths, kinds) for paths, kinds in nulls.items()))


class _Pool:
    """The events of all types that are booked at all, by which chance is measured."""

    def __init__(self, rows: Sequence[Acknowledged]) -> None:
        self.rows = rows
        self._types = {each.event for each in rows}
        self._sent = Counter(each.scenario for each in rows)
        self._lost = Counter(each.scenario for each in rows if not each.is_booked)

    def is_beyond_chance(
        self, kind: Sequence[Acknowledged], others: Sequence[Acknowledged], explained: Sequence[Acknowledged] = ()
    ) -> bool:
        """So many losses of one kind are no chance, by those most like them; `explained` are lost otherwise."""
        lost = len(others) - _booked(others)
        usual = _share(lost, len(others))
        ours = Counter(each.scenario for each in (*kind, *explained) if each.event in self._types)
        beside = {
            name: _share(self._lost[name] - ours[name], self._sent[name] - ours[name])
            for name in {each.scenario for each in kind}
        }
        chance = math.prod(max(usual, beside[each.scenario]) for each in kind)
        return _booked(others) >= _ENOUGH_BOOKED and chance < _CHANCE


def _by_nulls(event: str, rows: Sequence[Acknowledged], pool: _Pool) -> Iterator[NeverBooked]:
    """The kinds of a type by the fields that are null, the largest first; no event is of two."""
    known = [each for each in rows if each.payload is not None]
    explained: set[int] = set()
    for places, paths in _always_lost(known):
        kind = [known[place] for place in places]
        others = [each for place, each in enumerate(known) if place not in places | explained]
        if explained.isdisjoint(places) and pool.is_beyond_chance(kind, others, [known[place] for place in explained]):
            explained |= places
            yield NeverBooked((event,), paths, len(kind), _booked(others))


def _always_lost(known: Sequence[Acknowledged]) -> list[tuple[frozenset[int], tuple[str, ...]]]:
    """The fields that are null in lost events only, and in which: fields that are null together are together."""
    nulls = [(each.is_booked, set(null_paths(each.payload))) for each in known]
    harmless = set[str]().union(*(paths for is_booked, paths in nulls if is_booked))
    where: dict[str, set[int]] = defaultdict(set)
    for place, (_, paths) in enumerate(nulls):
        for path in paths - harmless:
            where[path].add(place)
    together: dict[frozenset[int], list[str]] = defaultdict(list)
    for path in sorted(where, key=lambda path: (path.count("."), path)):
        together[frozenset(where[path])].append(path)
    found = [(places, tuple(paths)) for places, paths in together.items()]
    return sorted(found, key=lambda each: -len(each[0]))


def _of_types(types: Sequence[str], by_type: Mapping[str, Sequence[Acknowledged]], pool: _Pool) -> NeverBooked:
    return NeverBooked(tuple(types), (), sum(len(by_type[each]) for each in types), _booked(pool.rows))


def _together(paths: tuple[str, ...], kinds: Sequence[NeverBooked]) -> NeverBooked:
    """One kind for a field that several types have."""
    events = tuple(event for each in kinds for event in each.events)
    return NeverBooked(events, paths, sum(each.number for each in kinds), sum(each.others for each in kinds))


def _booked(rows: Iterable[Acknowledged]) -> int:
    return sum(each.is_booked for each in rows)


def _share(lost: int, sent: int) -> float:
    """The share that is lost, never quite none: few that are booked prove little."""
    return (lost + 1) / (sent + 1)


def _named(names: Sequence[str]) -> str:
    """The first names in a row, and how many more there are."""
    more = len(names) - _NAMED
    listed = [*names[:_NAMED], f"{more} more"] if more > 0 else list(names)
    return " and ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
