"""Which builder makes which type: one literal registry of the 21 types.

A builder takes a number to (payload, the store that it is about); the store is what the payload's store field
says where it has one.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from frontsim.domain.model import Occurrence
from frontsim.payloads.documents.deliveries import (
    completed_json,
    draw_delivery,
    is_complete,
    received,
    received_json,
    until_completed,
    until_next,
)
from frontsim.payloads.documents.orders import Order, draw_order, order_json
from frontsim.payloads.documents.reservations import reservation_json
from frontsim.payloads.documents.sales import sale_json
from frontsim.payloads.documents.settlements import draw_cash_drawer, settlement_json
from frontsim.payloads.documents.transfers import draw_transfer, transfer_json, until_received
from frontsim.payloads.master_data import customers
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import FIRST_ACT_NUMBER, REGULAR_CUSTOMERS, World
from frontsim.payloads.standalone.orders import draw_endless, draw_fulfilment, draw_refund, draw_update
from frontsim.payloads.standalone.reservations import draw_reservation, ended
from frontsim.payloads.standalone.sales import draw_external, draw_invoice, draw_sale
from frontsim.payloads.standalone.settlements import draw_totals
from frontsim.payloads.standalone.stock import draw_adjustment, draw_count, draw_movement
from frontsim.payloads.values.moments import HOUR, Ticks, of_number
from frontsim.payloads.values.seeded_draws import SeededDraws

Built = tuple[Mapping[str, Any], int | None]
Builder = Callable[[World, int, int | None], Built]
"""(world, number, id of the store that is wanted) -> payload and store."""


def _start(world: World, purpose: str, number: int, wanted: int | None) -> tuple[SeededDraws, Store, Ticks]:
    draws = SeededDraws(world.seed, purpose, number)
    store = draws.pick(world.shops) if wanted is None else world.store(wanted)
    return draws, store, of_number(number)


def _sale(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "sale", number, wanted)
    sale_id = world.id("sale", 3 * number)
    sold = draw_sale(draws, world, store, number=number, sale_id=sale_id, at=at)
    return sale_json(sold), store.id


def _invoice(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "invoice", number, wanted)
    sale_id = world.id("sale", 3 * number + 1)
    sold = draw_invoice(draws, world, store, number=number, sale_id=sale_id, at=at)
    return sale_json(sold), store.id


def _external_sale(world: World, number: int, wanted: int | None) -> Built:
    draws = SeededDraws(world.seed, "external sale", number)
    store = draws.pick(world.web_shops) if wanted is None else world.store(wanted)
    sale_id = world.id("sale", 3 * number + 2)
    sold = draw_external(draws, world, store, number=number, sale_id=sale_id, at=of_number(number))
    return sale_json(sold), store.id


def _customer_created(world: World, number: int, wanted: int | None) -> Built:
    draws = SeededDraws(world.seed, "registration", number)
    store_id = _registered_at(draws, world, wanted)
    return customers.created_json(draws, world.customer(number), of_number(number), store_id), store_id


def _customer_updated(world: World, number: int, wanted: int | None) -> Built:
    """Customer updates go round the regulars, so that one customer is updated again and again."""
    who = number % REGULAR_CUSTOMERS
    draws = SeededDraws(world.seed, "registration", who)
    store_id = _registered_at(draws, world, wanted)
    created = customers.created_json(draws, world.customer(who), of_number(who), store_id)
    change = SeededDraws(world.seed, "customer update", number)
    at = of_number(number) + HOUR + change.below(HOUR)
    return customers.updated_json(change, world.customer(who), created, at), store_id


def _registered_at(draws: SeededDraws, world: World, wanted: int | None) -> int | None:
    drawn = draws.below(16)
    if wanted is not None:
        return wanted
    return world.stores[drawn % len(world.stores)].id if drawn else None


def _delivery_received(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "delivery", number, wanted)
    central = wanted is None and draws.one_in(16)
    part = received(
        draws,
        draw_delivery(draws, world, store, number=number, at=at, central=central),
        whole=draws.one_in(2),
    )
    return received_json(part, at), None if central else store.id


def _delivery_completed(world: World, number: int, wanted: int | None) -> Built:
    """The delivery of that number, after the rest has come: at once, or the day after."""
    draws, store, at = _start(world, "delivery", number, wanted)
    central = wanted is None and draws.one_in(16)
    part = received(
        draws,
        draw_delivery(draws, world, store, number=number, at=at, central=central),
        whole=draws.one_in(2),
    )
    if not is_complete(part):
        part, at = received(draws, part, whole=True), at + until_next(draws)
    done = completed_json(part, at, at + until_completed(draws))
    return done, None if central else store.id


def _movement(world: World, number: int, wanted: int | None) -> Built:
    draws = SeededDraws(world.seed, "movement", number)
    store = draws.pick(world.stores) if wanted is None else world.store(wanted)
    return draw_movement(draws, world, store, number=number, at=of_number(number)), store.id


def _adjustment(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "adjustment", number, wanted)
    central = wanted is None and draws.one_in(16)
    made = draw_adjustment(draws, world, store, number=number, at=at, central=central)
    return made, None if central else store.id


def _count(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "count", number, wanted)
    return draw_count(draws, world, store, number=number, at=at), store.id


def _reservation_created(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "reservation", number, wanted)
    kept = draw_reservation(draws, world, store, number=number, at=at)
    return reservation_json(kept), store.id


def _reservation_expired(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "reservation", number, wanted)
    kept = draw_reservation(draws, world, store, number=number, at=at)
    gone, released = ended(draws, kept, at)
    return {**reservation_json(gone), "isReleased": released}, store.id


def _order(world: World, number: int, wanted: int | None) -> tuple[SeededDraws, Order]:
    """Order `number`, and the dice that decide what becomes of it: the same for each type that tells of it."""
    draws, store, at = _start(world, "order", number, wanted)
    return draws, draw_order(draws, world, store, number=2 * number, at=at)


def _order_updated(world: World, number: int, wanted: int | None) -> Built:
    draws, order = _order(world, number, wanted)
    return order_json(draw_update(draws, order)), order.placed.store.id


def _order_fulfilled(world: World, number: int, wanted: int | None) -> Built:
    draws, order = _order(world, number, wanted)
    return order_json(draw_fulfilment(draws, order)), order.placed.store.id


def _order_refunded(world: World, number: int, wanted: int | None) -> Built:
    draws, order = _order(world, number, wanted)
    return order_json(draw_refund(draws, order)), order.placed.store.id


def _endless_aisle(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "endless aisle", number, wanted)
    order = draw_order(draws, world, store, number=2 * number + 1, at=at, endless=True)
    return order_json(draw_endless(draws, order)), store.id


def _transfer(*, virtual: bool, received: bool) -> Builder:
    def build(world: World, number: int, wanted: int | None) -> Built:
        draws, store, at = _start(world, "virtual transfer" if virtual else "transfer", number, wanted)
        central = wanted is None and draws.one_in(16)
        sent = draw_transfer(draws, world, store, number=number, at=at, virtual=virtual, central=central)
        arrived = at + until_received(draws)
        late = draws.one_in(24)  # sent late, so that it shows the goods as received
        return transfer_json(sent, arrived if received or late else None), None if central else store.id

    return build


def _settlement(world: World, number: int, wanted: int | None) -> Built:
    draws, store, at = _start(world, "settlement", number, wanted)
    terminal = draws.pick(store.terminals)
    totals = draw_totals(draws, store, terminal, number=number, at=at)
    drawer = draw_cash_drawer(draws, draws.pick((0, 100_000, 200_000)), totals.cash)
    body = settlement_json(draws, world, store, terminal, totals, number=number, batch=1 + number, drawer=drawer, at=at)
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
    body, about = BUILDERS[event](world, number % FIRST_ACT_NUMBER, store_id)
    return Occurrence(event, orjson.dumps(body), about)
