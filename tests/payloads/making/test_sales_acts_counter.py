from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

Event = tuple[str, dict[str, Any]]
Trading = Callable[[int], Sequence[Event]]
SEEDS = (1, 2, 3)


def exact(number: float) -> Decimal:
    return Decimal(repr(number))


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_sale_moves_what_it_sells(trading: Trading, seed: int) -> None:
    """A Sale movement for each line with a product, right behind the sale, with the opposite quantity."""
    events = trading(seed)
    sold = 0
    for place, (event, body) in enumerate(events):
        if event not in {"SaleCreated", "SaleExternalCreated"}:
            continue
        lines = [line for line in body["salesLines"] if line["productId"] is not None]
        for (kind, movement), line in zip(events[place + 1 : place + 1 + len(lines)], lines, strict=True):
            assert ("StockMovementCreated", "Sale") == (kind, movement["type"])
            assert (line["gtin"], line["externalSKU"]) == (movement["gtin"], movement["sku"])
            assert (line["stockId"], -line["quantity"]) == (movement["stockId"], movement["quantity"])
            sold += 1
    assert 1000 < sold


@pytest.mark.parametrize("seed", SEEDS)
def test_a_z_report_is_the_sum_of_its_sales(trading: Trading, seed: int) -> None:
    """To the cent, per terminal, from the report before on: totals, VAT, payments, receipts, cash."""
    sales: dict[int, list[dict[str, Any]]] = defaultdict(list)
    batches: dict[int, int] = {}
    closing: dict[int, float] = {}
    for event, body in trading(seed):
        if event == "SaleCreated":
            sales[body["store"]["posId"]].append(body) if body["store"].get("posId") else None
        if event != "POSSettlementCreated":
            continue
        pos = body["posId"]
        taken = sales.pop(pos, [])
        lines = [line for sale in taken for line in sale["salesLines"]]
        assert exact(body["grandTotal"]) == sum(exact(sale["total"]) for sale in taken)
        assert exact(body["vatTotal"]) == sum(exact(sale["vatTotal"]) for sale in taken)
        assert exact(body["grossTotal"]) == sum(line["quantity"] * exact(line["fullPrice"]) for line in lines)
        assert exact(body["grossDiscount"]) == sum(line["quantity"] * exact(line["discount"]) for line in lines)
        assert exact(body["netTotal"]) == exact(body["grandTotal"]) - exact(body["vatTotal"])
        areas = [exact(body[f"vatArea{area}"] or 0) for area in (1, 2, 3)]
        assert exact(body["vatTotal"]) == sum(areas)
        if body["paymentTypes"] is not None:
            assert _payments(taken) == {
                (paid["type"], paid["subType"], paid["currency"]): exact(paid["amount"])
                for paid in body["paymentTypes"]
            }
        receipts = [int(sale["receiptNo"]) for sale in taken]
        assert (min(receipts, default=None), max(receipts, default=None)) == (
            body["receiptNoFrom"],
            body["receiptNoTo"],
        )
        assert receipts == sorted(set(receipts))
        assert body["batchNumber"] == batches.get(pos, body["batchNumber"] - 1) + 1
        assert body["openingCashBalance"] == closing.get(pos, 0)
        batches[pos], closing[pos] = body["batchNumber"], body["closingCashBalance"]
        cash = sum(exact(paid["amount"]) for sale in taken for paid in sale["paymentLines"] if paid["type"] == "cash")
        moved = [sum(exact(each["amount"]) for each in body[name] or ()) for name in ("deposits", "withdrawals")]
        if body["deposits"] is not None and body["withdrawals"] is not None:
            expected = exact(body["openingCashBalance"]) + cash + moved[0] - moved[1]
            assert exact(body["discrepancy"]) == exact(body["closingCashBalance"]) - expected
    assert {} == sales
    assert 18 == len(batches)


def _payments(sales: list[dict[str, Any]]) -> dict[tuple[str, str, str], Decimal]:
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for sale in sales:
        for paid in sale["paymentLines"]:
            sums[paid["type"], paid["subType"] or "", paid["currency"]] += exact(paid["amount"])
    return dict(sums)
