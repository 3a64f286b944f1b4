"""How sales are paid: one payment method or several, change, rounding of cash, refunds.

Invariant: the amounts add up to what was to be paid, to the cent.
"""

from dataclasses import dataclass
from typing import Any

from frontsim.payloads.world.money import Country, Ore, amount, rounded_to
from frontsim.payloads.world.seeded_draws import SeededDraws


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment method. `id` is its number in a Z report; `type` and `sub_type` are free strings."""

    id: int
    type: str
    sub_type: str


CASH = PaymentMethod(1, "cash", "")
ROUNDING = PaymentMethod(2, "rounding", "")
VISA = PaymentMethod(3, "creditCard", "visa")
MASTERCARD = PaymentMethod(4, "creditCard", "mastercard")
GIFT_CARD = PaymentMethod(5, "giftCard", "")
INVOICE = PaymentMethod(6, "invoice", "")
E_INVOICE = PaymentMethod(6, "invoice", "ehf")
WALLETS = {
    "Vipps": PaymentMethod(10, "Vipps", ""),
    "Swish": PaymentMethod(30, "Swish", ""),
    "MobilePay": PaymentMethod(31, "MobilePay", ""),
}
KLARNA = PaymentMethod(124, "KlarnaFaktura", "")
CREDIT_NOTE = PaymentMethod(128, "creditNote", "")
BANK_AXEPT = PaymentMethod(10000, "debitCard", "bankAxept")
"""Numbers as far as they are published: 3 Visa, 4 ECMC, 10000 BankAxxess, 5 GiftCard, 6 Invoice, 10 Vipps,
124 KlarnaFaktura; 1 for cash and 3 for a Visa stand in the settlement's example. The rest is ours."""

_CARDS = (VISA, VISA, MASTERCARD, BANK_AXEPT)
_NOTES: tuple[Ore, ...] = (5_000, 10_000, 20_000, 50_000, 100_000)
_EURO_RATE = 1145
"""Oere for one euro's hundred cents, whatever the currency: only the sum in the store's currency is booked."""


@dataclass(slots=True)
class Payment:
    """One payment: `amount` in the store's currency, `tendered` in `currency`."""

    method: PaymentMethod
    amount: Ore
    currency: str
    tendered: Ore
    reference: str
    text: str | None
    row_id: str


def pay_at_till(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Splits a total into payments: card, wallet, cash with its rounding and change, gift card and the rest by card."""
    if total == 0:
        return ()
    way = draws.below(32)
    if way < 16:
        return (_plain(draws, draws.pick(_CARDS), total, country),)
    if way < 21:
        return (_plain(draws, WALLETS[country.wallet], total, country),)
    if way < 26:
        return pay_in_cash(draws, total, country)
    if way < 29:
        first = max(1, min(total - 1, draws.pick((10_000, 20_000, 50_000)))) if total > 1 else total
        card = _plain(draws, GIFT_CARD, first, country)
        return (card, _plain(draws, draws.pick(_CARDS), total - first, country)) if total > first else (card,)
    if way == 29:
        part = max(1, total * draws.between(20, 80) // 100)
        return tuple(
            _plain(draws, method, each, country) for method, each in ((VISA, part), (MASTERCARD, total - part)) if each
        )
    cents = (total * 100 + _EURO_RATE - 1) // _EURO_RATE
    return (_payment(draws, CASH, total, "EUR", cents, "EUR 11.45"),)


def pay_in_cash(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Cash: the sum that coins can pay, and what the rounding gives or takes."""
    paid = rounded_to(total, country.coin)
    notes = [note for note in _NOTES if note >= paid]
    tendered = notes[0] if notes and paid > 0 and draws.one_in(2) else paid
    lines = [_payment(draws, CASH, paid, country.currency, tendered, None)] if paid else []
    if paid != total:
        rest = total - paid
        lines.append(_payment(draws, ROUNDING, rest, country.currency, rest, "Øreavrunding"))
    return tuple(lines)


def pay_refund(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """A refund: to a card, in cash, or as a credit note; `total` is negative."""
    if total == 0:
        return ()
    way = draws.below(32)
    if way < 20:
        return (_plain(draws, draws.pick(_CARDS), total, country),)
    if way < 27:
        return pay_in_cash(draws, total, country)
    return (_payment(draws, CREDIT_NOTE, total, country.currency, total, "Tilgodelapp"),)


def pay_by_invoice(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """One payment of type invoice (inferred), for any sum, 0 included."""
    method = E_INVOICE if draws.one_in(4) else INVOICE
    return (_payment(draws, method, total, country.currency, total, draws.pick(("Net 14", "Net 30", None))),)


def pay_online(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Payment in a web shop: gift card and card, a wallet, an invoice by Klarna, or a card."""
    if total == 0:
        return ()
    way = draws.below(16)
    if way < 3 and total > 2:
        part = max(1, total // 3)
        return (_plain(draws, GIFT_CARD, part, country), _plain(draws, VISA, total - part, country))
    method = (WALLETS[country.wallet], KLARNA, VISA, MASTERCARD)[way % 4]
    return (_plain(draws, method, total, country),)


def _plain(draws: SeededDraws, method: PaymentMethod, total: Ore, country: Country) -> Payment:
    return _payment(draws, method, total, country.currency, total, "Resten på kort" if draws.one_in(16) else None)


def _payment(
    draws: SeededDraws, method: PaymentMethod, paid: Ore, currency: str, tendered: Ore, note: str | None
) -> Payment:
    drawn = draws.below(10**9)  # both references from one draw, made unlike each other
    reference, row = str(drawn).zfill(9), str(drawn ^ 0x2A5F31).zfill(9)
    return Payment(method, paid, currency, tendered, f"TX{reference}", note, f"PAY{row}")


def payment_json(paid: Payment) -> dict[str, Any]:
    """One of `paymentLines`."""
    return {
        "type": paid.method.type,
        "subType": paid.method.sub_type,
        "currency": paid.currency,
        "currencyTendered": amount(paid.tendered),
        "txRef": paid.reference,
        "text": paid.text,
        "amount": amount(paid.amount),
        "rowId": paid.row_id,
    }
