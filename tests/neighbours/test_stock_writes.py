"""Writes to the stock change it, raise what the vendor publishes, and refuse what breaks a rule."""

import pytest

from tests.neighbours.shopping import Shopping


def test_an_adjustment_sets_the_level_to_what_was_counted(shop: Shopping) -> None:
    """A count with its difference, and a movement; what was as counted is not in it."""
    other = shop.calls("POST", "Stock", {"useGTIN": True})[1]["id"]
    items = [{"gtin": shop.gtin, "quantity": shop.level + 5}, {"gtin": other, "quantity": shop.quantity(gtin=other)}]
    done = shop.calls("POST", "Stock/adjust", {"stockId": shop.stock_id, "description": "Aisle 3", "items": items})
    (count, counted), (move, moved) = shop.raised()
    assert ("StockCountReconciled", "StockMovementCreated") == (count, move)
    assert (done["stockCountId"], "Aisle 3", shop.stock_id) == (
        counted["stockCountId"],
        counted["name"],
        counted["stockId"],
    )
    [item] = counted["items"]
    assert (shop.gtin, 5, shop.level + 5) == (item["gtin"], item["quantity"], item["countedQuantity"])
    assert (item["movementId"], "Reconciliation", 5) == (moved["movementId"], moved["type"], moved["quantity"])
    assert shop.level + 5 == shop.quantity() == moved["stockLevel"]
    batch = shop.calls("GET", f"Stock/count/batch/{done['stockCountId']}")
    assert [(shop.gtin, shop.level + 5)] == [(line["gtin"], line["qty"]) for line in batch["countDetails"]]


def test_a_complete_count_empties_what_it_does_not_list(shop: Shopping) -> None:
    """However many movements that takes: their ids differ from those of the next write."""
    body = {"stockId": shop.stock_id, "isCompleteStockCount": True, "items": [{"gtin": shop.gtin, "quantity": 1}]}
    shop.calls("POST", "Stock/adjust", body)
    shop.calls("POST", "Stock/adjust", {**body, "items": [{"gtin": shop.gtin, "quantity": 2}]})
    rows = shop.calls("POST", "Stock", {"useGTIN": True, "stockIds": [shop.stock_id], "suppressZeroes": True})
    assert [(shop.gtin, 2)] == [(row["id"], row["quantity"]) for row in rows]
    moved = [payload["movementId"] for name, payload in shop.raised() if name == "StockMovementCreated"]
    assert len(moved) == len(set(moved)) > 200


def test_a_correction_adds_to_the_level_once_per_reference(shop: Shopping) -> None:
    body = {"extRef": "C1", "stockId": shop.stock_id, "orderLines": [{"gtin": shop.gtin, "qty": -2}]}
    assert shop.calls("PUT", "PurchaseOrder/correction", body) == shop.calls("PUT", "PurchaseOrder/correction", body)
    assert ["StockAdjustmentCreated", "StockMovementCreated"] == shop.names()
    assert shop.level - 2 == shop.quantity()


def test_a_reservation_runs_out_by_the_clock(shop: Shopping) -> None:
    """It takes pieces that are free, until its time is over; the clock's call has raised the end when it answers."""
    body = {"stockId": shop.stock_id, "extId": "R1", "reservationLengthInHours": 2}
    [held] = shop.calls("POST", "Stockreservation", {**body, "items": [{"gtin": shop.gtin, "quantity": 3}]})
    assert [held] == shop.calls("POST", "Stockreservation", {**body, "items": [{"gtin": shop.gtin, "quantity": 1}]})
    assert [held] == shop.calls("GET", "Stockreservation", headers={"x-stockId": str(shop.stock_id)})
    assert (shop.level, shop.level - 3) == (shop.quantity(), shop.quantity(free=True))
    shop.sim.does("clock", {"advanceS": 3600})
    assert ["StockReservationCreated"] == shop.names()
    shop.sim.does("clock", {"advanceS": 3601})
    [(name, over)] = shop.raised()
    assert ("StockReservationExpired", held["id"], False) == (name, over["id"], over["isReleased"])
    assert held["expirationDateTime"] == over["expirationDateTime"]
    assert (shop.level, []) == (
        shop.quantity(free=True),
        shop.calls("GET", "Stockreservation", headers={"x-stockId": str(shop.stock_id)}),
    )


def test_a_reservation_is_changed_and_released(shop: Shopping) -> None:
    """A release raises its end once; the time and the pieces change without an event."""
    items = [{"gtin": shop.gtin, "qty": 3}]
    [held] = shop.calls("POST", "Stockreservation", {"stockId": shop.stock_id, "items": items})
    path = f"Stockreservation/{held['id'].upper()}"
    shop.calls("PUT", path, {"quantity": 4, "reservationLengthInHours": 1}, status=204)
    assert shop.level - 4 == shop.quantity(free=True)
    for _ in range(2):
        shop.calls("PUT", f"Stockreservation/release/{held['id']}", status=204)
    [_, (name, over)] = shop.raised()
    assert ("StockReservationExpired", True, 4) == (name, over["isReleased"], over["quantity"])
    assert shop.level == shop.quantity(free=True)
    shop.sim.does("clock", {"advanceS": 2 * 3600})
    assert [] == shop.names()
    shop.calls("PUT", path, {"quantity": 1}, status=400)
    shop.calls("PUT", "Stockreservation/release/none", status=404)


def test_what_was_released_by_a_call_is_ended_by_no_act(shop: Shopping) -> None:
    shop.sim.does("simulate", {"what": "reservation"})
    [(_, held)] = [event for event in shop.raised() if event[0] == "StockReservationCreated"]
    shop.calls("PUT", f"Stockreservation/release/{held['id']}", status=204)
    shop.sim.does("simulate", {"what": "reservation-expiry"})
    ended = [payload["id"] for name, payload in shop.raised() if name == "StockReservationExpired"]
    assert len(ended) == len(set(ended))


@pytest.mark.parametrize("received", [True, False])
def test_a_transfer_arrives_at_once_or_by_the_clock(shop: Shopping, *, received: bool) -> None:
    """Goods that leave one stock come to the other; a stock in transit makes it virtual."""
    target = shop.last["stockId"]
    before = shop.quantity(stock_id=target)
    body = {"stockId": shop.stock_id, "toStockId": target, "insertAsRecevied": received, "extRef": "T1"}
    lines = {"productLines": [{"gtin": shop.gtin, "qty": 2}]}
    done = [shop.calls("PUT", "ProductTransfer", {**body, **lines}) for _ in range(2)]
    assert done[0] == done[1]
    first = ["ProductTransferVirtualCreated", "StockMovementCreated"]
    then = ["ProductTransferVirtualReceived", "StockMovementCreated"]
    assert (first + then if received else first) == shop.names()
    if not received:
        assert before == shop.quantity(stock_id=target)
        shop.sim.does("clock", {"advanceS": 25 * 3600})
        assert then == shop.names()
    assert (shop.level - 2, before + 2) == (shop.quantity(), shop.quantity(stock_id=target))


def test_ordered_goods_arrive_by_the_clock(shop: Shopping) -> None:
    """Ordered first, without a piece; received and completed on the expected day."""
    day = "2090-01-01T12:00:00"
    body = {"stockId": shop.stock_id, "extRef": "P1", "expectedDeliveryDate": day}
    done = [
        shop.calls("PUT", "PurchaseOrder", {**body, "orderLines": [{"gtin": shop.gtin, "qty": 7}]}) for _ in range(2)
    ]
    assert done[0] == done[1]
    [(name, ordered)] = shop.raised()
    assert ("StockMovementCreated", "PurchaseOrderOrdered", 0) == (name, ordered["type"], ordered["quantity"])
    shop.sim.does("clock", {"now": "2090-01-01T12:00:01"})
    (_, received), _, (_, completed) = arrived = shop.raised()
    assert ["DeliveryItemsReceived", "StockMovementCreated", "DeliveryCompleted"] == [name for name, _ in arrived]
    assert (done[0], "P1", True) == (received["deliveryId"], completed["extRef"], completed["isCompleted"])
    assert shop.level + 7 == shop.quantity()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "Stock/adjust", {"items": [{"gtin": "GTIN", "quantity": 1}]}, "stockId"),
        ("POST", "Stock/adjust", {"stockExtId": "x", "items": [{"gtin": "GTIN", "quantity": 1}]}, "stockExtId"),
        ("POST", "Stock/adjust", {"stockId": "STOCK", "items": []}, "items"),
        ("POST", "Stock/adjust", {"stockId": "STOCK", "items": [{"gtin": "GTIN", "quantity": 1}] * 2}, "items"),
        (
            "POST",
            "Stock/adjust",
            {"stockId": "STOCK", "items": [{"gtin": "GTIN", "quantity": -1}]},
            "items[0].quantity",
        ),
        (
            "POST",
            "Stock/adjust",
            {"stockId": "STOCK", "items": [{"identity": "0", "quantity": 1}]},
            "items[0].identity",
        ),
        ("POST", "Stock/adjust", {"stockId": "STOCK", "items": [{"quantity": 1}]}, "items[0].gtin"),
        (
            "POST",
            "Stock/adjust",
            {"stockId": "STOCK", "stockCountTime": "soon", "items": [{"gtin": "GTIN", "quantity": 1}]},
            "stockCountTime",
        ),
        (
            "PUT",
            "PurchaseOrder/correction",
            {"stockId": "STOCK", "orderLines": [{"gtin": "GTIN", "qty": -5000}]},
            "orderLines[0].qty",
        ),
        (
            "PUT",
            "PurchaseOrder/correction",
            {"stockId": "STOCK", "orderLines": [{"gtin": "GTIN", "qty": "ALL"}, {"gtin": "GTIN", "qty": -1}]},
            "orderLines[1].qty",
        ),
        (
            "POST",
            "Stockreservation",
            {"stockId": "STOCK", "items": [{"gtin": "GTIN", "qty": 5000}]},
            "items[0].qty",
        ),
        ("POST", "Stockreservation", {"stockId": "STOCK", "items": [{"gtin": "GTIN", "qty": 1.5}]}, "items[0].qty"),
        (
            "POST",
            "Stockreservation",
            {"stockId": "STOCK", "customerId": 7, "items": [{"gtin": "GTIN", "qty": 1}]},
            "customerId",
        ),
        (
            "POST",
            "Stockreservation",
            {"stockId": "STOCK", "reservationLengthInHours": -1, "items": [{"gtin": "GTIN", "qty": 1}]},
            "reservationLengthInHours",
        ),
        (
            "PUT",
            "ProductTransfer",
            {"stockId": "STOCK", "toStockId": "STOCK", "productLines": [{"gtin": "GTIN", "qty": 1}]},
            "toStockId",
        ),
        ("PUT", "PurchaseOrder", {"stockId": "LAST", "orderLines": [{"gtin": "GTIN", "qty": 1}]}, "stockId"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_changes_nothing(
    shop: Shopping, method: str, path: str, body: dict[str, object], field: str
) -> None:
    """With the field, what was expected and what came."""

    def filled(value: object) -> object:
        names = {"STOCK": shop.stock_id, "GTIN": shop.gtin, "LAST": shop.last["stockId"], "ALL": -shop.level}
        if isinstance(value, dict):
            return {name: filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [filled(each) for each in value]
        return names.get(value, value) if isinstance(value, str) else value

    refused = shop.calls(method, path, filled(body), status=400)
    assert [field] == list(refused["errors"])
    assert "expected" in refused["errors"][field][0]
    assert ([], shop.level, shop.level) == (shop.names(), shop.quantity(), shop.quantity(free=True))
