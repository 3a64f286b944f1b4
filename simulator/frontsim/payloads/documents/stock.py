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
    """The pieces of one size in one stock, after a movement."""

    on_hand: int
    reserved: int


@dataclass(slots=True)
class Item:
    """One size of an adjustment, and the pieces that it adds or removes."""

    size: Size
    quantity: int


@dataclass(slots=True)
class CountedItem:
    """One size of a count: the difference that it found, the level that it leads to, and the movement that books it."""

    size: Size
    quantity: int
    counted: int
    movement_id: int


def movement_json(
    *, movement_id: int, kind: str, size: Size, quantity: int, level: Level, stock_id: int, user: int, at: Ticks
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
        "createdById": str(user),
        "createdDateTime": text(at),
    }


def adjustment_json(
    draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, items: tuple[Item, ...]
) -> dict[str, Any]:
    """The payload of StockAdjustmentCreated."""
    currency = store.country.currency
    return {
        "stockAdjustmentId": world.id("adjustment", number),
        "extRef": f"ADJ-{number}",
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "storeId": store.id,
        "comment": draws.pick(COMMENTS),
        "createdDateTime": text(at),
        "createdById": draws.pick(store.users),
        "items": lines_json(_adjusted_json(item, currency) for item in items),
    }


def _adjusted_json(item: Item, currency: str) -> str:
    return f'{size_json(item.size)},"quantity":{item.quantity},{cost_json(item.size, currency)}'


def count_json(
    draws: SeededDraws,
    world: World,
    store: Store,
    *,
    number: int,
    counted: Ticks,
    at: Ticks,
    items: tuple[CountedItem, ...],
) -> dict[str, Any]:
    """The payload of StockCountReconciled; `at` is when it is booked."""
    currency = store.country.currency
    return {
        "stockCountId": world.id("count", number),
        "name": draws.pick((f"Varetelling {store.name}", "Rullerende telling, sko", "Stock/adjust", 'Telling "høst"')),
        "countedDateTime": text(counted),
        "createdDateTime": text(at),
        "createdById": draws.pick(store.users),
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "isReconciled": True,
        "isCompleteStockCount": draws.one_in(6),
        "items": lines_json(_counted_json(item, currency) for item in items),
    }


def _counted_json(item: CountedItem, currency: str) -> str:
    return (
        f'"movementId":{item.movement_id},{size_json(item.size)},"quantity":{item.quantity},'
        f'"countedQuantity":{item.counted},"stockLevel":{item.counted},{cost_json(item.size, currency)}'
    )


def some_sizes(draws: SeededDraws, world: World, count: int) -> list[Size]:
    """`count` different sizes, at equal steps in the assortment."""
    sizes, there = world.sizes, len(world.sizes)
    start, step = draws.below(there), draws.between(1, 7)
    return [sizes[place % there] for place in range(start, start + count * step, step)]


def size_json(size: Size) -> str:
    """The fields by which stock documents name a size, without braces."""
    return f'"productId":{size.product_id},{size.codes_json}'


def serial_json(size: Size, piece: int | None) -> str:
    """The RFID tag of a piece; null if no piece is given."""
    return "null" if piece is None else f'"{size.serial(piece)}"'


def cost_json(size: Size, currency: str) -> str:
    """The field for the cost of a piece, in a currency."""
    return f'"cost":{size.cost_json[currency]}'


def lines_json(lines: Iterable[str]) -> orjson.Fragment:
    """The lines of a stock document, given the fields of each."""
    return orjson.Fragment(f"[{','.join([f'{{{line}}}' for line in lines])}]")
