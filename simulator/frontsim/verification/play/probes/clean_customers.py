"""Clean customers, by which a run learns how the receiver keeps customers.

distinct     four new ones, of whom half are changed once: every text differs, so that a column is known by its values
various      three more: with and without what a receiver may choose its customers by
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from frontsim.verification.facts.derived_state.customer_changes import CREATED, UPDATED
from frontsim.verification.play.harness import Harness

Values = Mapping[str, Any]

_PEOPLE = (
    ("Astrid", "Sandvik", "Bryggegata 14", "Bergen", "5003"),
    ("Henrik", "Moldekleiv", "Kirkeveien 82", "Oslo sentrum", "1368"),
    ("Solveig", "Haraldsen", "Strandgata 3B", "Stavanger", "4006"),
    ("Magnus", "Tveitane", "Elvegata 27", "Trondheim", "7012"),
)
"""First and last name, street, city and postal code: none stands in another."""
_CHANGED = (
    ("Ragnhild", "Fossum", "Nordahl Griegs vei 5", "Kristiansand", "4630"),
    ("Torstein", "Lunde", "Skolegata 9", "Drammen", "3044"),
)
"""What the first ones are changed to."""
_BARE: Values = {
    **dict.fromkeys(("customerExtId", "taxId", "birthday", "cardNo", "tags", "gdprUpdatedDateTime"), None),
    **dict.fromkeys(("companyName", "province", "description", "address1", "city", "postalCode"), ""),
}
_FLAGS = ("agreedSendEmail", "agreedSendSMS", "isEmployee")
_VARIOUS: Sequence[Values] = (
    {"countryCode": "no", **dict.fromkeys(_FLAGS, False), **_BARE},
    {"countryCode": "se", **dict.fromkeys(_FLAGS, True)},
    {"countryCode": "dk"},
)


def distinct(harness: Harness, event: str) -> list[Values]:
    """The values of events of that type about customers of whom no two share a text."""
    return [{**_person(harness, person), **_identity(harness), **_since(harness, event)} for person in _PEOPLE]


def changed(harness: Harness, distinct: Sequence[Values]) -> Iterator[Values]:
    """The same customers, changed in every text; not all of them."""
    for before, person in zip(distinct, _CHANGED, strict=False):
        yield {**before, **_person(harness, person), **_since(harness, UPDATED)}


def various(harness: Harness, event: str) -> list[Values]:
    """The values of events about customers who differ in what a receiver may choose by."""
    usual = [{**_person(harness, _PEOPLE[0]), **_identity(harness), **_since(harness, event)} for _ in _VARIOUS]
    return [{**one, **other} for one, other in zip(usual, _VARIOUS, strict=True)]


def _identity(harness: Harness) -> Values:
    """What all events about one customer have in common."""
    number = next(harness.identities)
    return {
        **harness.fresh(CREATED),
        **dict.fromkeys(harness.selection.datetime_fields(CREATED), _now(harness)),
        "customerGuid": f"00000000-0000-4000-8000-{number:012d}",
        "customerExtId": f"CRM-{number}",
        "deleted": False,
    }


def _person(harness: Harness, person: Sequence[str]) -> Values:
    """Texts about a person, whose contacts are no other's."""
    first, last, street, city, postal_code = person
    number = str(next(harness.identities))
    return {
        "firstName": first,
        "lastName": last,
        "address1": street,
        "city": city,
        "postalCode": postal_code,
        "email": f"{first}.{last}.{number}@example.com".lower(),
        "phone": f"9{number[-7:]}",
    }


def _since(harness: Harness, event: str) -> Values:
    return {"updatedDateTime": _now(harness) if event == UPDATED else None}


def _now(harness: Harness) -> str:
    return str(harness.sim.clock().get("now"))
