from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

Bodies = Callable[[str], Sequence[dict[str, Any]]]


def exact(number: float | None) -> Decimal:
    return Decimal(repr(number or 0))


def test_a_z_report_adds_up(bodies: Bodies) -> None:
    """gross - discount = grand = net + VAT; the areas make the VAT, the payments the grand total, the cash its sum."""
    for report in bodies("POSSettlementCreated"):
        grand = exact(report["grandTotal"])
        assert grand == exact(report["grossTotal"]) - exact(report["grossDiscount"])
        assert grand == exact(report["netTotal"]) + exact(report["vatTotal"])
        assert exact(report["vatTotal"]) == sum(exact(report[f"vatArea{area}"]) for area in (1, 2, 3))
        assert grand == sum(exact(paid["amount"]) for paid in report["paymentTypes"])
        if report["withdrawals"] is not None and report["deposits"] is not None:
            cash = sum(exact(paid["amount"]) for paid in report["paymentTypes"] if paid["type"] == "cash")
            added = sum(exact(each["amount"]) for each in report["deposits"])
            banked = sum(exact(each["amount"]) for each in report["withdrawals"])
            expected = exact(report["openingCashBalance"]) + cash + added - banked
            assert exact(report["discrepancy"]) == exact(report["closingCashBalance"]) - expected


def test_a_payment_method_has_one_line(bodies: Bodies) -> None:
    """One entry per number, kind and currency."""
    for report in bodies("POSSettlementCreated"):
        keys = [(paid["paymentTypeId"], paid["subType"], paid["currency"]) for paid in report["paymentTypes"] or ()]
        assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("currency", "areas"), [("NOK", 3), ("SEK", 3), ("DKK", 1)])
def test_a_country_has_its_vat_areas(bodies: Bodies, currency: str, areas: int) -> None:
    """Norway 25, 15, 12; Sweden 25, 12, 6; Denmark 25 alone."""
    reports = [each for each in bodies("POSSettlementCreated") if each["currency"] == currency]

    assert reports
    for report in reports:
        assert areas == sum(report[f"vatArea{area}"] is not None for area in (1, 2, 3))


def test_the_period_ends_with_the_report(bodies: Bodies) -> None:
    """from <= to <= the report's own moment, and the receipts ascend."""
    for report in bodies("POSSettlementCreated"):
        assert report["dateTimeFrom"] <= report["dateTimeTo"] <= report["settlementTimeStamp"]
        assert report["receiptNoFrom"] <= report["receiptNoTo"]
