"""Writes of the trade: sales and orders of a web shop, customers, products."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from frontsim.neighbours.book import CUSTOMER, PRODUCT, new_product
from frontsim.neighbours.operations import NEVER, VendorCall, filled, wrong
from frontsim.neighbours.reads import order_of, product_of, stock_of, unknown
from frontsim.neighbours.stock_writes import end_reservation
from frontsim.neighbours.views import CUSTOMER_FIELDS, customer_of, product_json
from frontsim.neighbours.writing import (
    MOST_LINES,
    MOST_PAID,
    Writing,
    WrittenLine,
    hours_of,
    known_customer,
    lines_of,
    once,
    ore_of,
    store_in,
    ticks_of,
    whole,
)
from frontsim.payloads.documents.orders import Order, PlacedOrder, order_json
from frontsim.payloads.documents.sales import (
    Line,
    Payment,
    PaymentMethod,
    Sale,
    pay_online,
    receipt_no,
    sale_json,
    sums,
)
from frontsim.payloads.making.sales_acts import reserve_order
from frontsim.payloads.making.shop_state import OpenOrder, ShopState
from frontsim.payloads.world.moments import HOUR, text
from frontsim.payloads.world.people import Customer, CustomerDetails, as_shown
from frontsim.payloads.world.prices import Country, Ore, article, line_price
from frontsim.payloads.world.seeded_draws import gtin13
from frontsim.payloads.world.world import Store

_PAYMENTS = {
    5: "GiftCard", 6: "Invoice", 7: "PayEx", 10: "Vipps", 115: "NetAxept", 116: "Dibs", 117: "COD",
    124: "KlarnaFaktura", 125: "KlarnaKonto", 128: "BonusPoints", 141: "Collector",
}  # fmt: skip
"""The types of payments in a sale (published)."""


@once("sale", "saleGuid", "extRef")
def add_sale(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    given = lines_of(writing, call, "salesLines")
    store = store_in(writing, call.values.get("x-storeId"), given[0].given.get("stockID"))
    sale_id = state.world.id("sale", 3 * state.next("sale") + 2)
    stocks = [
        stock_of(writing.book, f"{line.at}.stockID", id_) if (id_ := line.given.get("stockID")) else store.stock
        for line in given
    ]
    lines = _priced(writing, list(zip(given, (stock.id for stock in stocks), strict=True)), store, sale_id)
    known = known_customer(writing, "customerID", body["customerID"])
    total, vat_total = sums(lines)
    view = store.views[0]
    sold = Sale(
        sale_id, body["saleGuid"], body.get("extRef") or f"WEB-{sale_id}", None, store, view.terminal, view.json,
        _person(writing, known) if known else None,
        ticks_of(writing, "saleDateTime", body) or state.now, state.now, None, "Web", body.get("comment"), tuple(lines),
        _payments(writing, body, total, store.country), total, vat_total,
    )  # fmt: skip
    flags = {"isComplete": body.get("isComplete", True), "isVoided": body.get("isVoided", False)}
    state.write("SaleExternalCreated", {**sale_json(sold), **flags}, store.id)
    for line in lines if not flags["isVoided"] else ():
        size, pieces = line.article.size, -line.price.quantity
        state.move("Sale", store, line.stock_id, size, pieces=pieces)
    return sale_id


def create_order(writing: Writing, call: VendorCall) -> Any:
    body, state = call.body, writing.state
    if known := writing.before("order", body.get("orderNo")):
        return known
    place = body.get("fulfillmentLocation", {}).get("stockId") or whole(call.values.get("x-StockId"), "x-StockId")
    stock = stock_of(writing.book, "fulfillmentLocation.stockId", place) if place else state.world.shops[0].stock
    store, number = writing.store(stock), state.next("order")
    order_id = state.world.id("order", number)
    given = lines_of(writing, call, "orderLines", least=1)
    lines = _priced(writing, [(line, stock.id) for line in given], store, order_id)
    hours = hours_of(body.get("reservationLengthInHours"))
    no = body.get("orderNo") or f"ORD{100_000 + number}"
    placed = PlacedOrder(
        order_id, no, receipt_no(store.terminals[0], number), store, store.views[0], _buyer(writing, body, store),
        state.now, ticks_of(writing, "dueDateTime", body), state.now + hours * HOUR, hours, body.get("comment"),
        store.web, stock, store.users[0], 2,
    )  # fmt: skip
    status = body.get("status", "UnHandled")
    history = ((state.now, "Order created", None),)
    order = Order(
        placed, body.get("orderType", "Unknown"), tuple(lines), ("UnHandled",) * len(lines),
        _payments(writing, body, sums(lines)[0], store.country), status, None, history,
    )  # fmt: skip
    live = OpenOrder(order, {})
    state.new_orders.append(live)
    state.write("OmniChannelOrderUpdated", order_json(order), store.id)
    reserve_order(state, live)
    return writing.answer("order", order_id, no)


def update_order(writing: Writing, call: VendorCall) -> Any:
    body = call.body
    known = order_of(writing.book, body.get("orderNo"))
    lines = [dict(line) for line in known["orderLines"]]
    for place, changed in enumerate(body.get("orderLines", ())):
        keys = [name for name in ("rowId", "gtin", "externalSKU") if changed.get(name)]
        line = next((line for line in lines if any(line[name] == changed[name] for name in keys)), None)
        if line is None:
            raise wrong(
                f"orderLines[{place}]", f"expected a line of order {known['orderNo']} by rowId, gtin or externalSKU"
            )
        line["status"] = changed.get("status", line["status"])
    status = body.get("status", known["status"])
    if status == "Rejected" or all(line["status"] == "Rejected" for line in lines):
        status = "Rejected"
        lines = [{**line, "status": "Rejected"} for line in lines]
    _change_order(writing, {**known, "comment": body.get("comment", known["comment"])}, status, lines)
    return known["orderId"]


def cancel_order(writing: Writing, call: VendorCall) -> Any:
    known = order_of(writing.book, call.values.get("orderNo"))
    if known["status"] in ("Shipped", "Picked", "Returned"):
        raise wrong(
            "orderNo", f"expected an order that has not left, got {known['orderNo']}, which is {known['status']}"
        )
    if known["status"] != "Rejected":
        _change_order(writing, known, "Rejected", [{**line, "status": "Rejected"} for line in known["orderLines"]])
    return known["orderId"]


def _change_order(writing: Writing, known: Mapping[str, Any], status: str, lines: list[dict[str, Any]]) -> None:
    """Raise the order as it is now; what is rejected is released, what has left is taken from the stock."""
    state, now = writing.state, text(writing.state.now)
    held = writing.book.held_for(known["orderNo"])
    event = {"orderEventId": len(known["orderEvents"]) + 1, "createdDateTime": now, "text": f"Order {status.lower()}"}
    said = {
        **known,
        "status": status,
        "orderLines": lines,
        "updatedDateTime": now,
        "orderEvents": [*known["orderEvents"], {**event, "eventType": "StatusChanged"}],
    }
    stock = stock_of(writing.book, "stockId", (known["fulfillmentLocation"] or {}).get("stockId"))
    store = writing.store(stock)
    for orders in (state.new_orders, state.accepted_orders, state.done_orders):
        kept = [live for live in orders if live.order.placed.no != known["orderNo"]]
        orders.clear()
        orders.extend(kept)  # no act goes on with it: the caller does
    state.write("OmniChannelOrderUpdated", said, store.id)
    for line, before in zip(lines, known["orderLines"], strict=True):
        what = (line["gtin"], line["quantity"])
        mine = next((each for each in held if (each["gtin"], each["quantity"]) == what), None)
        size = writing.book.size(line["gtin"])
        if mine is None or size is None or before["status"] == "Rejected":
            continue
        held.remove(mine)
        if line["status"] == "Rejected":
            end_reservation(writing, mine, released=True)
            state.move("Cancelled", store, stock.id, size, pieces=0)
        elif status in ("Shipped", "Picked"):
            pieces = -mine["quantity"]
            state.move("Sale", store, stock.id, size, pieces=pieces, reserved=pieces)


_NOT_KEPT = ("password", "pin", "customerid", "ins", "insBy", "upt", "uptBy")
"""Secrets, and what the shop says itself."""


def save_customer(writing: Writing, call: VendorCall) -> Any:
    body, state, book = call.body, writing.state, writing.book
    id_ = body.get("customerid") or writing.before("customer", body.get("extId"))
    known = customer_of(book, id_) if id_ else None
    if body.get("customerid") and known is None:
        raise wrong("customerid", f"expected the id of a customer, or none for a new one, got {id_}")
    given = {CUSTOMER_FIELDS[name]: value for name, value in body.items() if name in CUSTOMER_FIELDS}
    for name in ("birthday", "gdprUpdatedDateTime"):
        if name in given:
            moment = book.moment(name, given[name])
            given[name] = None if moment is None or moment <= NEVER else moment
    store_id = given.get("registeredStoreId") or state.world.shops[0].id
    store_in(writing, store_id, None)
    now, number = text(state.now), state.next("customer")
    said = {
        **_nobody(state, store_id), **(known or {}), **given,
        "registeredStoreId": (known or {}).get("registeredStoreId") or store_id,
        "customerId": known["customerId"] if known else state.world.id("customer", number),
    }  # fmt: skip
    beside = {name: body[name] for name in body if name not in CUSTOMER_FIELDS and name not in _NOT_KEPT}
    said |= {"updatedDateTime": now if known else None, "createdDateTime": said["createdDateTime"] if known else now}
    _say_customer(writing, said, "CustomerUpdated" if known else "CustomerCreated", beside)
    return said["customerId"] if known else writing.answer("customer", said["customerId"], body.get("extId"))


def delete_customer(writing: Writing, call: VendorCall) -> Any:
    known = customer_of(writing.book, call.values["customerid"])
    if known is None:
        raise unknown("customer", call.values["customerid"])
    if not known["deleted"]:
        blank = dict.fromkeys(
            ("email", "firstName", "lastName", "phone", "description", "address1", "city", "postalCode"), ""
        )
        gone = {"birthday": None, "cardNo": None, "agreedSendEmail": False, "agreedSendSMS": False, "deleted": True}
        said = {**known, **blank, **gone, "updatedDateTime": text(writing.state.now)}
        _say_customer(writing, said, "CustomerUpdated", {})
    return None


def _say_customer(writing: Writing, said: dict[str, Any], event: str, beside: Mapping[str, Any]) -> None:
    state = writing.state
    kept = {**said.pop("beside", {}), **beside}
    state.write(event, said, said["registeredStoreId"])
    writing.note(CUSTOMER, {"customerId": said["customerId"], "beside": kept})
    number = said["customerId"] - state.world.id("customer", 0)
    if number in state.customers:  # the acts know the customer: they go on with who that is now
        who, _ = state.customers.pop(number)
        if not said["deleted"]:
            state.customers[number] = as_shown(who, said), said


_TEXTS = (
    "email", "firstName", "lastName", "companyName", "gender", "address1", "city", "province", "postalCode", "phone",
    "description", "country", "countryCode", "phoneCountryPrefix",
)  # fmt: skip
"""Those of a customer that are "" where nothing is known."""


def _nobody(state: ShopState, store_id: int) -> dict[str, Any]:
    """A customer of whom nothing is known, in the names of CustomerCreated."""
    country = state.world.store(store_id).country
    nothing = ("customerExtId", "taxId", "birthday", "cardNo", "tags", "gdprUpdatedDateTime", "updatedDateTime")
    return {
        **dict.fromkeys(_TEXTS, ""),
        **dict.fromkeys(nothing),
        "country": country.name,
        "countryCode": country.code.lower(),
        "phoneCountryPrefix": country.calling_code,
        **dict.fromkeys(("agreedSendEmail", "agreedSendSMS", "isEmployee", "deleted"), False),
        "createdDateTime": text(state.now),
        "customerGuid": state.draws.uuid(),
    }


def create_product(writing: Writing, call: VendorCall) -> Any:
    body, book = call.body, writing.book
    id_ = body.get("productid") or writing.before("product", body.get("extId"), body.get("id"))
    if id_ and (known := book.product(id_)) is not None:
        return _write_product(writing, id_, known, body)
    id_ = body.get("productid") or 12_000_000 + writing.state.occurrence % 900_000_000
    if id_ < 1:
        raise wrong("productid", f"expected 1 or more, or none for a new one, got {id_}")
    writing.answer("product", id_, body.get("extId"), body.get("id"))
    new = new_product(productid=id_, id=writing.state.draws.uuid(), ins=text(writing.state.now))
    return _write_product(writing, id_, new, body)


def update_product(writing: Writing, call: VendorCall) -> Any:
    id_ = call.values["productId"]
    return _write_product(writing, id_, product_of(writing.book, id_), call.body)


def _write_product(writing: Writing, id_: int, known: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    """Lay the given fields over the product; a size that is not listed stays."""
    for name in ("price", "cost"):
        ore_of(body, name, "")
    sizes = [dict(item) for item in known["productSizes"]]
    for place, item in enumerate(body.get("productSizes", ())):
        codes = [item[name] for name in ("gtin", "identity", "externalSKU") if item.get(name)]
        found = [size for code in codes if (size := writing.book.size(code))]
        owners = {size.product_id for size in found if not writing.book.is_named_only(size)}
        if owners - {id_}:
            raise wrong(
                f"productSizes[{place}]", f"expected codes of no other product, got those of {min(owners - {id_})}"
            )
        mine = [size for size in sizes if {size["gtin"], size["identity"], size["externalSKU"]} & set(codes)]
        if not mine:
            mine = [_new_size(id_, len(sizes))]
            sizes += mine
        mine[0].update({name: value for name, value in item.items() if name != "stockQty"})
        mine[0]["identifiers"] = item.get("identifiers") or [{"id": mine[0]["externalSKU"], "type": "externalSKU"}]
    ours = {"productid": id_, "productSizes": sizes, "upt": text(writing.state.now)}
    kept = {name: value for name, value in known.items() if not name.startswith("_")}
    given = {name: value for name, value in body.items() if name not in ("ins", "createProductSpecificSize")}
    writing.note(PRODUCT, {**kept, **given, **ours})
    return lambda: product_json(writing.book, product_of(writing.book, id_), "WebUpdateableProduct")


def _new_size(product_id: int, place: int) -> dict[str, Any]:
    item = f"{product_id % 10_000_000:07}{place % 100:02}"
    return filled(
        "WebProductVariant",
        {"identity": gtin13(f"201{item}"), "gtin": gtin13(f"704{item}"), "externalSKU": f"{product_id}-{place}"},
    )


def _priced(writing: Writing, given: Sequence[tuple[WrittenLine, int]], store: Store, id_: int) -> list[Line]:
    """The lines of a sale or an order, each from a stock that has it; less than the list price is a discount."""
    made = []
    for row, (line, stock_id) in enumerate(given):
        listed = line.size.price[store.country.currency]
        asked = ore_of(line.given, "price", line.at) if "price" in line.given else listed
        full = max(listed, asked)
        price = line_price(line.pieces, full, full - asked, store.country.vat[line.size.group])
        made.append(Line(article(line.size), price, stock_id, line.given.get("rowId") or str(id_ * 8 + row)))
    writing.refuse_more_than(given)
    return made


def _payments(writing: Writing, body: Mapping[str, Any], total: Ore, country: Country) -> tuple[Payment, ...]:
    """The payments of a sale or an order, as the caller says them; without any, what a web shop would take."""
    given, state = body.get("paymentLines", ()), writing.state
    if not given:
        return pay_online(state.draws, total, country)
    made: list[Payment] = []
    for line in given[:MOST_LINES]:
        kind = line.get("paymentType")
        method = PaymentMethod(
            kind or 0, line.get("type") or _PAYMENTS.get(kind, "creditCard"), line.get("subType") or ""
        )
        at, currency = f"paymentLines[{len(made)}]", line.get("currency") or country.currency
        paid = ore_of(line, "amount", at, least=-MOST_PAID)
        tendered = ore_of(line, "currencyTendered", at, least=-MOST_PAID) or paid
        reference, row = line.get("txRef") or line.get("extRef") or "", line.get("rowId") or f"PAY{len(made) + 1}"
        made.append(Payment(method, paid, currency, tendered, reference, line.get("text"), row))
    return tuple(made)


def _buyer(writing: Writing, body: Mapping[str, Any], store: Store) -> Customer:
    """The customer of an order, as the caller says it; the id is that of a known customer, or 0."""
    given = body.get("customer", {})
    known = customer_of(writing.book, given.get("customerid", 0)) or _nobody(writing.state, store.id)
    said = {CUSTOMER_FIELDS[name]: value for name, value in given.items() if name in CUSTOMER_FIELDS}
    return _person(writing, {"customerId": 0, **known, **said})


def _person(writing: Writing, said: Mapping[str, Any]) -> Customer:
    known = {**said, **{name: said[name] or "" for name in _TEXTS}}
    id_, country = known["customerId"], writing.state.world.store(known.get("registeredStoreId") or 0).country
    return Customer(
        id_ - writing.state.world.id("customer", 0), id_, known["customerGuid"], country,
        CustomerDetails(
            first=known["firstName"], last=known["lastName"], company=known["companyName"] or None,
            tax_id=known["taxId"], gender=known["gender"], email=known["email"], phone=known["phone"],
            calling_code=known["phoneCountryPrefix"].lstrip("+"), line1=known["address1"], line2=None,
            city=known["city"], province=known["province"] or None, postal_code=known["postalCode"],
            country=known["country"], country_code=known["countryCode"].upper(), ext_id=known["customerExtId"],
            description=known["description"] or None, card_no=known["cardNo"],
        ),
    )  # fmt: skip


TRADE_WRITES: Mapping[str, Callable[[Writing, VendorCall], Any]] = MappingProxyType(
    {
        write.__name__: write
        for write in (
            add_sale, create_order, update_order, cancel_order, save_customer, delete_customer, create_product,
            update_product,
        )
    }
)  # fmt: skip
"""The writes by the name that the contract gives them."""
