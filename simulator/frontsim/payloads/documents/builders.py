"""The builder of each published type: one literal registry of the 21 types.

A builder returns a payload and the store that it is about, which is also in the payload's store field, if there is one.

Time: without `at`, document `number` starts at the moment of its number on a fixed timeline (`moments.of_number`), so
the payloads of one number agree: the order of number 7 has one creation in all its events. With `at`, the event
itself happens at that moment: a refund at `at` is of an order that was created days before.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from frontsim.domain.model import Occurrence
from frontsim.payloads.documents import orders, stock
from frontsim.payloads.documents.orders import (
    Order,
    draw_endless,
    draw_fulfilment,
    draw_order,
    draw_refund,
    draw_reservation,
    draw_update,
    ended,
    order_json,
    reservation_json,
)
from frontsim.payloads.documents.sales import draw_external, draw_invoice, draw_sale, sale_json
from frontsim.payloads.documents.settlements import draw_cash_drawer, draw_totals, settlement_json
from frontsim.payloads.documents.stock import draw_adjustment, draw_count, draw_movement, transfer_json
from frontsim.payloads.world.moments import DAY, HOUR, Ticks, of_number
from frontsim.payloads.world.people import created_json, updated_json
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import FIRST_ACT_NUMBER, REGULAR_CUSTOMERS, Store, World

_REGISTERED_BEFORE = 400 * DAY  # a customer who is updated at `at` was registered long before

Built = tuple[Mapping[str, Any], int]
Builder = Callable[[World, int, int | None, Ticks | None], Built]
"""(world, number, id of the wanted store, moment of the event) -> payload and store."""


def _start(
    world: World, purpose: str, number: int, wanted: int | None, at: Ticks | None
) -> tuple[SeededDraws, Store, Ticks]:
    draws = SeededDraws(world.seed, purpose, number)
    store = draws.pick(world.shops) if wanted is None else world.store(wanted)
    return draws, store, of_number(number) if at is None else at


def _sale(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "sale", number, wanted, at)
    sale_id = world.id("sale", 3 * number)
    return sale_json(draw_sale(draws, world, store, number=number, sale_id=sale_id, at=at)), store.id


def _invoice(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "invoice", number, wanted, at)
    sale_id = world.id("sale", 3 * number + 1)
    return sale_json(draw_invoice(draws, world, store, number=number, sale_id=sale_id, at=at)), store.id


def _external_sale(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws = SeededDraws(world.seed, "external sale", number)
    store = draws.pick(world.web_shops) if wanted is None else world.store(wanted)
    sale_id, at = world.id("sale", 3 * number + 2), of_number(number) if at is None else at
    return sale_json(draw_external(draws, world, store, number=number, sale_id=sale_id, at=at)), store.id


def _customer_created(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws = SeededDraws(world.seed, "registration", number)
    store_id = _registered_at(draws, world, wanted)
    moment = of_number(number) if at is None else at
    return created_json(draws, world.customer(number), moment, store_id), store_id


def _customer_updated(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    """Customer updates cycle through the regular customers, so each customer is updated again and again."""
    who = number % REGULAR_CUSTOMERS
    draws = SeededDraws(world.seed, "registration", who)
    store_id = _registered_at(draws, world, wanted)
    registered = of_number(who) if at is None else min(of_number(who), at) - _REGISTERED_BEFORE
    created = created_json(draws, world.customer(who), registered, store_id)
    change = SeededDraws(world.seed, "customer update", number)
    later = of_number(number) + HOUR + change.below(HOUR)
    return updated_json(change, world.customer(who), created, later if at is None else at), store_id


def _registered_at(draws: SeededDraws, world: World, wanted: int | None) -> int:
    drawn = draws.pick(world.stores).id
    return drawn if wanted is None else wanted


def _delivery_received(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "delivery", number, wanted, at)
    delivery = stock.draw_delivery(draws, world, store, number=number, at=at)
    part = stock.received(draws, delivery, whole=draws.one_in(2))
    return stock.received_json(part, at), store.id


def _delivery_completed(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    """The delivery of that number after its last reception, which may be days after the first."""
    draws, store, last = _start(world, "delivery", number, wanted, at)
    delivery = stock.draw_delivery(draws, world, store, number=number, at=last)
    part = stock.received(draws, delivery, whole=draws.one_in(2))
    if not stock.is_complete(part):
        part, last = stock.received(draws, part, whole=True), last + stock.until_next(draws)
    completed = last + stock.until_completed(draws)
    by = 0 if at is None else at - completed
    return stock.completed_json(stock.delivery_moved(part, by), last + by, completed + by), store.id


def _movement(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws = SeededDraws(world.seed, "movement", number)
    store = draws.pick(world.stores) if wanted is None else world.store(wanted)
    moment = of_number(number) if at is None else at
    return draw_movement(draws, world, store, number=number, at=moment), store.id


def _adjustment(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "adjustment", number, wanted, at)
    return draw_adjustment(draws, world, store, number=number, at=at), store.id


def _count(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "count", number, wanted, at)
    return draw_count(draws, world, store, number=number, at=at), store.id


def _reservation_created(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "reservation", number, wanted, at)
    return reservation_json(draw_reservation(draws, world, store, number=number, at=at)), store.id


def _reservation_expired(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, made = _start(world, "reservation", number, wanted, at)
    over, released = ended(draws, draw_reservation(draws, world, store, number=number, at=made))
    if at is not None:
        over = orders.reservation_moved(over, at - over.expires)
    return {**reservation_json(over), "isReleased": released}, store.id


def _order(*, of: Callable[[SeededDraws, Order], Order]) -> Builder:
    """The builder of an event of orders: order `number` after what `of` draws."""

    def build(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
        draws, store, created = _start(world, "order", number, wanted, at)
        order = of(draws, draw_order(draws, world, store, number=2 * number, at=created))
        return order_json(_at(order, at)), store.id

    return build


def _endless_aisle(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, created = _start(world, "endless aisle", number, wanted, at)
    order = draw_order(draws, world, store, number=2 * number + 1, at=created, endless=True)
    return order_json(_at(draw_endless(draws, order), at)), store.id


def _at(order: Order, at: Ticks | None) -> Order:
    """The order, moved so that its last change is at `at`."""
    if at is None:
        return order
    last = order.placed.created if order.updated is None else order.updated
    return order if last == at else orders.order_moved(order, at - last)


def _transfer(*, virtual: bool, received: bool) -> Builder:
    def build(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
        purpose = "virtual transfer" if virtual else "transfer"
        draws, store, created = _start(world, purpose, number, wanted, at)
        sent = stock.draw_transfer(draws, world, store, number=number, at=created, virtual=virtual)
        arrived = created + stock.until_received(draws)
        late = draws.one_in(24)  # a Created that is sent after the goods have arrived
        if not received and not late:
            return transfer_json(sent, None), store.id
        by = 0 if at is None else at - arrived
        return transfer_json(stock.transfer_moved(sent, by), arrived + by), store.id

    return build


def _settlement(world: World, number: int, wanted: int | None, at: Ticks | None) -> Built:
    draws, store, at = _start(world, "settlement", number, wanted, at)
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
        "OmniChannelOrderFulfilled": _order(of=draw_fulfilment),
        "OmniChannelOrderRefundUpdated": _order(of=draw_refund),
        "OmniChannelOrderUpdated": _order(of=draw_update),
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


def occurrence(world: World, event: str, number: int, store_id: int | None, at: Ticks | None = None) -> Occurrence:
    """Payload `number` of a published type, by its exact name."""
    body, about = BUILDERS[event](world, number % FIRST_ACT_NUMBER, store_id, at)
    return Occurrence(event, orjson.dumps(body), about)


_VOIDED, _RUNG_ANEW, _EVERY = 7, 8, 24
_OF_THE_BASKET = ("storeId", "store", "customer", "salesLines", "paymentLines", "vatTotal", "total")


def rung_anew(world: World, made: Occurrence, number: int, store_id: int | None, at: Ticks | None) -> Occurrence:
    """Some sales are voided, and the next one has the same basket under an id of its own.

    Whether the vendor sends such sales is open; its payload has a field for it.
    """
    if made.event != "SaleCreated" or number % _EVERY not in (_VOIDED, _RUNG_ANEW):
        return made
    body = orjson.loads(made.body)
    if number % _EVERY == _VOIDED:
        return made._replace(body=orjson.dumps({**body, "isVoided": True}))
    voided = occurrence(world, made.event, number - 1, store_id, at)
    before = orjson.loads(voided.body)
    body |= {name: before[name] for name in _OF_THE_BASKET}
    for row, line in enumerate(body["salesLines"]):
        line["rowId"] = str(body["saleId"] * 8 + row)
    return Occurrence(made.event, orjson.dumps(body), voided.store_id)
