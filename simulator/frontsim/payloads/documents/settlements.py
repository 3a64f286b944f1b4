"""Z reports; drawn alone too.

sales of the day -> SettlementTotals -> payload

Invariants, to the cent: grossTotal - grossDiscount = grandTotal = netTotal + vatTotal; vatTotal is the sum of
the VAT areas; the payments add up to grandTotal; closing cash = opening + cash taken + deposits - withdrawals
+ discrepancy. The SAF-T and Z lists of the REST settlement are left out: the event is not known to carry them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from frontsim.payloads.documents.sales import (
    BANK_AXEPT,
    CASH,
    GIFT_CARD,
    INVOICE,
    MASTERCARD,
    ROUNDING,
    VISA,
    WALLETS,
    PaymentMethod,
    Sale,
    receipt_no,
)
from frontsim.payloads.world.moments import HOUR, MINUTE, SECOND, Ticks, text
from frontsim.payloads.world.prices import Ore, amount, vat_in
from frontsim.payloads.world.seeded_draws import COMMENTS, SeededDraws
from frontsim.payloads.world.world import Store, Terminal, World


@dataclass(slots=True)
class SettlementTotals:
    """The running totals of one terminal.

    `vat` is by rate in percent; `paid` by payment method and currency, as [tendered, amount].
    """

    first: Ticks | None = None
    receipts: list[int] = field(default_factory=list)
    gross: Ore = 0
    discount: Ore = 0
    vat: dict[int, Ore] = field(default_factory=dict)
    cost: Ore = 0
    paid: dict[tuple[PaymentMethod, str], list[Ore]] = field(default_factory=dict)

    def add(self, sale: Sale) -> None:
        currency = sale.store.country.currency
        self.first = sale.at if self.first is None else self.first
        if sale.receipt_no is not None:
            self.receipts.append(sale.receipt_no)
        for line in sale.lines:
            size, sold = line.article.size, line.price
            self.gross += sold.quantity * sold.full
            self.discount += sold.quantity * sold.discount
            self.vat[sold.rate] = self.vat.get(sold.rate, 0) + sold.vat
            self.cost += sold.quantity * size.cost[currency]
        for payment in sale.payments:
            self.pay(payment.method, payment.currency, payment.amount, payment.tendered, currency)

    def pay(self, method: PaymentMethod, currency: str, paid: Ore, tendered: Ore | None, own: str) -> None:
        """Add a payment. In the store's own currency only the amount counts, because the till gave change."""
        sums = self.paid.setdefault((method, currency), [0, 0])
        sums[0] += paid if currency == own or tendered is None else tendered
        sums[1] += paid

    @property
    def cash(self) -> Ore:
        """The cash taken, in the store's currency."""
        return sum(sums[1] for (method, _), sums in self.paid.items() if method is CASH)


class CashDrawer(NamedTuple):
    """The cash drawer of one period: cash at the start, deposits, withdrawals to the bank, and the discrepancy."""

    opening: Ore
    added: Ore
    banked: Ore
    discrepancy: Ore

    def closing(self, taken: Ore) -> Ore:
        """The cash at the end, given the cash of the sales."""
        return self.opening + taken + self.added - self.banked + self.discrepancy


def draw_cash_drawer(draws: SeededDraws, opening: Ore, taken: Ore) -> CashDrawer:
    """The cash drawer of a period that opened with `opening` and took `taken` in cash."""
    banked = (opening + taken) // 100_000 * 100_000 if opening + taken > 300_000 and draws.one_in(2) else 0
    return CashDrawer(opening, 50_000 if draws.one_in(4) else 0, banked, draws.pick((0, 0, 0, 0, 0, -100, 500, -2_000)))


def settlement_json(
    draws: SeededDraws,
    world: World,
    store: Store,
    terminal: Terminal,
    totals: SettlementTotals,
    *,
    number: int,
    batch: int,
    drawer: CashDrawer,
    at: Ticks,
) -> dict[str, Any]:
    """The payload of POSSettlementCreated. A period without sales starts when it ends, with receipt numbers 0."""
    currency = store.country.currency
    grand = totals.gross - totals.discount
    vat = sum(totals.vat.values())
    sparse = draws.below(32)
    return {
        "settlementId": world.id("settlement", number),
        "batchNumber": batch,
        "storeExtId": store.ext_id,
        "storeId": store.id,
        "storeInfo": "" if sparse > 7 else f"{store.name}, {store.address['city']}",
        "storeName": store.name,
        "posId": terminal.id,
        "posName": terminal.name,
        "personName": draws.pick(store.sellers),
        "settlementTimeStamp": text(at),
        "dateTimeFrom": text(at - MINUTE if totals.first is None else totals.first),
        "dateTimeTo": text(at - SECOND),
        "receiptNoFrom": min(totals.receipts, default=0),
        "receiptNoTo": max(totals.receipts, default=0),
        "currency": currency,
        "grossTotal": amount(totals.gross),
        "grossDiscount": amount(totals.discount),
        "grandTotal": amount(grand),
        "netTotal": amount(grand - vat),
        "vatTotal": amount(vat),
        **_areas(totals.vat, store),
        "openingCashBalance": amount(drawer.opening),
        "closingCashBalance": amount(drawer.closing(totals.cash)),
        "discrepancy": amount(drawer.discrepancy),
        "comment": draws.pick(COMMENTS) or "",
        "cost": amount(totals.cost),
        "paymentTypes": _payments(totals),
        "withdrawals": _cash_moved(drawer.banked),
        "deposits": _cash_moved(drawer.added),
    }


def _areas(vat: Mapping[int, Ore], store: Store) -> dict[str, float | None]:
    """VAT by area, the highest rate first; null for an area that the country lacks."""
    areas: dict[str, float | None] = {"vatArea1": None, "vatArea2": None, "vatArea3": None}
    for name, rate in zip(areas, store.country.areas, strict=False):
        areas[name] = amount(vat.get(rate, 0))
    return areas


def _payments(totals: SettlementTotals) -> list[dict[str, Any]]:
    return [
        {
            "paymentTypeId": method.id,
            "type": method.type,
            "subType": method.sub_type,
            "currency": currency,
            "currencyTendered": amount(tendered),
            "amount": amount(paid),
        }
        for (method, currency), (tendered, paid) in totals.paid.items()
    ]


def _cash_moved(ore: Ore) -> list[dict[str, Any]]:
    if not ore:
        return []
    return [{"paymentTypeId": CASH.id, "type": CASH.type, "subType": "", "amount": amount(ore)}]


def draw_totals(draws: SeededDraws, store: Store, terminal: Terminal, *, number: int, at: Ticks) -> SettlementTotals:
    """The totals of one day: sales in every VAT area of the country, paid in several ways."""
    totals = SettlementTotals(first=at - draws.between(8 * HOUR, 12 * HOUR))
    sales = draws.between(1, 89)
    first = receipt_no(terminal, number * 90)
    totals.receipts = [first, first + sales - 1]
    total = 0
    for rate in (*store.country.areas, 0):
        gross = draws.below(sales * 60_000 if rate == 25 else sales * 4_000)
        discount = gross * draws.below(30) // 100
        totals.gross += gross
        totals.discount += discount
        totals.vat[rate] = vat_in(gross - discount, rate)
        totals.cost += (gross - discount) * 38 // 100
        total += gross - discount
    _split(draws, totals, total, store)
    return totals


def _split(draws: SeededDraws, totals: SettlementTotals, total: Ore, store: Store) -> None:
    own = store.country.currency
    for method in (CASH, MASTERCARD, BANK_AXEPT, WALLETS[store.country.wallet], GIFT_CARD, INVOICE):
        part = total * draws.below(25) // 100
        total -= part
        if part:
            totals.pay(method, own, part, None, own)
    odd = draws.below(100)
    if odd < 50:
        totals.pay(ROUNDING, own, odd - 25, None, own)
        total -= odd - 25
    totals.pay(VISA, own, total, None, own)
