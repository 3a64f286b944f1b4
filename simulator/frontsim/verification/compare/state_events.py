"""Reads from events how stock and customers change, and what a comparison can find.

Which fields a movement has is seen in a public receiver; that `quantity` is a signed difference and that the levels are
those after the movement is inferred.

A CustomerCreated, and each CustomerUpdated, gives the customer's state from that moment on: so their published triggers
say. The vendor publishes no event for a merge or a deletion; that `deleted` may become true is inferred.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from frontsim.domain.model import Outcome
from frontsim.verification.effects import content
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, is_owed, may_apply
from frontsim.verification.effects.state_shape import StateShape, StockItem, Trait, item_text, number

MOVEMENT = "StockMovementCreated"
LEVELS = ("stockLevel", "availableLevel", "reservedLevel")
SUM = "the sum of quantity"
ITEMS = ("gtin", "sku")


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of one article in one stock.

    Attributes:
        items: the article's names, by the paths of `ITEMS`.
        levels: those after it, by the paths of `LEVELS`.
        at: when it happened, by the vendor; "" where it does not say.
        number: its movementId, which grows with time.
    """

    event: EventFact
    stock: str
    items: Mapping[str, str]
    quantity: Decimal
    levels: Mapping[str, Decimal]
    at: str
    number: Decimal

    @property
    def is_owed(self) -> bool:
        return is_owed(self.event)

    @property
    def may_apply(self) -> bool:
        return may_apply(self.event)

    @property
    def arrivals(self) -> int:
        """How often it arrived, or may have."""
        return sum(run.outcome is not Outcome.NOT_SENT for run in self.event.runs)

    def holds(self, what: str) -> Decimal:
        """A column that holds `what` shows this after the movement."""
        return self.quantity if what == SUM else self.levels[what]

    def about(self, shape: StateShape) -> StockItem | None:
        """Its row in a table of that shape; None where the movement does not name the article so."""
        item = self.items.get(shape.item_path)
        return StockItem(self.stock if shape.stock else "", item) if item else None


def movements(events: Iterable[EventFact]) -> list[Movement]:
    """The movements among some events; one that names no article or no quantity is left out."""
    found = [_movement(event) for event in events if event.event == MOVEMENT and isinstance(event.payload, dict)]
    return [each for each in found if each is not None]


def _movement(event: EventFact) -> Movement | None:
    def at(path: str) -> object:
        return content.find(event.payload, path)

    names = {path: item_text(at(path)) for path in ITEMS}
    items = {path: name for path, name in names.items() if name}
    levels = {path: number(at(path)) for path in LEVELS}
    quantity, movement_id, stock = number(at("quantity")), number(at("movementId")), content.normalised(at("stockId"))
    if not items or quantity is None or stock is None or None in levels.values():
        return None
    known = {path: level for path, level in levels.items() if level is not None}
    return Movement(event, stock, items, quantity, known, str(at("createdDateTime") or ""), movement_id or Decimal(0))


CREATED, UPDATED = "CustomerCreated", "CustomerUpdated"
CUSTOMER_EVENTS = (CREATED, UPDATED)


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """A customer's state from a moment on, as the vendor gives it.

    Attributes:
        customer: the customerId.
        since: when the customer was changed, else created; "" where the event does not say.
    """

    event: EventFact
    customer: str
    since: str

    @property
    def is_deletion(self) -> bool:
        return bool(content.find(self.event.payload, "deleted"))


def customer_changes(events: Iterable[EventFact]) -> list[CustomerChange]:
    """The changes of customers among some events; one that names no customer is left out."""
    found = [
        (event, content.normalised(content.find(event.payload, "customerId")))
        for event in events
        if event.event in CUSTOMER_EVENTS and isinstance(event.payload, dict)
    ]
    return [CustomerChange(event, customer, _since(event)) for event, customer in found if customer]


def _since(event: EventFact) -> str:
    moments = (content.find(event.payload, path) for path in ("updatedDateTime", "createdDateTime"))
    return next((str(each) for each in moments if each), "")


def traits(changes: Sequence[CustomerChange]) -> Iterator[Trait]:
    """By what a receiver may choose whom it keeps: types of events, flags, the country, and fields without a text."""
    yield "type of event", frozenset(each.event.event for each in changes if is_owed(each.event))
    for change in changes:
        for path, value in change.event.payload.items():
            if isinstance(value, bool) or path == "countryCode":
                yield path, str(value).lower()
            elif not value:
                yield path, None


@dataclass(frozen=True, slots=True)
class WrongState:
    """A level or a customer that is not right.

    Attributes:
        shown: what is shown instead; None where no row is there.
        accused: the event that was applied again, not at all, or too late; None where nothing explains what is shown.
        events: the webhookEventIds of all events about the stock item or the customer.
    """

    shown: Any
    reason: str
    class_: Class = Class.WRONG_STATE
    accused: EventFact | None = None
    events: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One stock item, or one customer, beside the events about it.

    Attributes:
        events: the webhookEventIds of all of them.
        wrong: what is not right.
        unclear: why what is not right proves nothing; "" where it does.
        tells_order: whether what is shown would tell the order of the events in time.
    """

    events: frozenset[str]
    wrong: Sequence[WrongState] = ()
    unclear: str = ""
    tells_order: bool = True


@dataclass(frozen=True, slots=True)
class StateCheck:
    """The result of a check of the levels, or of the customers.

    Attributes:
        wrong: what is not right.
        checked: how many stock items or customers were compared.
        unclear: why some were not, each reason with their number.
        compared: the webhookEventIds of all events whose order in time what is shown would tell.
    """

    wrong: Sequence[WrongState] = ()
    checked: int = 0
    unclear: Mapping[str, int] = field(default_factory=dict)
    compared: frozenset[str] = frozenset()


def check_of(comparisons: Iterable[Comparison]) -> StateCheck:
    """All comparisons together; one that proves nothing only counts under its reason."""
    wrong: list[WrongState] = []
    unclear: dict[str, int] = defaultdict(int)
    compared: set[str] = set()
    checked = 0
    for each in comparisons:
        if each.unclear:
            unclear[each.unclear] += 1
            continue
        checked += 1
        compared.update(each.events if each.tells_order else ())
        wrong += [replace(found, events=each.events) for found in each.wrong]
    return StateCheck(wrong, checked, unclear, frozenset(compared))
