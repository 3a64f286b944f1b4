"""Customers, and the two events about them: a flat object of 29 fields.

Customer `n` of a seed is always the same person, whichever payload shows him: the CustomerCreated of number
7, a sale to customer 7, an order of customer 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from frontsim.payloads.master_data.countries import COUNTRIES, Country
from frontsim.payloads.master_data.people import address, mailbox, phone, pools, street
from frontsim.payloads.values.check_digits import organization_number
from frontsim.payloads.values.moments import DAY, Ticks, date_text, text
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS

_GENDERS = {"female": "f", "male": "m"}
_COUNTRIES = (*COUNTRIES.values(), COUNTRIES["NO"])
_TAGS = ("vip", "club,gold", "club", "staff-friend,newsletter", "b2b,net-30")


class Known(NamedTuple):
    """What the shop knows of a customer; what it never asked for is None."""

    first: str | None
    last: str | None
    company: str | None
    tax_id: str | None
    gender: str | None
    email: str | None
    phone: str | None
    calling_code: str | None
    line1: str | None
    line2: str | None
    city: str | None
    province: str | None
    postal_code: str | None
    country: str | None
    country_code: str | None
    ext_id: str | None
    description: str | None
    card_no: str | None
    has_address: bool


@dataclass(frozen=True)
class Customer:
    """Somebody who buys, in his country."""

    number: int
    id: int
    guid: str
    country: Country
    known: Known

    @cached_property
    def place(self) -> dict[str, str | None] | None:
        """The address as orders write it; None where none is known."""
        known = self.known
        if not known.has_address:
            return None
        return address(
            first=known.first,
            last=known.last,
            company=known.company,
            line1=known.line1,
            line2=known.line2,
            city=known.city,
            province=known.province,
            postal_code=known.postal_code,
            country=known.country,
            country_code=known.country_code,
            comment=known.description,
        )

    @cached_property
    def place_json(self) -> orjson.Fragment | None:
        """`place`, as JSON."""
        return None if self.place is None else orjson.Fragment(orjson.dumps(self.place))

    @cached_property
    def order_json(self) -> orjson.Fragment:
        """The customer as an order shows him: 8 fields, without an id."""
        return orjson.Fragment(orjson.dumps(self._contact()))

    @cached_property
    def sale_json(self) -> orjson.Fragment:
        """The customer as a sale shows him: with his id, which a walk-in without a card has not."""
        known = None if self.number % 16 == 5 else self.id
        return orjson.Fragment(orjson.dumps({"customerId": known, **self._contact()}))

    def _contact(self) -> dict[str, Any]:
        known = self.known
        return {
            "email": known.email,
            "firstName": known.first,
            "lastName": known.last,
            "companyName": known.company,
            "taxId": known.tax_id,
            "phoneCountryPrefix": None if known.calling_code is None else f"+{known.calling_code}",
            "phone": known.phone,
            "address": self.place,
        }


_MAY_LACK = tuple(name for name in Known._fields if name != "has_address")
"""Half the customers lack one of these."""


def customer(seed: int, number: int, *, customer_id: int) -> Customer:
    """Customer `number` of a seed."""
    dice = SeededDraws(seed, "customer", number)
    country = dice.pick(_COUNTRIES)
    pool = pools()[country.code]
    gender = dice.pick(("female", "male"))
    first, last = dice.pick(getattr(pool, gender)), dice.pick(pool.family)
    postal_code, city = dice.pick(pool.towns)
    business = dice.one_in(5)
    known = Known(
        first=first,
        last=last,
        company=dice.pick(pool.companies) if business else None,
        tax_id=organization_number(country.code, dice.below(10**7)) if business else None,
        gender=_GENDERS[gender],
        email=f"{mailbox(first, last)}.{number}@example.{dice.pick(('com', 'org', 'net'))}",
        phone=phone(dice, country),
        calling_code=country.calling_code,
        line1=street(dice, pool),
        line2=f"H{dice.between(1, 9):02}{dice.between(1, 8):02}" if dice.one_in(4) else None,
        city=city,
        province=f"Region {postal_code[0]}" if dice.one_in(4) else None,
        postal_code=postal_code,
        country=country.name,
        country_code=country.code,
        ext_id=f"CRM-{number:06}" if dice.one_in(3) else None,
        description=dice.pick(COMMENTS),
        card_no=f"9578{dice.below(10**12):012}" if dice.one_in(3) else None,
        has_address=not dice.one_in(24),
    )
    if dice.one_in(2):
        lacking: dict[str, Any] = {dice.pick(_MAY_LACK): None}
        known = known._replace(**lacking)
    return Customer(number, customer_id, dice.uuid(), country, known)


def created_json(dice: SeededDraws, who: Customer, at: Ticks, store_id: int | None) -> dict[str, Any]:
    """CustomerCreated: registered at `at`, in that store."""
    known = who.known
    no_address = not known.has_address
    consent, when = dice.below(4), text(at)
    return {
        "customerId": who.id,
        "customerExtId": known.ext_id,
        "email": known.email,
        "firstName": known.first,
        "lastName": known.last,
        "companyName": known.company,
        "taxId": known.tax_id,
        "gender": known.gender,
        "address1": "" if no_address else known.line1,
        "city": "" if no_address else known.city,
        "province": "" if known.province is None and dice.one_in(2) else known.province,
        "postalCode": "" if no_address else known.postal_code,
        "country": "" if no_address else known.country,
        "countryCode": known.country_code and known.country_code.lower(),
        "phoneCountryPrefix": known.calling_code,
        "phone": known.phone,
        "description": known.description,
        "agreedSendEmail": consent > 1,
        "agreedSendSMS": consent % 2 == 1,
        "isEmployee": dice.one_in(40),
        "birthday": date_text(at - dice.between(16 * 365, 85 * 365) * DAY) if dice.one_in(2) else None,
        "cardNo": known.card_no,
        "tags": dice.pick(_TAGS) if dice.one_in(3) else None,
        "gdprUpdatedDateTime": when if consent else None,
        "registeredStoreId": store_id,
        "createdDateTime": when,
        "updatedDateTime": when if dice.one_in(4) else None,
        "deleted": False,
        "customerGuid": who.guid,
    }


def updated_json(dice: SeededDraws, who: Customer, before: Mapping[str, Any], at: Ticks) -> dict[str, Any]:
    """CustomerUpdated: what was known `before`, some of it changed at `at`.

    A deletion under GDPR blanks the person (inferred).
    """
    shown = dict(before)
    shown["updatedDateTime"] = None if dice.one_in(40) else text(at)
    change = dice.below(16)
    pool = pools()[who.country.code]
    if change < 5:
        postal_code, city = dice.pick(pool.towns)
        shown.update(address1=street(dice, pool), postalCode=postal_code, city=city)
    elif change < 9:
        shown["phone"] = phone(dice, who.country)
    elif change < 13:
        shown["agreedSendEmail"] = not shown["agreedSendEmail"]
        shown["gdprUpdatedDateTime"] = text(at)
    elif change < 15:
        shown["lastName"] = dice.pick(pool.family)
    else:
        shown.update(dict.fromkeys(("email", "firstName", "lastName", "phone", "birthday", "cardNo", "description")))
        shown.update(address1="", city="", postalCode="", agreedSendEmail=False, agreedSendSMS=False, deleted=True)
    return shown


def as_shown(who: Customer, shown: Mapping[str, Any]) -> Customer:
    """The customer as an update left him, for the sales and orders that follow."""
    known = who.known._replace(
        first=shown["firstName"],
        last=shown["lastName"],
        email=shown["email"],
        phone=shown["phone"],
        line1=shown["address1"] or None,
        city=shown["city"] or None,
        postal_code=shown["postalCode"] or None,
        has_address=bool(shown["address1"]),
    )
    return Customer(who.number, who.id, who.guid, who.country, known)
