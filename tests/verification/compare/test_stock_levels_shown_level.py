"""A level beside what it may be, and how a reason tells it."""

from decimal import Decimal

import pytest

from frontsim.verification.compare.state_events import movements
from frontsim.verification.compare.stock_levels import ShownLevel, listed, not_shown, plain
from frontsim.verification.effects.state_shape import Cell, StockItem
from tests.verification.compare.level_checks import ONE, UNKNOWN, moved


def numbers(*texts):
    return [Decimal(text) for text in texts]


def level(shown):
    return ShownLevel(Cell(StockItem("3044", "704"), "level"), None, shown if shown is None else Decimal(shown), ())


@pytest.mark.parametrize(
    ("shown", "right", "parts", "is_right"),
    [
        ("7", ["9", "7"], [], True),
        ("7", ["9", "8"], ["2"], False),
        ("7", [], [], False),
        ("0", ["-3"], [], True),  # it keeps no level below zero
        ("0", ["-0.4"], [], True),
        ("0", ["5", "-3"], [], True),
        ("0", ["3"], [], False),
        ("0", ["0.4"], [], False),
        ("1", ["-3"], [], False),
        ("7", ["7.4"], ["0.4"], True),  # whole pieces
        ("7", ["7.4"], ["1"], False),
        ("7", ["8"], ["0.4"], False),  # less than one piece apart
        ("7", ["8"], ["0.4", "0.6"], True),  # two parts: less than two pieces
        (None, ["0"], [], True),
        (None, ["-1", "4"], [], True),
        (None, ["1"], [], False),
    ],
)
def test_a_level_is_right(shown, right, parts, is_right):
    """As it is, rounded, left out where nothing is left, or kept at zero."""
    assert is_right == level(shown).is_one_of(numbers(*right), numbers(*parts))


def test_its_place_is_the_stock_item_and_the_column():
    assert "704 in stock 3044 in level" == level("7").place


def test_a_missing_row_accuses_a_movement_that_had_to_make_it():
    """One that was never acknowledged had to make nothing."""
    owed, unknown = movements([ONE, moved("unknown", 4, UNKNOWN)])
    found = not_shown("expected 4", owed)
    assert (None, "expected 4, got no row", "one") == (found.shown, found.reason, found.accused.webhook_event_id)
    assert not_shown("expected 4", unknown) is None


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        (["7"], "7"),
        (["7", "-1"], "-1 or 7"),
        (["3", "2", "1"], "1 or 2 or 3"),
        (["4", "3", "2", "1"], "1 or 2 or 3 or another"),
    ],
)
def test_three_levels_are_listed_at_the_most(levels, told):
    assert told == listed(numbers(*levels))


@pytest.mark.parametrize(("number", "told"), [("1E+2", "100"), ("7.50", "7.5"), ("-0.4", "-0.4"), ("0.00", "0")])
def test_a_number_is_written_plainly(number, told):
    assert told == plain(Decimal(number))
