"""Prices: money in whole hundredths, each country's currency, VAT and coins, and the assortment with its price lists.

Amounts become JSON numbers only when they are written: 19999 is written 199.99.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import orjson

from frontsim.payloads.world.seeded_draws import SeededDraws, gtin12, gtin13, spread

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


_LETTERS = ("XS", "S", "M", "L", "XL", "XXL")
_SHOES = tuple(str(size) for size in range(36, 47))
_CHILD = ("86/92", "98/104", "110/116", "122/128", "134/140")
_ONE = ("One size",)

COLOURS = ("Black", "Navy", "Fjord blue", "Moss green", "Rød", "Grå melange", "Off-white")

_STYLES: tuple[tuple[str, str, Ore, tuple[str, ...], int], ...] = (
    ("Merino crew neck", "goods", 99900, _LETTERS, 3),
    ("Merino boxer", "goods", 39900, _LETTERS, 2),
    ("Rain jacket Vestland", "goods", 179900, _LETTERS, 3),
    ("Down vest", "goods", 149900, _LETTERS, 2),
    ("Chino slim", "goods", 89995, _LETTERS, 3),
    ("T-shirt organic", "goods", 24990, _LETTERS, 5),
    ("Oxford shirt", "goods", 69990, _LETTERS, 3),
    ("Denim jacket", "goods", 119900, _LETTERS, 1),
    ("Running shoe Tempo", "goods", 139900, _SHOES, 2),
    ("Sneaker low", "goods", 109900, _SHOES, 3),
    ("Winter boot", "goods", 199900, _SHOES, 1),
    ("Wool sock 3-pack", "goods", 19990, ("36-39", "40-43", "44-46"), 3),
    ("Kids fleece", "goods", 44990, _CHILD, 3),
    ("Kids rubber boot", "goods", 34900, ("24", "26", "28", "30"), 2),
    ("Beanie", "goods", 29900, _ONE, 4),
    ("Scarf, lambswool", "goods", 49900, _ONE, 3),
    ("Leather belt", "goods", 59900, ("85", "95", "105"), 2),
    ("Tote bag «Bergen»", "goods", 14900, _ONE, 2),
    ("Water bottle 0.75 l", "goods", 24900, _ONE, 3),
    ("Energy bar, hazelnut", "food", 3490, _ONE, 1),
    ("Coffee beans 250 g", "food", 11990, _ONE, 1),
    ("Lift pass, day", "ticket", 52000, ("Adult", "Child"), 1),
    ("Hiking guide Jotunheimen", "book", 34900, _ONE, 1),
    ("Strikkebok: 40 gensere", "book", 44900, _ONE, 1),
)

_RATES = {"NOK": 100, "SEK": 106, "DKK": 66}
"""The level of each price list, in percent of the Norwegian one."""


@dataclass(frozen=True, slots=True)
class Size:
    """One size of one product, the unit that has a barcode. Prices and costs are in oere, by currency.

    Prices include VAT, costs do not. `number` is its place in the assortment.
    """

    number: int
    product_id: int
    identity: str
    gtin: str
    sku: str
    label: str
    text: str
    group: str
    price: Mapping[str, Ore]
    cost: Mapping[str, Ore]
    codes_json: str
    """The fields `identity`, `gtin` and `externalSKU` of a line about it, without braces."""
    cost_json: Mapping[str, str]
    """The cost of a piece, by currency."""

    def serial(self, piece: int) -> str:
        """The RFID tag (an SGTIN) of a piece."""
        return f"urn:epc:id:sgtin:{self.gtin[:7]}.0{self.gtin[7:12]}.{piece}"


@dataclass(frozen=True, slots=True)
class Article:
    """The article of a line: a size, with the JSON that all lines of it share."""

    size: Size
    sale_json: str
    """Its fields in a line of a sale, from `productId` to `sizeText`, without braces."""
    gtin_json: str
    sku_json: str
    label_json: str
    text_json: str
    cost_json: Mapping[str, str]
    """The cost of a piece, by currency."""


def article(size: Size) -> Article:
    """The article of a size, under the label that tills print."""
    label, text = _json(size.label), _json(size.text)
    return Article(
        size=size,
        sale_json=f'"productId":{size.product_id},{size.codes_json},"receiptLabel":{label},"sizeText":{text}',
        gtin_json=_json(size.gtin),
        sku_json=_json(size.sku),
        label_json=label,
        text_json=text,
        cost_json=size.cost_json,
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


@lru_cache(maxsize=8)
def assortment(seed: int) -> tuple[Size, ...]:
    """All sizes that the chain of a seed sells; made once for all simulators of a process, as `verify` has many."""
    sizes: list[Size] = []
    first_product = 11_000_000 + spread(seed, "product", 900_000)
    for product, (name, group, price, texts, colour) in enumerate(_products()):
        # at another level, with the same ending (.00, .90 or .95)
        prices = {currency: share(price, rate) // 100 * 100 + price % 100 for currency, rate in _RATES.items()}
        label = f"{name} {colour}" if colour else name
        for text in texts:
            sizes.append(_size(seed, len(sizes), first_product + product * 3, label, text, group, prices))
    return tuple(sizes)


def _products() -> list[tuple[str, str, Ore, tuple[str, ...], str]]:
    return [
        (name, group, price, sizes, COLOURS[(shade + place) % len(COLOURS)] if group == "goods" else "")
        for place, (name, group, price, sizes, colours) in enumerate(_STYLES)
        for shade in range(colours)
    ]


def _size(seed: int, number: int, product: int, label: str, text: str, group: str, prices: Mapping[str, Ore]) -> Size:
    draws = SeededDraws(seed, "size", number)
    item = f"{spread(seed, 'brand', 1000) * 1000 + number:06}"
    identity = gtin12(f"20000{item}") if draws.one_in(4) else gtin13(f"200000{item}")
    percent = 30 + draws.below(25)
    gtin = gtin13(f"703314{item}")
    sku = f"{label[:3].upper()}-{product % 10000}-{text}".replace(" ", "")
    cost = {currency: share(price, percent) for currency, price in prices.items()}
    return _sold(number, product, (identity, gtin, sku), (label, text, group), prices, cost)


def _sold(
    number: int,
    product: int,
    codes: tuple[str, str, str],
    texts: tuple[str, str, str],
    prices: Mapping[str, Ore],
    cost: Mapping[str, Ore],
) -> Size:
    return Size(
        number,
        product,
        *codes,
        *texts,
        prices,
        cost,
        codes_json=_json(dict(zip(("identity", "gtin", "externalSKU"), codes, strict=True)))[1:-1],
        cost_json={currency: _json(amount(each)) for currency, each in cost.items()},
    )


ADDED = 1_000_000
"""The numbers of sizes that a caller added begin here; they begin without a piece in stock."""


def added_size(product_id: int, codes: tuple[str, str, str], texts: tuple[str, str], price: Ore, cost: Ore) -> Size:
    """A size of a product that a caller added: its identity, GTIN and SKU, its label and the text of the size.

    Both amounts hold in every currency.
    """
    return _sold(ADDED, product_id, codes, (*texts, "goods"), dict.fromkeys(_RATES, price), dict.fromkeys(_RATES, cost))
