"""Stock: single movements, adjustments, stock counts.

Invariants: availableLevel = stockLevel - reservedLevel; a count's difference leads to the counted level.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import Ticks, text
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS

HIDDEN = (*(None,) * 20, "productId", "cost", "cost")
"""Which field a line of a stock document leaves empty."""

MOVEMENT_TYPES = (
    "Sale",
    "Manual",
    "PurchaseOrderReceived",
    "Relocation",
    "Reconciliation",
    "Bestilling",
    "Cancelled",
    "PurchaseOrderOrdered",
)
"""Why stock moves (published). Orders (`Bestilling`, `PurchaseOrderOrdered`) move no goods: quantity 0 (ours)."""


class Level(NamedTuple):
    """What one stock holds of one size, after a movement."""

    on_hand: int
    reserved: int


@dataclass(slots=True)
class Item:
    """One size of an adjustment or a count: what was booked, and what a count found.

    `hidden` names the field that the document left empty.
    """

    size: Size
    quantity: int
    counted: int | None = None
    level: int | None = None
    movement_id: int | None = None
    hidden: str | None = None


def movement_json(
    *, movement_id: int, kind: str, size: Size, quantity: int, level: Level, stock_id: int, user: int | None, at: Ticks
) -> dict[str, Any]:
    """The payload of StockMovementCreated: the levels are those after the movement."""
    return {
        "movementId": movement_id,
        "type": kind,
        "sku": size.sku,
        "gtin": size.gtin,
        "quantity": quantity,
        "stockLevel": level.on_hand,
        "reservedLevel": level.reserved,
        "availableLevel": level.on_hand - level.reserved,
        "stockId": stock_id,
        "createdById": None if user is None else str(user),
        "createdDateTime": text(at),
    }


def adjustment_json(
    draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, items: tuple[Item, ...], central: bool
) -> dict[str, Any]:
    """The payload of StockAdjustmentCreated. `central`: booked on no store."""
    currency = store.country.currency
    who = draws.below(8)
    return {
        "stockAdjustmentId": world.id("adjustment", number),
        "extRef": f"ADJ-{number}" if draws.one_in(2) else None,
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "storeId": None if central else store.id,
        "comment": draws.pick(COMMENTS),
        "createdDateTime": text(at),
        "createdById": store.users[who % len(store.users)] if who else None,
        "items": lines_json(_adjusted_json(item, currency) for item in items),
    }


def _adjusted_json(item: Item, currency: str) -> str:
    size, hidden = item.size, item.hidden
    return f'{size_json(size, hidden)},"quantity":{item.quantity},{cost_json(size, currency, hidden)}'


def count_json(
    draws: SeededDraws, world: World, store: Store, *, number: int, counted: Ticks, at: Ticks, items: tuple[Item, ...]
) -> dict[str, Any]:
    """The payload of StockCountReconciled; `at` is when it is booked."""
    currency = store.country.currency
    who = draws.below(8)
    name = draws.pick((f"Varetelling {store.name}", "Rullerende telling, sko", "Stock/adjust", 'Telling "høst"', None))
    return {
        "stockCountId": world.id("count", number),
        "name": name,
        "countedDateTime": text(counted),
        "createdDateTime": text(at),
        "createdById": store.users[who % len(store.users)] if who else None,
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "isReconciled": True,
        "isCompleteStockCount": draws.one_in(6),
        "items": lines_json(_counted_json(item, currency) for item in items),
    }


def _counted_json(item: Item, currency: str) -> str:
    return (
        f'"movementId":{_number_json(item.movement_id)},{size_json(item.size, item.hidden)},"quantity":{item.quantity},'
        f'"countedQuantity":{_number_json(item.counted)},"stockLevel":{_number_json(item.level)},'
        f"{cost_json(item.size, currency, item.hidden)}"
    )


def _number_json(number: int | None) -> str:
    """A whole number that may be missing."""
    return "null" if number is None else str(number)


def some_sizes(draws: SeededDraws, world: World, count: int) -> list[Size]:
    """So many different sizes, next to each other on the shelf in steps."""
    sizes, there = world.sizes, len(world.sizes)
    start, step = draws.below(there), draws.between(1, 7)
    return [sizes[place % there] for place in range(start, start + count * step, step)]


def size_json(size: Size, hidden: str | None) -> str:
    """The fields by which stock documents name a size, without braces.

    A line that was matched by its barcode alone hides its `productId`.
    """
    return f'"productId":{"null" if hidden == "productId" else size.product_id},{size.codes_json}'


def serial_json(size: Size, piece: int | None) -> str:
    """The RFID tag of a piece; null for no piece, and for a size whose pieces have none."""
    serial = None if piece is None else size.serial(piece)
    return "null" if serial is None else f'"{serial}"'


def cost_json(size: Size, currency: str, hidden: str | None) -> str:
    """The field for what a piece costs, in a currency; null where nobody entered it, or the document hides `cost`."""
    return f'"cost":{"null" if hidden == "cost" else size.cost_json[currency]}'


def lines_json(lines: Iterable[str]) -> orjson.Fragment:
    """The lines of a stock document, given the fields of each."""
    return orjson.Fragment(f"[{','.join([f'{{{line}}}' for line in lines])}]")
