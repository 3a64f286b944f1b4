"""Compares contents of effects with what was sent: copies of the payload, columns that the user names, and guesses.

    effects --> what each shows of its event --> values that differ --> a rewriting explains all values of the field:
                                                                        a note; none does: *corrupt*

A column that only looks like a field accuses no receiver, and hides nothing. Each is listed with how often it agrees,
the first difference, and the line that names or excludes it:

    amount = "total"               # column = path of the field
    status = ""                    # not compared: it only has the name of a field

    [SaleCreated]                  # of this type alone
    sold = "saleDateTime"

    [state]                        # of --observe-state
    on_hand = "stockLevel"         # or availableLevel, reservedLevel, quantity (for their sum)
    contact = "email"              # of a customer
"""

import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

from frontsim import catalog
from frontsim.errors import Unusable
from frontsim.report.model import COMPARED, EMPTY, GUESSED, ComparedColumn
from frontsim.user_input.fields import read_json
from frontsim.verification.compare.rewritings import LEFT_OUT, Rewriting, rewriting_of
from frontsim.verification.compare.state_events import LEVELS, SUM, UPDATED
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


_TELLING = 4
"""Characters of a value by which a column of another name is recognised: a shorter one may stand in any column."""
_ENOUGH = 3
"""Events whose value such a column must show."""


_Key = tuple[str, str, str]
"""A type, the name of a column, and the path of a field; "" for a column with the name of a copy and its own keys."""


def columns_of(histories: Iterable[History]) -> tuple[ComparedColumn, ...]:
    """The columns of a run's effects that hold a field of the payload, or look like one, what is to be seen first."""
    judged = [each for each in histories if each.final is not None and not each.why_not_judged]
    if not judged or judged[0].check_content is ContentCheck.OFF:
        return ()
    seen, zone, column_map = _ShownColumns(), ZoneInfo(judged[0].zone), judged[0].column_map
    for history in judged:
        seen.add(history)
    guessed = {**seen.guessed, **seen.with_other_names()}
    found = [
        *(_counted(key, shown, zone, is_named=True) for key, shown in seen.named.items()),
        *(_counted(key, shown, zone) if key[2] else _own_data(key, shown) for key, shown in guessed.items()),
        *_never_seen(column_map, seen.named),
    ]
    shown = [each for each in found if each.compared or each.status == EMPTY]
    return tuple(sorted(shown, key=lambda each: (each.status != EMPTY, not each.is_open, each.event, each.name)))


class _ShownColumns:
    """Collects what each column has shown, and by which values a column of another name looks like a field."""

    def __init__(self) -> None:
        self.named: dict[_Key, list[Shown]] = defaultdict(list)
        self.guessed: dict[_Key, list[Shown]] = defaultdict(list)
        self._others: dict[tuple[str, str], list[tuple[EventFact, Any]]] = defaultdict(list)
        self._values: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._hits: Counter[tuple[str, str, str]] = Counter()

    def add(self, history: History) -> None:
        """Adds what a scenario's effects show."""
        groups = correlate(history, history.final).groups
        about = things_of(event for group in groups for event in group.events)
        copied = set()
        for each in shown_in(groups, history.column_map):
            if each.column:
                self.named[each.event.event, each.column, each.path].append(each)
            else:
                copied.add(each.event.webhook_event_id)
        for group in groups:
            if event := comparable(group):
                for row in map(row_of, group.effects):
                    free = {
                        name: row[name] for name in row if named_path(history.column_map, event.event, name) is None
                    }
                    for shown in self._guessed(event, free, has_copy=event.webhook_event_id in copied):
                        if shown.is_same or not is_newer_ones(shown, about):
                            self.guessed[event.event, shown.column, shown.path].append(shown)

    def _guessed(self, event: EventFact, row: Row, *, has_copy: bool) -> Iterator[Shown]:
        """Yield the columns whose names say which field they hold; others are remembered by their values."""
        paths, leaves = _paths(event), None
        for name, kept in row.items():
            inner = content.parsed(kept)
            if name in content.CARRIERS and isinstance(inner, dict | list):
                if not has_copy:
                    yield Shown(event, name, "", event.payload, inner)
            elif path := paths.get(_letters(name)):
                yield Shown(event, name, path, content.at(event.payload, path), kept)
            else:
                self._others[event.event, name].append((event, kept))
                text = _telling(kept)
                leaves = _leaves(event, paths.values()) if leaves is None else leaves
                for path in leaves.get(text, ()) if text else ():
                    self._hits[event.event, name, path] += 1
                    self._values[event.event, name][path].add(text)

    def with_other_names(self) -> Mapping[_Key, Sequence[Shown]]:
        """The columns that have no field's name, and whose values are those of a field in some events."""
        taken = {(event, path) for event, _, path in (*self.named, *self.guessed)}
        found = {}
        for (event, name), values in self._values.items():
            path = max(values, key=lambda path: self._hits[event, name, path])
            enough = self._hits[event, name, path] >= _ENOUGH and len(values[path]) > 1
            if enough and (event, path) not in taken:
                shown = [
                    Shown(each, name, path, content.at(each.payload, path), kept)
                    for each, kept in self._others[event, name]
                ]
                found[event, name, path] = shown
        return found


def _counted(key: _Key, shown: Sequence[Shown], zone: ZoneInfo, *, is_named: bool = False) -> ComparedColumn:
    every = [list(content.pairs(each.sent, each.kept, each.path)) for each in shown]
    every = [pairs for pairs in every if not all(pair.is_of_nothing for pair in pairs)]
    values = [pair for pairs in every for pair in pairs]
    wrong = [pair for pair in values if not pair.is_same]
    rewriting = rewriting_of(values, zone) if wrong and len({pair.field for pair in values}) == 1 else None
    if rewriting or not wrong:
        name = rewriting.name if rewriting else ""
        return ComparedColumn(*key, len(every), len(every), name, "", COMPARED if is_named else GUESSED)
    agreeing = sum(all(pair.is_same for pair in pairs) for pairs in every)
    varies, is_constant = len({repr(each.sent) for each in shown}) > 1, len({repr(each.kept) for each in shown}) == 1
    status = COMPARED if is_named else EMPTY if is_constant and varies else GUESSED
    example = f"sent {wrong[0].sent!r:.80}, has {wrong[0].kept!r:.80}"
    return ComparedColumn(*key, agreeing, len(every), "", example, status)


def _own_data(key: _Key, shown: Sequence[Shown]) -> ComparedColumn:
    sent, kept = shown[0].sent, shown[0].kept
    keys = len(sent.keys() & kept.keys()) if isinstance(kept, dict) else 0
    return ComparedColumn(*key, 0, len(shown), "", f"it has {keys} of the payload's {len(sent)} keys", GUESSED)


def _never_seen(column_map: ColumnMap, named: Collection[_Key]) -> Iterator[ComparedColumn]:
    """The columns that the user names, and that no event was compared with."""
    seen = {text for event, column, _ in named for text in (column, f"{event}.{column}")}
    for name, path in column_map.items():
        if path and name not in seen and not name.startswith(_STATE):
            yield ComparedColumn("", name, path, 0, 0, "", "no effect has it, or no payload has that field", EMPTY)


def _paths(event: EventFact) -> Mapping[str, str]:
    """The paths of fields that a column may hold, by the letters of their names; those within lists are left out.

    The identity is no such field: by it the row was found. Of a stock movement only the keys are, because a view may
    join it with the levels that later ones of other scenarios have left.
    """
    identity = event.entity.path if event.entity else None
    paths = {letters: path for letters, path in _all_paths(event.payload).items() if path != identity}
    if event.state and event.state.table != identity:
        keys = event.state.table.split()
        paths = {letters: path for letters, path in paths.items() if path in keys}
    return paths


def _all_paths(payload: Mapping[str, Any], path: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in payload.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            found = {**_all_paths(value, inner), **found}
        else:
            found[_letters(inner)] = inner
    return found


def _leaves(event: EventFact, paths: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The paths of single values by those values, where these tell."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        if text := _telling(content.at(event.payload, path)):
            found[text].append(path)
    return found


def _telling(value: Any) -> str:
    """A value in one form, "" for one that may stand in any column."""
    at = content.moment(value) if isinstance(value, str) else None
    text = at.replace(tzinfo=None).isoformat() if at else content.normalised(value) or ""
    return text if len(text) >= _TELLING else ""


@lru_cache(maxsize=4096)
def _letters(name: str) -> str:
    """Letters and digits alone, in one case: by these the name of a column is the name of a field."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", name).casefold())


_STATE = "state."
_HELD = {**{path: path for path in LEVELS}, "quantity": SUM, "": ""}


def read_column_map(file: Path | None) -> ColumnMap:
    """The path of a field by its column, or by `TYPE.column`; empty without a file. Raises Unusable."""
    if file is None:
        return {}
    try:
        text = file.read_bytes()
        read: Any = read_json(text) if file.suffix.lower() == ".json" else tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise Unusable(f"--observe-map: expected a file that can be read, got {file} ({error.strerror})") from None
    except ValueError as error:  # TOML and UTF-8 errors are ones, too
        raise Unusable(f"--observe-map {file}: expected TOML, or JSON in a file *.json, got {error}") from None
    if not isinstance(read, Mapping):
        raise Unusable(f'--observe-map {file}: expected an object such as {{"amount": "total"}}, got another value')
    found: dict[str, str] = {}
    for column, path in _entries(read):
        if not isinstance(path, str):
            raise Unusable(f"--observe-map {file}: {column}: expected the path of a field as a text, got {path!r:.60}")
        found[column] = path
    return found


def read_state_map(file: Path | None) -> Mapping[str, str]:
    """Reads the meaning of columns of `--observe-state` from the table `[state]` of the file. Raises Unusable."""
    named = read_column_map(file)
    found = {name.removeprefix(_STATE): path for name, path in named.items() if name.startswith(_STATE)}
    for column, path in found.items():
        if path not in _HELD and path not in catalog.load().find(UPDATED).schema["properties"]:
            names = ", ".join(filter(None, _HELD))
            expected = f'{names}, a field of {UPDATED} or ""'
            raise Unusable(f"--observe-map {file}: state.{column}: expected {expected}, got {path!r:.60}")
    return {column: _HELD.get(path, path) for column, path in found.items()}


def _entries(read: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in read.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{column}", path) for column, path in value.items())
        else:
            yield name, value
