"""Money in whole hundredths (oere), so that sums are right to the cent.

Amounts become JSON numbers only when they are written: 19999 is written 199.99.
"""

from dataclasses import dataclass
from functools import lru_cache

import orjson

Ore = int
"""Hundredths of a currency's unit."""


def amount(ore: Ore) -> float:
    """The JSON number of an amount: the nearest double, which prints with at most two decimals."""
    return ore / 100


def share(ore: Ore, percent: int) -> Ore:
    """`percent` percent of an amount, halves rounded away from zero."""
    return (ore * percent + 50) // 100 if ore >= 0 else -((-ore * percent + 50) // 100)


def vat_in(gross: Ore, percent: int) -> Ore:
    """The VAT inside a gross amount: gross - gross / (1 + rate), halves rounded away from zero.

    `vat_in(19999, 25)` is 4000: 40.00 of 199.99 (published, as an example). The sign follows the amount.
    """
    if gross < 0:
        return -vat_in(-gross, percent)
    whole = 100 + percent
    return (2 * gross * percent + whole) // (2 * whole)


def rounded_to(ore: Ore, step: Ore) -> Ore:
    """An amount as coins can pay it: the nearest multiple of the smallest coin, halves away from zero."""
    if ore < 0:
        return -rounded_to(-ore, step)
    return (ore + step // 2) // step * step


def fraction(part: Ore, whole: Ore) -> float:
    """`part` of `whole` as the vendor writes a share: 0.2 is 20 %, to four decimals; 0 if `whole` is 0."""
    return round(part / whole, 4) if whole else 0.0


@dataclass(frozen=True, slots=True)
class LinePrice:
    """The price of a line: pieces at a unit price, less a discount. In oere; on a return the quantity is negative."""

    quantity: int
    full: Ore
    discount: Ore
    rate: int
    """The VAT in percent."""
    total: Ore
    """quantity * (full - discount), VAT included; negative on a return."""
    vat: Ore
    """The VAT in it."""
    sale_json: str
    """Its fields in a line of a sale, from `quantity` to `vatPercent`, without braces."""
    order_json: str
    """Its fields in a line of an order, from `price` to `discountPercent`, without braces."""


@lru_cache(maxsize=8192)
def line_price(quantity: int, full: Ore, discount: Ore, rate: int) -> LinePrice:
    """The price of a line with its sums. Cached, because a chain has few that differ.

    72 prices, 11 discounts, one to three pieces, sold or returned: under 5,000 prices, less than 4 MB.
    """
    total = quantity * (full - discount)
    vat = vat_in(total, rate)
    price = {"price": amount(full - discount)}
    before = {"fullPrice": amount(full), "discount": amount(discount), "discountPercent": fraction(discount, full)}
    tax = {"vat": amount(vat), "vatPercent": rate / 100}
    return LinePrice(
        quantity=quantity,
        full=full,
        discount=discount,
        rate=rate,
        total=total,
        vat=vat,
        sale_json=_fields({"quantity": quantity, **price, **before, **tax}),
        order_json=_fields({**price, **tax, **before}),
    )


def _fields(values: dict[str, float]) -> str:
    return orjson.dumps(values)[1:-1].decode()
