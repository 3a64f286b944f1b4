"""Names and addresses of people: pools by country, drawn once with Faker and stored in people.json.

They are not drawn at run time, so that a seed gives the same bytes with any version of Faker;
`tests/payloads/master_data/refill_people.py` draws them anew.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import orjson

from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.values.seeded_draws import SeededDraws

_FOLDED = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "ð": "d", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class NamePool:
    """The names and places of one country; towns are (postal code, name)."""

    female: Sequence[str]
    male: Sequence[str]
    family: Sequence[str]
    streets: Sequence[str]
    towns: Sequence[tuple[str, str]]
    companies: Sequence[str]


@lru_cache(maxsize=1)
def pools() -> Mapping[str, NamePool]:
    """The pools by country code, read on first use."""
    read = orjson.loads((Path(__file__).parent / "people.json").read_bytes())
    return MappingProxyType(
        {country: NamePool(**{name: tuple(each) for name, each in kinds.items()}) for country, kinds in read.items()}
    )


def street(draws: SeededDraws, pool: NamePool) -> str:
    """A street and a house: `Storgata 12B`."""
    house = draws.below(960)
    return f"{draws.pick(pool.streets)} {house // 8 + 1}{('', '', '', '', '', 'A', 'B', 'C')[house % 8]}"


def phone(draws: SeededDraws, country: Country) -> str:
    """A mobile number without its calling code."""
    start = draws.pick(country.phone_starts)
    left = country.phone_digits - len(start)
    return start + str(draws.below(10**left)).zfill(left)


def mailbox(first: str, last: str) -> str:
    """The part of an e-mail address before the @: `Bjørg Ås` is `bjorg.as`."""
    return f"{_folded(first)}.{_folded(last)}"


@lru_cache(maxsize=1024)
def _folded(name: str) -> str:
    """A name in ASCII letters and hyphens. The pools are small enough to cache all names."""
    text = name.lower().translate(_FOLDED)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter if letter.isalnum() or letter == "." else "-" for letter in plain)


def address(
    *,
    first: str | None,
    last: str | None,
    company: str | None,
    line1: str | None,
    line2: str | None,
    city: str | None,
    province: str | None,
    postal_code: str | None,
    country: str | None,
    country_code: str | None,
    comment: str | None,
) -> dict[str, str | None]:
    """An address as orders and sales write it: 11 fields."""
    return {
        "firstName": first,
        "lastName": last,
        "companyName": company,
        "address1": line1,
        "address2": line2,
        "city": city,
        "province": province,
        "postalCode": postal_code,
        "country": country,
        "countryCode": country_code,
        "comment": comment,
    }
