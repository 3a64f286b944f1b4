"""Answers of the reading operations: pure functions over the book. `contracts/operations.json` names them."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from frontsim.errors import NotFound
from frontsim.neighbours.book import PRICE_LISTS, SINCE, Book
from frontsim.neighbours.operations import VendorCall, filled, wrong
from frontsim.neighbours.views import (
    count_json,
    customer_json,
    customer_of,
    order_json,
    product_json,
    regular_customers,
    reservation_json,
    settlement_json,
    stock_json,
    store_json,
)
from frontsim.payloads.making.shop_state import Known
from frontsim.payloads.world.people import country_of
from frontsim.payloads.world.prices import Size, amount
from frontsim.payloads.world.world import Stock


def _stock_of_product(book: Book, call: VendorCall) -> Any:
    sizes = [size for size in book.sizes if size.product_id == call.values["id"]]
    if not sizes:
        raise unknown("product", call.values["id"])
    return _stock_of(book, call, sizes)


def _stock_count(book: Book, call: VendorCall) -> Any:
    counted = book.counts.get(call.values["stockCountBatchId"])
    if counted is None:
        raise unknown("stock count", call.values["stockCountBatchId"])
    shown = count_json(counted)
    beside = {"ins": shown["ins"], "insBy": shown["insBy"], "isValid": True}
    details = [
        {**item, **beside, "externalSku": item.get("externalSKU"), "qty": item["countedQuantity"]}
        for item in counted["items"]
    ]
    return filled("StockCountBatchResponseDto", {**shown, "countDetails": details})


def _page_of_products(book: Book, call: VendorCall) -> Any:
    asked = call.body
    return [
        product_json(
            book,
            each,
            with_stock=bool(asked.get("includeStockQuantity")),
            with_identifiers=bool(asked.get("includeAlternativeIdentifiers")),
        )
        for each in _page(_products(book, asked), asked)
    ]


def _product_with(book: Book, call: VendorCall, *codes: str) -> dict[str, Any]:
    return product_json(book, product_of(book, _size(book, call.values["id"], *codes).product_id))


def _reservations(book: Book, call: VendorCall) -> Any:
    stock = stock_of(book, "x-stockId", call.values["x-stockId"])
    return [reservation_json(held) for held in book.reservations if held.get("live") and held["stockId"] == stock.id]


def _orders(book: Book, call: VendorCall) -> Any:
    asked = call.values
    since, until = (
        book.moment(name, asked.get(name), upper=name == "toDate") or bound
        for name, bound in (("fromDate", ""), ("toDate", "~"))
    )
    found = [
        each
        for each in sorted(book.orders, key=lambda order: str(order["createdDateTime"]))
        if since <= str(each["createdDateTime"]) < until
        and asked.get("stockId") in (None, (each["fulfillmentLocation"] or {}).get("stockId"))
        and asked.get("orderType") in (None, each["orderType"])
    ]
    page, total = _numbered_page(found, asked)
    return {"item1": [order_json(each) for each in page], "item2": total}


def _settlements_v2(book: Book, call: VendorCall) -> Any:
    asked = call.values
    countries = {store.id: store.country.code for store in book.stores}
    found = [
        each
        for each in _settlements(book, call)
        if asked.get("storeId") in (None, each["storeId"])
        and str(asked.get("countryId", "")).upper() in ("", countries.get(each["storeId"]))
    ]
    offset, limit = max(0, asked.get("offset", 0)), asked.get("limit", len(found))
    return [settlement_json(each) for each in found[offset:][: max(0, limit)]]


def _prices(book: Book, call: VendorCall) -> Any:
    size = _size(book, call.values["gtin"], "gtin")
    codes = {"gtin": size.gtin, "productId": size.product_id}
    return {
        "prices": [
            filled(
                "WebPricelistDetailFlat",
                {
                    **codes,
                    "pricelistId": id_,
                    "currency": currency,
                    "name": name,
                    "lastUpdate": SINCE,
                    "price": amount(size.price[currency]),
                },
            )
            for id_, name, currency in PRICE_LISTS
        ],
        "costPrices": [
            {
                **codes,
                "externalSKU": size.sku,
                "currency": (currency := country_of(stock.country).currency),
                "stockId": stock.id,
                "stockExtId": stock.ext_id,
                "costPrice": amount(size.cost[currency]),
                "updatedDateTime": SINCE,
            }
            for stock in book.stocks
        ],
    }


def stock_of(book: Book, field: str, stock_id: int | None) -> Stock:
    """The stock of an id. Raises BadInput."""
    for stock in book.stocks:
        if stock.id == stock_id:
            return stock
    raise wrong(field, f"expected the id of a stock (GET /api/Stock/list lists them), got {stock_id}")


def order_of(book: Book, order_no: str | None) -> dict[str, Any]:
    """The payload of an order. Raises NotFound, BadInput."""
    if not order_no:
        raise wrong("orderNo", "expected the number of an order, got nothing")
    known = book.orders.get(order_no)
    if known is None:
        raise unknown("order", order_no)
    return known


async def _quantities(book: Book, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted, moved_since = set(asked.get("stockIds", ())), book.moment("ins", asked.get("ins"))
    moment = book.moment("snapShotDateTime", asked.get("snapShotDateTime"))
    then: Mapping[tuple[int, str], Known] = book.levels.logged if moment is None else await book.levels_at(moment)
    free, by_gtin, no_zeroes = (asked.get(name) for name in ("excludeStockReservations", "useGTIN", "suppressZeroes"))
    rows = []
    for stock in book.stocks:
        for size in book.sizes if not wanted or stock.id in wanted else ():
            key = (stock.id, size.gtin)
            if moved_since is not None and book.moved_at.get(key, "") < moved_since:
                continue
            level = then[key][1] if key in then else book.levels.first(stock.id, size)
            quantity = level.on_hand - level.reserved if free else level.on_hand
            if quantity or not no_zeroes:
                id_ = size.gtin if by_gtin else size.identity
                rows.append({"id": id_, "stockId": stock.id, "quantity": quantity})
    return rows


def _stock_of(book: Book, call: VendorCall, sizes: Sequence[Size], code: str = "identity") -> list[dict[str, Any]]:
    free = bool(call.values.get("includeStockReservations"))
    return [
        {"id": getattr(size, code), "stockId": stock_id, "quantity": level.on_hand - level.reserved * free}
        for size in sizes
        for stock_id, level in book.by_stock(size)
    ]


def _size(book: Book, code: str, *codes: str) -> Size:
    """The size that has the code under one of these names. Raises NotFound."""
    size = book.size(code)
    if size is None or code.strip().lower() not in [str(getattr(size, name)).lower() for name in codes]:
        raise unknown(" or ".join(codes), code)
    return size


def product_of(book: Book, product_id: int) -> dict[str, Any]:
    """The product of an id. Raises NotFound."""
    known = book.product(product_id)
    if known is None:
        raise unknown("product", product_id)
    return known


def _products(book: Book, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    since = book.moment("upt", asked.get("upt")) or ""
    ids = {*asked.get("productIds", ()), *([asked["productId"]] if "productId" in asked else ())}
    codes = [asked[name] for name in ("identity", "gtin") if name in asked]
    codes += [*asked.get("identities", ()), *asked.get("gtiNs", ())]
    owners = {size.product_id for code in codes if (size := book.size(code)) is not None}
    return [
        each
        for id_, each in book.every_product.items()
        if each["upt"] >= since
        and (not ids or id_ in ids)
        and (not codes or id_ in owners)
        and all(asked.get(name) in (None, each[name]) for name in ("isWebAvailable", "isDiscontinued"))
        and (not asked.get("seasons") or each["season"] in asked["seasons"])
        and (not asked.get("brands") or each["brand"] in asked["brands"])
        and (not asked.get("tags") or set(asked["tags"]) & set(str(each["tags"] or "").split(",")))
    ]  # fmt: skip


_CONTAINED = {
    "firstNameContains": "firstName",
    "lastNameContains": "lastName",
    "emailContains": "email",
    "phoneContains": "phone",
    "companyNameContains": "companyName",
}


def _customers(book: Book, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    since = book.moment("upt", asked.get("upt")) or ""
    return [each for each in _every_customer(book) if each["upt"] >= since and _is_wanted(each, asked)]


def _every_customer(book: Book) -> Iterator[dict[str, Any]]:
    regular = {who["customerId"] for who in regular_customers(book.world)}
    for id_ in regular:
        yield customer_json(customer_of(book, id_) or {})
    for known in book.customers:
        if known["customerId"] not in regular:
            yield customer_json(known)


def _is_wanted(each: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    flags = {
        "hasBonus": each["bonusBalance"] > 0,
        "hasDiscount": each["stdDiscount"] > 0,
        "isEmployee": each["isEmployee"],
        "isCompany": each["isCompany"],
    }
    stores = asked.get("storeIds")
    return (
        (not stores or each["registeredStoreId"] in stores)
        and all(asked.get(name, "").lower() in each[field].lower() for name, field in _CONTAINED.items())
        and all(asked.get(name) in (None, flag) for name, flag in flags.items())
        and asked.get("postalCodeGreaterThan", "") < (each["postalCode"] or "~")
        and each["postalCode"] < asked.get("postalCodeLessThan", "~")
    )


def _settlements(book: Book, call: VendorCall) -> list[dict[str, Any]]:
    day = str(book.moment("date", call.values["date"]))[:10]
    return [each for each in book.settlements if each["settlementTimeStamp"][:10] == day]


def _page(rows: list[Any], asked: Mapping[str, Any]) -> list[Any]:
    """`pageSkip` rows are left out, `pageSize` are shown (what they count is open)."""
    skip, size = max(0, asked.get("pageSkip", 0)), asked.get("pageSize", 0)
    return rows[skip : skip + size] if size > 0 else rows[skip:]


def _numbered_page(rows: list[Any], asked: Mapping[str, Any]) -> tuple[list[Any], int]:
    size, number = asked.get("pageSize", 0), max(1, asked.get("pageNumber", 1))
    return (rows[(number - 1) * size : number * size] if size > 0 else rows), len(rows)


def unknown(what: str, id_: object) -> NotFound:
    """The refusal of an id that nothing has."""
    return NotFound(f"expected {'an' if what[0] in 'aeiou' else 'a'} {what} that exists, got {str(id_)[:100]}")


def _stocks(book: Book, call: VendorCall) -> list[dict[str, Any]]:
    fields = {"stockId": "id", "name": "name"} | ({"extId": "ext_id"} if call.values.get("includeExtId") else {})
    return [{shown: getattr(stock, name) for shown, name in fields.items()} for stock in book.stocks]


def _stock_settings(book: Book, _: VendorCall) -> list[dict[str, Any]]:
    return [
        stock_json(stock, number=number, for_sale=stock not in book.world.transit)
        for number, stock in enumerate(book.stocks, 1)
    ]


def _pricelists(book: Book, _: VendorCall) -> list[dict[str, Any]]:
    every = {"productCount": len(book.every_product), "lastUpdate": SINCE}
    return [{"pricelistId": id_, "name": name, **every} for id_, name, _ in PRICE_LISTS]


async def _page_of_quantities(book: Book, call: VendorCall) -> list[dict[str, Any]]:
    return _page(await _quantities(book, call.body), call.body)


async def _count_of_quantities(book: Book, call: VendorCall) -> int:
    return len(await _quantities(book, call.body))


READS: Mapping[str, Callable[[Book, VendorCall], Any | Awaitable[Any]]] = MappingProxyType(
    {
        "environment": lambda _, __: {"name": "frontsim"},
        "stores": lambda book, _: [store_json(store) for store in book.stores],
        "stocks": _stocks,
        "stock_settings": _stock_settings,
        "quantities": _page_of_quantities,
        "count_quantities": _count_of_quantities,
        "stock_of_product": _stock_of_product,
        "stock_of_identity": lambda book, call: _stock_of(book, call, [_size(book, call.values["id"], "identity")]),
        "stock_of_gtin": lambda book, call: _stock_of(book, call, [_size(book, call.values["id"], "gtin")], "gtin"),
        "stock_counts": lambda book, call: list(map(count_json, _numbered_page([*book.counts][::-1], call.values)[0])),
        "stock_count": _stock_count,
        "products": _page_of_products,
        "count_products": lambda book, call: len(_products(book, call.body)),
        "product": lambda book, call: product_json(book, product_of(book, call.values["id"])),
        "product_by_gtin": lambda book, call: _product_with(book, call, "gtin"),
        "product_by_identity": lambda book, call: _product_with(book, call, "identity", "sku"),
        "web_product": lambda book, call: product_json(
            book, product_of(book, call.values["productId"]), "WebUpdateableProduct"
        ),
        "customers": lambda book, call: _page(_customers(book, call.body), call.body),
        "count_customers": lambda book, call: len(_customers(book, call.body)),
        "reservations": _reservations,
        "order": lambda book, call: order_json(order_of(book, call.values.get("orderNo"))),
        "orders": _orders,
        "settlements": lambda book, call: list(map(settlement_json, _settlements(book, call))),
        "settlements_v2": _settlements_v2,
        "pricelists": _pricelists,
        "prices": _prices,
    }
)
"""The reads by the name that the contract gives them."""
LISTS_OF_SIZES = frozenset({"quantities", "count_quantities", "products", "count_products", "pricelists"})
"""The reads that find sizes without a code of them."""
