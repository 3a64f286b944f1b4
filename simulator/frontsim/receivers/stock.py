"""Right receivers that keep a level for each stock item, beside the journal of effects.

    StockBySum      level = level + quantity, in the transaction that takes the event's id
    NewestLevel     level = that of the newest movement, by its own time and number

`GET /levels` shows them: the journal may be right while they are not.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from frontsim.receivers.bookings import Bookings
from frontsim.receivers.inbound import ReceivedEvent, value_at
from frontsim.receivers.reference import Receiver

MOVEMENT = "StockMovementCreated"
_ADD = """
INSERT INTO levels (stock, gtin, level) VALUES (:stock, :gtin, :quantity)
ON CONFLICT (stock, gtin) DO UPDATE SET level = level + excluded.level
"""
_SET_IF_NEWER = """
INSERT INTO levels (stock, gtin, level, moment, number) VALUES (:stock, :gtin, :level, :moment, :number)
ON CONFLICT (stock, gtin) DO UPDATE SET level = excluded.level, moment = excluded.moment, number = excluded.number
WHERE (excluded.moment, excluded.number) >= (levels.moment, levels.number)
"""


@dataclass(frozen=True, slots=True)
class StockChange:
    """What a movement says of a stock item."""

    stock: Any
    gtin: Any
    quantity: float
    level: float
    moment: str
    number: int


def change_of(event: ReceivedEvent) -> StockChange | None:
    """The movement in an event; None if it is none, or does not say which stock item and how much."""
    if event.type.lower() != MOVEMENT.lower():
        return None
    stock, gtin, moment = (value_at(event.payload, path) for path in ("stockId", "gtin", "createdDateTime"))
    quantity, level, number = (_amount(event, path) for path in ("quantity", "stockLevel", "movementId"))
    if None in (quantity, level, number) or not isinstance(moment, str):
        return None
    if not isinstance(gtin, str) or not isinstance(stock, int):
        return None
    return StockChange(stock, gtin, quantity or 0, level or 0, moment, int(number or 0))


def _amount(event: ReceivedEvent, path: str) -> float | None:
    """A number that SQLite can hold."""
    found = value_at(event.payload, path)
    return found if isinstance(found, int | float) and abs(found) < 2**63 else None


def levels_json(bookings: Bookings) -> bytes:
    """The level of each stock item, as an observer reads them."""
    rows = bookings.read("SELECT stock, gtin, level FROM levels")
    return orjson.dumps([{"stockId": stock, "gtin": gtin, "level": level} for stock, gtin, level in rows])


class StockBySum(Receiver):
    """Adds each movement to the level, in the transaction that takes the event's id."""

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        super().process(db, event)
        if (change := change_of(event)) is not None:
            self.move(db, change)

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Change the level of the stock item."""
        db.execute(_ADD, _values(change))


class NewestLevel(StockBySum):
    """Takes over the level that the newest movement has; one that comes late changes nothing."""

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        db.execute(_SET_IF_NEWER, _values(change))


def _values(change: StockChange) -> Mapping[str, Any]:
    return {
        "stock": change.stock,
        "gtin": change.gtin,
        "quantity": change.quantity,
        "level": change.level,
        "moment": change.moment,
        "number": change.number,
    }
