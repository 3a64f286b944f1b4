"""Which columns hold fields of a customer, by what rows show of a few clean ones; and what is said where none does."""

import pytest

from frontsim.verification.facts.customer_changes import customer_changes
from frontsim.verification.facts.customer_recognition import recognise_customers
from frontsim.verification.facts.history import EventFact

PEOPLE = [
    ("Astrid", "Sandvik", "Bryggegata 14", "1364"),
    ("Henrik", "Moldekleiv", "Kirkeveien 82", "1751"),
    ("Solveig", "Haraldsen", "Strandgata 3", "4006"),
    ("Magnus", "Tveitane", "Elvegata 27", "7012"),
    ("Ragnhild", "Fossum", "Griegs vei 5", "4630"),
    ("Torstein", "Lunde", "Skolegata 9", "3044"),
]


def payload(number, person):
    first, last, street, postal_code = person
    return {
        "customerId": 100 + number,
        "firstName": first,
        "lastName": last,
        "address1": street,
        "postalCode": postal_code,
        "email": f"{first}.{last}@example.com",
        "city": "Oslo",
        "deleted": False,
        "createdDateTime": f"2026-08-01T12:00:0{number}",
    }


CREATED = [payload(number, person) for number, person in enumerate(PEOPLE[:4])]
UPDATED = [payload(number, person) for number, person in enumerate(PEOPLE[4:])]
SENT = customer_changes(
    EventFact("w", str(number), "CustomerUpdated", (), payload=each) for number, each in enumerate([*CREATED, *UPDATED])
)
NEWEST = list({each.customer: each for each in SENT}.values())
LAST = [each.event.payload for each in NEWEST]


def found(make, *, named=None, of=LAST):
    return recognise_customers([make(each) for each in of], SENT, NEWEST, named or {})


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (lambda p: {"x": p["customerId"], "y": p["email"].lower()}, {"y": ["email"]}),
        (lambda p: {"x": str(p["customerId"]), "n": f" {p['lastName'].upper()} "}, {"n": ["lastName"]}),
        (
            lambda p: {"x": p["customerId"], "n": f"{p['lastName']}, {p['firstName']}"},
            {"n": ["firstName", "lastName"]},
        ),
        (
            lambda p: {
                "x": p["customerId"],
                "a": f"{p['address1']}\n{p['postalCode']} {p['city']}",
                "z": int(p["postalCode"]),
            },
            {"a": ["address1", "postalCode"], "z": ["postalCode"]},
        ),
        (lambda p: {"x": p["customerId"], "doc": {"given": p["firstName"]}}, {"doc.given": ["firstName"]}),
    ],
)
def test_columns_are_known_by_their_values(make, columns):
    """Whatever they are called, in the receiver's own forms; what is alike in all customers tells nothing."""
    recognised = found(make)
    assert (True, "") == (recognised.is_whole, recognised.failure)
    assert columns == {name: list(paths) for name, paths in recognised.shape.columns.items()}
    assert "x" == recognised.shape.id


def test_a_column_that_keeps_what_the_creation_said_is_not_compared():
    """Half of the customers were changed: a column must follow."""
    created = {each["customerId"]: each for each in CREATED}
    shape = found(
        lambda p: {"x": p["customerId"], "n": p["lastName"], "first": created[p["customerId"]]["firstName"]}
    ).shape
    assert ["n"] == list(shape.columns)


def test_one_customer_may_be_missing():
    """A receiver that loses one is found out later; but the look goes on until all are there."""
    recognised = found(lambda p: {"x": p["customerId"], "n": p["lastName"]}, of=LAST[1:])
    assert (["n"], False) == (list(recognised.shape.columns), recognised.is_whole)
    stale = found(lambda p: {"x": p["customerId"], "n": p["lastName"] if p is not LAST[0] else "Sandvik"})
    assert (["n"], False) == (list(stale.shape.columns), stale.is_whole)
    assert not found(lambda p: {"x": p["customerId"], "n": p["lastName"]}, of=LAST[2:]).shape


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "expected a row of customerId 100, got no rows"),
        ([{"gtin": "704", "level": 4}], "got 1 rows with gtin, level"),
        (["text"], "got 1 rows with "),
        (
            [{"x": p["customerId"], "n": "secret"} for p in LAST],
            "a field of customer 100, got {'x': 100, 'n': 'secret'}",
        ),
        (
            [{"x": p["customerId"], "n": p["lastName"]} for p in [*LAST, LAST[1]]],
            "expected one row for each customer, got several for 101",
        ),
    ],
)
def test_what_is_not_recognised_is_told(rows, told):
    """The message shows what was looked for and what came."""
    recognised = recognise_customers(rows, SENT, NEWEST, {})
    assert (None, False) == (recognised.shape, recognised.is_whole)
    assert told in recognised.failure


def test_the_user_names_columns_or_leaves_them_out():
    """What the user says counts, if values confirm it."""

    def row(p):
        return {"x": p["customerId"], "a": p["lastName"], "b": p["firstName"]}

    assert ["b"] == list(found(row, named={"a": ""}).shape.columns)
    assert ["b"] == list(found(row, named={"a": "email"}).shape.columns)
    assert {"a": ["lastName"], "b": ["firstName"]} == found(row, named={"a": "lastName"}).shape.columns
