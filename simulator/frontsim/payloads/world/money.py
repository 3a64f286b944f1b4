"""Money in whole hundredths, and each country's currency, VAT and coins.

Amounts become JSON numbers only when they are written: 19999 is written 199.99.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

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


@dataclass(frozen=True, slots=True)
class Country:
    """A country's currency, VAT, coins and telephone numbers.

    `vat` is the rate in percent by group of goods; `areas` are its rates above zero, highest first, as a
    Z report lists them; `coin` is the smallest coin, to which cash is rounded.
    """

    code: str
    name: str
    currency: str
    calling_code: str
    phone_starts: tuple[str, ...]
    phone_digits: int
    vat: Mapping[str, int]
    areas: tuple[int, ...]
    coin: Ore
    wallet: str


def _rates(**rates: int) -> Mapping[str, int]:
    return MappingProxyType(rates)


COUNTRIES: Mapping[str, Country] = MappingProxyType(
    {
        "NO": Country(
            code="NO",
            name="Norway",
            currency="NOK",
            calling_code="47",
            phone_starts=("4", "9"),
            phone_digits=8,
            vat=_rates(goods=25, food=15, ticket=12, book=0, voucher=0),
            areas=(25, 15, 12),
            coin=100,
            wallet="Vipps",
        ),
        "SE": Country(
            code="SE",
            name="Sweden",
            currency="SEK",
            calling_code="46",
            phone_starts=("70", "72", "73", "76", "79"),
            phone_digits=9,
            vat=_rates(goods=25, food=12, ticket=6, book=6, voucher=0),
            areas=(25, 12, 6),
            coin=100,
            wallet="Swish",
        ),
        "DK": Country(
            code="DK",
            name="Denmark",
            currency="DKK",
            calling_code="45",
            phone_starts=("2", "4", "5", "6"),
            phone_digits=8,
            vat=_rates(goods=25, food=25, ticket=25, book=25, voucher=0),
            areas=(25,),
            coin=50,
            wallet="MobilePay",
        ),
    }
)
"""By ISO 3166-1 code. VAT rates as in force in 2026, for what the chain sells."""
