from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from frontsim.verification.compare.rewritings import REWRITINGS, rewriting_of
from frontsim.verification.effects.content import ABSENT, Pair

OSLO = ZoneInfo("Europe/Oslo")


def name_of(*pairs, field="total"):
    """The name of the rewriting of a field, by what was sent and what is kept of it."""
    found = rewriting_of([Pair(field, sent, kept) for sent, kept in pairs], OSLO)
    return found and found.name


@pytest.mark.parametrize(
    ("sent", "kept", "name"),
    [
        (12.5, 125_000, "times 10,000"),
        (12.5, 12_500, "times 1,000"),
        (12.5, 1250, "times 100"),
        (12.5, 125, "times 10"),
        (12.5, 1.25, "divided by 10"),
        (12.5, 0.125, "divided by 100"),
        (12.5, "0.0125", "divided by 1,000"),
        (19.99, 1999, "times 100"),
        (19.99, 1998, None),
        (12.5, 1251, None),
        (12.5, 1_250_000, None),
        (12.5, -12.5, None),
        ("12.5", 1250, None),
        (True, 100, None),
        (5, "NaN", None),
        ("Anna", "ANNA", "in upper case"),
        ("Anna", "anna", "in lower case"),
        ("Anna by", "Anna By", "in title case"),
        ("Anna by", "Anna By".upper(), "in upper case"),
        ("\u0130ris", "\u0130RIS", "in upper case"),
        ("Anna by", "annA By", None),
        ("Anna", "ANN", None),
        ("2026-01-25T12:07:00", "2026-01-25", "as a date alone"),
        ("2026-01-25T16:07:00", "2026-01-24", None),
        ("91234567", "+4791234567", "with the country's number in front"),
        ("0764 547-048", "+46 764547048", "with the country's number in front"),
        ("0764 547-048", "0046764547048", "with the country's number in front"),
        ("+47 912 34 567", "+4791234567", "with the country's number in front"),
        ("0041 22 123", "+4122123", "with the country's number in front"),
        ("91234567", "+0791234567", None),
        ("91234567", "4791234567", None),
        ("0041234567907", "41234567907", None),
        ("a long name", "a long nam", None),
        (5, ABSENT, "left out"),
        (0, ABSENT, "left out"),
        (5, None, None),
        (0, None, None),
        (None, 0, None),
    ],
)
def test_what_one_value_may_have_become(sent, kept, name):
    """An amount in another unit, a text in another case, a date alone, an international number; a loss is none."""
    assert name == name_of((sent, kept))


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        ([(12.5, 1250), (0, 0), (None, None), (-3, "-300")], "times 100"),
        ([(12.5, 1250), (20, 20)], None),
        ([(12.5, 1250), (20, 200)], None),
        ([(12.5, 1250), (20, None)], None),
        ([("Anna", "ANNA"), ("BO", "BO"), ("", None)], "in upper case"),
        ([("Anna", "ANNA"), ("Bo", "Bo")], None),
        ([("Anna", "ANNA"), ("Bo", "bo")], None),
        ([(5, ABSENT), (None, None), (7, ABSENT)], "left out"),
        ([(5, ABSENT), (7, 7)], None),
        ([(0, ABSENT), (7, 7), (False, ABSENT)], "left out where it is 0 or false"),
        ([(0, ABSENT), (0, 0)], None),
        ([("912 34 567", "+4791234567"), ("+46 1", "+461"), ("Kari", "Kari")], "with the country's number in front"),
        ([("912 34 567", "+4791234567"), ("91234567", "91234567")], None),
        ([("2026-01-25T12:07:00", "2026-01-25"), ("2026-01-25T00:00:00", "2026-01-25")], "as a date alone"),
        ([("2026-01-25T12:07:00", "2026-01-25"), ("2026-01-26T12:07:00", "2026-01-26T12:07:00")], None),
    ],
)
def test_a_rewriting_explains_every_value_of_its_field(pairs, name):
    """Also what it leaves as it was: zero in cents, a text of capitals."""
    assert name == name_of(*pairs)


@pytest.mark.parametrize(
    "kept", ["***", "k***@shop.no", "*****547", "[REDACTED]", "anonymized", "xxxx", "##", "\u2022\u2022"]
)
def test_a_mask_hides_a_personal_text(kept):
    """Of a short one it may show all. What names a product is not personal, nor is a mask that was sent."""
    assert "masked" == name_of(("Kari Nordmann", kept), ("Bo", "Bo"), field="customer.email")
    assert None is name_of(("Kari Nordmann", kept), field="salesLines[0].gtin")
    assert None is name_of(("Kari Nordmann", kept), ("Kari", "Nordmann"), field="customer.email")
    assert None is name_of(("5 * 3", "5 *"), field="customer.email")


@pytest.mark.parametrize("length", [32, 40, 64, 96, 128])
def test_a_hash_hides_a_personal_text_one_to_one(length):
    one, other = "a1" * (length // 2), "B2" * (length // 2)
    assert "hashed" == name_of(("Kari", one), ("Bo", other), ("Kari", one), field="customer.email")
    assert None is name_of(("Kari", one), ("Bo", one), field="customer.email")
    assert None is name_of(("Kari", one), field="saleGuid")
    assert None is name_of(("Kari", one[:-1]), field="customer.email")


WINTER, SUMMER, MARCH = "2026-01-25T12:00:00", "2026-07-25T12:00:00", "2026-03-15T12:00:00"


@pytest.mark.parametrize(
    "kept",
    [
        ("2026-01-25T11:00:00", "2026-07-25T10:00:00", "2026-03-15T11:00:00"),  # UTC
        ("2026-01-25T11:00:00.000Z", "2026-07-25T10:00:00Z", "2026-03-15T11:00:00Z"),
        ("2026-01-25T12:00:00+01:00", "2026-07-25T12:00:00+02:00", "2026-03-15T12:00:00+01:00"),
        ("2026-01-25T12:00:00Z", "2026-07-25T12:00:00Z", "2026-03-15T12:00:00Z"),  # read as UTC
        ("2026-01-25T11:00:00", "2026-07-25T11:00:00", "2026-03-15T11:00:00"),  # an hour off, always
        ("2026-01-25T06:00:00", "2026-07-25T06:00:00", "2026-03-15T07:00:00"),  # New York, which changes earlier
        ("2026-01-25T16:30:00", "2026-07-25T15:30:00", "2026-03-15T16:30:00"),  # Kolkata
        (1769338800, 1784973600000, datetime(2026, 3, 15, 11, tzinfo=UTC)),
    ],
)
def test_one_zone_explains_every_date_time(kept):
    """A fixed one, UTC, the vendor's or a named one; of all other moments of the year, too."""
    assert "in another time zone" == name_of(*zip((WINTER, SUMMER, MARCH), kept, strict=True))


@pytest.mark.parametrize(
    "kept",
    [
        ("2026-01-25T11:00:00", "2026-07-25T12:00:00", MARCH),  # an hour off in winter alone
        ("2026-01-25T11:00:00", "2026-07-25T10:00:00", MARCH),
        ("2026-01-25T11:00:00", "2026-07-25T10:00:00Z", "2026-03-15T11:00:00"),
        ("2026-01-25T11:00:01", "2026-07-25T10:00:00", "2026-03-15T11:00:00"),
        ("2026-01-25T11:50:00", "2026-07-25T11:50:00", "2026-03-15T11:50:00"),  # ten minutes are no zone
        ("2026-01-26T12:00:00", "2026-07-26T12:00:00", "2026-03-16T12:00:00"),
        ("1999-01-01", "1999-01-01", "1999-01-01"),
    ],
)
def test_times_that_no_single_zone_explains(kept):
    assert None is name_of(*zip((WINTER, SUMMER, MARCH), kept, strict=True))


def test_an_hour_in_autumn_comes_twice():
    """Half past two is one of two moments; which of them is not sent."""
    sent = "2026-10-25T02:30:00"
    assert "in another time zone" == name_of((sent, "2026-10-25T00:30:00"), (sent, "2026-10-25T01:30:00"))
    assert None is name_of((sent, "2026-10-25T00:30:00"), (sent, "2026-10-25T02:30:00"))


def test_a_time_that_was_sent_with_a_zone_may_be_kept_without():
    """In the one zone that the receiver writes; two moments are compared as moments."""
    assert "in another time zone" == name_of(
        (f"{WINTER}Z", "2026-01-25T13:00:00"), (f"{SUMMER}Z", "2026-07-25T14:00:00")
    )
    assert None is name_of((f"{WINTER}Z", "2026-01-25T13:00:00Z"))


def test_the_reference_names_each_rewriting():
    """And no other form is free: docs/reference/content.md is the closed list."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "content.md").read_text()
    assert [] == [each.name for each in REWRITINGS if each.name not in page]
