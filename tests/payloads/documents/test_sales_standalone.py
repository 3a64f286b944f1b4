from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

Bodies = Callable[[str], Sequence[dict[str, Any]]]
SALES = ("SaleCreated", "InvoiceCreated", "SaleExternalCreated")


def exact(number: float) -> Decimal:
    return Decimal(repr(number))


@pytest.mark.parametrize("event", SALES)
def test_sums_are_right_to_the_cent(bodies: Bodies, event: str) -> None:
    """price = fullPrice - discount; total = sum of quantity * price; VAT from the rate; payments make the total."""
    for sale in bodies(event):
        for line in sale["salesLines"]:
            assert exact(line["price"]) == exact(line["fullPrice"]) - exact(line["discount"])
            assert line["discountPercent"] == pytest.approx(line["discount"] / line["fullPrice"], abs=5e-5)
            total, rate = line["quantity"] * exact(line["price"]), exact(line["vatPercent"])
            vat = (total * rate / (1 + rate)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            assert vat == exact(line["vat"])
        assert exact(sale["total"]) == sum(line["quantity"] * exact(line["price"]) for line in sale["salesLines"])
        assert exact(sale["vatTotal"]) == sum(exact(line["vat"]) for line in sale["salesLines"])
        if sale["paymentLines"] is not None:
            assert exact(sale["total"]) == sum(exact(paid["amount"]) for paid in sale["paymentLines"])


def test_a_return_has_negative_quantities_and_positive_prices(bodies: Bodies) -> None:
    """As seen in live data; about one sale in twelve is one."""
    returns = [sale for sale in bodies("SaleCreated") if sale["salesLines"][0]["quantity"] < 0]

    assert 25 < len(returns) < 85  # 600 / 12 = 50
    for sale in returns:
        assert sale["total"] <= 0
        assert sale["vatTotal"] <= 0
        for line in sale["salesLines"]:
            assert line["quantity"] < 0
            assert line["price"] >= 0


def test_sales_vary_as_sales_do(bodies: Bodies) -> None:
    """Discounts, several lines, several payments, cash that is rounded, change, gift cards, other currencies."""
    sales = bodies("SaleCreated")
    lines = [line for sale in sales for line in sale["salesLines"]]
    payments = [paid for sale in sales for paid in sale["paymentLines"] or ()]

    assert {0.25, 0.15, 0.12, 0.06, 0} == {line["vatPercent"] for line in lines}
    assert {"NOK", "SEK", "DKK"} <= {(sale["store"] or {}).get("currency") for sale in sales}
    assert {"cash", "rounding", "creditCard", "giftCard", "Vipps"} <= {paid["type"] for paid in payments}
    assert {1, 2} <= {len(sale["paymentLines"] or ()) for sale in sales}
    assert {"EUR"} <= {paid["currency"] for paid in payments}
    assert any(
        paid["type"] == "cash" and paid["currencyTendered"] > paid["amount"] for paid in payments if paid["type"]
    )
    assert 0.15 < sum(line["discount"] > 0 for line in lines) / len(lines) < 0.5
    assert max(len(sale["salesLines"]) for sale in sales) == 8


def test_ids_of_sales_have_nine_digits_and_differ(bodies: Bodies) -> None:
    """As live ids do; no two of the three types share one."""
    ids = [sale["saleId"] for event in SALES for sale in bodies(event)[:300]]

    assert 900 == len(set(ids))
    assert {9} == {len(str(each)) for each in ids}


def test_an_invoice_is_paid_by_invoice(bodies: Bodies) -> None:
    """One payment, of type invoice, and a customer to send it to."""
    for sale in bodies("InvoiceCreated"):
        assert sale["customer"] is not None
        assert ["invoice"] == [paid["type"] for paid in sale["paymentLines"]]


def test_an_external_sale_bears_the_web_shops_reference(bodies: Bodies) -> None:
    """extId is always there, a receipt number seldom."""
    sales = bodies("SaleExternalCreated")

    assert all(sale["extId"].startswith("WEB-") for sale in sales)
    assert sum(sale["receiptNo"] is not None for sale in sales) < len(sales) / 16
