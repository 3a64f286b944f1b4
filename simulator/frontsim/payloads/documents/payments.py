"""How sales are paid: one means or several, change, rounding of cash, refunds.

Invariant: the amounts add up to what was to be paid, to the cent.
"""

from dataclasses import dataclass, replace
from typing import Any

from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.values.money import Ore, amount, rounded_to
from frontsim.payloads.values.seeded_draws import SeededDraws


@dataclass(frozen=True, slots=True)
class Means:
    """A means of payment. `id` is its number in a Z report; `type` and `sub_type` are free strings."""

    id: int
    type: str
    sub_type: str | None


CASH = Means(1, "cash", None)
ROUNDING = Means(2, "rounding", None)
VISA = Means(3, "creditCard", "visa")
MASTERCARD = Means(4, "creditCard", "mastercard")
GIFT_CARD = Means(5, "giftCard", None)
INVOICE = Means(6, "invoice", None)
E_INVOICE = Means(6, "invoice", "ehf")
WALLETS = {
    "Vipps": Means(10, "Vipps", None),
    "Swish": Means(30, "Swish", None),
    "MobilePay": Means(31, "MobilePay", None),
}
KLARNA = Means(124, "KlarnaFaktura", None)
CREDIT_NOTE = Means(128, "creditNote", None)
BANK_AXEPT = Means(10000, "debitCard", "bankAxept")
"""Numbers as far as they are published: 3 Visa, 4 ECMC, 10000 BankAxxess, 5 GiftCard, 6 Invoice, 10 Vipps,
124 KlarnaFaktura; 1 for cash and 3 for a Visa stand in the settlement's example. The rest is ours."""

_CARDS = (VISA, VISA, MASTERCARD, BANK_AXEPT)
_NOTES: tuple[Ore, ...] = (5_000, 10_000, 20_000, 50_000, 100_000)
_EURO_RATE = 1145
"""Oere for one euro's hundred cents, whatever the currency: only the sum in the store's currency is booked."""


@dataclass(slots=True)
class Payment:
    """One payment: `amount` in the store's currency, `tendered` in `currency`."""

    means: Means
    amount: Ore
    currency: str | None
    tendered: Ore | None
    reference: str | None
    text: str | None
    row_id: str | None
    type_known: bool = True


def till(dice: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """What is paid at a till: card, wallet, cash with its rounding and change, gift card and the rest by card."""
    if total == 0:
        return ()
    way = dice.below(32)
    if way < 16:
        return (_plain(dice, dice.pick(_CARDS), total, country),)
    if way < 21:
        return (_plain(dice, WALLETS[country.wallet], total, country),)
    if way < 26:
        return cash(dice, total, country)
    if way < 29:
        first = max(1, min(total - 1, dice.pick((10_000, 20_000, 50_000)))) if total > 1 else total
        card = _plain(dice, GIFT_CARD, first, country)
        return (card, _plain(dice, dice.pick(_CARDS), total - first, country)) if total > first else (card,)
    if way == 29:
        part = max(1, total * dice.between(20, 80) // 100)
        return tuple(
            _plain(dice, means, each, country) for means, each in ((VISA, part), (MASTERCARD, total - part)) if each
        )
    if way == 30:
        return (_euros(dice, total),)
    return (_bare(total),)


def cash(dice: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Cash: the sum that coins can pay, and what the rounding gives or takes."""
    paid = rounded_to(total, country.coin)
    notes = [note for note in _NOTES if note >= paid]
    tendered = notes[0] if notes and paid > 0 and dice.one_in(2) else paid
    lines = [Payment(CASH, paid, country.currency, tendered, None, None, _row(dice))] if paid else []
    if paid != total:
        lines.append(Payment(ROUNDING, total - paid, country.currency, total - paid, None, "Øreavrunding", _row(dice)))
    return tuple(lines)


def refund(dice: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """What is paid back: to the card, in cash, or as a credit note; `total` is negative."""
    if total == 0:
        return ()
    way = dice.below(32)
    if way == 31:
        return (_bare(total),)
    if way < 20:
        return (_plain(dice, dice.pick(_CARDS), total, country),)
    if way < 27:
        return cash(dice, total, country)
    return (Payment(CREDIT_NOTE, total, country.currency, total, None, "Tilgodelapp", _row(dice)),)


def invoice(dice: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """One payment of type invoice (inferred), whatever the sum."""
    sparse = dice.below(16)
    return (
        Payment(
            E_INVOICE if sparse % 4 == 1 else INVOICE,
            total,
            None if sparse == 0 else country.currency,
            None if sparse == 1 else total,
            f"INV{dice.below(10**7):07}" if sparse > 7 else None,
            "Net 14" if sparse > 4 else None,
            None if sparse == 2 else _row(dice),
            type_known=sparse != 3,
        ),
    )


def online(dice: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """How a web shop was paid."""
    if total == 0:
        return ()
    way = dice.below(16)
    if way == 0:
        return (_bare(total),)
    if way < 3 and total > 2:
        part = max(1, total // 3)
        return (_plain(dice, GIFT_CARD, part, country), _plain(dice, VISA, total - part, country))
    means = (WALLETS[country.wallet], KLARNA, VISA, MASTERCARD)[way % 4]
    return (_plain(dice, means, total, country),)


def _plain(dice: SeededDraws, means: Means, total: Ore, country: Country) -> Payment:
    note = "Resten på kort" if dice.one_in(16) else None
    drawn = dice.below(10**9)  # both references from one draw, made unlike each other
    reference, row = str(drawn).zfill(9), str(drawn ^ 0x2A5F31).zfill(9)
    return Payment(means, total, country.currency, total, f"TX{reference}", note, f"PAY{row}")


def _euros(dice: SeededDraws, total: Ore) -> Payment:
    cents = (total * 100 + _EURO_RATE - 1) // _EURO_RATE
    return Payment(CASH, total, "EUR", cents, None, "EUR 11.45", _row(dice))


def _bare(total: Ore) -> Payment:
    """A payment of which an outside terminal told nothing but the sum."""
    return Payment(CASH, total, None, None, None, None, None, type_known=False)


def _row(dice: SeededDraws) -> str:
    return f"PAY{dice.below(10**9):09}"


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
        "type": paid.means.type if known else None,
        "subType": paid.means.sub_type if known else None,
        "currency": paid.currency,
        "currencyTendered": None if paid.tendered is None else amount(paid.tendered),
        "txRef": paid.reference,
        "text": paid.text,
        "amount": amount(paid.amount),
        "rowId": paid.row_id,
    }
