"""Which columns of a receiver's rows hold which fields of a customer, found by its rows for a few clean ones: pure.

Names are not trusted: a column counts when it shows what was sent last of most customers. One that keeps what the
creation said, or has a form that letters and digits do not tell (a hash, a date of another form), is not compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from frontsim.verification.facts import lookup
from frontsim.verification.facts.customer_shape import CustomerShape, flat, folded, holds
from frontsim.verification.facts.derived_state.customer_changes import CustomerChange
from frontsim.verification.facts.derived_state.recognised import Recognised, are_enough

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
        each.customer: [row for row in shown if lookup.normalised(row.get(column)) == each.customer] for each in newest
    }
    if several := next((customer for customer, found in own.items() if len(found) > 1), None):
        return Recognised(failure=f"expected one row for each customer, got several for {several}")
    pairs = [(row, each) for each in newest for row in own[each.customer]]
    columns = dict(_columns(pairs, _told_apart(sent), named, column, of=len(newest)))
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
        known = {lookup.normalised(row.get(name)) for row in rows}
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


def _columns(
    pairs: Sequence[tuple[FlatRow, CustomerChange]],
    paths: Sequence[str],
    named: Mapping[str, str],
    id_column: str,
    *,
    of: int,
) -> Iterator[tuple[str, Sequence[str]]]:
    names = [name for name in dict.fromkeys(name for row, _ in pairs for name in row) if name != id_column]
    for name in names:
        said = named.get(name)
        candidates = [path for path in paths if said in (None, path)]
        agree = [path for path in candidates if are_enough((_has(row, name, path, each) for row, each in pairs), of=of)]
        whole = [path for path in agree if are_enough((_is(row, name, path, each) for row, each in pairs), of=of)]
        if found := whole[:1] or agree:
            yield name, found


def _has(row: FlatRow, name: str, path: str, change: CustomerChange) -> bool:
    return holds(row.get(name), [path], change.event.payload)


def _is(row: FlatRow, name: str, path: str, change: CustomerChange) -> bool:
    return folded(row.get(name)) == folded(change.event.payload.get(path))


def _no_customer(rows: Sequence[FlatRow], newest: Sequence[CustomerChange]) -> str:
    names = list(dict.fromkeys(name for row in rows[:50] for name in row))
    got = f"{len(rows)} rows with {', '.join(names[:_MOST_COLUMNS])}" if rows else "no rows"
    return f"expected a row of customerId {newest[0].customer}, got {got}"
