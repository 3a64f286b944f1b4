"""Z reports: what one terminal took since its last one.

    sales of the day -> Takings -> payload

Invariants, to the cent: grossTotal - grossDiscount = grandTotal = netTotal + vatTotal; vatTotal is the sum of
the VAT areas; the payments add up to grandTotal; closing cash = opening + cash taken + deposits - withdrawals
+ discrepancy. The SAF-T and Z lists of the REST settlement are left out: the event is not known to carry them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from frontsim.payloads.documents.payments import (
    BANK_AXEPT,
    CASH,
    GIFT_CARD,
    INVOICE,
    MASTERCARD,
    ROUNDING,
    VISA,
    WALLETS,
    Means,
)
from frontsim.payloads.documents.sales import Sale, receipt_no
from frontsim.payloads.master_data.chain import Store, Terminal
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import HOUR, MINUTE, SECOND, Ticks, text
from frontsim.payloads.values.money import Ore, amount, vat_in
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


@dataclass(slots=True)
class Takings:
    """What one terminal has taken, as a running sum.

    `vat` is by rate in percent; `paid` by means and currency, as [tendered, amount].
    """

    first: Ticks | None = None
    receipts: list[int] = field(default_factory=list)
    gross: Ore = 0
    discount: Ore = 0
    vat: dict[int, Ore] = field(default_factory=dict)
    cost: Ore = 0
    paid: dict[tuple[Means, str], list[Ore]] = field(default_factory=dict)

    def add(self, sale: Sale) -> None:
        """Count a sale in."""
        currency = sale.store.country.currency
        self.first = sale.at if self.first is None else self.first
        if sale.receipt_no is not None:
            self.receipts.append(sale.receipt_no)
        for line in sale.lines:
            size, sold = line.goods.size, line.deal
            self.gross += sold.quantity * sold.full
            self.discount += sold.quantity * sold.discount
            self.vat[sold.rate] = self.vat.get(sold.rate, 0) + sold.vat
            self.cost += sold.quantity * (size.cost[currency] or 0) if size else 0
        for payment in sale.payments or ():
            self.pay(payment.means, payment.currency or currency, payment.amount, payment.tendered, currency)

    def pay(self, means: Means, currency: str, paid: Ore, tendered: Ore | None, own: str) -> None:
        """Count a payment in; in the store's own currency change has been given, so that only the amount counts."""
        sums = self.paid.setdefault((means, currency), [0, 0])
        sums[0] += paid if currency == own or tendered is None else tendered
        sums[1] += paid

    @property
    def cash(self) -> Ore:
        """What is in the drawer of it, in the store's currency."""
        return sum(sums[1] for (means, _), sums in self.paid.items() if means is CASH)


def draw_takings(dice: SeededDraws, store: Store, terminal: Terminal, *, number: int, at: Ticks) -> Takings:
    """A day's sums by themselves: sales in every VAT area of the country, paid in several ways; sometimes none."""
    takings = Takings(first=at - dice.between(8 * HOUR, 12 * HOUR))
    sales = dice.below(90)
    if sales == 0:
        return takings
    first = receipt_no(terminal, number * 90)
    takings.receipts = [first, first + sales - 1]
    total = 0
    for rate in (*store.country.areas, 0):
        gross = dice.below(sales * 60_000 if rate == 25 else sales * 4_000)
        discount = gross * dice.below(30) // 100
        takings.gross += gross
        takings.discount += discount
        takings.vat[rate] = vat_in(gross - discount, rate)
        takings.cost += (gross - discount) * 38 // 100
        total += gross - discount
    _split(dice, takings, total, store)
    return takings


def _split(dice: SeededDraws, takings: Takings, total: Ore, store: Store) -> None:
    own = store.country.currency
    for means in (CASH, MASTERCARD, BANK_AXEPT, WALLETS[store.country.wallet], GIFT_CARD, INVOICE):
        part = total * dice.below(25) // 100
        total -= part
        if part:
            takings.pay(means, own, part, None, own)
    odd = dice.below(100)
    if odd < 50:
        takings.pay(ROUNDING, own, odd - 25, None, own)
        total -= odd - 25
    takings.pay(VISA, own, total, None, own)


class Drawer(NamedTuple):
    """The cash drawer of a period: what was in it, came in by hand, went to the bank, and is missing or too much."""

    opening: Ore
    added: Ore
    banked: Ore
    discrepancy: Ore

    def closing(self, taken: Ore) -> Ore:
        """What is counted at the end, `taken` being the cash of the sales."""
        return self.opening + taken + self.added - self.banked + self.discrepancy


def draw_drawer(dice: SeededDraws, opening: Ore, taken: Ore) -> Drawer:
    """How the cash of a period was handled."""
    banked = (opening + taken) // 100_000 * 100_000 if opening + taken > 300_000 and dice.one_in(2) else 0
    return Drawer(opening, 50_000 if dice.one_in(4) else 0, banked, dice.pick((0, 0, 0, 0, 0, -100, 500, -2_000)))


def settlement_json(
    dice: SeededDraws,
    world: World,
    store: Store,
    terminal: Terminal,
    takings: Takings,
    *,
    number: int,
    batch: int,
    drawer: Drawer,
    at: Ticks,
) -> dict[str, Any]:
    """The payload of POSSettlementCreated; a period without sales begins when it ends."""
    currency = store.country.currency
    grand = takings.gross - takings.discount
    vat = sum(takings.vat.values())
    sparse = dice.below(32)
    return {
        "settlementId": world.id("settlement", number),
        "batchNumber": batch,
        "storeExtId": None if sparse == 0 else store.ext_id,
        "storeId": store.id,
        "storeInfo": None if sparse == 1 else "" if sparse > 7 else f"{store.name}, {store.address['city']}",
        "storeName": store.name,
        "posId": terminal.id,
        "posName": terminal.name,
        "personName": None if sparse == 2 else dice.pick(store.sellers),
        "settlementTimeStamp": text(at),
        "dateTimeFrom": text(at - MINUTE if takings.first is None else takings.first),
        "dateTimeTo": text(at - SECOND),
        "receiptNoFrom": min(takings.receipts) if takings.receipts else None,
        "receiptNoTo": max(takings.receipts) if takings.receipts else None,
        "currency": currency,
        "grossTotal": amount(takings.gross),
        "grossDiscount": amount(takings.discount),
        "grandTotal": amount(grand),
        "netTotal": amount(grand - vat),
        "vatTotal": amount(vat),
        **_areas(takings.vat, store),
        "openingCashBalance": amount(drawer.opening),
        "closingCashBalance": amount(drawer.closing(takings.cash)),
        "discrepancy": amount(drawer.discrepancy),
        "comment": dice.pick(COMMENTS),
        "cost": None if sparse == 3 else amount(takings.cost),
        "paymentTypes": None if sparse == 4 else _payments(takings),
        "withdrawals": None if sparse == 5 else _cash_moved(drawer.banked),
        "deposits": None if sparse == 6 else _cash_moved(drawer.added),
    }


def _areas(vat: Mapping[int, Ore], store: Store) -> dict[str, float | None]:
    """VAT by area, the highest rate first; null for an area in which nothing was sold or that the country lacks."""
    areas: dict[str, float | None] = {"vatArea1": None, "vatArea2": None, "vatArea3": None}
    for name, rate in zip(areas, store.country.areas, strict=False):
        areas[name] = amount(vat[rate]) if rate in vat else None
    return areas


def _payments(takings: Takings) -> list[dict[str, Any]]:
    return [
        {
            "paymentTypeId": means.id,
            "type": means.type,
            "subType": means.sub_type or "",
            "currency": currency,
            "currencyTendered": amount(tendered),
            "amount": amount(paid),
        }
        for (means, currency), (tendered, paid) in takings.paid.items()
    ]


def _cash_moved(ore: Ore) -> list[dict[str, Any]]:
    if not ore:
        return []
    return [{"paymentTypeId": CASH.id, "type": CASH.type, "subType": "", "amount": amount(ore)}]
