"""Rows of customers: what counts as the same text, and what a row shows."""

import pytest

from frontsim.verification.effects.state_shape import SEVERAL, CustomerField, CustomerShape, flat, folded, holds

PAYLOAD = {
    "firstName": "Bjørn",
    "lastName": "Ås",
    "phone": "40 52 91 54",
    "postalCode": "0150",
    "address1": "Bryggegata 14",
    "email": "",
    "tags": None,
}


@pytest.mark.parametrize(
    ("kept", "paths", "same"),
    [
        ("  BJØRN ", ["firstName"], True),
        ("Bjorn", ["firstName"], True),
        ("Bj", ["firstName"], False),
        ("Bryggega", ["address1"], True),
        ("Bryggeg", ["address1"], False),
        ("Bjørn", ["firstName", "email"], True),
        ("ryggegata 14", ["address1"], False),
        ("+47 405 29 154", ["phone"], True),
        (150, ["postalCode"], True),
        ("Ås, Bjørn", ["firstName", "lastName"], True),
        ("Bjørn", ["firstName", "lastName"], False),
        ("", ["email"], True),
        (None, ["tags"], True),
        ("x", ["email"], False),
        ("x", ["email", "tags"], False),
        (True, ["firstName"], False),
    ],
)
def test_a_text_may_be_written_in_other_ways(kept, paths, same):
    """Letters and digits count: not their case, blanks, signs or leading zeros. Several fields may be put together."""
    assert same is holds(kept, paths, PAYLOAD)


def test_leading_zeros_and_normal_forms():
    """A number keeps no zeros; a zero is one. Letters count without their accents, as a receiver may write ASCII."""
    assert ["150", "0", "a1", "01a", "7"] == [folded(each) for each in ("0150", 0, "A\u030a 1", "01a", 7.0)]
    assert folded("\u00c5se Br\u00f8nn\u00f8y, \u00c6gir, Stra\u00dfe") == folded("Ase Bronnoy Aegir Strasse")


def test_a_row_may_have_objects_within_it():
    """Also as JSON in a text; lists are no single values."""
    row = {"id": 7, "doc": '{"name": {"first": "Ola"}}', "tags": ["a"], "note": "[x"}
    assert {"id": 7, "doc.name.first": "Ola", "note": "[x"} == flat(row)
    assert {} == flat("text")


def test_what_rows_show():
    """By the customer's id in any form; rows that disagree show nothing."""
    shape = CustomerShape("id", {"name": ["firstName"], "mail": ["email"]})
    rows = [{"id": "7", "name": "Ola", "mail": "a"}, {"id": 7.0, "name": "Ola", "mail": "b"}, {"name": "Per"}, "text"]
    assert {CustomerField("7", "name"): "Ola", CustomerField("7", "mail"): SEVERAL} == shape.fields(rows)
    assert "name -> firstName, mail -> email (a row for each id)" == str(shape)
    assert "name -> firstName and lastName (a row for each x)" == str(
        CustomerShape("x", {"name": ["firstName", "lastName"]})
    )


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("Aase Aere", "Aase Ære"),
        ("Oyvind", "Øyvind"),
        ("Dorde", "Đorde"),
        ("Dag", "Ðag"),
        ("Lech", "Łech"),
        ("Thor", "Þor"),
    ],
)
def test_letters_that_ascii_writes_otherwise(kept, told):
    """A receiver may keep names in ASCII."""
    assert folded(kept) == folded(told)


def test_a_row_without_an_id_hides_no_other():
    shape = CustomerShape("id", {"mail": ["email"]})
    assert {CustomerField("7", "mail"): "a"} == shape.fields([{"mail": "b"}, {"id": 7, "mail": "a"}])
    assert {} == CustomerShape("id").fields([{"id": 7}])
