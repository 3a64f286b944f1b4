"""The countries that the chain sells in: currency, VAT, coins, telephone."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from frontsim.payloads.values.money import Ore


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
