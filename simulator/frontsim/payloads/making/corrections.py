"""Payloads under a user's schema: kept as they are if it allows them, corrected if not, with plausible values.

A user may replace the schema of a bundled type, for example with the one that the real API serves. The schema is then
right, and the builder's payload is changed only where it breaks it:

    required field missing           drawn from the field's schema
    value not allowed                converted (7 to "7"), else drawn from its schema
    field that must not be there     left out
    still not valid                  the whole payload is drawn from the schema

What is drawn is plausible by its field's name. The longest known end of a name decides: `customerEmail` ->
`customeremail` -> `email`. The name of the enclosing field may come first, so that `store.name` counts as `storename`.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

import jsonschema_rs

from frontsim.errors import BadInput
from frontsim.payloads.world.seeded_draws import FREE_TEXTS, gtin13, organization_number
from frontsim.schemas.draw import Drawer
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


Json = Any
"""A parsed JSON value."""
_Schema = Mapping[str, Any] | bool

_ROUNDS = 8
_MOST_PROBLEMS = 200
_DEFINITIONS = ("$schema", "$defs", "definitions")


class Corrector:
    """Corrects values under one schema.

    Args:
        schema: a JSON Schema that refers to nothing outside itself.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.validator_for(dict(schema), validate_formats=True)
        self._drawers: dict[tuple[str, str], Drawer | None] = {}

    def corrected(self, value: Json, rng: Random) -> Json:
        """A valid value as near to `value` as we can; the same for the same state of `rng`.

        Raises:
            BadInput: the schema cannot be met.
        """
        if self._validator.is_valid(value):
            return value
        mended = copy.deepcopy(value)
        for _ in range(_ROUNDS):
            problems = list(islice(self._validator.iter_errors(mended), _MOST_PROBLEMS))
            if not problems:
                return mended
            for problem in problems:
                mended = self._mended(mended, problem, rng)
        return Drawer(self._schema, PLAUSIBLE).draw(rng)

    def _mended(self, value: Json, problem: jsonschema_rs.ValidationError, rng: Random) -> Json:
        """The value without one problem, as far as it still has it."""
        path, keyword = list(problem.instance_path), problem.kind.name
        schema = _part(self._schema, list(problem.schema_path)[:-1])
        try:
            at = _at(value, path)
        except (LookupError, TypeError):  # an earlier correction has replaced what is around it
            return value
        if keyword == "required" and isinstance(at, dict):
            name = str(problem.kind.value)
            at[name] = self._drawn(schema.get("properties", {}).get(name, True), name, rng)
            return value
        if keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(at, dict):
            for name in at.keys() - schema.get("properties", {}).keys():
                del at[name]
            return value
        name = next((str(step) for step in reversed(path) if isinstance(step, str)), "value")
        return _put(value, path, self._replacement(at, schema, name, rng))

    def _replacement(self, value: Json, schema: Mapping[str, Any], name: str, rng: Random) -> Json:
        try:
            allowed = jsonschema_rs.validator_for(self._wrapped(schema, name), validate_formats=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):  # it refers to what we did not wrap
            return self._drawn(schema, name, rng)
        for converted in _conversions(value):
            if allowed.is_valid({name: converted}):
                return converted
        return self._drawn(schema, name, rng)

    def _drawn(self, schema: _Schema, name: str, rng: Random) -> Json:
        """A value under a part of the schema; None if we find none."""
        key = (repr(schema), name)
        if key not in self._drawers:
            try:
                self._drawers[key] = Drawer(self._wrapped(schema, name), PLAUSIBLE)
            except BadInput:
                self._drawers[key] = None
        drawer = self._drawers[key]
        drawn = {name: None} if drawer is None else drawer.draw(rng)
        return drawn[name] if isinstance(drawn, dict) else None

    def _wrapped(self, schema: _Schema, name: str) -> dict[str, Any]:
        """A schema of an object with one field of that name, because names steer what is drawn."""
        kept = {key: self._schema[key] for key in _DEFINITIONS if key in self._schema}
        return {**kept, "type": "object", "required": [name], "properties": {name: schema}}


def _part(schema: Mapping[str, Any], path: Sequence[str | int]) -> Mapping[str, Any]:
    """The part of a schema at a path; {} where there is no object."""
    place: Json = schema
    for step in path:
        place = place.get(str(step), {}) if isinstance(place, Mapping) else place[int(step)]
    return place if isinstance(place, Mapping) else {}


def _conversions(value: Json) -> Iterator[Json]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield str(value)
        yield float(value)
    if isinstance(value, float) and value.is_integer():
        yield int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        yield int(value)


def _at(value: Json, path: Sequence[str | int]) -> Json:
    for step in path:
        value = value[step]
    return value


def _put(value: Json, path: Sequence[str | int], new: Json) -> Json:
    """The value with another one at a path."""
    if not path:
        return new
    _at(value, path[:-1])[path[-1]] = new
    return value
