"""The chain's assortment: products in sizes, with a price list for each currency."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import orjson

from frontsim.payloads.world.money import Ore, amount, share
from frontsim.payloads.world.seeded_draws import SeededDraws, gtin12, gtin13, spread

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
