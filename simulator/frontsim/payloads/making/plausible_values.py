"""Plausible values by a field's name, for payloads of which only a schema is known.

The longest known end of a name decides: `customerEmail` -> `customeremail` -> `email`. The name of the enclosing field
may come first, so that `store.name` counts as `storename`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from random import Random

from frontsim.payloads.world.seeded_draws import FREE_TEXTS, gtin13, organization_number
from frontsim.schemas.texts import FORMATS, Hint, Names, Range, Text, below, day, email, pick, url, vendor_moment

_SPLIT = re.compile(r"[A-ZÆØÅ]{2,}(?![a-zæøå])|[A-ZÆØÅ]?[a-zæøåäö]+|[A-ZÆØÅ]|[0-9]+")
_PLURAL = re.compile(r"(?<=[a-z])s$")
_OWNERS = {"store", "stock", "company", "pos", "person", "customer", "location", "contact"}
"""Enclosing fields whose name changes the meaning of a field's name."""

_ADJECTIVES = ("blå", "grønn", "rød", "stor", "liten", "ny", "klassisk", "lett", "varm", "myk")
_NOUNS = ("ull", "bomull", "lin", "skinn", "vår", "sommer", "høst", "vinter")
_FIRST = ("Ingrid", "Ola", "Kari", "Åse", "Bjørn", "Søren", "Mette", "Linnéa", "Göran", "Märta", "Jonas", "Sunniva")
_LAST = ("Hansen", "Ødegård", "Bakke", "Lindström", "Åkesson", "Sørensen", "Kjær", "Moe", "Nygård", "Björk")
_STREETS = ("Storgata", "Kirkegata", "Drottninggatan", "Østergade", "Bryggen", "Åsveien", "Skolgatan", "Havnegade")
_CITIES = ("Oslo", "Bergen", "Trondheim", "Tromsø", "Stockholm", "Göteborg", "København", "Århus")
_GOODS = ("Ullgenser", "Regnjakke", "Linskjorte", "Chelsea-støvel", "Lue", "Skjerf", "Jeans slim", "Tursekk 20 l")
_PERSONS = tuple(f"{first} {last}" for first in _FIRST for last in _LAST)
_SHOPS = tuple(f"Butikk {city}" for city in _CITIES)
_ADDRESSES = tuple(f"{street} {number}" for street in _STREETS for number in range(1, 60, 3))
_GTINS = tuple(gtin13(f"70{number * 7_919_113 % 10**10:010}") for number in range(1, 401))
_COMPANY_NUMBERS = tuple(organization_number("NO", number * 77_773) for number in range(1, 65))

_WORDS = tuple(f"{adjective} {noun}" for adjective in _ADJECTIVES for noun in _NOUNS)
_SENTENCES = tuple(text for text in FREE_TEXTS if len(text) < 400)


def _digits(count: int, prefix: str = "") -> Callable[[Random], str]:
    least, span = 10 ** (count - 1), 9 * 10 ** (count - 1)
    return lambda rng: f"{prefix}{least + int(rng.random() * span)}"


def _sgtin(rng: Random) -> str:
    return f"{pick(rng, _GTINS)}.{below(rng, 10**9)}"


_TEXTS: Mapping[str, Text] = {
    **dict.fromkeys(("datetime", "timestamp", "createdat", "updatedat", "ins", "birthday"), vendor_moment),
    **dict.fromkeys(("datetimefrom", "datetimeto", "moment", "deliverydate", "orderdate", "snapshot"), vendor_moment),
    "time": vendor_moment,
    **dict.fromkeys(("date", "day"), day),
    **dict.fromkeys(("email", "mail", "emailaddress"), email),
    **dict.fromkeys(("url", "uri", "link", "href", "website"), url),
    **dict.fromkeys(("guid", "uuid"), FORMATS["uuid"]),
    **dict.fromkeys(("gtin", "ean", "barcode"), _GTINS),
    "sgtin": _sgtin,
    **dict.fromkeys(("currency", "currencycode"), ("NOK", "SEK", "DKK")),
    **dict.fromkeys(("countrycode", "country"), ("NO", "SE", "DK")),
    **dict.fromkeys(("language", "locale"), ("nb-NO", "sv-SE", "da-DK")),
    **dict.fromkeys(("phone", "mobile", "telephone", "phonenumber"), _digits(8)),
    "phonecountryprefix": ("+47", "+46", "+45"),
    "firstname": _FIRST,
    **dict.fromkeys(("lastname", "surname"), _LAST),
    **dict.fromkeys(("personname", "customername", "fullname", "salesperson", "person", "contactname"), _PERSONS),
    **dict.fromkeys(("storename", "stockname", "locationname", "store", "stock"), _SHOPS),
    **dict.fromkeys(("companyname", "company"), ("Nordlys AS", "Fjord & Sønn AS", "Bryggen Handel AB")),
    "posname": tuple(f"Kasse {number}" for number in range(1, 7)),
    **dict.fromkeys(("address", "address1", "street", "streetaddress", "addressline", "addressline1"), _ADDRESSES),
    **dict.fromkeys(("address2", "addressline2"), ("", "c/o Moe", "H0201", "3. etasje")),
    **dict.fromkeys(("postalcode", "zip", "zipcode", "postcode"), _digits(4)),
    **dict.fromkeys(("city", "town", "province", "region"), _CITIES),
    **dict.fromkeys(("organizationnumber", "orgno", "vatnumber"), _COMPANY_NUMBERS),
    **dict.fromkeys(("sku", "externalsku", "identity"), _digits(6, "FS-")),
    **dict.fromkeys(("sizetext", "size"), ("XS", "S", "M", "L", "XL", "38", "40/32")),
    **dict.fromkeys(("color", "colour"), ("Blå", "Rød", "Grønn", "Sort", "Hvit")),
    "name": _GOODS,
    "gender": ("Male", "Female", "Unknown"),
    **dict.fromkeys(("id", "extid", "ref", "extref", "no", "number", "txref"), _digits(9)),
    **dict.fromkeys(("paymenttype", "linestype", "type"), ("creditCard", "giftCard", "cash", "invoice")),
    "subtype": ("visa", "mastercard", "amex"),
    "ordertype": ("BOPIS", "BOSS", "ROPIS"),
    "status": ("UnHandled", "Shipped", "Picked"),
    "saleschannel": ("POS", "Web"),
    "tags": ("vår,nyhet", "salg", "klubb"),
    **dict.fromkeys(("comment", "description", "text", "note", "message", "label", "remark"), _SENTENCES),
}

_MONEY = Range(49_00, 4_999_00, 100)
_PIECES = Range(1, 6)
_RANGES: Mapping[str, Range] = {
    **dict.fromkeys(("price", "fullprice", "amount", "total", "cost", "sum", "balance", "revenue", "value"), _MONEY),
    **dict.fromkeys(("tendered", "currencytendered", "subtotal", "fee", "deposit", "withdrawal"), _MONEY),
    **dict.fromkeys(("discount", "grossdiscount"), Range(0, 200_00, 100)),
    **dict.fromkeys(("vat", "vattotal", "tax", "vatarea", "vatarea1", "vatarea2", "vatarea3"), Range(0, 999_00, 100)),
    **dict.fromkeys(("vatpercent", "taxrate", "vatrate"), Range(1, 25)),
    **dict.fromkeys(("percent", "percentage"), Range(0, 100)),
    **dict.fromkeys(("quantity", "qty", "count", "pieces"), _PIECES),
    **dict.fromkeys(("level", "stock"), Range(0, 120)),
    **dict.fromkeys(("year",), Range(2024, 2026)),
    **dict.fromkeys(("month",), Range(1, 12)),
    **dict.fromkeys(("hours", "lengthinhours"), Range(1, 72)),
    **dict.fromkeys(("minutes", "seconds"), Range(0, 59)),
    **dict.fromkeys(("age",), Range(16, 95)),
    **dict.fromkeys(("latitude", "lat"), Range(55_0000, 69_0000, 10_000)),
    **dict.fromkeys(("longitude", "lon", "lng"), Range(5_0000, 24_0000, 10_000)),
    **dict.fromkeys(("storeid", "stockid", "posid"), Range(1_000, 9_999)),
    **dict.fromkeys(("id", "no", "number", "receiptnofrom", "receiptnoto"), Range(100_000_000, 999_999_999)),
    **dict.fromkeys(("timestamp", "epoch"), Range(1_767_225_600, 1_798_761_600)),
    **dict.fromkeys(("weight", "length", "width", "height", "depth"), Range(1_0, 250_0, 10)),
}


def hint(name: str, around: Hint = ()) -> Hint:
    """The known words at the end of a name; a list has the name of its items.

    Unknown words are dropped, so that a schema that contains itself under many names has few hints.
    """
    own = tuple(word.lower() for word in _SPLIT.findall(name))
    whole = (*around[-1:], *own) if around and around[-1] in _OWNERS else own
    of_one = (*whole[:-1], _PLURAL.sub("", whole[-1])) if whole else whole
    for words in (whole, of_one):
        for start in range(len(words)):
            if (word := "".join(words[start:])) in _TEXTS or word in _RANGES:
                return words[start:]
    return own[-1:] if own and own[-1] in _OWNERS else ()


def _ends(hint: Hint) -> Iterator[str]:
    return ("".join(hint[start:]) for start in range(len(hint)))


PLAUSIBLE = Names(
    hint=hint,
    text=lambda hint: next((_TEXTS[word] for word in _ends(hint) if word in _TEXTS), None),
    range=lambda hint: next((_RANGES[word] for word in _ends(hint) if word in _RANGES), None),
    words=_WORDS,
    sentences=_SENTENCES,
)
"""The names of fields that the vendor's payloads have, and those that others use for the same."""
