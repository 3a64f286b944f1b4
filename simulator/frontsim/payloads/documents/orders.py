"""Omnichannel orders and the reservations that they hold; drawn alone too.

The vendor's default length is 72 hours (published). How running out and a release by hand differ in the
payload is open: here a release sets `isReleased`, and the expiry to the moment of the release.

Invariants, to the cent: price = fullPrice - discount; a line's vat is that of quantity * price; total and
vatTotal are the sums over the lines; the payments add up to the total. `price` is taken to be per unit (open).
Rejected lines stay in the sums until they are refunded, as they have been paid.

The types agree: the lines that the update accepts are the lines that are fulfilled.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson

from frontsim.payloads.documents.sales import (
    Line,
    Payment,
    basket,
    pay_at_till,
    pay_online,
    pay_refund,
    payment_json,
    receipt_no,
    reversed_line,
    sums,
)
from frontsim.payloads.world.moments import DAY, HOUR, MINUTE, SECOND, Ticks, text
from frontsim.payloads.world.people import Customer
from frontsim.payloads.world.prices import Size, amount
from frontsim.payloads.world.seeded_draws import COMMENTS, SeededDraws
from frontsim.payloads.world.world import REGULAR_CUSTOMERS, Stock, Store, View, World

DEFAULT_HOURS = 72


class Reservation(NamedTuple):
    """Pieces of one size that are reserved until `expires`."""

    id: str
    stock_id: int
    customer_id: int | None
    sale_id: int | None
    ext_id: str
    comment: str | None
    made: Ticks
    expires: Ticks
    quantity: int
    size: Size


def reservation_moved(reservation: Reservation, by: Ticks) -> Reservation:
    """The same reservation at another time."""
    return reservation._replace(made=reservation.made + by, expires=reservation.expires + by)


def reservation_json(reserved: Reservation) -> dict[str, Any]:
    """The payload of StockReservationCreated; StockReservationExpired adds `isReleased`."""
    size = reserved.size
    return {
        "stockId": reserved.stock_id,
        "customerId": reserved.customer_id,
        "saleId": reserved.sale_id,
        "extId": reserved.ext_id,
        "comment": reserved.comment,
        "ins": text(reserved.made),
        "expirationDateTime": text(reserved.expires),
        "quantity": reserved.quantity,
        "id": reserved.id,
        "gtin": size.gtin,
        "identity": size.identity,
        "externalSKU": size.sku,
    }


ORDER_TYPES = ("Unknown", "Kiosk", "BOPIS", "BOSS", "ROPIS", "Return", "Service")
LINE_STATUSES = ("UnHandled", "Accepted", "Rejected")
STATUSES = ("UnHandled", "Shipped", "Rejected", "Picked", "Returned")
"""Published. A payload shows the order when it is sent, so a late one may show a later status than its type says."""

_SHIPMENT_INFO = (None, None, None, ("Til døra", "Ring ved ankomst"), None, None, None, ())
_PARCEL_INFO = (("Posten",), ("PostNord", "Under 5 kg"), None, (), ("DHL",))
_DELIVERY_OPTIONS = (
    None,
    orjson.Fragment(b'{"carrier":"Bring","service":"PICKUP_PARCEL","price":49.0}'),
    orjson.Fragment(b'["home","evening"]'),
    "express",
    17,
)
_DROP_POINTS = (None, orjson.Fragment(b'{"id":"NO-0154-3","name":"Coop Extra Sentrum"}'), "NO-0154-3", False)


_USUAL_TYPES = ("BOPIS",) * 6 + ("BOSS",) * 3 + ("ROPIS",) * 3 + ORDER_TYPES

_ENDLESS_TYPES = ("Unknown",) * 9 + ORDER_TYPES

_HOURS = (DEFAULT_HOURS, DEFAULT_HOURS, 24, 48)


_DECISIONS = ("Accepted",) * 5 + LINE_STATUSES


@dataclass(slots=True)
class PlacedOrder:
    """The part of an order that never changes: who ordered what, where and until when."""

    id: int
    no: str
    receipt_no: int
    store: Store
    view: View
    customer: Customer
    created: Ticks
    due: Ticks | None
    expires: Ticks
    hours: int
    comment: str | None
    from_online: bool
    stock: Stock
    user: int
    variety: int
    """A number below 64 that decides which optional parts its payloads have."""


class Order(NamedTuple):
    """The state of one order. `statuses` belong to `lines`; `events` are (moment, text, kind)."""

    placed: PlacedOrder
    kind: str
    lines: tuple[Line, ...]
    statuses: tuple[str, ...]
    payments: tuple[Payment, ...]
    status: str
    updated: Ticks | None
    events: tuple[tuple[Ticks, str, str | None], ...]


def draw_order(
    draws: SeededDraws,
    world: World,
    store: Store,
    *,
    number: int,
    at: Ticks,
    endless: bool = False,
    choose: Callable[[Size, int], Size] | None = None,
) -> Order:
    """A new order, of which no line is handled yet. A seed means its draws in just this order.

    Args:
        draws: decide it.
        world: has the assortment and the regular customers.
        store: takes the order.
        number: gives its id.
        at: when it is placed.
        endless: placed and paid at a till, shipped from the web shop's stock.
        choose: as in `basket`.
    """
    order_id = world.id("order", number)
    lines = basket(draws, world, store, row=order_id * 8, choose=choose)
    view = draws.pick(store.views)
    total, _ = sums(lines)
    hours, variety = draws.pick(_HOURS), draws.below(64)
    kind = draws.pick(_ENDLESS_TYPES if endless else _USUAL_TYPES)
    customer = world.customer(draws.below(REGULAR_CUSTOMERS))
    due = at + draws.between(1, 4) * DAY if variety % 3 == 0 else None
    comment = draws.pick(COMMENTS)
    payments = (pay_at_till if endless else pay_online)(draws, total, store.country)
    placed = PlacedOrder(
        id=order_id,
        no=f"ORD{100_000 + number}",
        receipt_no=receipt_no(view.terminal, number),
        store=store,
        view=view,
        customer=customer,
        created=at,
        due=due,
        expires=at + hours * HOUR,
        hours=hours,
        comment=comment,
        from_online=endless or variety % 8 == 4,
        stock=world.web_stock(store) if endless else store.stock,
        user=draws.pick(store.users),
        variety=variety,
    )
    return _unhandled(placed, kind, lines, payments)


def _unhandled(placed: PlacedOrder, kind: str, lines: tuple[Line, ...], payments: tuple[Payment, ...]) -> Order:
    """An order of which no line is handled yet."""
    statuses, events = ("UnHandled",) * len(lines), ((placed.created, "Order created", None),)
    return Order(placed, kind, lines, statuses, payments, "UnHandled", None, events)


def drawn_statuses(draws: SeededDraws, count: int) -> tuple[str, ...]:
    """A store's decision about each of `count` lines: mostly accepted."""
    return tuple([draws.pick(_DECISIONS) for _ in range(count)])


def handled(order: Order, statuses: tuple[str, ...], at: Ticks) -> Order:
    """The order after the store accepted or rejected its lines; with all rejected, it is rejected."""
    rejected = statuses.count("Rejected") == len(statuses)
    history = _and_then(order, at, "Order rejected" if rejected else "Order lines handled")
    status = "Rejected" if rejected else order.status
    return Order(order.placed, order.kind, order.lines, statuses, order.payments, status, at, history)


def fulfilled(order: Order, at: Ticks) -> Order:
    """The order after it was picked for collection, or shipped."""
    placed, kind = order.placed, order.kind
    status = "Shipped" if placed.from_online or kind in ("BOSS", "Unknown", "Kiosk") else "Picked"
    history = _and_then(order, at, f"Order {status.lower()}")
    return Order(placed, kind, order.lines, order.statuses, order.payments, status, at, history)


def refunded(draws: SeededDraws, order: Order, at: Ticks, places: tuple[int, ...]) -> Order:
    """The order in its refund: the lines at `places` come back and are refunded in full."""
    placed, lines = order.placed, tuple([reversed_line(order.lines[place]) for place in places])
    statuses = tuple([order.statuses[place] for place in places])
    payments = pay_refund(draws, sums(lines)[0], placed.store.country)
    return Order(placed, "Return", lines, statuses, payments, "Returned", at, _and_then(order, at, "Order refunded"))


def order_moved(order: Order, by: Ticks) -> Order:
    """The same order at another time."""
    placed = order.placed
    return order._replace(
        placed=replace(
            placed,
            created=placed.created + by,
            due=None if placed.due is None else placed.due + by,
            expires=placed.expires + by,
        ),
        updated=None if order.updated is None else order.updated + by,
        events=tuple([(at + by, what, kind) for at, what, kind in order.events]),
    )


def _and_then(order: Order, at: Ticks, what: str) -> tuple[tuple[Ticks, str, str | None], ...]:
    """The order's history with one more event."""
    return (*order.events, (at, what, "StatusChanged"))


def order_json(order: Order) -> dict[str, Any]:
    """The payload of all four order events: 24 fields at the top."""
    placed = order.placed
    receipt, variety, customer = placed.receipt_no, placed.variety, placed.customer
    created = text(placed.created)
    updated = created if order.updated is None else text(order.updated)
    total, vat_total = sums(order.lines)
    return {
        "receiptNo": str(receipt),
        "receiptFormatted": created.replace("T", " ")[:19] if variety % 4 == 0 else None,
        "receiptUrl": f"https://example.com/receipts/{receipt}",
        "orderId": placed.id,
        "orderNo": placed.no,
        "orderType": order.kind,
        "createdDateTime": created,
        "updatedDateTime": updated,
        "dueDateTime": None if placed.due is None else text(placed.due),
        "expirationDateTime": text(placed.expires),
        "comment": placed.comment,
        "paymentLines": [payment_json(paid) for paid in order.payments],
        "orderLines": _lines_json(order),
        "orderEvents": _events_json(order, {placed.created: created, order.updated: updated}),
        "shipmentInfo": "Hentes i kassen" if variety % 16 == 7 else None,
        "reservationLengthInHours": placed.hours,
        "fulfillmentLocation": _fulfilment_json(order),
        "store": placed.view.json,
        "customer": customer.order_json,
        "shippingAddress": None if variety % 4 == 1 else customer.place_json,
        "vatTotal": amount(vat_total),
        "total": amount(total),
        "status": order.status,
    }


def _lines_json(order: Order) -> orjson.Fragment:
    online = "true" if order.placed.from_online else "false"
    lines = []
    for line, status in zip(order.lines, order.statuses, strict=True):
        what, sold = line.article, line.price
        lines.append(
            f'{{"quantity":{sold.quantity},"gtin":{what.gtin_json},{sold.order_json},"sizeText":{what.text_json},'
            f'"rowId":"{line.row_id}","externalSKU":{what.sku_json},"receiptLabel":{what.label_json},'
            f'"status":"{status}","shipFromOnlineStore":{online}}}'
        )
    return orjson.Fragment(f"[{','.join(lines)}]")


def _events_json(order: Order, written: Mapping[Ticks | None, str]) -> list[dict[str, Any]]:
    """The history; `written` are moments that have been written already."""
    return [
        {
            "orderEventId": place,
            "createdDateTime": written.get(at) or text(at),
            "text": what,
            "eventType": kind,
        }
        for place, (at, what, kind) in enumerate(order.events, 1)
    ]


def _fulfilment_json(order: Order) -> dict[str, Any]:
    placed = order.placed
    stock, variety = placed.stock, placed.variety
    return {
        "stockId": stock.id,
        "stockName": stock.name,
        "posId": placed.view.terminal.id,
        "personId": placed.user,
        "deliveryAddress": placed.customer.place_json if variety % 4 < 2 else None,
        "shipmentInfo": _SHIPMENT_INFO[variety % len(_SHIPMENT_INFO)],
        "shipments": _parcels_json(order),
    }


def _parcels_json(order: Order) -> list[dict[str, Any]] | None:
    """One parcel with the lines that were not rejected; an empty list, or null, for an order that is not shipped."""
    placed, variety = order.placed, order.placed.variety
    if variety % 3 == 2:
        return None
    if variety % 3 == 0 and order.status != "Shipped":
        return []
    return [
        {
            "id": f"SHIP{placed.id}-1",
            "shipmentInfo": _PARCEL_INFO[variety % len(_PARCEL_INFO)],
            "items": _items_json(order),
            "deliveryOptionRaw": _DELIVERY_OPTIONS[placed.id % len(_DELIVERY_OPTIONS)],
            "dropPointRaw": _DROP_POINTS[placed.id % len(_DROP_POINTS)],
        }
    ]


def _items_json(order: Order) -> orjson.Fragment:
    items = []
    for line, status in zip(order.lines, order.statuses, strict=True):
        if status != "Rejected":
            what = line.article
            items.append(f'{{"rowId":"{line.row_id}","gtin":{what.gtin_json},"externalSKU":{what.sku_json}}}')
    return orjson.Fragment(f"[{','.join(items)}]")


def draw_update(draws: SeededDraws, order: Order) -> Order:
    """The order after its lines were handled; sometimes the payload shows a later status."""
    return _late(draws, _handled(draws, order), one_in=4)


def draw_fulfilment(draws: SeededDraws, order: Order) -> Order:
    """The order after its fulfilment, up to a day after it was handled."""
    return _late(draws, _fulfilled(draws, order), one_in=16)


def draw_refund(draws: SeededDraws, order: Order) -> Order:
    """The order after a full or partial refund, days later; one in 16 keeps its order type."""
    done = _fulfilled(draws, order)
    places = tuple(range(len(done.lines) if draws.one_in(2) else draws.between(1, len(done.lines))))
    back = refunded(draws, done, order.placed.created + 2 * DAY + draws.below(10 * DAY), places)
    if draws.one_in(16):
        back = back._replace(kind=draws.pick(ORDER_TYPES))
    return _late(draws, back, one_in=16)


def draw_endless(draws: SeededDraws, order: Order) -> Order:
    """An endless aisle order when it is placed; one in twelve is sent late, with a later status."""
    return _late(draws, _handled(draws, order), one_in=1) if draws.one_in(12) else order


def _handled(draws: SeededDraws, order: Order) -> Order:
    at = order.placed.created + draws.between(SECOND, 3 * HOUR)
    return handled(order, drawn_statuses(draws, len(order.lines)), at)


def _fulfilled(draws: SeededDraws, order: Order) -> Order:
    """The order after its fulfilment: of the accepted lines, or of all if the store accepted none."""
    decided = _handled(draws, order)
    if "Accepted" not in decided.statuses:
        decided = decided._replace(statuses=("Accepted",) * len(decided.lines))
    return fulfilled(decided, order.placed.created + 3 * HOUR + draws.between(MINUTE, DAY))


def _late(draws: SeededDraws, order: Order, *, one_in: int) -> Order:
    """With a chance of 1 in `one_in`, the payload is sent late and shows another status."""
    return order._replace(status=draws.pick(STATUSES)) if draws.one_in(one_in) else order


def draw_reservation(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> Reservation:
    """A reservation that is made at `at`."""
    hours = draws.pick((DEFAULT_HOURS, DEFAULT_HOURS, DEFAULT_HOURS, 24, 48, 168))
    return Reservation(
        id=draws.uuid(),
        stock_id=store.stock.id,
        customer_id=world.customer(draws.below(REGULAR_CUSTOMERS)).id if draws.one_in(2) else None,
        sale_id=world.id("sale", 3 * number) if draws.one_in(4) else None,
        ext_id=f"RES-{number}",
        comment=draws.pick(COMMENTS),
        made=at,
        expires=at + hours * HOUR,
        quantity=draws.pick((1, 1, 1, 1, 1, 1, 2, 3)),
        size=draws.pick(world.sizes),
    )


def ended(draws: SeededDraws, reserved: Reservation) -> tuple[Reservation, bool]:
    """The reservation after its end, and whether it was released: half run out, half are released before."""
    if draws.one_in(2):
        return reserved, False
    return reserved._replace(expires=reserved.made + draws.below(reserved.expires - reserved.made)), True
