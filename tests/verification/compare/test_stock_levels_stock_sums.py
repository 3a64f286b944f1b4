"""A level that adds up movements: right, wrong, in doubt, and whom it accuses."""

from dataclasses import replace
from decimal import Decimal

import pytest

from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import Expect, FaultFact
from tests.verification.compare.level_checks import (
    CLAMPED,
    ONE,
    TWICE,
    TWO,
    UNKNOWN,
    check,
    moved,
    reason,
    run,
    wrong,
)


@pytest.mark.parametrize(
    ("shown", "events", "before"),
    [
        (-3, [ONE, TWO], None),
        (7, [ONE, TWO], 10),
        (-6, [ONE, TWICE], None),
        (-1, [ONE, moved("never", -2, UNKNOWN)], None),
        (-3, [ONE, moved("never", -2, UNKNOWN)], None),
        (-1, [ONE, moved("either", -2, expect=Expect.EITHER)], None),
        (-1, [ONE, moved("refused", -2, run(422))], None),
        (0, [ONE, TWO], None),  # it keeps no level below zero
        (None, [ONE, moved("back", 1, minute=4)], None),  # nothing left
        (-2, [ONE, moved("part", -0.4, minute=4)], None),  # whole pieces
    ],
)
def test_a_right_sum(shown, events, before):
    """The level before and each movement once; what was never acknowledged may count or not."""
    assert [] == wrong(shown, *events, before=before)


@pytest.mark.parametrize(
    ("shown", "events", "accused"),
    [
        (-11, [ONE, TWICE], "twice"),
        (-1, [ONE, TWO], "two"),
        (-2, [ONE, TWO], "one"),
        (-3, [ONE, moved("refused", -2, run(422))], "refused"),
        (5, [ONE, TWO], None),
    ],
)
def test_a_wrong_sum(shown, events, accused):
    """One that counts again must have arrived again; one that does not count must have been acknowledged."""
    assert [(Class.WRONG_STATE, accused)] == wrong(shown, *events)


def test_a_level_below_zero_has_a_row_where_clean_events_had_one():
    """Where they had none, or a row may have been removed, nothing is wrong."""
    assert [(Class.WRONG_STATE, "two")] == wrong(None, ONE, TWO)
    assert [] == wrong(None, ONE, TWO, shape=CLAMPED)
    assert [] == wrong(None, ONE, TWO, before=2)


def test_every_movement_that_fits_is_named():
    """A sum does not tell which of several equal sales was lost, nor whether one counts again instead."""
    sales = [moved(f"sale {number}", -1, minute=number) for number in range(1, 6)]
    (lost,) = check(-4, *sales).wrong
    assert lost.reason.endswith("as if sale 1 (-1), sale 2 (-1), sale 3 (-1) or one of 2 more had not been applied")
    again = moved("again", 1, run(at_ms=1), run(at_ms=9, number=2), minute=9)
    (either,) = check(-3, *sales[:5], again).wrong
    assert "as if again (1) had been applied twice; or as if sale 1 (-1), sale 2 (-1)" in either.reason
    (three,) = check(-2, *sales[:3]).wrong
    assert three.reason.endswith("as if sale 1 (-1) or sale 2 (-1) or sale 3 (-1) had not been applied")
    (two,) = check(-1, *sales[:2]).wrong
    assert two.reason.endswith("as if sale 1 (-1) or sale 2 (-1) had not been applied")


def test_copies_at_once_may_count_several_times():
    """A fault that sends copies explains as many."""
    fault = FaultFact("duplicate", 0, 9, "copies=4 apart=simultaneous")
    assert [(Class.WRONG_STATE, "one")] == wrong(-4, ONE, faults=[fault])
    assert [(Class.WRONG_STATE, None)] == wrong(-5, ONE, faults=[fault])


def test_several_mistakes_at_once():
    """Each resent movement counts twice; or one counts twice and another not at all."""
    other = moved("other", -7, run(), run(number=2), minute=4)
    found = check(-24, TWICE, other)
    assert "some of its 2 movements" in found.wrong[0].reason
    once = moved("once", -7, minute=4)
    assert "some of its 2 movements" in reason(-10, TWICE, once)
    assert "which no movement of the scenario explains" in reason(-2, TWICE, once)


def test_of_several_mistakes_the_first_report_of_a_movement_is_accused():
    thrice = moved("first", -5, run(), run(number=2), run(number=3), minute=3)
    sibling = replace(thrice, webhook_event_id="sibling")
    assert [(Class.WRONG_STATE, "first")] == wrong(-15, thrice, sibling, TWO)


def test_too_many_explanations_are_none():
    """Each of many movements that came twice may count twice."""
    twice = [moved(f"m{n}", -(2**n), run(), run(number=2), minute=n) for n in range(20)]
    assert [(Class.WRONG_STATE, None)] == wrong(50, *twice)


def test_rows_below_zero_are_judged_where_clean_events_had_them():
    """Also where the row was there before, and more was taken away than it had."""
    assert [(Class.WRONG_STATE, "out")] == wrong(2, moved("out", -5), before=2)


def test_two_webhooks_may_count_twice():
    """One movement under two event ids is one movement, or two."""
    twin = moved("twin", -1, minute=1)
    assert [] == wrong(-1, ONE, twin)
    assert [] == wrong(-2, ONE, twin)
    assert [(Class.WRONG_STATE, None)] == wrong(-3, ONE, twin)


def test_too_many_sums_are_not_judged():
    """With so many movements that may count, any level may be right."""
    maybe = [moved(f"m{n}", 2**n, UNKNOWN, minute=n) for n in range(20)]
    assert [] == wrong(-1, *maybe)


NEVER = moved("never", -2, UNKNOWN)
THRICE = moved("thrice", -7, run(), run(number=2), run(number=3), minute=4)


@pytest.mark.parametrize(
    ("shown", "events", "expected", "told"),
    [
        (-11, [ONE, TWICE], "-6", "got -11: as if twice (-5) had been applied twice"),
        (-22, [ONE, THRICE], "-8", "got -22: as if thrice (-7) had been applied 3 times"),
        (-3, [ONE, moved("refused", -2, run(422))], "-1", "got -3: as if refused (-2) had been applied although it "
            "was refused"),
        (-1, [ONE, TWO], "-3", "got -1: as if two (-2) had not been applied"),
        (-31, [TWICE, THRICE], "-12", "got -31: as if some of its 2 movements had been applied again, or not at "
         "all; which ones is not known"),
        (50, [ONE, NEVER], "-3 or -1", "got 50, which no movement of the scenario explains"),
        (50, [ONE, NEVER, moved("v", -2, UNKNOWN, minute=3)], "-5 or -3 or -1", "got 50, which no movement of the "
            "scenario explains"),
        (50, [ONE, NEVER, moved("v", -4, UNKNOWN, minute=3)], "-7 or -5 or -3 or another", "got 50, which no movement "
            "of the scenario explains"),
        (None, [moved("in", 4, minute=1)], "4", "got no row"),
    ],
)  # fmt: skip
def test_the_reason_of_a_wrong_sum(shown, events, expected, told):
    """The reason has the expected sum, the shown one, and the mistake that explains it."""
    text = f"expected {expected} for 704 in stock 3044 in level (0 before, and each movement once), {told}"
    assert text == reason(shown, *events)


def test_who_is_accused_where_several_may_be():
    """The one that arrived most often, and of those that several webhooks report the first."""
    same, often = moved("same", -2, minute=5), moved("often", -2, run(), run(number=2), minute=6)
    assert [(Class.WRONG_STATE, "often")] == wrong(-2, same, often)
    assert [(Class.WRONG_STATE, "thrice")] == wrong(-31, TWICE, THRICE)
    twin = moved("twin", -1, run(), run(number=2), minute=1)
    assert [(Class.WRONG_STATE, "one")] == wrong(-3, ONE, twin)
    assert "as if one (-1) had" in reason(-3, ONE, twin)
    assert [(Class.WRONG_STATE, "more")] == wrong(None, moved("in", 4, minute=1), moved("more", 2, minute=2))
    assert [(Class.WRONG_STATE, None)] == wrong(1, ONE, NEVER)


@pytest.mark.parametrize(
    ("shown", "before", "quantities", "accused"),
    [
        (4, 2, (-5, 4), []),  # two less than there were, or nothing, and four
        (4, None, (-1, 4), []),
        (1, 2, (-5, 1), []),
        (9, 5, (-3, 1), [None]),
        (9, 5, (-5,), [None]),
        (1, None, (-0.5, 0.6), []),
        (3, None, (-0.5, 0.6), [None]),
        (11, 2, (-5, 4), [None]),  # what was taken was added
    ],
)
def test_a_sum_that_stays_above_zero_depends_on_the_order(shown, before, quantities, accused):
    """So it is not judged where it may have been at zero."""
    events = [moved(str(each), each, minute=minute) for minute, each in enumerate(quantities)]
    assert accused == [each for _, each in wrong(shown, *events, before=before, shape=CLAMPED)]


def test_nothing_may_be_left_in_between():
    """Where more was taken away than was there, a row may be gone or begin anew."""
    events = moved("out", -5, minute=1), moved("in", 4, minute=2)
    assert ([], []) == (wrong(0, *events, before=2), wrong(None, *events, before=2))


@pytest.mark.parametrize(
    ("shown", "events", "before", "accused"),
    [
        (None, [moved("never", 4, UNKNOWN)], 5, []),
        (None, [moved("out", -1, minute=1), moved("never", 4, UNKNOWN)], 1, []),
        (None, [moved("in", 1)], None, ["in"]),
        (0, [moved("in", 4)], None, ["in"]),
        (0, [moved("in", 4), moved("in too", 4, UNKNOWN)], None, ["in"]),
        (Decimal("-0.4"), [ONE, moved("part", -0.4, minute=4)], None, ["one"]),
    ],
)
def test_a_sum_near_nothing(shown, events, before, accused):
    """A row may be missing where nothing may be left, and not where something must be."""
    assert accused == [each for _, each in wrong(shown, *events, before=before)]


def test_movements_without_a_number_are_each_their_own():
    one, two = (replace(each, payload={**each.payload, "movementId": None}) for each in (ONE, TWO))
    assert [] == wrong(-3, one, two)


@pytest.mark.parametrize(
    ("faults", "shown", "accused"),
    [
        ([("delay", "copies=4")], -4, None),
        ([("duplicate", "copies=2 9")], -4, None),
        ([("duplicate", "copies=2"), ("duplicate", "copies=4"), ("duplicate", "copies=3")], -4, "one"),
        ([("duplicate", "copies=many")], -2, "one"),
        ([("duplicate", "copies=many")], -3, None),
    ],
)
def test_how_many_copies_a_fault_sends(faults, shown, accused):
    """Two where it does not say."""
    told = [FaultFact(name, 0, 9, detail) for name, detail in faults]
    assert [(Class.WRONG_STATE, accused)] == wrong(shown, ONE, faults=told)
