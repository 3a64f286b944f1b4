"""Which builder makes which type: one literal registry of the 21 types.

A builder takes a number to (payload, the store that it is about); the store is what the payload's store field
says where it has one.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from frontsim.domain.model import Occurrence
from frontsim.payloads.documents import (
    deliveries,
    order_draws,
    orders,
    reservations,
    sale_draws,
    sales,
    settlements,
    stock,
    transfers,
)
from frontsim.payloads.master_data import customers
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import LIVE, REGULARS, World
from frontsim.payloads.values.moments import HOUR, Ticks, of_number
from frontsim.payloads.values.seeded_draws import SeededDraws

Built = tuple[Mapping[str, Any], int | None]
Builder = Callable[[World, int, int | None], Built]
"""(world, number, id of the store that is wanted) -> payload and store."""


def _start(world: World, purpose: str, number: int, wanted: int | None) -> tuple[SeededDraws, Store, Ticks]:
    dice = SeededDraws(world.seed, purpose, number)
    store = dice.pick(world.shops) if wanted is None else world.store(wanted)
    return dice, store, of_number(number)


def _sale(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "sale", number, wanted)
    sale_id = world.id("sale", 3 * number)
    sold = sale_draws.draw_sale(dice, world, store, number=number, sale_id=sale_id, at=at)
    return sales.sale_json(sold), store.id


def _invoice(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "invoice", number, wanted)
    sale_id = world.id("sale", 3 * number + 1)
    sold = sale_draws.draw_invoice(dice, world, store, number=number, sale_id=sale_id, at=at)
    return sales.sale_json(sold), store.id


def _external_sale(world: World, number: int, wanted: int | None) -> Built:
    dice = SeededDraws(world.seed, "external sale", number)
    store = dice.pick(world.web_shops) if wanted is None else world.store(wanted)
    sale_id = world.id("sale", 3 * number + 2)
    sold = sale_draws.draw_external(dice, world, store, number=number, sale_id=sale_id, at=of_number(number))
    return sales.sale_json(sold), store.id


def _customer_created(world: World, number: int, wanted: int | None) -> Built:
    dice = SeededDraws(world.seed, "registration", number)
    store_id = _registered_at(dice, world, wanted)
    return customers.created_json(dice, world.customer(number), of_number(number), store_id), store_id


def _customer_updated(world: World, number: int, wanted: int | None) -> Built:
    """Customer updates go round the regulars, so that one customer is updated again and again."""
    who = number % REGULARS
    dice = SeededDraws(world.seed, "registration", who)
    store_id = _registered_at(dice, world, wanted)
    created = customers.created_json(dice, world.customer(who), of_number(who), store_id)
    change = SeededDraws(world.seed, "customer update", number)
    at = of_number(number) + HOUR + change.below(HOUR)
    return customers.updated_json(change, world.customer(who), created, at), store_id


def _registered_at(dice: SeededDraws, world: World, wanted: int | None) -> int | None:
    drawn = dice.below(16)
    if wanted is not None:
        return wanted
    return world.stores[drawn % len(world.stores)].id if drawn else None


def _delivery_received(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "delivery", number, wanted)
    central = wanted is None and dice.one_in(16)
    part = deliveries.received(
        dice, deliveries.draw_delivery(dice, world, store, number=number, at=at, central=central), whole=dice.one_in(2)
    )
    return deliveries.received_json(part, at), None if central else store.id


def _delivery_completed(world: World, number: int, wanted: int | None) -> Built:
    """The delivery of that number, after the rest has come: at once, or the day after."""
    dice, store, at = _start(world, "delivery", number, wanted)
    central = wanted is None and dice.one_in(16)
    part = deliveries.received(
        dice, deliveries.draw_delivery(dice, world, store, number=number, at=at, central=central), whole=dice.one_in(2)
    )
    if not deliveries.is_complete(part):
        part, at = deliveries.received(dice, part, whole=True), at + deliveries.until_next(dice)
    done = deliveries.completed_json(part, at, at + deliveries.until_completed(dice))
    return done, None if central else store.id


def _movement(world: World, number: int, wanted: int | None) -> Built:
    dice = SeededDraws(world.seed, "movement", number)
    store = dice.pick(world.stores) if wanted is None else world.store(wanted)
    return stock.draw_movement(dice, world, store, number=number, at=of_number(number)), store.id


def _adjustment(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "adjustment", number, wanted)
    central = wanted is None and dice.one_in(16)
    made = stock.draw_adjustment(dice, world, store, number=number, at=at, central=central)
    return made, None if central else store.id


def _count(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "count", number, wanted)
    return stock.draw_count(dice, world, store, number=number, at=at), store.id


def _reservation_created(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "reservation", number, wanted)
    kept = reservations.draw_reservation(dice, world, store, number=number, at=at)
    return reservations.reservation_json(kept), store.id


def _reservation_expired(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "reservation", number, wanted)
    kept = reservations.draw_reservation(dice, world, store, number=number, at=at)
    gone, released = reservations.ended(dice, kept, at)
    return {**reservations.reservation_json(gone), "isReleased": released}, store.id


def _order(world: World, number: int, wanted: int | None) -> tuple[SeededDraws, orders.Order]:
    """Order `number`, and the dice that decide what becomes of it: the same for each type that tells of it."""
    dice, store, at = _start(world, "order", number, wanted)
    return dice, order_draws.draw_order(dice, world, store, number=2 * number, at=at)


def _order_updated(world: World, number: int, wanted: int | None) -> Built:
    dice, order = _order(world, number, wanted)
    return orders.order_json(order_draws.draw_update(dice, order)), order.placed.store.id


def _order_fulfilled(world: World, number: int, wanted: int | None) -> Built:
    dice, order = _order(world, number, wanted)
    return orders.order_json(order_draws.draw_fulfilment(dice, order)), order.placed.store.id


def _order_refunded(world: World, number: int, wanted: int | None) -> Built:
    dice, order = _order(world, number, wanted)
    return orders.order_json(order_draws.draw_refund(dice, order)), order.placed.store.id


def _endless_aisle(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "endless aisle", number, wanted)
    order = order_draws.draw_order(dice, world, store, number=2 * number + 1, at=at, endless=True)
    return orders.order_json(order_draws.draw_endless(dice, order)), store.id


def _transfer(*, virtual: bool, received: bool) -> Builder:
    def build(world: World, number: int, wanted: int | None) -> Built:
        dice, store, at = _start(world, "virtual transfer" if virtual else "transfer", number, wanted)
        central = wanted is None and dice.one_in(16)
        sent = transfers.draw_transfer(dice, world, store, number=number, at=at, virtual=virtual, central=central)
        arrived = at + transfers.until_received(dice)
        late = dice.one_in(24)  # sent late, so that it shows the goods as received
        return transfers.transfer_json(sent, arrived if received or late else None), None if central else store.id

    return build


def _settlement(world: World, number: int, wanted: int | None) -> Built:
    dice, store, at = _start(world, "settlement", number, wanted)
    terminal = dice.pick(store.terminals)
    takings = settlements.draw_takings(dice, store, terminal, number=number, at=at)
    drawer = settlements.draw_drawer(dice, dice.pick((0, 100_000, 200_000)), takings.cash)
    body = settlements.settlement_json(
        dice, world, store, terminal, takings, number=number, batch=1 + number, drawer=drawer, at=at
    )
    return body, store.id


BUILDERS: Mapping[str, Builder] = MappingProxyType(
    {
        "SaleCreated": _sale,
        "CustomerCreated": _customer_created,
        "CustomerUpdated": _customer_updated,
        "DeliveryItemsReceived": _delivery_received,
        "DeliveryCompleted": _delivery_completed,
        "InvoiceCreated": _invoice,
        "StockMovementCreated": _movement,
        "OmniChannelEndlessAisleOrderCreated": _endless_aisle,
        "OmniChannelOrderFulfilled": _order_fulfilled,
        "OmniChannelOrderRefundUpdated": _order_refunded,
        "OmniChannelOrderUpdated": _order_updated,
        "ProductTransferCreated": _transfer(virtual=False, received=False),
        "ProductTransferReceived": _transfer(virtual=False, received=True),
        "ProductTransferVirtualCreated": _transfer(virtual=True, received=False),
        "ProductTransferVirtualReceived": _transfer(virtual=True, received=True),
        "SaleExternalCreated": _external_sale,
        "StockAdjustmentCreated": _adjustment,
        "StockCountReconciled": _count,
        "POSSettlementCreated": _settlement,
        "StockReservationCreated": _reservation_created,
        "StockReservationExpired": _reservation_expired,
    }
)
"""The builder of each published type."""


def occurrence(world: World, event: str, number: int, store_id: int | None) -> Occurrence:
    """Payload `number` of a published type, by its exact name."""
    body, about = BUILDERS[event](world, number % LIVE, store_id)
    return Occurrence(event, orjson.dumps(body), about)
