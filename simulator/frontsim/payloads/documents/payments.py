"""How sales are paid: one means or several, change, rounding of cash, refunds.

Invariant: the amounts add up to what was to be paid, to the cent.
"""

from dataclasses import dataclass, replace
from typing import Any

from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.values.money import Ore, amount, rounded_to
from frontsim.payloads.values.seeded_draws import SeededDraws


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A means of payment. `id` is its number in a Z report; `type` and `sub_type` are free strings."""

    id: int
    type: str
    sub_type: str | None


CASH = PaymentMethod(1, "cash", None)
ROUNDING = PaymentMethod(2, "rounding", None)
VISA = PaymentMethod(3, "creditCard", "visa")
MASTERCARD = PaymentMethod(4, "creditCard", "mastercard")
GIFT_CARD = PaymentMethod(5, "giftCard", None)
INVOICE = PaymentMethod(6, "invoice", None)
E_INVOICE = PaymentMethod(6, "invoice", "ehf")
WALLETS = {
    "Vipps": PaymentMethod(10, "Vipps", None),
    "Swish": PaymentMethod(30, "Swish", None),
    "MobilePay": PaymentMethod(31, "MobilePay", None),
}
KLARNA = PaymentMethod(124, "KlarnaFaktura", None)
CREDIT_NOTE = PaymentMethod(128, "creditNote", None)
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
    currency: str | None
    tendered: Ore | None
    reference: str | None
    text: str | None
    row_id: str | None
    type_known: bool = True


def pay_at_till(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """What is paid at a till: card, wallet, cash with its rounding and change, gift card and the rest by card."""
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
    if way == 30:
        return (_euros(draws, total),)
    return (_bare(total),)


def pay_in_cash(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Cash: the sum that coins can pay, and what the rounding gives or takes."""
    paid = rounded_to(total, country.coin)
    notes = [note for note in _NOTES if note >= paid]
    tendered = notes[0] if notes and paid > 0 and draws.one_in(2) else paid
    lines = [Payment(CASH, paid, country.currency, tendered, None, None, _row(draws))] if paid else []
    if paid != total:
        lines.append(Payment(ROUNDING, total - paid, country.currency, total - paid, None, "Øreavrunding", _row(draws)))
    return tuple(lines)


def pay_refund(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """What is paid back: to the card, in cash, or as a credit note; `total` is negative."""
    if total == 0:
        return ()
    way = draws.below(32)
    if way == 31:
        return (_bare(total),)
    if way < 20:
        return (_plain(draws, draws.pick(_CARDS), total, country),)
    if way < 27:
        return pay_in_cash(draws, total, country)
    return (Payment(CREDIT_NOTE, total, country.currency, total, None, "Tilgodelapp", _row(draws)),)


def pay_by_invoice(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """One payment of type invoice (inferred), whatever the sum."""
    sparse = draws.below(16)
    return (
        Payment(
            E_INVOICE if sparse % 4 == 1 else INVOICE,
            total,
            None if sparse == 0 else country.currency,
            None if sparse == 1 else total,
            f"INV{draws.below(10**7):07}" if sparse > 7 else None,
            "Net 14" if sparse > 4 else None,
            None if sparse == 2 else _row(draws),
            type_known=sparse != 3,
        ),
    )


def pay_online(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """How a web shop was paid."""
    if total == 0:
        return ()
    way = draws.below(16)
    if way == 0:
        return (_bare(total),)
    if way < 3 and total > 2:
        part = max(1, total // 3)
        return (_plain(draws, GIFT_CARD, part, country), _plain(draws, VISA, total - part, country))
    method = (WALLETS[country.wallet], KLARNA, VISA, MASTERCARD)[way % 4]
    return (_plain(draws, method, total, country),)


def _plain(draws: SeededDraws, method: PaymentMethod, total: Ore, country: Country) -> Payment:
    note = "Resten på kort" if draws.one_in(16) else None
    drawn = draws.below(10**9)  # both references from one draw, made unlike each other
    reference, row = str(drawn).zfill(9), str(drawn ^ 0x2A5F31).zfill(9)
    return Payment(method, total, country.currency, total, f"TX{reference}", note, f"PAY{row}")


def _euros(draws: SeededDraws, total: Ore) -> Payment:
    cents = (total * 100 + _EURO_RATE - 1) // _EURO_RATE
    return Payment(CASH, total, "EUR", cents, None, "EUR 11.45", _row(draws))


def _bare(total: Ore) -> Payment:
    """A payment of which an outside terminal told nothing but the sum."""
    return Payment(CASH, total, None, None, None, None, None, type_known=False)


def _row(draws: SeededDraws) -> str:
    return f"PAY{draws.below(10**9):09}"


def all_known(payments: tuple[Payment, ...], country: Country) -> tuple[Payment, ...]:
    """The payments, each with its type, currency and sum told."""
    return tuple(
        replace(
            each,
            type_known=True,
            currency=each.currency or country.currency,
            tendered=each.amount if each.tendered is None else each.tendered,
        )
        for each in payments
    )


def payment_json(paid: Payment) -> dict[str, Any]:
    """One of `paymentLines`."""
    known = paid.type_known
    return {
        "type": paid.method.type if known else None,
        "subType": paid.method.sub_type if known else None,
        "currency": paid.currency,
        "currencyTendered": None if paid.tendered is None else amount(paid.tendered),
        "txRef": paid.reference,
        "text": paid.text,
        "amount": amount(paid.amount),
        "rowId": paid.row_id,
    }
