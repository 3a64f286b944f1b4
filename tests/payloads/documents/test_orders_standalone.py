from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

Bodies = Callable[[str], Sequence[dict[str, Any]]]
STORY = ("OmniChannelOrderUpdated", "OmniChannelOrderFulfilled", "OmniChannelOrderRefundUpdated")
ORDERS = (*STORY, "OmniChannelEndlessAisleOrderCreated")


def exact(number: float) -> Decimal:
    return Decimal(repr(number))


@pytest.mark.parametrize("event", ORDERS)
def test_sums_are_right_to_the_cent(bodies: Bodies, event: str) -> None:
    """The totals are the sums over the lines, VAT follows from the rate, the payments make the total."""
    for order in bodies(event):
        lines = order["orderLines"]
        if lines is None:
            continue
        for line in lines:
            assert exact(line["price"]) == exact(line["fullPrice"]) - exact(line["discount"])
            total, rate = line["quantity"] * exact(line["price"]), exact(line["vatPercent"])
            assert (total * rate / (1 + rate)).quantize(Decimal("0.01"), ROUND_HALF_UP) == exact(line["vat"])
        assert exact(order["total"]) == sum(line["quantity"] * exact(line["price"]) for line in lines)
        assert exact(order["vatTotal"]) == sum(exact(line["vat"]) for line in lines)
        if order["paymentLines"] is not None:
            assert exact(order["total"]) == sum(exact(paid["amount"]) for paid in order["paymentLines"])


def test_the_types_of_one_number_show_one_order(bodies: Bodies) -> None:
    """The same id, store, customer and lines; time goes on from one to the next."""
    for updated, fulfilled, refunded in zip(*(bodies(event) for event in STORY), strict=True):
        for field in ("orderId", "orderNo", "createdDateTime", "store", "customer"):
            assert updated[field] == fulfilled[field] == refunded[field]
        moments = [order["updatedDateTime"] for order in (updated, fulfilled, refunded)]
        if None not in moments:
            assert [updated["createdDateTime"], *moments] == sorted([updated["createdDateTime"], *moments])
        if updated["orderLines"] is not None:
            rows = {line["rowId"] for line in updated["orderLines"]}
            assert rows == {line["rowId"] for line in fulfilled["orderLines"]}
            assert rows >= {line["rowId"] for line in refunded["orderLines"]}


def test_a_refund_is_a_return(bodies: Bodies) -> None:
    """Mostly of type Return and status Returned (inferred); always with negative quantities and amounts."""
    refunds = bodies("OmniChannelOrderRefundUpdated")

    assert sum((order["orderType"], order["status"]) == ("Return", "Returned") for order in refunds) > 500
    for order in refunds:
        assert order["total"] <= 0
        assert all(line["quantity"] < 0 <= line["price"] for line in order["orderLines"] or ())
        assert all(paid["amount"] <= 0 or paid["type"] == "rounding" for paid in order["paymentLines"] or ())


def test_a_fulfilled_order_is_picked_or_shipped(bodies: Bodies) -> None:
    """But for one in sixteen that is sent late; at least one of its lines was accepted."""
    orders = bodies("OmniChannelOrderFulfilled")

    assert sum(order["status"] in {"Picked", "Shipped"} for order in orders) > 550
    assert all(
        "Accepted" in {line["status"] for line in order["orderLines"]} for order in orders if order["orderLines"]
    )


def test_an_endless_aisle_order_is_shipped_by_the_web_shop(bodies: Bodies) -> None:
    """From a stock of the web shop, paid at the till, nothing decided yet but for a late one."""
    orders = bodies("OmniChannelEndlessAisleOrderCreated")
    stocks = {order["fulfillmentLocation"]["stockName"] for order in orders if order["fulfillmentLocation"]}

    assert {"Nordvik Webshop Norge", "Nordvik Webshop Sverige"} == stocks
    assert all(order["orderLines"][0]["shipFromOnlineStore"] is True for order in orders if order["orderLines"])
    assert sum(order["status"] == "UnHandled" for order in orders) > 500


def test_what_is_in_a_parcel_was_not_rejected(bodies: Bodies) -> None:
    """Parcels hold the lines of the order that the store did not reject."""
    for order in bodies("OmniChannelOrderFulfilled"):
        shipped = [
            item["rowId"]
            for parcel in (order["fulfillmentLocation"] or {}).get("shipments") or ()
            for item in parcel["items"] or ()
        ]
        if shipped and order["orderLines"] is not None:
            assert shipped == [line["rowId"] for line in order["orderLines"] if line["status"] != "Rejected"]
