"""Omnichannel orders: what the four order events show, each the whole order as it stands when it is sent.

Invariants, to the cent: price = fullPrice - discount; a line's vat is that of quantity * price; total and
vatTotal are the sums over the lines; the payments add up to the total. `price` is taken to be per unit (open).
Rejected lines stay in the sums until they are refunded, as they have been paid.
"""

from typing import Any, NamedTuple

import orjson

from simulator.payloads.chain import Stock, Store, Terminal
from simulator.payloads.customers import Customer
from simulator.payloads.draw import Dice
from simulator.payloads.moments import Ticks, text
from simulator.payloads.money import amount, fraction
from simulator.payloads.payments import Payment, payment_json, refund
from simulator.payloads.sales import Line, reversed_line

ORDER_TYPES = ("Unknown", "Kiosk", "BOPIS", "BOSS", "ROPIS", "Return", "Service")
LINE_STATUSES = ("UnHandled", "Accepted", "Rejected")
STATUSES = ("UnHandled", "Shipped", "Rejected", "Picked", "Returned")
"""Published. A payload shows the order as it stands when it is sent, so that a late one is ahead of its name."""

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


HIDDEN = (
    *("orderNo", "receiptNo", "store", "customer", "paymentLines", "orderEvents", "orderLines", "fulfillmentLocation"),
    *("updatedDateTime", "orderEvents[].createdDateTime", "orderEvents[].text", "fulfillmentLocation.stockName"),
    *("shipments[].id", "shipments[].items"),
)
"""What a payload leaves null once in a while, though the order has it."""


class Order(NamedTuple):
    """One order. `statuses` go with `lines`; `events` are (moment, text, kind)."""

    id: int
    no: str
    kind: str
    receipt_no: int | None
    store: Store
    terminal: Terminal
    store_json: orjson.Fragment
    customer: Customer
    created: Ticks
    updated: Ticks | None
    due: Ticks | None
    expires: Ticks | None
    hours: int | None
    comment: str | None
    lines: tuple[Line, ...]
    statuses: tuple[str, ...]
    from_online: bool | None
    stock: Stock
    payments: tuple[Payment, ...]
    status: str
    events: tuple[tuple[Ticks, str, str | None], ...]
    user: int
    hidden: str | None
    """Which of `HIDDEN` its payloads leave out."""
    variety: int
    """A number below 64 that decides which optional parts its payloads have."""


def handled(order: Order, statuses: tuple[str, ...], at: Ticks) -> Order:
    """The order after the store accepted or rejected its lines; with all rejected, it is rejected."""
    rejected = all(status == "Rejected" for status in statuses)
    told = "Order rejected" if rejected else "Order lines handled"
    return _moved(order, at, told, statuses=statuses, status="Rejected" if rejected else order.status)


def fulfilled(order: Order, at: Ticks) -> Order:
    """The order after it was picked for collection, or shipped."""
    shipped = order.from_online or order.kind in ("BOSS", "Unknown", "Kiosk")
    status = "Shipped" if shipped else "Picked"
    return _moved(order, at, f"Order {status.lower()}", status=status)


def refunded(dice: Dice, order: Order, at: Ticks, places: tuple[int, ...]) -> Order:
    """The order as its refund shows it: the lines at those places come back, paid back in full."""
    lines = tuple(reversed_line(order.lines[place]) for place in places)
    total = sum(line.total for line in lines)
    country = order.store.country
    return _moved(
        order,
        at,
        "Order refunded",
        kind="Return",
        lines=lines,
        statuses=tuple(order.statuses[place] for place in places),
        payments=refund(dice, total, country),
        status="Returned",
    )


def _moved(order: Order, at: Ticks, told: str, **changes: Any) -> Order:
    """The order with what changed at `at`, and the entry that tells of it."""
    return order._replace(updated=at, events=(*order.events, (at, told, "StatusChanged")), **changes)


def order_json(order: Order) -> dict[str, Any]:
    """The payload of all four order events: 24 fields at the top."""
    receipt, variety = order.receipt_no, order.variety
    customer = order.customer
    body = {
        "receiptNo": None if receipt is None else str(receipt),
        "receiptFormatted": text(order.created).replace("T", " ")[:19] if variety % 4 == 0 else None,
        "receiptUrl": f"https://example.com/receipts/{receipt}" if receipt is not None and variety % 5 else None,
        "orderId": order.id,
        "orderNo": order.no,
        "orderType": order.kind,
        "createdDateTime": text(order.created),
        "updatedDateTime": None if order.updated is None else text(order.updated),
        "dueDateTime": None if order.due is None else text(order.due),
        "expirationDateTime": None if order.expires is None else text(order.expires),
        "comment": order.comment,
        "paymentLines": [payment_json(paid) for paid in order.payments],
        "orderLines": [
            _line_json(order, line, status) for line, status in zip(order.lines, order.statuses, strict=True)
        ],
        "orderEvents": _events_json(order),
        "shipmentInfo": "Hentes i kassen" if variety % 16 == 7 else None,
        "reservationLengthInHours": order.hours,
        "fulfillmentLocation": _fulfilment_json(order),
        "store": order.store_json,
        "customer": customer.order_json,
        "shippingAddress": None if variety % 4 == 1 else customer.place_json,
        "vatTotal": amount(sum(line.vat for line in order.lines)),
        "total": amount(sum(line.total for line in order.lines)),
        "status": order.status,
    }
    if order.hidden in body:
        body[order.hidden] = None
    return body


def _line_json(order: Order, line: Line, status: str) -> dict[str, Any]:
    size = line.size
    return {
        "quantity": line.quantity,
        "gtin": None if size is None else size.gtin,
        "price": amount(line.full - line.discount),
        "vat": amount(line.vat),
        "vatPercent": line.rate / 100,
        "fullPrice": amount(line.full),
        "discount": amount(line.discount),
        "discountPercent": fraction(line.discount, line.full),
        "sizeText": None if size is None else size.text,
        "rowId": line.row_id,
        "externalSKU": None if size is None else size.sku,
        "receiptLabel": line.label,
        "status": status,
        "shipFromOnlineStore": order.from_online,
    }


def _events_json(order: Order) -> list[dict[str, Any]]:
    if order.variety == 11:
        return []
    hidden = order.hidden
    return [
        {
            "orderEventId": place + 1,
            "createdDateTime": None if hidden == "orderEvents[].createdDateTime" else text(at),
            "text": None if hidden == "orderEvents[].text" else told,
            "eventType": kind,
        }
        for place, (at, told, kind) in enumerate(order.events)
    ]


def _fulfilment_json(order: Order) -> dict[str, Any]:
    stock, variety = order.stock, order.variety
    return {
        "stockId": stock.id,
        "stockName": None if order.hidden == "fulfillmentLocation.stockName" else stock.name,
        "posId": order.terminal.id,
        "personId": order.user,
        "deliveryAddress": order.customer.place_json if variety % 4 < 2 else None,
        "shipmentInfo": _SHIPMENT_INFO[variety % len(_SHIPMENT_INFO)],
        "shipments": _parcels_json(order),
    }


def _parcels_json(order: Order) -> list[dict[str, Any]] | None:
    """One parcel with what was not rejected; none, or null, for an order that is not sent."""
    variety = order.variety
    if variety % 3 == 2:
        return None
    if variety % 3 == 0 and order.status != "Shipped":
        return []
    items = [
        {
            "rowId": line.row_id,
            "gtin": None if line.size is None else line.size.gtin,
            "externalSKU": None if line.size is None else line.size.sku,
        }
        for line, status in zip(order.lines, order.statuses, strict=True)
        if status != "Rejected"
    ]
    return [
        {
            "id": None if order.hidden == "shipments[].id" else f"SHIP{order.id}-1",
            "shipmentInfo": _PARCEL_INFO[variety % len(_PARCEL_INFO)],
            "items": None if order.hidden == "shipments[].items" else items,
            "deliveryOptionRaw": _DELIVERY_OPTIONS[order.id % len(_DELIVERY_OPTIONS)],
            "dropPointRaw": _DROP_POINTS[order.id % len(_DROP_POINTS)],
        }
    ]
