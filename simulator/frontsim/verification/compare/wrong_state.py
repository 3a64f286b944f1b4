"""Finds wrong levels, and wrong customers row by row.

Right is what the newest acknowledged event says of the customer, by the vendor's own time. A row is wrong only if it
shows an older event of the customer, and nothing of the newest. A column counts only where both events have a text, and
two different ones: a receiver may keep what it knew where an update has none. What no event explains is a doubt.

A customer without a row is accused only where the run shows that the receiver keeps such customers.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from frontsim.verification.compare.state_events import (
    CUSTOMER_EVENTS,
    Comparison,
    CustomerChange,
    StateCheck,
    WrongState,
    check_of,
    customer_changes,
    movements,
    traits,
)
from frontsim.verification.compare.stock_levels import check_stock
from frontsim.verification.effects import content
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, History, first_ms, is_owed, last_ms, may_apply
from frontsim.verification.effects.state_shape import SEVERAL, CustomerShape, StateFacts, Trait, folded, holds

_NUMBER = re.compile(r"\d+")
_SHORTEST = 3
"""A text that is shorter may stand in another by chance."""

ShownRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Customer:
    """A customer of a scenario: what its events say, and what is shown; `row` is None where nothing is."""

    id: str
    changes: Sequence[CustomerChange]
    row: ShownRow | None

    @property
    def newest(self) -> CustomerChange:
        """Of those that a right receiver has applied."""
        return max((each for each in self.changes if is_owed(each.event)), key=lambda each: each.since)

    @property
    def events(self) -> frozenset[str]:
        return frozenset(each.event.webhook_event_id for each in self.changes)

    def split(self) -> tuple[list[CustomerChange], list[CustomerChange]]:
        """The changes that may be the present state, and the older ones, of those that may have been applied."""
        since = self.newest.since
        possible = [each for each in self.changes if may_apply(each.event)]
        return [each for each in possible if each.since >= since], [each for each in possible if each.since < since]


def check_customers(history: History) -> StateCheck:
    """Compare the customers' rows at the end with the events; nothing is compared where they were not read."""
    state = history.state
    if state is None or state.customers is None or state.after is None:
        return StateCheck()
    mentioned = cache(lambda: _mentions(history.events))  # of thousands of events, and mostly not asked for
    customers = _customers(history.events, state)
    return check_of(_compared(each, customers, state, state.customers, mentioned) for each in customers)


def _compared(
    customer: _Customer,
    others: Sequence[_Customer],
    state: StateFacts,
    shape: CustomerShape,
    mentioned: Callable[[], AbstractSet[str]],
) -> Comparison:
    found = _wrong(customer, others, shape, state.kept)
    reason = _why_unclear(customer, state, mentioned()) if found else ""
    wrong = [found] if found else []
    return Comparison(customer.events, wrong, reason, tells_order=_tells_order(customer, shape))


def _customers(events: Sequence[EventFact], state: StateFacts) -> list[_Customer]:
    """Those that can be judged: whose events arrived as they were sent, and that no event deletes."""
    by_customer: dict[str, list[CustomerChange]] = defaultdict(list)
    for change in customer_changes(events):
        by_customer[change.customer].append(change)
    rows: dict[str, dict[str, Any]] = defaultdict(dict)
    for place, value in state.customers_after.items():
        rows[place.customer][place.column] = value
    return [
        _Customer(customer, changes, rows.get(customer))
        for customer, changes in by_customer.items()
        if any(is_owed(each.event) for each in changes)
        and not any(each.event.altered or each.is_deletion for each in changes)
    ]


def _mentions(events: Sequence[EventFact]) -> AbstractSet[str]:
    """All numbers in events of other types, in which a customer may be named."""
    texts = (str(event.payload) for event in events if event.event not in CUSTOMER_EVENTS)
    return {number for text in texts for number in _NUMBER.findall(text)}


def _why_unclear(customer: _Customer, state: StateFacts, mentioned: AbstractSet[str]) -> str:
    """Why a row that is not right proves nothing."""
    if customer.id in state.shared_customers:
        return "events of another scenario are about them too"
    if any(place.customer == customer.id for place in state.customers_before):
        return "the receiver had them before the scenario"
    if SEVERAL in (customer.row or {}).values():
        return "several rows of one customer disagree"
    if customer.id in mentioned:
        return "events of other types name them, and what the receiver takes from those is not known"
    return ""


def _wrong(
    customer: _Customer, others: Sequence[_Customer], shape: CustomerShape, kept: AbstractSet[Trait]
) -> WrongState | None:
    if customer.row is None:
        return _missing(customer, others, kept)
    row = customer.row
    right, older = customer.split()
    is_fresh = {name: any(_shows(row, name, shape, each) for each in right) for name in shape.columns}
    found = [(each, _columns(row, shape, each, right, is_fresh)) for each in older]
    if stands := [(each, old) for each, (old, new) in found if old and not new]:
        change, columns = max(stands, key=lambda each: (len(each[1]), last_ms(each[0].event)))
        return _older(customer, change, columns[0], shape)
    is_mixed = any(old for _, (old, _) in found)
    if any(is_fresh.values()) and not is_mixed:
        return None
    expected = _expected(customer, next(iter(shape.columns)), shape)
    got = "of which columns are of several events" if is_mixed else "which no event of the scenario has"
    return WrongState(row, f"{expected}, got {dict(row)!r:.200}, {got}")


def _columns(
    row: ShownRow,
    shape: CustomerShape,
    older: CustomerChange,
    right: Sequence[CustomerChange],
    is_fresh: Mapping[str, bool],
) -> tuple[list[str], list[str]]:
    """The columns that show an older change and not the present state; and those that show the present state."""
    telling = [name for name in shape.columns if _tells_apart(shape, name, older, right)]
    old = [name for name in telling if _shows(row, name, shape, older) and not is_fresh[name]]
    return old, [name for name in telling if is_fresh[name]]


def _shows(row: ShownRow, name: str, shape: CustomerShape, change: CustomerChange) -> bool:
    return holds(row.get(name), shape.columns[name], change.event.payload)


def _tells_apart(shape: CustomerShape, name: str, older: CustomerChange, right: Sequence[CustomerChange]) -> bool:
    """A column tells two changes apart if each has a text of some length, and they differ."""
    old, news = _texts(shape, name, older), [_texts(shape, name, each) for each in right]
    are_texts = all(len(text) >= _SHORTEST for texts in (old, *news) for text in texts)
    return are_texts and old not in news


def _tells_order(customer: _Customer, shape: CustomerShape) -> bool:
    """A customer's rows tell the order if some column tells each older change from the newest."""
    right, older = customer.split()
    return all(any(_tells_apart(shape, name, each, right) for name in shape.columns) for each in older)


def _texts(shape: CustomerShape, name: str, change: CustomerChange) -> list[str]:
    return [folded(content.find(change.event.payload, path)) for path in shape.columns[name]]


def _older(customer: _Customer, older: CustomerChange, column: str, shape: CustomerShape) -> WrongState:
    assert customer.row is not None  # the caller has looked
    newest, got = customer.newest, customer.row.get(column)
    text = (
        f"{_expected(customer, column, shape)}, got {got!r:.80} as in {older.event.webhook_event_id} of {older.since}"
    )
    if last_ms(older.event) >= first_ms(newest.event):
        return WrongState(customer.row, f"{text}, which is older", Class.STALE, older.event)
    return WrongState(customer.row, f"{text}, which came before: the newer one was lost", accused=newest.event)


def _expected(customer: _Customer, column: str, shape: CustomerShape) -> str:
    """Words the expectation of a column."""
    newest = customer.newest
    values = [content.find(newest.event.payload, path) for path in shape.columns[column]]
    wanted = ", ".join(f"{value!r:.80}" for value in values)
    return (
        f"expected {wanted} in {column} of customer {customer.id} ({newest.event.webhook_event_id} of {newest.since})"
    )


def _missing(customer: _Customer, others: Sequence[_Customer], kept: AbstractSet[Trait]) -> WrongState:
    """A customer without a row: lost if others with the same traits have theirs. A receiver may choose by any trait."""
    newest = customer.newest
    text = f"expected a row of customer {customer.id}, got none"
    seen = {trait for other in others if other.row is not None for trait in traits(other.changes)}
    if strange := sorted(str(name) for name, _ in set(traits(customer.changes)) - seen - kept):
        doubt = f"whether the receiver keeps such customers is not known ({', '.join(strange[:3])})"
        return WrongState(None, f"{text}; {doubt}")
    contacts = [text for other in others if other is not customer for text in _contacts(other)]
    if any(contact in contacts for contact in _contacts(customer)):
        return WrongState(None, f"{text}; it may be one with another customer of the same e-mail or phone number")
    return WrongState(None, text, accused=newest.event)


def _contacts(customer: _Customer) -> list[str]:
    found = (folded(change.event.payload.get(path)) for change in customer.changes for path in ("email", "phone"))
    return [text for text in found if text]


def checks(history: History) -> tuple[StateCheck, StateCheck]:
    """Of the levels, and of the customers; nothing is compared where they are not read."""
    if history.state is None:
        return StateCheck(), StateCheck()
    return check_stock(history), check_customers(history)


def check_state(history: History) -> StateCheck:
    """Both together; why something is unclear stays with each."""
    levels, customers = checks(history)
    return StateCheck(
        wrong=(*levels.wrong, *customers.wrong),
        checked=levels.checked + customers.checked,
        compared=levels.compared | customers.compared,
    )


def tells_state(history: History) -> bool:
    """A history tells of state if some event changes what a receiver may derive."""
    return bool(movements(history.events) or customer_changes(history.events))
