"""Stock: movements, counts, deliveries from suppliers, transfers.

Invariants: availableLevel = stockLevel - reservedLevel; a count's difference leads to the counted level.

Invariants: `receivedQuantity` is all receptions together, `quantity` this one's part; a completed delivery's
last reception leaves nothing open that was not short-shipped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from frontsim.payloads.world.moments import DAY, HOUR, MINUTE, SECOND, Ticks, date_text, text
from frontsim.payloads.world.prices import Size
from frontsim.payloads.world.seeded_draws import COMMENTS, SeededDraws
from frontsim.payloads.world.world import Stock, Store, World

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
        "items": lines_json(
            f'{size_json(item.size)},"quantity":{item.quantity},{cost_json(item.size, currency)}' for item in items
        ),
    }


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
        "items": lines_json(
            f'"movementId":{item.movement_id},{size_json(item.size)},"quantity":{item.quantity},'
            f'"countedQuantity":{item.counted},"stockLevel":{item.counted},{cost_json(item.size, currency)}'
            for item in items
        ),
    }


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


def draw_movement(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A movement in the store's stock."""
    kind = draws.pick(_TYPES)
    quantity = draws.pick(_DELTAS[kind])
    drawn = draws.below(24 * 8 * 16)  # the level, its reserved part, and the user, from one draw
    on_hand = drawn % 24 + max(quantity, 0)
    reserved = min(on_hand, max(0, drawn // 24 % 8 - 4))
    return movement_json(
        movement_id=world.id("movement", number),
        kind=kind,
        size=draws.pick(world.sizes),
        quantity=quantity,
        level=Level(on_hand, reserved),
        stock_id=store.stock.id,
        user=store.users[drawn // 192 % len(store.users)],
        at=at,
    )


def draw_adjustment(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """An adjustment of up to five sizes; the API also takes an adjustment without any."""
    items = tuple(
        Item(size, draws.pick((-3, -2, -1, -1, 1, 1, 2, 6))) for size in some_sizes(draws, world, draws.below(6))
    )
    return adjustment_json(draws, world, store, number=number, at=at, items=items)


def draw_count(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A count: the level afterwards is the counted quantity; without differences the list is empty."""
    items = []
    for place, size in enumerate(some_sizes(draws, world, draws.below(9))):
        counted = draws.below(30)
        movement_id = world.id("movement", 700_000_000 + number * 16 + place)
        difference = draws.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3))
        items.append(CountedItem(size, difference, counted=counted, movement_id=movement_id))
    counted_at = at - draws.below(5 * HOUR) - SECOND
    return count_json(draws, world, store, number=number, counted=counted_at, at=at, items=tuple(items))


@dataclass(slots=True)
class OrderedItem:
    """One size of a delivery: pieces ordered, received so far, and received just now."""

    size: Size
    ordered: int
    received: int
    now: int
    piece: int | None


class GoodsDelivery(NamedTuple):
    """A delivery from a supplier, as far as it has been received."""

    id: int
    ext_ref: str
    store: Store
    ordered: Ticks
    expected: Ticks
    comment: str | None
    created: Ticks
    user: int
    items: tuple[OrderedItem, ...]


def draw_delivery(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> GoodsDelivery:
    """A delivery that arrives around `at`; nothing of it is received yet."""
    created = at - draws.between(3, 40) * DAY
    return GoodsDelivery(
        id=world.id("delivery", number),
        ext_ref=f"PO-{10_000 + number}",
        store=store,
        ordered=created,
        expected=at + draws.between(-2, 2) * DAY,
        comment=draws.pick(COMMENTS),
        created=created,
        user=draws.pick(store.users),
        items=tuple(
            OrderedItem(
                size,
                draws.pick((1, 2, 4, 5, 6, 10, 12, 24)),
                0,
                0,
                draws.below(10**6) if draws.one_in(6) else None,
            )
            for size in some_sizes(draws, world, draws.between(1, 8))
        ),
    )


def delivery_moved(delivery: GoodsDelivery, by: Ticks) -> GoodsDelivery:
    """The same delivery at another time."""
    return delivery._replace(
        ordered=delivery.ordered + by, expected=delivery.expected + by, created=delivery.created + by
    )


def received(draws: SeededDraws, delivery: GoodsDelivery, *, whole: bool) -> GoodsDelivery:
    """The delivery after its next reception: all that is open, or part of it (at least one piece)."""
    items = []
    for place, item in enumerate(delivery.items):
        still_open = item.ordered - item.received
        now = still_open if whole else (still_open + 1) // 2 if place == 0 else draws.below(still_open + 1)
        items.append(OrderedItem(item.size, item.ordered, item.received + now, now, item.piece))
    return delivery._replace(items=tuple(items))


def is_complete(delivery: GoodsDelivery) -> bool:
    """A delivery is complete once the store has received all ordered pieces."""
    return all(item.received == item.ordered for item in delivery.items)


def received_json(delivery: GoodsDelivery, at: Ticks, *, completed: bool = False) -> dict[str, Any]:
    """The payload of DeliveryItemsReceived, and most of DeliveryCompleted's."""
    store = delivery.store
    currency = store.country.currency
    return {
        "deliveryId": delivery.id,
        "extRef": delivery.ext_ref,
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "storeId": store.id,
        "orderDate": date_text(delivery.ordered),
        "expectedDeliveryDate": date_text(delivery.expected),
        "comment": delivery.comment,
        "createdDateTime": text(delivery.created),
        "receivedDateTime": text(at),
        "isCompleted": completed,
        "createdById": delivery.user,
        "orderLines": lines_json(
            f'{size_json(item.size)},"sgtin":{serial_json(item.size, item.piece)},'
            f'"orderedQuantity":{item.ordered},"receivedQuantity":{item.received},"quantity":{item.now},'
            f"{cost_json(item.size, currency)}"
            for item in delivery.items
        ),
    }


def completed_json(delivery: GoodsDelivery, at: Ticks, completed_at: Ticks) -> dict[str, Any]:
    """The payload of DeliveryCompleted; `at` is the last reception."""
    return {**received_json(delivery, at, completed=True), "completedDateTime": text(completed_at)}


def until_completed(draws: SeededDraws) -> Ticks:
    """The time from the last reception to the completion."""
    return draws.between(1, 90 * MINUTE)


def until_next(draws: SeededDraws) -> Ticks:
    """The time from one reception to the next."""
    return draws.pick((2 * HOUR, DAY, DAY, 3 * DAY)) + draws.below(HOUR)


@dataclass(slots=True)
class SentItem:
    """One size of a transfer: the pieces sent, and the pieces that arrive."""

    size: Size
    sent: int
    arrived: int
    piece: int | None


class Transfer(NamedTuple):
    """Goods on their way from one stock to another, booked on `store`."""

    id: int
    ext_ref: str | None
    store: Store
    source: Stock
    target: Stock
    virtual: bool
    expected: Ticks
    comment: str | None
    created: Ticks
    user: int
    items: tuple[SentItem, ...]


def draw_transfer(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, virtual: bool) -> Transfer:
    """A transfer that is sent at `at` from the store's stock; a virtual one may also come to it."""
    other = draws.pick(world.partners(store, virtual=virtual))
    home = store.stock
    to_store = virtual and draws.one_in(2)
    return Transfer(
        id=world.id("transfer", 2 * number + virtual),
        ext_ref=f"TR-{number}" if draws.one_in(2) else None,
        store=store,
        source=other if to_store else home,
        target=home if to_store else other,
        virtual=virtual,
        expected=at + draws.between(1, 5) * DAY,
        comment=draws.pick(COMMENTS),
        created=at,
        user=draws.pick(store.users),
        items=tuple(
            _item(draws, size, draws.pick((1, 1, 2, 2, 3, 6, 10)))
            for size in some_sizes(draws, world, draws.between(1, 6))
        ),
    )


def _item(draws: SeededDraws, size: Size, pieces: int) -> SentItem:
    drawn = draws.below(24)
    short = drawn < 2 and pieces > 1
    return SentItem(size, pieces, pieces - short, draws.below(10**6) if drawn > 18 else None)


def transfer_moved(transfer: Transfer, by: Ticks) -> Transfer:
    """The same transfer at another time."""
    return transfer._replace(created=transfer.created + by, expected=transfer.expected + by)


def until_received(draws: SeededDraws) -> Ticks:
    """The time from sending to reception."""
    return draws.pick((20 * MINUTE, 5 * HOUR, DAY, 2 * DAY)) + draws.below(HOUR)


def transfer_json(sent: Transfer, received_at: Ticks | None) -> dict[str, Any]:
    """The payload of all four transfer events; `received_at` is None until the goods arrive."""
    currency = sent.store.country.currency
    return {
        "productTransferId": sent.id,
        "extRef": sent.ext_ref,
        "stockId": sent.source.id,
        "stockExtId": sent.source.ext_id,
        "toStockId": sent.target.id,
        "toStockExtId": sent.target.ext_id,
        "storeId": sent.store.id,
        "isVirtual": sent.virtual,
        "orderDate": date_text(sent.created),
        "expectedDeliveryDate": date_text(sent.expected),
        "comment": sent.comment,
        "isReceived": received_at is not None,
        "createdDateTime": text(sent.created),
        "receivedDateTime": None if received_at is None else text(received_at),
        "createdById": sent.user,
        "productLines": lines_json(
            _sent_item_json(item, currency, received=received_at is not None) for item in sent.items
        ),
    }


def _sent_item_json(item: SentItem, currency: str, *, received: bool) -> str:
    return (
        f'{size_json(item.size)},"sgtin":{serial_json(item.size, item.piece)},"quantity":{item.sent},'
        f'"receivedQuantity":{item.arrived if received else "null"},{cost_json(item.size, currency)}'
    )
