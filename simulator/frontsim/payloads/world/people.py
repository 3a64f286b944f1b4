"""People: names, addresses, and customers with their two events.

They are not drawn at run time, so that a seed gives the same bytes with any version of Faker;
`tests/payloads/world/refill_people.py` draws them anew.

Customer `n` of a seed is the same person in every payload: the CustomerCreated of number 7, a sale to customer 7,
an order of customer 7.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from frontsim.errors import Unusable
from frontsim.payloads.world.moments import DAY, Ticks, date_text, text
from frontsim.payloads.world.prices import COUNTRIES, Country
from frontsim.payloads.world.seeded_draws import COMMENTS, SeededDraws, organization_number

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


_SIZES = {"female": 64, "male": 64, "family": 80, "streets": 128, "towns": 64, "companies": 48}
_FAKER_SEED = 20211209


def locale_of(country: str) -> str | None:
    """Faker's locale of a country; None if it has none. Of several, one of that very name comes first, as de_DE."""
    from faker.config import AVAILABLE_LOCALES  # noqa: PLC0415 - Faker takes a tenth of a second, and few need it

    found = sorted(each for each in AVAILABLE_LOCALES if each.endswith(f"_{country}"))
    return next((each for each in found if each.startswith(country.lower())), found[0] if found else None)


@lru_cache
def pool_of(country: str) -> NamePool:
    """The pool of a country: the bundled one, or one that Faker draws now, the same for the same version of Faker.

    Raises:
        Unusable: Faker has no names of that country.
    """
    if country in pools():
        return pools()[country]
    locale = locale_of(country)
    if locale is None:
        raise Unusable(
            f"--country: expected a country whose names Faker has, by its two letters, such as DE; got {country!r}"
        )
    from faker import Faker  # noqa: PLC0415 - as above

    fake = Faker(locale)
    fake.seed_instance(_FAKER_SEED)
    draws: Mapping[str, Callable[[], str]] = {
        "female": fake.first_name_female,
        "male": fake.first_name_male,
        "family": fake.last_name,
        "streets": fake.street_name,
        "towns": fake.city,
        "companies": fake.company,
    }
    drawn = {kind: tuple(dict.fromkeys(draw() for _ in range(_SIZES[kind]))) for kind, draw in draws.items()}
    towns = tuple((str(fake.postcode()), name) for name in drawn.pop("towns"))
    return NamePool(**drawn, towns=towns)


_CALLING_CODES = """AT 43 AU 61 BE 32 BG 359 BR 55 CA 1 CH 41 CL 56 CN 86 CO 57 CZ 420 DE 49 EE 372 ES 34 FI 358 FR 33
GB 44 GR 30 HR 385 HU 36 ID 62 IE 353 IL 972 IN 91 IR 98 IT 39 JP 81 KR 82 LT 370 LU 352 LV 371 MX 52 NL 31 NZ 64 PH 63
PL 48 PT 351 RO 40 RU 7 SI 386 SK 421 TH 66 TR 90 TW 886 UA 380 US 1 VN 84 ZA 27"""


@lru_cache
def country_of(code: str) -> Country:
    """A country of the chain, or any other with people and places of its own, and Norway's prices, VAT and coins."""
    if code in COUNTRIES:
        return COUNTRIES[code]
    words = _CALLING_CODES.split()
    return replace(
        COUNTRIES["NO"],
        code=code,
        name="Finland" if code == "FI" else _name_of(code),
        calling_code=dict(zip(words[::2], words[1::2], strict=True)).get(code, "999"),
        phone_starts=tuple("123456789"),
        phone_digits=9,
    )


def _name_of(code: str) -> str:
    from faker import Faker  # noqa: PLC0415 - as above

    try:
        return str(Faker(locale_of(code)).current_country())
    except (AttributeError, ValueError):  # it has people of that country, and no name of it
        return code


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


_GENDERS = {"female": "f", "male": "m"}
_COUNTRIES = (*COUNTRIES.values(), COUNTRIES["NO"])
_TAGS = ("vip", "club,gold", "club", "staff-friend,newsletter", "b2b,net-30")


class CustomerDetails(NamedTuple):
    """The chain knows this about a customer; None where it does not know."""

    first: str
    last: str
    company: str | None
    tax_id: str | None
    gender: str
    email: str
    phone: str
    calling_code: str
    line1: str
    line2: str | None
    city: str
    province: str | None
    postal_code: str
    country: str
    country_code: str
    ext_id: str | None
    description: str | None
    card_no: str | None


@dataclass(frozen=True)
class Customer:
    """A customer of the chain."""

    number: int
    id: int
    guid: str
    country: Country
    details: CustomerDetails

    @cached_property
    def place(self) -> dict[str, str | None]:
        """The address as orders write it; empty texts if none is known."""
        details = self.details
        return address(
            first=details.first,
            last=details.last,
            company=details.company,
            line1=details.line1,
            line2=details.line2,
            city=details.city,
            province=details.province,
            postal_code=details.postal_code,
            country=details.country,
            country_code=details.country_code,
            comment=details.description,
        )

    @cached_property
    def place_json(self) -> orjson.Fragment:
        return orjson.Fragment(orjson.dumps(self.place))

    @cached_property
    def order_json(self) -> orjson.Fragment:
        """The customer in an order: 8 fields, without an id."""
        return orjson.Fragment(orjson.dumps(self._contact()))

    @cached_property
    def sale_json(self) -> orjson.Fragment:
        """The customer in a sale: with the id."""
        return orjson.Fragment(orjson.dumps({"customerId": self.id, **self._contact()}))

    def _contact(self) -> dict[str, Any]:
        details = self.details
        return {
            "email": details.email,
            "firstName": details.first,
            "lastName": details.last,
            "companyName": details.company,
            "taxId": details.tax_id,
            "phoneCountryPrefix": f"+{details.calling_code}",
            "phone": details.phone,
            "address": self.place,
        }


def customer(seed: int, number: int, *, customer_id: int, home: str = "") -> Customer:
    """Customer `number` of a seed, of the country `home` if there is one; one in 24 has no address."""
    draws = SeededDraws(seed, "customer", number)
    country = draws.pick(_COUNTRIES)
    country = country_of(home) if home else country
    pool = pool_of(country.code)
    gender = draws.pick(("female", "male"))
    first, last = draws.pick(getattr(pool, gender)), draws.pick(pool.family)
    postal_code, city = draws.pick(pool.towns)
    business, has_address = draws.one_in(5), not draws.one_in(24)
    details = CustomerDetails(
        first=first,
        last=last,
        company=draws.pick(pool.companies) if business else None,
        tax_id=organization_number(country.code, draws.below(10**7)) if business else None,
        gender=_GENDERS[gender],
        email=f"{mailbox(first, last).strip('.-') or 'customer'}.{number}@example.{draws.pick(('com', 'org', 'net'))}",
        phone=phone(draws, country),
        calling_code=country.calling_code,
        line1=street(draws, pool) if has_address else "",
        line2=f"H{draws.between(1, 9):02}{draws.between(1, 8):02}" if has_address and draws.one_in(4) else None,
        city=city if has_address else "",
        province=f"Region {postal_code[0]}" if has_address and draws.one_in(4) else None,
        postal_code=postal_code if has_address else "",
        country=country.name if has_address else "",
        country_code=country.code,
        ext_id=f"CRM-{number:06}" if draws.one_in(3) else None,
        description=draws.pick(COMMENTS),
        card_no=f"9578{draws.below(10**12):012}" if draws.one_in(3) else None,
    )
    return Customer(number, customer_id, draws.uuid(), country, details)


def created_json(draws: SeededDraws, who: Customer, at: Ticks, store_id: int) -> dict[str, Any]:
    """The payload of CustomerCreated: registered at `at`, in that store.

    The published example writes an unknown address, and an unknown province, as empty text.
    """
    details = who.details
    consent, when = draws.below(4), text(at)
    return {
        "customerId": who.id,
        "customerExtId": details.ext_id,
        "email": details.email,
        "firstName": details.first,
        "lastName": details.last,
        "companyName": details.company or "",
        "taxId": details.tax_id,
        "gender": details.gender,
        "address1": details.line1,
        "city": details.city,
        "province": details.province or "",
        "postalCode": details.postal_code,
        "country": details.country,
        "countryCode": details.country_code.lower(),
        "phoneCountryPrefix": details.calling_code,
        "phone": details.phone,
        "description": details.description or "",
        "agreedSendEmail": consent > 1,
        "agreedSendSMS": consent % 2 == 1,
        "isEmployee": draws.one_in(40),
        "birthday": date_text(at - draws.between(16 * 365, 85 * 365) * DAY) if draws.one_in(2) else None,
        "cardNo": details.card_no,
        "tags": draws.pick(_TAGS) if draws.one_in(3) else None,
        "gdprUpdatedDateTime": when if consent else None,
        "registeredStoreId": store_id,
        "createdDateTime": when,
        "updatedDateTime": when if draws.one_in(8) else None,
        "deleted": False,
        "customerGuid": who.guid,
    }


def updated_json(draws: SeededDraws, who: Customer, before: Mapping[str, Any], at: Ticks) -> dict[str, Any]:
    """The payload of CustomerUpdated: `before` with some fields changed at `at`.

    A deletion under GDPR blanks the personal fields (inferred).
    """
    shown = dict(before)
    shown["updatedDateTime"] = text(at)
    change = draws.below(16)
    pool = pool_of(who.country.code)
    if change < 5:
        postal_code, city = draws.pick(pool.towns)
        shown.update(address1=street(draws, pool), postalCode=postal_code, city=city)
    elif change < 9:
        shown["phone"] = phone(draws, who.country)
    elif change < 13:
        shown["agreedSendEmail"] = not shown["agreedSendEmail"]
        shown["gdprUpdatedDateTime"] = text(at)
    elif change < 15:
        shown["lastName"] = draws.pick(pool.family)
    else:
        shown.update(dict.fromkeys(("email", "firstName", "lastName", "phone", "description"), ""))
        shown.update(dict.fromkeys(("address1", "city", "postalCode"), ""), birthday=None, cardNo=None)
        shown.update(agreedSendEmail=False, agreedSendSMS=False, deleted=True)
    return shown


def as_shown(who: Customer, shown: Mapping[str, Any]) -> Customer:
    """The customer after an update, for the sales and orders that follow."""
    details = who.details._replace(
        first=shown["firstName"],
        last=shown["lastName"],
        email=shown["email"],
        phone=shown["phone"],
        line1=shown["address1"],
        city=shown["city"],
        postal_code=shown["postalCode"],
    )
    return Customer(who.number, who.id, who.guid, who.country, details)
