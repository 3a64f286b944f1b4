"""Finds the key of effects by value: the column in which the ids of clean events stand, or what the events are about.

    clean events, all rows --> a column with their ids      --> one row for each event: it is the key
                           --> their identity (saleId ...)  --> one row for each event: `business`
                           --> more rows for an event       --> no key; a sentence names the candidates

Pure. A key is found only if each event of the types that it shows has exactly one row. Sales of several lines are among
the events, so that a table with a row for each line is no candidate.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontsim.verification.effects import content
from frontsim.verification.effects.correlate import BUSINESS, correlate
from frontsim.verification.effects.history import Effect, EventFact, History, Observation

_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class FoundKey:
    """The key, and a sentence that says so; without a key the sentence says why the candidates are none, or is ""."""

    key: str = ""
    sentence: str = ""


def find_key(rows: Sequence[Any], events: Sequence[EventFact]) -> FoundKey:
    """The key by which each of these acknowledged events has one row, if its type has any."""
    columns = {f"`{path}`": rows_of for path, rows_of in _by_id(rows, events).items()}
    for column, rows_of in columns.items():
        if _is_one_each(rows_of, events):
            path = column.strip("`")
            return FoundKey(path, f"your ids stand in column {column}: using it (--observe-key {path})")
    identities = _by_identity(rows, events)
    if not columns and identities and all(_is_one_each(each, events) for each in identities.values()):
        return FoundKey(BUSINESS, f"books by {', '.join(identities)}: using --observe-key business")
    found = [f"{name} ({_numbers(rows_of, events)})" for name, rows_of in (columns or identities).items()]
    if not found:
        return FoundKey()
    return FoundKey(
        sentence=f"no column has one row for each event: {', '.join(found)}; let the observer show one row for each "
        "event, and name its column with --observe-key"
    )


def _by_id(rows: Sequence[Any], events: Sequence[EventFact]) -> Mapping[str, Counter[str]]:
    """How many rows have each event's id, by the path of the column; the one nearest to the top first."""
    ids = {event.webhook_event_id for event in events}
    found: dict[str, Counter[str]] = {}
    for row in rows:
        for path, value in _fields(row):
            text = content.normalised(value)
            if text in ids:
                found.setdefault(path, Counter())[text or ""] += 1
    return dict(sorted(found.items(), key=lambda each: (each[0].count("."), -each[1].total())))


def _by_identity(rows: Sequence[Any], events: Sequence[EventFact]) -> Mapping[str, Counter[str]]:
    """How many rows are about what each event is about, by the name of that."""
    history = History("key", tuple(events), observer_key=BUSINESS)
    effects = tuple(Effect(None, row) for row in rows)
    found: dict[str, Counter[str]] = {}
    for group in correlate(history, Observation(0, effects)).groups:
        event = group.events[0]
        if group.effects and event.entity:
            found.setdefault(event.entity.path, Counter())[event.webhook_event_id] += len(group.effects)
    return found


def _is_one_each(rows_of: Mapping[str, int], events: Sequence[EventFact]) -> bool:
    types = {event.event for event in events if event.webhook_event_id in rows_of}
    return all(rows_of.get(event.webhook_event_id) == 1 for event in events if event.event in types)


def _numbers(rows_of: Mapping[str, int], events: Sequence[EventFact]) -> str:
    """How many rows the events of each type have."""
    by_type: dict[str, set[int]] = {}
    for event in events:
        by_type.setdefault(event.event, set()).add(rows_of.get(event.webhook_event_id, 0))
    shown = {event: sorted(numbers) for event, numbers in by_type.items() if any(numbers)}
    return ", ".join(
        f"{event}: {' or '.join(map(str, numbers))} row{'' if numbers == [1] else 's'} for an event"
        for event, numbers in shown.items()
    )


def _fields(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The fields of a row by their dotted paths, without those in lists."""
    value = content.parsed(value)
    if not isinstance(value, Mapping):
        if path:
            yield path, value
        return
    if depth <= _DEEPEST:
        for name, inner in value.items():
            yield from _fields(inner, f"{path}.{name}" if path else str(name), depth + 1)
