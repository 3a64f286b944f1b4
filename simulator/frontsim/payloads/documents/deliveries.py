"""Deliveries from suppliers: ordered, received in one or several parts, completed.

Invariants: `receivedQuantity` is all receptions together, `quantity` this one's part; a completed delivery's
last reception leaves nothing open that was not short-shipped.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from frontsim.payloads.documents.stock import cost_json, lines_json, serial_json, size_json, some_sizes
from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import DAY, HOUR, MINUTE, Ticks, date_text, text
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


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


def moved(delivery: GoodsDelivery, by: Ticks) -> GoodsDelivery:
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
    """Whether all ordered pieces have been received."""
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
        "orderLines": lines_json(_item_json(item, currency) for item in delivery.items),
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


def _item_json(item: OrderedItem, currency: str) -> str:
    return (
        f'{size_json(item.size)},"sgtin":{serial_json(item.size, item.piece)},'
        f'"orderedQuantity":{item.ordered},"receivedQuantity":{item.received},"quantity":{item.now},'
        f"{cost_json(item.size, currency)}"
    )
