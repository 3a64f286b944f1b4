"""Stock movements, as a receiver's table of levels adds them up: pure.

Which fields a movement has is seen in a public receiver; that `quantity` is a signed difference and that the levels are
those after the movement is inferred.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from frontsim.domain.model import Outcome
from frontsim.verification.facts import lookup
from frontsim.verification.facts.history import EventFact
from frontsim.verification.facts.obligations import is_owed, may_apply
from frontsim.verification.facts.state_shape import StateShape, StockItem, item_text, number

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
        """What a column shows that holds this after the movement."""
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
        return lookup.find(event.payload, path)

    names = {path: item_text(at(path)) for path in ITEMS}
    items = {path: name for path, name in names.items() if name}
    levels = {path: number(at(path)) for path in LEVELS}
    quantity, movement_id, stock = number(at("quantity")), number(at("movementId")), lookup.normalised(at("stockId"))
    if not items or quantity is None or stock is None or None in levels.values():
        return None
    known = {path: level for path, level in levels.items() if level is not None}
    return Movement(event, stock, items, quantity, known, str(at("createdDateTime") or ""), movement_id or Decimal(0))
