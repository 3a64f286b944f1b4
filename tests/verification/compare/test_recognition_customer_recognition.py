"""Which columns hold fields of a customer, by what rows show of a few clean ones; and what is said where none does."""

import pytest

from frontsim.verification.compare.recognition import recognise_customers
from frontsim.verification.compare.state_events import customer_changes
from frontsim.verification.effects.history import EventFact

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
        (  # as the e-mail address begins, too
            lambda p: {"x": p["customerId"], "n": f"{p['firstName']} {p['lastName']}"},
            {"n": ["firstName", "lastName"]},
        ),
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
    half = found(lambda p: {"x": p["customerId"], "n": p["lastName"]}, of=LAST[2:])
    assert (None, True) == (half.shape, "expected a row of customerId" in half.failure)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "expected a row of customerId 100, got no rows"),
        ([{"gtin": "704", "level": 4}], "got 1 row with gtin, level"),
        (["text"], "got 1 row with "),
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
def test_unrecognised_rows_give_a_reason(rows, told):
    """The message shows what was looked for and what came."""
    recognised = recognise_customers(rows, SENT, NEWEST, {})
    assert (None, False) == (recognised.shape, recognised.is_whole)
    assert told in recognised.failure


def test_the_user_names_columns_or_leaves_them_out():
    """The user's word counts, if values confirm it."""

    def row(p):
        return {"x": p["customerId"], "a": p["lastName"], "b": p["firstName"]}

    assert ["b"] == list(found(row, named={"a": ""}).shape.columns)
    assert ["b"] == list(found(row, named={"a": "email"}).shape.columns)
    assert {"a": ["lastName"], "b": ["firstName"]} == found(row, named={"a": "lastName"}).shape.columns


def recognised(columns, *, newest=LAST, sent=None):
    """Recognise columns in rows made by hand, for customers with these payloads."""
    changes = customer_changes(
        EventFact("w", str(number), "CustomerUpdated", (), payload=each) for number, each in enumerate(sent or newest)
    )
    rows = [{"x": each["customerId"], **column} for each, column in zip(newest, columns, strict=True)]
    return recognise_customers(rows, changes, changes[: len(newest)], {})


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (["abcd", "efgh", "ijkl", "mnop"], True),
        (["abcd", "efgh", "ijkl", "mno"], False),  # too short to tell
        (["abcd", "efgh", "ijkl", "abcd"], False),  # two are alike
        (["20260801", "20260802", "20260803", "20260804"], True),  # digits that could be a date are a phone number
        (["2026-08-01", "2026-08-02", "2026-08-03", "2026-08-04"], False),
        ([1111, 2222, 3333, 4444], False),
    ],
)
def test_which_fields_tell_changes_apart(texts, counts):
    """Texts of some length that all differ, and no dates or numbers, which receivers write in many forms."""
    people = [{"customerId": number, "cardNo": text} for number, text in enumerate(texts, 1)]
    found = recognised([{"n": text} for text in texts], newest=people)
    assert counts is bool(found.shape)
    assert {"n": ["cardNo"]} == {name: list(paths) for name, paths in found.shape.columns.items()} if counts else True


def test_three_of_four_are_enough_and_the_others_may_be_cut_off():
    """A column that shows one field of most customers is that field; beside it, those that it contains do not count."""
    columns = [{"n": each["email"] if number else "?"} for number, each in enumerate(LAST)]
    assert {"n": ["email"]} == {name: list(paths) for name, paths in recognised(columns).shape.columns.items()}
    columns = [{"n": each["email"] if number > 1 else "?"} for number, each in enumerate(LAST)]
    assert recognised(columns).shape is None


def test_the_id_is_no_field():
    """Though a field may be called as it is."""
    people = [{"customerId": f"person {number}", "alias": f"person {number}"} for number in range(4)]
    rows = [{"x": each["customerId"], "n": each["alias"]} for each in people]
    changes = customer_changes(EventFact("w", str(p), "CustomerCreated", (), payload=p) for p in people)
    assert ["n"] == list(recognise_customers(rows, changes, changes, {}).shape.columns)


def test_of_two_fields_with_the_same_text_the_first_counts():
    """As where a card has the number of the phone."""
    people = [
        {"customerId": each["customerId"], "phone": each["address1"], "cardNo": each["address1"]} for each in LAST
    ]
    shape = recognised([{"n": each["phone"]} for each in people], newest=people).shape
    assert ["phone"] == list(shape.columns["n"])


def test_of_many_columns_the_first_are_named():
    """Twelve, of the first fifty rows."""
    wide = {f"c{number}": 0 for number in range(14)}
    told = recognise_customers([wide], SENT, NEWEST, {}).failure
    assert told.endswith("c10, c11")
    rows = [{"a": 1}] * 49 + [{"b": 1}, {"c": 1}]
    assert recognise_customers(rows, SENT, NEWEST, {}).failure.endswith("51 rows with a, b")
