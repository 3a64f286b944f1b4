from decimal import Decimal

import pytest

from frontsim.verification.effects.content import as_number, letters, number_is_lost, text_is_lost


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("0.125", "0.13"),
        ("19.99", "19"),
        ("19.99", "20.98"),
        ("-19.99", "19.99"),
        ("262193.10", "99999.99"),
        ("-262193.10", "-99999.99"),
        ("262193.10", "32767"),
        ("5000", "999.99"),
        ("1e6", "65535"),
        ("5e9", "4294967295"),
        ("3e9", "2147483647"),
        ("1390673440", "1390673472"),  # as a float of 32 bits
        ("7.5", "15"),
    ],
)
def test_a_number_that_a_mistake_explains(sent, kept):
    """Rounded, cut off, without its sign, the most that its type holds, or added at both of two runs."""
    assert number_is_lost(Decimal(sent), Decimal(kept), runs=2)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("19.99", "20.99"),
        ("19.99", "18.99"),
        ("599", "99"),
        ("2000", "99.99"),
        ("500", "255"),
        ("500", "32767"),
        ("1000000", "99899"),
        ("7.5", "22.5"),
        ("7.5", "0"),
        ("1390673440", "1390676000"),
    ],
)
def test_a_number_that_no_mistake_explains(sent, kept):
    """Further off than by rounding; a limit above what was sent, or of no type; more often than there were runs."""
    assert not number_is_lost(Decimal(sent), Decimal(kept), runs=2)


def test_a_number_in_cents_may_be_cut_to_a_whole():
    assert number_is_lost(Decimal(1999), Decimal(1900), runs=1, unit=Decimal(100))
    assert not number_is_lost(Decimal(1999), Decimal(1899), runs=1, unit=Decimal(100))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Bl\u00e5 skjorte", "Bl skjorte"),
        ("Bl\u00e5 skjorte", "Bl? skjorte"),
        ("Bl\u00e5 skjorte", "Bla skjorte"),
        ("Bl\u00e5 skjorte", "Bl\u00c3\u00a5 skjorte"),
        ("A long comment", "A long"),
        ("12 Storgata 5", "12 Sto"),
        ("Oslo", "Os"),
        ("Norwegian", "Norw"),
        ("\u0414\u0430\u0414\u0430\u0414\u0430 na\u00efve", "nave"),
        ("\u0414\u0430\u0414\u0430\u0414\u0430 na\u00efve", "na\u00efve"),
        ("0041234567904", "41234567904"),
        ("\u0414\u0430", "?? "),
        ("\u0414\u0430", "\ufffd\ufffd"),
        ("Kari", ""),
        ("O'Hara & co", "O&#x27;Hara &amp; co"),
    ],
)
def test_a_text_that_a_mistake_explains(sent, kept):
    """Letters are missing or in the wrong charset, the end is cut off, or it was written for HTML."""
    assert text_is_lost(sent, kept)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Service", "OTHER"),
        ("Return", "Retour"),
        ("Oslo", "Oslo (by post)"),
        ("Bl\u00e5", "Green"),
        ("", "-"),
        ("-", ""),
        ("Kari", "***"),
        ("kari@shop.no", "k***@shop.no"),
        ("Kari", "-"),
        ("NO 987 654 321 MVA", "987654321"),
        ("Norwegian", "Nor"),
        ("Norwegian", "weg"),
        ("a long txt", "x"),
        ("\u0414\u0430", "x"),
        ("Bl\u00e5b\u00e6r", "Bla"),
    ],
)
def test_a_text_that_no_mistake_explains(sent, kept):
    """Another text, a longer one, one for nothing, a mask, the digits alone, or a code."""
    assert not text_is_lost(sent, kept)


def test_letters_are_those_of_any_spelling():
    """The Turkish capital I with a dot becomes two characters in lower case; an accent may be one of its own."""
    assert letters("\u0130ris") == letters("\u0130ris".lower())
    assert "kari\u00e9" == letters("Kari-E\u0301")


@pytest.mark.parametrize(("value", "number"), [("1.50", 1.5), (2, 2), ("nan", None), ("x", None), (None, None)])
def test_only_finite_numbers_are_numbers(value, number):
    assert number == as_number(value)
