"""Deliveries from suppliers: ordered, received in one or several parts, completed.

Invariants: `receivedQuantity` is all receptions together, `quantity` this one's part; a completed delivery's
last reception leaves nothing open that was not short-shipped.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from frontsim.payloads.documents.stock import HIDDEN, cost_json, lines_json, serial_json, size_json, some_sizes
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
    hidden: str | None


class GoodsDelivery(NamedTuple):
    """A delivery on its way. Moments before `created` are dates of the order."""

    id: int
    ext_ref: str | None
    store: Store
    central: bool
    ordered: Ticks | None
    expected: Ticks | None
    comment: str | None
    created: Ticks
    user: int | None
    items: tuple[OrderedItem, ...]


def draw_delivery(
    draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, central: bool
) -> GoodsDelivery:
    """A delivery that arrives around `at`; nothing of it is received yet."""
    sparse = draws.below(16)
    created = at - draws.between(3, 40) * DAY
    return GoodsDelivery(
        id=world.id("delivery", number),
        ext_ref=None if sparse == 0 else f"PO-{10_000 + number}",
        store=store,
        central=central,
        ordered=None if sparse == 1 else created,
        expected=None if sparse == 2 else at + draws.between(-2, 2) * DAY,
        comment=draws.pick(COMMENTS),
        created=created,
        user=None if sparse == 3 else draws.pick(store.users),
        items=tuple(
            OrderedItem(
                size,
                draws.pick((1, 2, 4, 5, 6, 10, 12, 24)),
                0,
                0,
                draws.below(10**6) if draws.one_in(6) else None,
                draws.pick(HIDDEN),
            )
            for size in some_sizes(draws, world, draws.between(1, 8))
        ),
    )


def received(draws: SeededDraws, delivery: GoodsDelivery, *, whole: bool) -> GoodsDelivery:
    """The delivery after its next reception: all that is open, or part of it (at least one piece)."""
    items = []
    for place, item in enumerate(delivery.items):
        still_open = item.ordered - item.received
        now = still_open if whole else (still_open + 1) // 2 if place == 0 else draws.below(still_open + 1)
        items.append(OrderedItem(item.size, item.ordered, item.received + now, now, item.piece, item.hidden))
    return delivery._replace(items=tuple(items))


def is_complete(delivery: GoodsDelivery) -> bool:
    """Nothing is open any more."""
    return all(item.received == item.ordered for item in delivery.items)


def received_json(delivery: GoodsDelivery, at: Ticks, *, completed: bool = False) -> dict[str, Any]:
    """The payload of DeliveryItemsReceived, and the greater part of DeliveryCompleted's."""
    store = delivery.store
    currency = store.country.currency
    return {
        "deliveryId": delivery.id,
        "extRef": delivery.ext_ref,
        "stockId": store.stock.id,
        "stockExtId": store.stock.ext_id,
        "storeId": None if delivery.central else store.id,
        "orderDate": None if delivery.ordered is None else date_text(delivery.ordered),
        "expectedDeliveryDate": None if delivery.expected is None else date_text(delivery.expected),
        "comment": delivery.comment,
        "createdDateTime": text(delivery.created),
        "receivedDateTime": text(at),
        "isCompleted": completed,
        "createdById": delivery.user,
        "orderLines": lines_json(_item_json(item, currency) for item in delivery.items),
    }


def completed_json(delivery: GoodsDelivery, at: Ticks, completed_at: Ticks) -> dict[str, Any]:
    """The payload of DeliveryCompleted, `at` being the last reception."""
    return {**received_json(delivery, at, completed=True), "completedDateTime": text(completed_at)}


def until_completed(draws: SeededDraws) -> Ticks:
    """How long after the last reception a delivery is archived."""
    return draws.between(1, 90 * MINUTE)


def until_next(draws: SeededDraws) -> Ticks:
    """How long after one part of a delivery the next one comes."""
    return draws.pick((2 * HOUR, DAY, DAY, 3 * DAY)) + draws.below(HOUR)


def _item_json(item: OrderedItem, currency: str) -> str:
    return (
        f'{size_json(item.size, item.hidden)},"sgtin":{serial_json(item.size, item.piece)},'
        f'"orderedQuantity":{item.ordered},"receivedQuantity":{item.received},"quantity":{item.now},'
        f"{cost_json(item.size, currency, item.hidden)}"
    )
