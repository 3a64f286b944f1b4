"""Effects whose content is not what was sent: copies of the payload, and the columns that the user names.

    effects --> what each shows of its event --> values that differ --> a rewriting explains all values of the field:
                                                                        a note; none does: *corrupt*

Columns that only look like a field accuse no receiver: `columns.py` lists them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from frontsim.verification.compare.rewritings import LEFT_OUT, Rewriting, rewriting_of
from frontsim.verification.effects import content
from frontsim.verification.effects.classes import Class, Classified
from frontsim.verification.effects.content import Pair
from frontsim.verification.effects.correlate import Correlation, EventGroup, correlate
from frontsim.verification.effects.history import ContentCheck, Effect, EventFact, History

Row = Mapping[str, Any]
ColumnMap = Mapping[str, str]
"""The user names the path of a field by the name of a column, "" for one that is not compared.

A name may begin with an event type: `SaleCreated.amount`.
"""
Field = tuple[str, str, str]
"""An event type, a column ("" for a copy of the payload), and the path of a field without positions."""
_FIRST = 3
"""Events of each type and scenario that a run remembers."""
_MOST_NAMED = 6
"""Fields that a note names."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of the payload as it was sent and as an effect shows it: in a column, or as a copy of all (column "")."""

    event: EventFact
    column: str
    path: str
    sent: Any
    kept: Any

    @property
    def is_same(self) -> bool:
        return not content.different(self.sent, self.kept, self.path)


@dataclass(frozen=True, slots=True)
class Contents:
    """How a scenario's effects agree with the payloads.

    Attributes:
        wrong: the events of which an effect shows something else than what was sent.
        notes: the fields that every effect rewrites, a sentence for each rewriting of a type.
    """

    wrong: Sequence[Classified] = ()
    notes: Sequence[str] = ()


def contents(history: History, correlation: Correlation) -> Contents:
    """Compares what the effects of a scenario show with what was sent."""
    if history.check_content is ContentCheck.OFF:
        return Contents()
    is_exact = history.check_content is ContentCheck.EXACT
    earlier = [EventGroup((event,), effects, 1, 1) for event, effects in history.earlier]
    shown = list(shown_in(correlation.groups, history.column_map))
    before = list(shown_in(earlier, history.column_map))
    found = [
        (each, pair) for each in shown for pair in content.different(each.sent, each.kept, each.path, is_exact=is_exact)
    ]
    fields = {} if is_exact else _rewritings({_field(*each) for each in found}, [*shown, *before], history.zone)
    wrong: dict[str, Classified] = {}
    for each, pair in found:
        if not fields.get(_field(each, pair)):
            accused = Classified(each.event, Class.CORRUPT, _said(each, pair))
            wrong.setdefault(each.event.webhook_event_id, accused)
    without = _without_copy(correlation.groups, [*shown, *before])
    return Contents([*wrong.values(), *without], list(_notes(fields)))


def were_compared(history: History) -> bool:
    """Some effect shows a copy of its payload, or a column that the user names."""
    if history.check_content is ContentCheck.OFF or history.final is None:
        return False
    return any(True for _ in shown_in(correlate(history, history.final).groups, history.column_map))


class EarlierEffects:
    """Remembers a few effects of each type, by which it is known how the receiver keeps a field.

    Scenarios that are played side by side share it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: tuple[tuple[EventFact, tuple[Effect, ...]], ...] = ()

    def known(self) -> tuple[tuple[EventFact, tuple[Effect, ...]], ...]:
        """Those of all scenarios so far."""
        return self._known

    def learn(self, history: History) -> None:
        """Adds the first events of each type of a scenario, if its effects settled."""
        if history.final is None or not history.settled:
            return
        first: dict[str, list[tuple[EventFact, tuple[Effect, ...]]]] = defaultdict(list)
        for group in correlate(history, history.final).groups:
            event = comparable(group)
            if event and group.effects and len(first[event.event]) < _FIRST:
                first[event.event].append((event, group.effects))
        with self._lock:
            self._known += tuple(each for found in first.values() for each in found)


def comparable(group: EventGroup) -> EventFact | None:
    """The event whose payload the effects of a group show, None where that may be one of several."""
    event = group.events[0]
    if event.altered or not isinstance(event.payload, dict):
        return None
    return event if all(other.payload == event.payload for other in group.events) else None


def named_path(column_map: ColumnMap, event: str, column: str) -> str | None:
    """The path that the user names for a column of a type's effects, "" to leave it out, None without a word."""
    return column_map.get(f"{event}.{column}", column_map.get(column))


def things_of(events: Iterable[EventFact]) -> Mapping[tuple[str, str], Sequence[EventFact]]:
    """The events about each thing: their entity, and the row whose newest state they give."""
    found: dict[tuple[str, str], list[EventFact]] = defaultdict(list)
    for event in events:
        for thing in _things(event):
            found[thing].append(event)
    return found


def is_newer_ones(shown: Shown, about: Mapping[tuple[str, str], Sequence[EventFact]]) -> bool:
    """A view may join an event with the newest state of what it is about, and so show what a newer event sent."""
    others = (other for thing in _things(shown.event) for other in about[thing] if other is not shown.event)
    newer = (other for other in others if _since(other) >= _since(shown.event))
    return any(not content.different(content.at(other.payload, shown.path), shown.kept) for other in newer)


def _things(event: EventFact) -> set[tuple[str, str]]:
    entity = {(event.entity.path, event.entity.value)} if event.entity else set()
    return entity | ({(event.state.table, event.state.row)} if event.state else set())


def _since(event: EventFact) -> str:
    return event.state.since if event.state else ""


def shown_in(groups: Sequence[EventGroup], column_map: ColumnMap) -> Iterator[Shown]:
    """Each copy of a payload, and each column that the user names, of events whose effects are known for certain."""
    about = things_of(event for group in groups for event in group.events)
    names: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        names[group.events[0].event].update(*map(row_of, group.effects))
    for group in groups:
        event = comparable(group)
        if event is None:
            continue
        without = [name for name in content.CARRIERS if named_path(column_map, event.event, name) == ""]
        for effect in group.effects:
            kept = content.embedded_payload(effect.value, without=without)
            if content.is_copy(event.payload, kept):
                yield Shown(event, "", "", event.payload, kept)
        for column in sorted(names[event.event]):
            if path := named_path(column_map, event.event, column):
                found = _in_column(group, event, column, path)
                yield from (each for each in found if each.is_same or not is_newer_ones(each, about))


def row_of(effect: Effect) -> Row:
    """The columns of an effect, none where it is a single value."""
    return effect.value if isinstance(effect.value, Mapping) else {}


def _in_column(group: EventGroup, event: EventFact, column: str, path: str) -> Iterator[Shown]:
    """Yield the value of a named column in each row of an event; rows of another kind may have none there."""
    sent = content.at(event.payload, path)
    if sent is content.ABSENT:
        return
    kept = [row_of(effect).get(column, content.ABSENT) for effect in group.effects]
    for each in [each for each in kept if not content.is_nothing(each)] or kept[:1]:
        yield Shown(event, column, path, sent, each)


def _field(shown: Shown, pair: Pair) -> Field:
    return shown.event.event, shown.column, pair.field


def _rewritings(fields: set[Field], shown: Iterable[Shown], zone: str) -> Mapping[Field, Rewriting | None]:
    """The rewriting of each of these fields that explains all its values."""
    places = {(event, column) for event, column, _ in fields}
    values: dict[Field, list[Pair]] = defaultdict(list)
    for each in shown:
        if (each.event.event, each.column) in places:
            for pair in content.pairs(each.sent, each.kept, each.path):
                field = _field(each, pair)
                if field in fields:
                    values[field].append(pair)
    return {field: rewriting_of(values[field], ZoneInfo(zone)) for field in sorted(fields)}


def _without_copy(groups: Iterable[EventGroup], shown: Iterable[Shown]) -> Iterator[Classified]:
    """Events of which no effect has a copy of the payload, although effects of other events of the type do."""
    copied = [each.event for each in shown if not each.column]
    types, ids = {event.event for event in copied}, {event.webhook_event_id for event in copied}
    for group in groups:
        event = comparable(group)
        if event and group.effects and event.event in types and event.webhook_event_id not in ids:
            kept = content.embedded_payload(group.effects[0].value)
            yield Classified(event, Class.CORRUPT, str(Pair("", event.payload, kept)))


def _said(shown: Shown, pair: Pair) -> str:
    if not shown.column:
        return str(pair)
    return f"{pair.path}: {pair.problem or f'sent {pair.sent!r:.80}'}, column {shown.column} has {pair.kept!r:.80}"


def _notes(fields: Mapping[Field, Rewriting | None]) -> Iterator[str]:
    grouped: dict[tuple[str, Rewriting], list[str]] = defaultdict(list)
    for (event, column, path), rewriting in fields.items():
        if rewriting and not rewriting.is_compared and not (column and rewriting is LEFT_OUT):
            grouped[event, rewriting].append(f"{path} in {column}" if column else path)
    for (event, rewriting), paths in grouped.items():
        more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
        yield f"{event}: every effect has {', '.join(paths[:_MOST_NAMED])}{more} {rewriting.name}: not compared"
