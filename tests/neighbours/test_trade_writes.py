"""Sales, orders, customers and products that a caller writes are in the shop, and raise what the vendor publishes."""

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.neighbours.shopping import Shopping


def sale(shop: Shopping, **more: Any) -> dict[str, Any]:
    line = {"identity": shop.gtin, "qty": 2, "price": 10.5, "stockID": shop.stock_id}
    return {"saleGuid": str(uuid4()), "customerID": 0, "salesLines": [line], **more}


def test_a_sale_is_added_once(shop: Shopping) -> None:
    """By its guid and by its reference: a SaleExternalCreated with its payment, and a movement per line."""
    body = sale(shop, extRef="W-1", paymentLines=[{"amount": 21, "paymentType": 10, "extRef": "TX1"}])
    ids = [shop.calls("PUT", "Sale", each) for each in (body, body, {**body, "saleGuid": str(uuid4())})]
    assert 1 == len(set(ids))
    (name, sold), (move, moved) = shop.raised()
    assert ("SaleExternalCreated", "StockMovementCreated") == (name, move)
    assert (ids[0], body["saleGuid"], "W-1", 21) == tuple(
        sold[field] for field in ("saleId", "saleGuid", "extId", "total")
    )
    assert [("Vipps", 21, "TX1")] == [(paid["type"], paid["amount"], paid["txRef"]) for paid in sold["paymentLines"]]
    assert ("Sale", -2, shop.level - 2) == (moved["type"], moved["quantity"], moved["stockLevel"])
    assert shop.level - 2 == shop.quantity()


def test_a_return_brings_the_goods_back_and_a_voided_sale_moves_none(shop: Shopping) -> None:
    line = {"identity": shop.gtin, "qty": -1, "stockID": shop.stock_id}
    shop.calls("PUT", "Sale", sale(shop, salesLines=[line]))
    assert shop.level + 1 == shop.quantity()
    shop.calls("PUT", "Sale", sale(shop, isVoided=True))
    assert shop.level + 1 == shop.quantity()


def test_the_sale_is_of_the_store_that_the_header_names(shop: Shopping) -> None:
    stores = shop.calls("GET", "Stores")
    shop.calls("PUT", "Sale", sale(shop), headers={"X-StoreId": str(stores[3]["StoreId"])})
    assert stores[3]["StoreId"] == shop.raised()[0][1]["storeId"]
    shop.calls("PUT", "Sale", sale(shop), headers={"X-StoreId": "7"}, status=400)


def order(shop: Shopping, **more: Any) -> dict[str, Any]:
    lines = [{"gtin": shop.gtin, "quantity": 1, "price": 10}, {"gtin": shop.gtin, "quantity": 2, "price": 10}]
    who = {"firstName": "Ada", "lastName": "Ås", "email": "ada@example.com", "phone": "41"}
    return {"orderNo": "SHOP-1", "orderType": "BOPIS", "customer": who, "orderLines": lines, **more}


def test_an_order_reserves_its_goods_and_a_store_fulfils_it(shop: Shopping) -> None:
    """It is raised with its customer; the acts of the shop go on with it."""
    stock = {"x-stockid": str(shop.stock_id)}
    ids = {shop.calls("POST", "OmniChannel", order(shop), headers=stock) for _ in range(2)}
    raised = shop.raised()
    expected = ["OmniChannelOrderUpdated", *["StockReservationCreated", "StockMovementCreated"] * 2]
    assert expected == [name for name, _ in raised]
    made = raised[0][1]
    assert (ids, "ada@example.com", 30) == ({made["orderId"]}, made["customer"]["email"], made["total"])
    assert (shop.level, shop.level - 3) == (shop.quantity(), shop.quantity(free=True))
    shop.sim.does("simulate", {"what": "order-fulfilment"})
    fulfilled = [payload["orderNo"] for name, payload in shop.raised() if name == "OmniChannelOrderFulfilled"]
    assert ["SHOP-1"] == fulfilled
    assert (shop.level - 3, shop.level - 3) == (shop.quantity(), shop.quantity(free=True))
    assert [] == shop.calls("GET", "Stockreservation", headers=stock)


def test_a_line_that_is_rejected_is_released_and_the_rest_leaves(shop: Shopping) -> None:
    stock = {"x-stockid": str(shop.stock_id)}
    shop.calls("POST", "OmniChannel", order(shop), headers=stock)
    row = shop.calls("GET", "OmniChannel", params={"orderNo": "SHOP-1"})["orderLines"][0]["rowId"]
    shop.raised()
    shop.calls("PUT", "OmniChannel", {"orderNo": "SHOP-1", "orderLines": [{"rowId": row, "status": "Rejected"}]})
    assert ["OmniChannelOrderUpdated", "StockReservationExpired", "StockMovementCreated"] == shop.names()
    assert shop.level - 2 == shop.quantity(free=True)
    shop.calls("PUT", "OmniChannel", {"orderNo": "SHOP-1", "status": "Picked"})
    assert ["OmniChannelOrderUpdated", "StockMovementCreated"] == shop.names()
    assert (shop.level - 2, shop.level - 2) == (shop.quantity(), shop.quantity(free=True))
    shop.calls("DELETE", "OmniChannel", params={"orderNo": "SHOP-1"}, status=400)


def test_a_cancelled_order_frees_its_goods_once(shop: Shopping) -> None:
    """And no act of the shop goes on with it; its reservations are ended with it, not alone."""
    shop.calls("POST", "OmniChannel", order(shop), headers={"x-stockid": str(shop.stock_id)})
    held = shop.calls("GET", "Stockreservation", headers={"x-stockId": str(shop.stock_id)})
    shop.calls("PUT", f"Stockreservation/release/{held[0]['id']}", status=400)
    for _ in range(2):
        shop.calls("DELETE", "OmniChannel", params={"orderNo": "SHOP-1"})
    assert 2 == shop.names().count("StockReservationExpired")
    assert shop.level == shop.quantity(free=True)
    shop.sim.does("simulate", {"what": "order-fulfilment"})
    assert "SHOP-1" not in [payload.get("orderNo") for _, payload in shop.raised()]
    shop.calls("DELETE", "OmniChannel", params={"orderNo": "none"}, status=404)
    shop.calls("DELETE", "OmniChannel", status=400)


def test_a_customer_is_created_changed_and_deleted(shop: Shopping) -> None:
    """A missing field is kept; what no event holds is in the listing, and a password nowhere."""
    given = {"firstName": "Ada", "email": "a@example.com", "extId": "X1", "isInvoice": True, "password": "s3cret"}
    id_ = shop.calls("PUT", "Customer", given)
    assert id_ == shop.calls("PUT", "Customer", {"extId": "X1", "lastName": "King", "birthDay": "1990-02-03"})
    (first, created), (second, changed) = shop.raised()
    assert ("CustomerCreated", "CustomerUpdated") == (first, second)
    assert (id_, "a@example.com", "King", "1990-02-03T00:00:00") == tuple(
        changed[name] for name in ("customerId", "email", "lastName", "birthday")
    )
    assert created["createdDateTime"] == changed["createdDateTime"]
    answer = shop.sim.api("POST", "Customer", json={"lastNameContains": "king", "emailContains": "a@"})
    assert [(id_, True)] == [(each["customerid"], each["isInvoice"]) for each in answer.json()]
    assert "s3cret" not in answer.text
    for _ in range(2):
        shop.calls("DELETE", f"Customer/{id_}")
    [(name, gone)] = shop.raised()
    assert ("CustomerUpdated", True, "") == (name, gone["deleted"], gone["email"])
    shop.calls("DELETE", "Customer/7", status=404)
    shop.calls("PUT", "Customer", {"customerid": 7}, status=400)


def test_a_customer_whom_a_call_changes_is_the_one_of_the_next_act(shop: Shopping) -> None:
    shop.sim.does("simulate", {"what": "new-customer"})
    [(_, created)] = shop.raised()
    shop.calls("PUT", "Customer", {"customerid": created["customerId"], "email": "new@example.com"})
    shop.raised()
    shop.sim.does("simulate", {"what": "customer-update", "count": 3})
    [(_, changed), *_] = shop.raised()
    assert changed["email"] in ("new@example.com", "")


PRODUCT = {"name": "Hat", "groupName": "Goods", "color": "Red", "season": "S", "brand": "B", "price": 99.5, "cost": 20}


def test_a_product_is_added_and_changed(shop: Shopping) -> None:
    """It begins without a piece; a size that is not listed stays; what is sold of it is found by its GTIN."""
    sizes = [{"label": "M"}, {"label": "L", "gtin": "7000000000017"}]
    made = shop.calls("POST", "products", {**PRODUCT, "extId": "HAT", "productSizes": sizes})
    changed = {**PRODUCT, "name": "Cap", "productSizes": [{"gtin": "7000000000017", "label": "XL"}]}
    shown = shop.calls("PUT", f"products/{made['productid']}", changed)
    assert ("Cap", ["M", "XL"]) == (shown["name"], [size["label"] for size in shown["productSizes"]])
    assert made["productid"] == shop.calls("POST", "products", {**PRODUCT, "extId": "HAT"})["productid"]
    assert [] == shop.names()
    assert 0 == shop.quantity(gtin="7000000000017")
    shop.calls("POST", "Stock/adjust", {"stockId": shop.stock_id, "items": [{"gtin": "7000000000017", "quantity": 4}]})
    line = {"identity": made["productSizes"][1]["identity"], "qty": 1, "stockID": shop.stock_id}
    shop.calls("PUT", "Sale", sale(shop, salesLines=[line]))
    assert ["7000000000017"] * 2 == [body["gtin"] for name, body in shop.raised() if name == "StockMovementCreated"]
    assert 3 == shop.quantity(gtin="7000000000017")
    assert "Hat" == shop.calls("GET", "Product/gtin/7000000000017")["name"]
    wrong = {**PRODUCT, "productSizes": [{"gtin": shop.gtin}]}
    assert ["productSizes[0]"] == list(shop.calls("POST", "products", wrong, status=400)["errors"])
    shop.calls("PUT", "products/7", PRODUCT, status=404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customerID": 7}, "customerID"),
        ({"salesLines": []}, "salesLines"),
        ({"salesLines": [{"identity": "0", "qty": 1}]}, "salesLines[0].identity"),
        ({"salesLines": [{"gtin": "0", "qty": 1}]}, "salesLines[0].identity"),  # a sale's lines have no gtin
        ({"saleDateTime": "soon"}, "saleDateTime"),
    ],
)
def test_a_sale_that_breaks_a_rule_is_refused(shop: Shopping, change: dict[str, Any], field: str) -> None:
    assert [field] == list(shop.calls("PUT", "Sale", sale(shop, **change), status=400)["errors"])
    assert ([], shop.level) == (shop.names(), shop.quantity())


@pytest.mark.parametrize("form", ["{}", "{{{}}}", "urn:uuid:{}"])
def test_a_sale_is_known_by_its_guid_in_every_form(shop: Shopping, form: str) -> None:
    body = sale(shop, extRef=None)
    known = shop.calls("PUT", "Sale", body)
    assert known == shop.calls("PUT", "Sale", {**body, "saleGuid": form.format(body["saleGuid"].upper())})
    assert 1 == shop.names().count("SaleExternalCreated")


def test_more_than_a_stock_has_is_refused_over_all_lines(shop: Shopping) -> None:
    """Two lines of one size count together, and a reserved piece is not free."""
    line = {"identity": shop.gtin, "qty": shop.level - 1, "stockID": shop.stock_id}
    wrong = shop.calls("PUT", "Sale", sale(shop, salesLines=[line, {**line, "qty": 2}]), status=400)
    assert ["salesLines[1].qty"] == list(wrong["errors"])
    shop.calls("POST", "Stockreservation", {"stockId": shop.stock_id, "items": [{"gtin": shop.gtin, "qty": 2}]})
    shop.calls("PUT", "Sale", sale(shop, salesLines=[line]), status=400)


@pytest.mark.parametrize(
    ("method", "path", "field", "body"),
    [
        ("POST", "products", "price", {"price": 1e308}),
        ("POST", "products", "cost", {"cost": -1}),
        ("POST", "OmniChannel", "orderLines[0].quantity", {"orderLines": [{"gtin": "GTIN"}]}),
        ("PUT", "Sale", "salesLines[0].price", {"salesLines": [{"identity": "GTIN", "qty": 1, "price": 1e308}]}),
        (
            "PUT",
            "Sale",
            "paymentLines[0].amount",
            {"salesLines": [{"identity": "GTIN", "qty": 1}], "paymentLines": [{"amount": -1e308}]},
        ),
    ],
)
def test_an_amount_that_no_price_can_be_is_refused(
    shop: Shopping, method: str, path: str, field: str, body: dict[str, object]
) -> None:
    """A price of 1e308 was noted, and each read from then on answered 500."""
    named = dict.fromkeys(("name", "groupName", "color", "season", "brand"), "Cap") | {"productSizes": [{"gtin": "1"}]}
    sold = {"saleGuid": str(uuid4()), "customerID": 0}
    text = json.dumps({**(named if path == "products" else sold), **body}).replace("GTIN", shop.gtin)
    refused = shop.calls(method, path, json.loads(text), status=400)
    assert [field] == list(refused["errors"])
    shop.calls("GET", "Stores")
