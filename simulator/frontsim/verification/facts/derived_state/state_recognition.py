"""Which columns of a receiver's state hold which levels, found by its rows for a few clean movements: pure.

Names are not trusted: a column counts when it shows what was sent. So the table may be called, sorted and written in
any way, as long as there is one row for each stock item.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from frontsim.verification.facts import lookup
from frontsim.verification.facts.derived_state.recognised import Recognised, are_enough
from frontsim.verification.facts.derived_state.stock_movements import ITEMS, LEVELS, SUM, Movement
from frontsim.verification.facts.state_shape import Row, StateShape, StockItem, item_text, number


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
    shape = _with_columns(bare, own, _row_of_each(before, bare), sent, named)
    if not shape.columns:
        return Recognised(failure=_no_level(own, sent, bare))
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
                stock: {(item_text(row.get(item)), lookup.normalised(row.get(stock))) for row in rows}
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
    rising = [each for each in sent if each.quantity > 0]
    columns: dict[str, str] = {}
    clamps = False
    for name in names:
        said = named.get(name)
        if name in (bare.item, bare.stock) or said == "":
            continue
        for holds in [said] if said else (*LEVELS, SUM):
            agree = [_shows(each, own, before, bare, name, holds) for each in sent]
            rises = holds == SUM and all(_shows(each, own, before, bare, name, holds) for each in rising)
            if are_enough(agree, of=len(sent)) or rises:
                columns[name] = holds
                clamps = clamps or (holds == SUM and not all(agree))
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
    about = movement.about(shape)
    if about is None or about not in own:
        return False
    start = number(before[about].get(name)) if holds == SUM and about in before else None
    return number(own[about].get(name)) == movement.holds(holds) + (start or 0)


def _is_whole(shape: StateShape, own: Mapping[StockItem, Row], before: Sequence[Any], sent: Sequence[Movement]) -> bool:
    rows = _row_of_each(before, shape)
    return all(_shows(each, own, rows, shape, name, holds) for name, holds in shape.columns.items() for each in sent)


def _no_item(rows: Sequence[Row], sent: Sequence[Movement]) -> str:
    names = " or ".join(f"{path} {name}" for path, name in sent[0].items.items())
    return f"expected a row of {names}, got {_count(rows)} with {_columns(rows)}, and none of it"


def _no_level(own: Mapping[StockItem, Row], sent: Sequence[Movement], shape: StateShape) -> str:
    about, movement = next((about, each) for each in sent if (about := each.about(shape)) and about in own)
    levels = ", ".join(f"{movement.levels[path]} ({path})" for path in LEVELS)
    got = f"{dict(own[about])!r:.200}"
    return f"expected {about} with a level of {levels} or {movement.quantity} more than before, got {got}"


def _count(rows: Sequence[Row]) -> str:
    return "1 row" if len(rows) == 1 else f"{len(rows)} rows"


def _columns(rows: Sequence[Row]) -> str:
    names = list(dict.fromkeys(str(name) for row in rows[:50] for name in row))
    return f"the columns {', '.join(names)}" if len(names) > 1 else f"the column {', '.join(names)}"
