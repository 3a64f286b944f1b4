"""Columns of effects: found or mapped, compared, and effects whose content differs.

A receiver that keeps no copy of the payload keeps some of its fields in its own columns: `total`, `sale_date_time`.
A column that has the name of a field is compared with it once it is confirmed: most events of the run so far show the
same value. So a column that only shares its name with a field (the receiver's own status, or its own time)
accuses no receiver.

amount = "total"               # column = path of the field
status = ""                    # not compared: it only has the name of a field

[SaleCreated]                  # of this type alone
sold = "saleDateTime"

[state]                        # of --observe-state
on_hand = "stockLevel"         # or availableLevel, reservedLevel, quantity (for their sum)
contact = "email"              # of a customer

A receiver may rewrite a field in a way that loses nothing: amounts in cents, texts in upper case. Where every effect
shows the same rewriting of a field, that is a note. Where only some do, or a value was lost, the event is *corrupt*.
All this is for `ContentCheck.KNOWN`: with `EXACT` every difference is a finding, and with `OFF` nothing is compared.
"""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any

from frontsim import catalog
from frontsim.errors import Unusable
from frontsim.user_input.fields import read_json
from frontsim.verification.compare.state_events import LEVELS, SUM, UPDATED
from frontsim.verification.effects import content
from frontsim.verification.effects.classes import Class, Classified
from frontsim.verification.effects.content import (
    OF_ITS_OWN,
    Pair,
    as_number,
    letters,
    number_is_lost,
    scale_of,
    text_is_lost,
)
from frontsim.verification.effects.correlate import EventGroup
from frontsim.verification.effects.history import Column, ColumnCount, ContentCheck, EventFact

_ENOUGH = 3
"""Events that must show a field's value in a guessed column."""
_SHARE = 0.6
"""The part of the events that must; the others may have lost something."""
_SURE_SHARE = 0.9
"""The same for a guessed flag."""
_AS_SENT = "as sent"

Row = Mapping[str, Any]
ColumnMap = Mapping[str, str]
"""The user names the path of a field by the name of a column, "" for one that is not compared.

A name may begin with an event type: `SaleCreated.amount`.
"""


@dataclass(frozen=True, slots=True)
class ColumnPair(Pair):
    """A field as it was sent, and as its column has it; texts may be written in other ways."""

    column: str = ""

    @property
    def is_same(self) -> bool:
        pair = Pair(self.path, self.sent, self.kept)
        if self.sent == "" or self.kept == "" or not isinstance(self.sent, str):
            return pair.is_same
        if _digits_are_lost(self.sent, self.kept):
            return False
        return letters(self.sent) == letters(_text(self.kept)) or pair.is_same

    def __str__(self) -> str:
        return f"{self.path}: sent {self.sent!r:.80}, column {self.column} has {self.kept!r:.80}"


class ColumnMemory:
    """A run remembers here what each column has shown. Scenarios that are played side by side share it."""

    def __init__(self, named: ColumnMap = MappingProxyType({})) -> None:
        self._named = named
        self._lock = Lock()
        self._compared: Counter[Column] = Counter()
        self._seen: dict[Column, Counter[str]] = {}
        self._values: dict[Column, set[str]] = {}
        self._flags: dict[Column, Counter[tuple[bool, bool]]] = {}
        """For flags: how often true or false was sent, and whether that was kept."""

    def learn(self, groups: Sequence[EventGroup]) -> dict[Column, ColumnCount]:
        """Add the effects of a scenario; the columns that are confirmed by now."""
        with self._lock:
            for _, column, pair in pairs_of(groups, lambda event, row: _columns(event, row, self._named)):
                self._add(column, pair)
            counts = {column: self._count(column) for column in self._compared}
            flags = {column: dict(seen) for column, seen in self._flags.items() if not column.is_named}
        confirmed = {
            column: count for column, count in counts.items() if column not in flags and _is_confirmed(column, count)
        }
        copied = {column.event for column in confirmed}
        sure = {column for column, seen in flags.items() if column.event in copied and _is_sure(seen)}
        return {column: count for column, count in counts.items() if column in confirmed or column in sure}

    def _add(self, column: Column, pair: ColumnPair) -> None:
        self._compared[column] += 1
        form = _AS_SENT if pair.is_same else pair.rewriting
        if isinstance(pair.sent, bool):
            self._flags.setdefault(column, Counter())[pair.sent, pair.is_same] += 1
        if form and form not in OF_ITS_OWN:
            self._seen.setdefault(column, Counter())[form] += 1
            values = self._values.setdefault(column, set())
            if len(values) < _ENOUGH:
                values.add(repr(pair.sent))

    def _count(self, column: Column) -> ColumnCount:
        seen = self._seen.get(column) or Counter({_AS_SENT: 0})
        [(form, number)] = seen.most_common(1)
        rewriting = "" if form == _AS_SENT else form
        return ColumnCount(number, self._compared[column], len(self._values.get(column, ())), rewriting)


def _is_confirmed(column: Column, count: ColumnCount) -> bool:
    if column.is_named:
        return count.agreeing > 0
    return count.agreeing >= _ENOUGH and count.agreeing >= _SHARE * count.compared and count.values > 1


def _is_sure(seen: Mapping[tuple[bool, bool], int]) -> bool:
    """A guessed flag is the payload's if it keeps both values, or is true whatever was sent.

    Flags agree by chance in half of the events, so one counts only beside another confirmed column of its type: the
    row then holds the event's own fields.
    """
    right, wrong = (True, True), (False, False)
    is_always_true = seen.keys() == {right, wrong} and seen[right] >= _ENOUGH <= seen[wrong]
    agreeing = (seen.get(right, 0), seen.get((False, True), 0))
    return is_always_true or (min(agreeing) >= _ENOUGH and sum(agreeing) >= _SURE_SHARE * sum(seen.values()))


def pairs_of(
    groups: Sequence[EventGroup], columns: Callable[[EventFact, Row], Iterable[Column]]
) -> Iterator[tuple[EventFact, Column, ColumnPair]]:
    """The pairs of each event that effects distinguish, with each of its effects that is a row.

    A view may join each event with the newest state of what it is about. So a value that another event about the same
    thing has sent is left out.
    """
    about: dict[tuple[str, str], list[EventFact]] = {}
    for event in (event for group in groups for event in group.events):
        for thing in _things(event):
            about.setdefault(thing, []).append(event)
    for group in groups:
        event = group.events[0]
        if len(group.events) > 1 or event.altered or not isinstance(event.payload, dict):
            continue
        others = [each for thing in _things(event) for each in about[thing]]
        for row in (effect.value for effect in group.effects if isinstance(effect.value, Mapping)):
            for column in columns(event, row):
                pair = pair_of(column, event, row)
                if pair is not None and (pair.is_same or not _is_anothers(column, others, row)):
                    yield event, column, pair


def _is_anothers(column: Column, others: Iterable[EventFact], row: Row) -> bool:
    shown = (pair_of(column, other, row) for other in others)
    return any(pair is not None and pair.is_same for pair in shown)


def _things(event: EventFact) -> set[tuple[str, str]]:
    """An event is about its entity, and about the row whose newest state it gives."""
    entity = {(event.entity.path, event.entity.value)} if event.entity else set()
    return entity | ({(event.state.table, event.state.row)} if event.state else set())


def pair_of(column: Column, event: EventFact, row: Row) -> ColumnPair | None:
    """The field and its column; None where the event or the row has none, or the value is not a single one."""
    sent, kept = content.find(event.payload, column.path), row.get(column.name)
    kept = str(kept) if isinstance(kept, Decimal) else kept
    if isinstance(sent, dict | list) or isinstance(kept, dict | list) or sent is None or kept is None:
        return None
    return ColumnPair(column.path, sent, kept, column=column.name)


def lost_columns(
    groups: Sequence[EventGroup], confirmed: Mapping[Column, ColumnCount]
) -> Iterator[tuple[EventFact, ColumnPair]]:
    """Where a confirmed column holds neither what was sent nor what its usual rewriting makes of that."""
    by_event: dict[str, list[Column]] = {}
    for column in confirmed:
        by_event.setdefault(column.event, []).append(column)
    shown = list(pairs_of(groups, lambda event, _: by_event.get(event.event, ())))
    swapped = _swapped(shown)
    for event, column, pair in shown:
        usual = confirmed[column].rewriting
        is_lost = not pair.is_same and (pair.rewriting or None) != usual
        is_a_mistake = column.is_named or pair in swapped or _is_a_known_mistake(pair, usual, len(event.runs))
        if is_lost and is_a_mistake:
            yield event, pair


def _swapped(shown: Iterable[tuple[EventFact, Column, ColumnPair]]) -> set[ColumnPair]:
    """Pairs with an amount that just one other event of the type has sent, as if requests shared a variable.

    An amount in whole units may be so by chance, and so may one or two others.
    """
    amounts = [(column, pair) for _, column, pair in shown if not isinstance(pair.sent, str | bool) and pair.sent]
    sent = Counter((column, as_number(pair.sent)) for column, pair in amounts)
    taken = [(column, pair) for column, pair in amounts if not pair.is_same and _is_of_one(column, pair, sent)]
    often = Counter(column for column, _ in taken)
    return {pair for column, pair in taken if often[column] >= _ENOUGH}


def _is_of_one(column: Column, pair: ColumnPair, sent: Mapping[tuple[Column, Decimal | None], int]) -> bool:
    kept = as_number(pair.kept)
    return kept is not None and kept != kept.to_integral_value() and sent.get((column, kept)) == 1


def _is_a_known_mistake(pair: ColumnPair, usual: str, runs: int) -> bool:
    """A column that has only the name of a field counts if it shows a known mistake; else what it holds may be its own.

    So may a time that is off by no time zone: it may be when the receiver booked, which is about when it was sent.
    """
    sent, kept = as_number(pair.sent), as_number(pair.kept)
    if isinstance(pair.sent, str) and not pair.is_moment:
        return text_is_lost(pair.sent, _text(pair.kept))
    if pair.rewriting or isinstance(pair.sent, bool):
        return True
    scale = scale_of(usual)
    return sent is not None and kept is not None and number_is_lost(sent * scale, kept, runs=runs, unit=scale)


def _columns(event: EventFact, row: Row, named: ColumnMap) -> Iterator[Column]:
    """The columns of a row that may hold a field: as the user says, else by their names.

    The identity is no such field: by it the row was found.
    """
    identity = event.entity.path if event.entity else None
    # Other scenarios move the same stock, so a view may join a movement with later levels: only its keys are sure.
    keys = event.state.table.split() if event.state and event.state.table != identity else None
    paths = _paths(event.payload)
    for name in row:
        said = named.get(f"{event.event}.{name}", named.get(name))
        if said is not None:
            if said:
                yield Column(event.event, name, said, is_named=True)
            continue
        path = paths.get(_letters_of_name(name), identity)
        if path is not None and path != identity and (keys is None or path in keys):
            yield Column(event.event, name, path)


def _paths(payload: Any, path: str = "") -> dict[str, str]:
    """The paths of values by the letters of their names; those within lists are left out."""
    found: dict[str, str] = {}
    for name, value in payload.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            found = {**_paths(value, inner), **found}
        else:
            found[_letters_of_name(inner)] = inner
    return found


_letters_of_name = lru_cache(maxsize=4096)(letters)
"""The letters of a column's name: each row of a type has the same names again."""


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _digits_are_lost(sent: str, kept: Any) -> bool:
    """A text of digits became a number that no longer has all of them."""
    return sent.isdigit() and _text(kept).isdigit() and len(sent) != len(_text(kept))


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
        if path not in _HELD and path not in _customer_fields():
            names = ", ".join(filter(None, _HELD))
            expected = f'{names}, a field of {UPDATED} or ""'
            raise Unusable(f"--observe-map {file}: state.{column}: expected {expected}, got {path!r:.60}")
    return {column: _HELD.get(path, path) for column, path in found.items()}


def _customer_fields() -> Collection[str]:
    return catalog.load().find(UPDATED).schema["properties"]  # type: ignore[no-any-return]


def _entries(read: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in read.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{column}", path) for column, path in value.items())
        else:
            yield name, value


Field = tuple[str, str]
"""An event type and the path of a field in its payload."""
_Compared = tuple[EventFact, Any, list[Pair]]
"""An event, the copy of its payload in an effect, and what differs in it."""

_NO_LOSS = "nothing is lost"
_WHY = {content.MASKED: "it hides personal data on purpose"}


def corrupt(
    groups: Sequence[EventGroup],
    check: ContentCheck = ContentCheck.KNOWN,
    columns: Mapping[Column, ColumnCount] = MappingProxyType({}),
) -> list[Classified]:
    """The events whose effect carries the payload or fields of it, and not as they were sent.

    `columns`: those that are known to hold a field.
    """
    if check is ContentCheck.OFF:
        return []
    if check is ContentCheck.EXACT:
        inexact = ((event, content.first_inexact(event.payload, kept)) for event, kept in _copies(groups))
        return [Classified(event, Class.CORRUPT, difference) for event, difference in inexact if difference]
    compared = _compared(groups)
    rewritten = _rewritten(compared)
    found = []
    for event, _, different in compared:
        lost = next((pair for pair in different if not _is_rewritten(event, pair, rewritten)), None)
        if lost is not None:
            found.append(Classified(event, Class.CORRUPT, str(lost)))
    in_columns = [Classified(event, Class.CORRUPT, str(pair)) for event, pair in lost_columns(groups, columns)]
    return [*found, *in_columns]


def rewritings(groups: Sequence[EventGroup], check: ContentCheck = ContentCheck.KNOWN) -> list[str]:
    """The fields that every effect shows in another form, a sentence each."""
    if check is not ContentCheck.KNOWN:
        return []
    return [
        f"{event}: every effect shows {field} {rewriting}; {_WHY.get(rewriting, _NO_LOSS)}, so this is no finding"
        for (event, field), rewriting in _rewritten(_compared(groups)).items()
    ]


def _compared(groups: Sequence[EventGroup]) -> list[_Compared]:
    """The events whose effects can be told apart, with each copy of the payload and the pairs that differ in it."""
    return [(event, kept, content.different(event.payload, kept)) for event, kept in _copies(groups)]


def _copies(groups: Sequence[EventGroup]) -> list[tuple[EventFact, Any]]:
    """The same events, with the copy in each effect."""
    found = []
    for group in groups:
        event, *others = group.events
        if others or event.altered:
            continue
        for effect in group.effects:
            kept = content.embedded_payload(effect.value)
            if content.is_copy(event.payload, kept):
                found.append((event, kept))
    return found


def _rewritten(compared: Sequence[_Compared]) -> dict[Field, str]:
    """The one rewriting of each field that every effect shows rewritten."""
    seen: dict[Field, set[str]] = defaultdict(set)
    for event, _, different in compared:
        for pair in different:
            seen[event.event, pair.field].add(pair.rewriting)
    one = {field: next(iter(found)) for field, found in seen.items() if len(found) == 1 and "" not in found}
    for event, kept, _ in compared if one else ():
        for pair in content.pairs(event.payload, kept):
            rewriting = one.get((event.event, pair.field))
            if rewriting and pair.is_same and pair.kept is not None and content.would_change(rewriting, pair.sent):
                del one[event.event, pair.field]
    return one


def _is_rewritten(event: EventFact, pair: Pair, rewritten: Mapping[Field, str]) -> bool:
    return rewritten.get((event.event, pair.field)) == pair.rewriting
