"""Property: over whole simulated days, what the reads show is what the events said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontsim.neighbours.operations import Shape, ValueKind, kind_of, operations, resolved
from frontsim.payloads.making.shop import ACTS, day
from tests.neighbours.shopping import Shopping, shopping

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("examples", "most"), [(1, 100), pytest.param(5, None, marks=pytest.mark.long)])
def test_the_reads_show_what_the_events_said(examples: int, most: int | None) -> None:
    """Each kind of act once, and a stretch of a day; in `make stacks` whole days."""
    settings(max_examples=examples)(given(seed=st.integers(0, 2**32), number=st.integers(0, 10_000))(trade))(most)


def trade(most: int | None, seed: int, number: int) -> None:
    timetable = [what for _, what in day(seed=seed, number=number)]
    with shopping(seed=seed, concurrency=1) as shop:
        before = levels(shop)
        for what in [*ACTS, *timetable[number % 500 if most else 0 :][:most]]:
            shop.sim.does("simulate", {"what": what})
        events = shop.raised()
        check_levels(shop, before, events)
        check_references(shop, events)
        check_fields(shop)


def levels(shop: Shopping) -> dict[tuple[int, str], float]:
    rows = shop.calls("POST", "Stock", {"useGTIN": True})
    return {(row["stockId"], row["id"]): row["quantity"] for row in rows}


def check_levels(shop: Shopping, before: dict[tuple[int, str], float], events: list[tuple[str, dict]]) -> None:
    """Levels by reads are the first ones and the sums of the movements."""
    expected = dict(before)
    for name, body in events:
        if name == "StockMovementCreated":
            expected[body["stockId"], body["gtin"]] += body["quantity"]
            assert expected[body["stockId"], body["gtin"]] == body["stockLevel"]
    assert expected == levels(shop)


def check_references(shop: Shopping, events: list[tuple[str, dict]]) -> None:
    """Every store, stock, customer, product, order and count of an event is found by a read."""
    stores = {each["StoreId"] for each in shop.calls("GET", "Stores")}
    stocks = {each["stockId"] for each in shop.calls("GET", "Stock/list")}
    customers = {each["customerid"] for each in shop.calls("POST", "Customer", {})}
    products = shop.calls("POST", "Product", {})
    known = {each["productid"] for each in products}
    gtins = {size["gtin"] for each in products for size in each["productSizes"]}
    orders = {each["orderNo"] for each in shop.calls("GET", "OmniChannel/orders")["item1"]}
    counts = {each["stockCountId"] for each in shop.calls("GET", "Stock/count/batches")}
    found = {
        "storeId": stores, "registeredStoreId": stores, "stockId": stocks, "toStockId": stocks, "customerId": customers,
        "productId": known, "gtin": gtins, "orderNo": orders, "stockCountId": counts,
    }  # fmt: skip
    missing = {
        (name, field, value)
        for name, body in events
        for field, value in references(body)
        if field in found and value is not None and value not in found[field]
    }
    assert set() == missing


def references(value: object) -> list[tuple[str, object]]:
    if isinstance(value, dict):
        own = [(name, each) for name, each in value.items() if not isinstance(each, dict | list)]
        return own + [pair for each in value.values() for pair in references(each)]
    return [pair for each in value for pair in references(each)] if isinstance(value, list) else []


def check_fields(shop: Shopping) -> None:
    """Every published field of the listed shapes appears somewhere in the answers of the reads."""
    seen: dict[str, set[str]] = {}
    date = shop.sim.does("clock", method="GET")["now"][:10]
    held = [
        row
        for stock in shop.calls("GET", "Stock/list")
        for row in shop.calls("GET", "Stockreservation", headers={"x-stockId": str(stock["stockId"])})
    ]
    counts = shop.calls("GET", "Stock/count/batches")
    product = shop.calls("GET", f"Product/gtin/{shop.gtin}")
    answers = {
        "listStores": shop.calls("GET", "Stores"),
        "listStockSettings": shop.calls("GET", "Stock/settings"),
        "listStockQuantities": shop.calls("POST", "Stock", {"pageSize": 1}),
        "listStockCounts": counts,
        "getStockCount": shop.calls("GET", f"Stock/count/batch/{counts[0]['stockCountId']}"),
        "listProducts": [product],
        "getWebProduct": shop.calls("GET", f"products/{product['productid']}"),
        "listCustomers": shop.calls("POST", "Customer", {"pageSize": 1}),
        "listReservations": held,
        "listOrders": shop.calls("GET", "OmniChannel/orders"),
        "listSettlementsV2": shop.calls("GET", "Possettlementv2", params={"date": date}),
        "listPricelists": shop.calls("GET", "Pricelist"),
        "getPrices": shop.calls("GET", f"Pricelist/gtin/{shop.gtin}"),
    }
    kinds = {each.name: each.answer for each in operations()}
    for name, answer in answers.items():
        collect(kinds[name], answer, seen)
    missing = {name: set(shape_of(name).fields) - fields for name, fields in seen.items()}
    assert {} == {name: fields for name, fields in missing.items() if fields}


def shape_of(name: str) -> Shape:
    shape = resolved(kind_of(name))
    assert isinstance(shape, Shape)
    return shape


def collect(kind: ValueKind, value: object, seen: dict[str, set[str]]) -> None:
    if isinstance(value, list):
        for each in value:
            collect(kind._replace(is_list=False), each, seen)
    elif isinstance(value, dict) and isinstance(shape := resolved(kind._replace(is_list=False)), Shape):
        seen.setdefault(kind.base, set()).update(value)
        for name, each in value.items():
            if name in shape.fields:
                collect(shape.fields[name], each, seen)
