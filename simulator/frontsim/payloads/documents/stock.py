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
from frontsim.payloads.values.moments import HOUR, SECOND, Ticks, text
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

_TYPES = ("Sale",) * 9 + MOVEMENT_TYPES[1:]
_DELTAS = {
    "Sale": (-1, -1, -1, -1, -2, -3, 1, -1),
    "Manual": (-2, -1, -1, 1, 1, 2, 5, -4),
    "PurchaseOrderReceived": (1, 2, 4, 5, 6, 10, 12, 24),
    "Relocation": (-4, -2, -1, -1, 1, 1, 2, 4),
    "Reconciliation": (-5, -3, -1, -1, 1, 1, 2, 4),
    "Bestilling": (0,),
    "Cancelled": (0, 0, 1, 1),
    "PurchaseOrderOrdered": (0,),
}


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


def draw_movement(dice: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A movement by itself, in the store's stock."""
    kind = dice.pick(_TYPES)
    quantity = dice.pick(_DELTAS[kind])
    drawn = dice.below(24 * 8 * 16)  # the level, what is reserved of it, and who did it, from one draw
    on_hand = drawn % 24 + max(quantity, 0)
    reserved = min(on_hand, max(0, drawn // 24 % 8 - 4))
    user = drawn // 192
    return movement_json(
        movement_id=world.id("movement", number),
        kind=kind,
        size=dice.pick(world.sizes),
        quantity=quantity,
        level=Level(on_hand, reserved),
        stock_id=store.stock.id,
        user=store.users[user % len(store.users)] if user else None,
        at=at,
    )


def adjustment_json(
    dice: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, items: tuple[Item, ...], central: bool
) -> dict[str, Any]:
    """The payload of StockAdjustmentCreated. `central`: booked on no store."""
    currency = store.country.currency
    who = dice.below(8)
    return {
        "stockAdjustmentId": world.id("adjustment", number),
        "extRef": f"ADJ-{number}" if dice.one_in(2) else None,
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "storeId": None if central else store.id,
        "comment": dice.pick(COMMENTS),
        "createdDateTime": text(at),
        "createdById": store.users[who % len(store.users)] if who else None,
        "items": lines_json(_adjusted_json(item, currency) for item in items),
    }


def _adjusted_json(item: Item, currency: str) -> str:
    size, hidden = item.size, item.hidden
    return f'{size_json(size, hidden)},"quantity":{item.quantity},{cost_json(size, currency, hidden)}'


def draw_adjustment(
    dice: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, central: bool
) -> dict[str, Any]:
    """An adjustment by itself: a handful of sizes, or (for an API call that named none) an empty list."""
    items = tuple(
        Item(size, dice.pick((-3, -2, -1, -1, 1, 1, 2, 6)), hidden=dice.pick(HIDDEN))
        for size in some_sizes(dice, world, dice.below(6))
    )
    return adjustment_json(dice, world, store, number=number, at=at, items=items, central=central)


def count_json(
    dice: SeededDraws, world: World, store: Store, *, number: int, counted: Ticks, at: Ticks, items: tuple[Item, ...]
) -> dict[str, Any]:
    """The payload of StockCountReconciled; `at` is when it is booked."""
    currency = store.country.currency
    who = dice.below(8)
    name = dice.pick((f"Varetelling {store.name}", "Rullerende telling, sko", "Stock/adjust", 'Telling "høst"', None))
    return {
        "stockCountId": world.id("count", number),
        "name": name,
        "countedDateTime": text(counted),
        "createdDateTime": text(at),
        "createdById": store.users[who % len(store.users)] if who else None,
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "isReconciled": True,
        "isCompleteStockCount": dice.one_in(6),
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


def draw_count(dice: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A count by itself: what was counted is the level afterwards; without differences the list is empty."""
    items = []
    for place, size in enumerate(some_sizes(dice, world, dice.below(9))):
        counted = dice.below(30)
        odd = dice.below(24)
        items.append(
            Item(
                size,
                dice.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3)),
                None if odd == 0 else counted,
                None if odd == 1 else counted,
                None if odd == 2 else world.id("movement", 700_000_000 + number * 16 + place),
                "cost" if odd == 3 else None,
            )
        )
    counted_at = at - dice.below(5 * HOUR) - SECOND
    return count_json(dice, world, store, number=number, counted=counted_at, at=at, items=tuple(items))


def some_sizes(dice: SeededDraws, world: World, count: int) -> list[Size]:
    """So many different sizes, next to each other on the shelf in steps."""
    sizes, there = world.sizes, len(world.sizes)
    start, step = dice.below(there), dice.between(1, 7)
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
