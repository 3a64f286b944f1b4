"""Finds out which columns of derived state hold what, by a few clean events.

Names are not trusted: a column counts when it shows what was sent. So a table of levels may be called, sorted and
written in any way, as long as there is one row for each stock item.

A column of customers counts when it shows what was sent last of most of them: one field whole, the parts that are put
together in it, or one field that it cuts. One that keeps what the creation said, or has a form that letters and digits
do not tell (a hash, a date of another form), is not compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from frontsim.verification.compare.state_events import ITEMS, LEVELS, SUM, CustomerChange, Movement
from frontsim.verification.effects import content
from frontsim.verification.effects.state_shape import (
    CustomerShape,
    Row,
    StateShape,
    StockItem,
    flat,
    folded,
    holds,
    item_text,
    number,
)
from frontsim.wording import counted

_SHARE = 0.75
"""The part of the clean events that a column must show."""

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Recognised(Generic[Shape]):
    """The shape of the rows, or why there is none. `is_whole`: every event is shown as it should be."""

    shape: Shape | None = None
    failure: str = ""
    is_whole: bool = False


def are_enough(agree: Iterable[bool], *, of: int) -> bool:
    """Agreements are enough if a column shows so many of the clean events that it is no coincidence."""
    return sum(agree) >= _SHARE * of


def recognise(
    rows: Sequence[Any], before: Sequence[Any], sent: Sequence[Movement], named: Mapping[str, str]
) -> Recognised[StateShape]:
    """The shape of a receiver's state.

    Args:
        rows: after the movements.
        before: the rows before them.
        sent: clean movements, each of its own stock item, with levels that are all different.
        named: what the user says that a column holds, "" for one that is not compared.
    """
    if not rows:
        return Recognised(failure="it shows no rows")
    objects = [row for row in rows if isinstance(row, Mapping)]
    if len(objects) < len(rows):
        return Recognised(failure=f"expected rows with several columns, got {rows[0]!r:.80}")
    key = next(_keys(objects, sent), None)
    if key is None:
        return Recognised(failure=_no_item(objects, sent))
    item, path, stock = key
    bare = StateShape(item, path, stock)
    found = _rows_of(objects, bare, sent)
    if several := [f"{len(rows)} rows for {about}" for about, rows in found.items() if len(rows) > 1]:
        return Recognised(failure=f"expected one row for each stock item, got {several[0]}")
    own = {about: row for about, rows in found.items() for row in rows}
    rows_before = _row_of_each(before, bare)
    shape = _with_columns(bare, own, rows_before, sent, named)
    if not shape.columns:
        return Recognised(failure=_no_level(own, rows_before, sent, bare))
    return Recognised(shape, is_whole=_is_whole(shape, own, before, sent))


def _row_of_each(rows: Iterable[Any], bare: StateShape) -> Mapping[StockItem, Row]:
    """The row of each stock item."""
    objects = (row for row in rows if isinstance(row, Mapping))
    return {about: row for row in objects if (about := bare.about(row)) is not None}


def _keys(rows: Sequence[Row], sent: Sequence[Movement]) -> Iterator[tuple[str, str, str]]:
    """The columns that name the article and the stock of enough movements, those with a stock first."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    found = []
    for path in ITEMS:
        wanted = [(each.items.get(path), each.stock) for each in sent]
        for item in names:
            shown = {item_text(row.get(item)): row for row in rows}
            if not are_enough((name in shown for name, _ in wanted), of=len(sent)):
                continue
            pairs = {
                stock: {(item_text(row.get(item)), content.normalised(row.get(stock))) for row in rows}
                for stock in names
            }
            stocks = (
                stock for stock, known in pairs.items() if are_enough((each in known for each in wanted), of=len(sent))
            )
            found.append((item, path, next(stocks, "")))
    yield from sorted(found, key=lambda each: not each[2])


def _rows_of(rows: Sequence[Row], shape: StateShape, sent: Sequence[Movement]) -> dict[StockItem, list[Row]]:
    wanted: dict[StockItem, list[Row]] = {about: [] for each in sent if (about := each.about(shape))}
    for row in rows:
        about = shape.about(row)
        if about in wanted:
            wanted[about].append(row)
    return wanted


def _with_columns(
    bare: StateShape,
    own: Mapping[StockItem, Row],
    before: Mapping[StockItem, Row],
    sent: Sequence[Movement],
    named: Mapping[str, str],
) -> StateShape:
    names = dict.fromkeys(name for row in own.values() for name in row)
    columns: dict[str, str] = {}
    clamps = False
    for name in names:
        said = named.get(name)
        if name in (bare.item, bare.stock) or said == "":
            continue
        for what in [said] if said else (*LEVELS, SUM):
            agree = [_shows(each, own, before, bare, name, what) for each in sent]
            differing = [each for each, agrees in zip(sent, agree, strict=True) if not agrees]
            falling = [_number_of(each, own, bare, name) for each in differing if each.quantity < 0]
            rises = what == SUM and all(each.quantity <= 0 for each in differing)
            if (rises or are_enough(agree, of=len(sent))) and not (what == SUM and any(falling)):
                columns[name] = what
                clamps = clamps or (what == SUM and bool(falling))
                break
    return StateShape(bare.item, bare.item_path, bare.stock, columns, clamps=clamps)


def _shows(
    movement: Movement,
    own: Mapping[StockItem, Row],
    before: Mapping[StockItem, Row],
    shape: StateShape,
    name: str,
    holds: str,
) -> bool:
    start = _number_of(movement, before, shape, name) if holds == SUM else None
    return _number_of(movement, own, shape, name) == movement.holds(holds) + (start or 0)


def _number_of(movement: Movement, rows: Mapping[StockItem, Row], shape: StateShape, name: str) -> Decimal | None:
    """The number in that column of the movement's row, None without one."""
    about = movement.about(shape)
    return number(rows[about].get(name)) if about is not None and about in rows else None


def _is_whole(shape: StateShape, own: Mapping[StockItem, Row], before: Sequence[Any], sent: Sequence[Movement]) -> bool:
    rows = _row_of_each(before, shape)
    return all(_shows(each, own, rows, shape, name, holds) for name, holds in shape.columns.items() for each in sent)


def _no_item(rows: Sequence[Row], sent: Sequence[Movement]) -> str:
    names = " or ".join(f"{path} {name}" for path, name in sent[0].items.items())
    return f"expected a row of {names}, got {counted(len(rows), 'row')} with {_shown_columns(rows)}, and none of it"


def _no_level(
    own: Mapping[StockItem, Row], before: Mapping[StockItem, Row], sent: Sequence[Movement], shape: StateShape
) -> str:
    found = [(about, each) for each in sent if (about := each.about(shape)) and about in own]
    is_added = [any(_shows(each, own, before, shape, name, SUM) for name in own[about]) for about, each in found]
    about, movement = found[is_added.index(False) if False in is_added else 0]
    levels = ", ".join(f"{movement.levels[path]} ({path})" for path in LEVELS)
    got = f"{dict(own[about])!r:.200}"
    return f"expected {about} with a level of {levels} or {movement.quantity} more than before, got {got}"


def _shown_columns(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(str(name) for row in rows[:50] for name in row))
    return f"the columns {', '.join(names)}" if len(names) > 1 else f"the column {', '.join(names)}"


_SHORTEST = 4
"""A text that is shorter may stand in another by chance."""
_MOST_COLUMNS = 12

FlatRow = Mapping[str, Any]


def recognise_customers(
    rows: Sequence[Any], sent: Sequence[CustomerChange], newest: Sequence[CustomerChange], named: Mapping[str, str]
) -> Recognised[CustomerShape]:
    """The shape of a receiver's customers.

    Args:
        rows: after the changes.
        sent: clean changes, whose texts all differ.
        newest: the last one of each customer.
        named: what the user says that a column holds, "" for one that is not compared.
    """
    shown = [flat(row) for row in rows]
    column = _id_column(shown, newest)
    if not column:
        return Recognised(failure=_no_customer(shown, newest))
    own = {
        each.customer: [row for row in shown if content.normalised(row.get(column)) == each.customer] for each in newest
    }
    if several := next((customer for customer, found in own.items() if len(found) > 1), None):
        return Recognised(failure=f"expected one row for each customer, got several for {several}")
    pairs = [(row, each) for each in newest for row in own[each.customer]]
    columns = dict(_customer_columns(pairs, _told_apart(sent), named, column, of=len(newest)))
    if not columns:
        row, change = pairs[0]
        return Recognised(failure=f"expected a field of customer {change.customer}, got {dict(row)!r:.200}")
    shape = CustomerShape(column, columns)
    shows_all = all(
        holds(row.get(name), paths, each.event.payload) for row, each in pairs for name, paths in columns.items()
    )
    return Recognised(shape, is_whole=shows_all and len(pairs) == len(newest))


def _id_column(rows: Sequence[FlatRow], newest: Sequence[CustomerChange]) -> str:
    """The column that has the customerId of most customers, "" without one."""
    names = dict.fromkeys(name for row in rows for name in row)
    for name in names:
        known = {content.normalised(row.get(name)) for row in rows}
        if are_enough((each.customer in known for each in newest), of=len(newest)):
            return name
    return ""


def _told_apart(sent: Sequence[CustomerChange]) -> list[str]:
    """The fields whose text differs in all changes: by them a column shows which change it is of."""
    payloads = [each.event.payload for each in sent]
    paths = dict.fromkeys(path for payload in payloads for path in payload)
    return [path for path in paths if _all_differ([payload.get(path) for payload in payloads])]


def _all_differ(values: Sequence[Any]) -> bool:
    texts = {folded(value) for value in values if isinstance(value, str) and not _is_moment(value)}
    return len(texts) == len(values) and min(map(len, texts)) >= _SHORTEST


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return not text.isdigit()


def _customer_columns(
    pairs: Sequence[tuple[FlatRow, CustomerChange]],
    paths: Sequence[str],
    named: Mapping[str, str],
    id_column: str,
    *,
    of: int,
) -> Iterator[tuple[str, Sequence[str]]]:
    names = [name for name in dict.fromkeys(name for row, _ in pairs for name in row) if name != id_column]
    for name in names:
        candidates = [path for path in paths if named.get(name) in (None, path)]
        for test, most in ((_is, 1), (_is_part, len(paths)), (_is_cut, 1)):
            shown = {
                path: [test(row.get(name), path, each.event.payload) for row, each in pairs] for path in candidates
            }
            if agree := [path for path, agreements in shown.items() if are_enough(agreements, of=of)]:
                yield name, agree[:most]
                break


def _is(shown: Any, path: str, payload: Any) -> bool:
    return folded(shown) == folded(payload.get(path))


def _is_part(shown: Any, path: str, payload: Any) -> bool:
    return folded(payload.get(path)) in folded(shown)


def _is_cut(shown: Any, path: str, payload: Any) -> bool:
    return holds(shown, [path], payload)


def _no_customer(rows: Sequence[FlatRow], newest: Sequence[CustomerChange]) -> str:
    names = list(dict.fromkeys(name for row in rows[:50] for name in row))
    got = f"{counted(len(rows), 'row')} with {', '.join(names[:_MOST_COLUMNS])}" if rows else "no rows"
    return f"expected a row of customerId {newest[0].customer}, got {got}"
