"""Totals of standalone Z reports."""

from frontsim.payloads.documents.payments import (
    BANK_AXEPT,
    CASH,
    GIFT_CARD,
    INVOICE,
    MASTERCARD,
    ROUNDING,
    VISA,
    WALLETS,
)
from frontsim.payloads.documents.sales import receipt_no
from frontsim.payloads.documents.settlements import SettlementTotals
from frontsim.payloads.master_data.chain import Store, Terminal
from frontsim.payloads.values.moments import HOUR, Ticks
from frontsim.payloads.values.money import Ore, vat_in
from frontsim.payloads.values.seeded_draws import SeededDraws


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
