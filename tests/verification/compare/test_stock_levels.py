"""The level of the newest movement: right, wrong and in doubt; and which stock items are compared at all."""

from dataclasses import replace
from decimal import Decimal

import pytest

from frontsim.verification.compare.stock_levels import check_stock
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, Expect, History
from frontsim.verification.effects.state_shape import Cell, StateFacts, StateShape, StockItem
from tests.verification.compare.level_checks import (
    BY_LEVEL,
    BY_SUM,
    ONE,
    TWO,
    UNKNOWN,
    check,
    moved,
    reason,
    run,
    wrong,
)

ITEM = StockItem("3044", "704")
CELL = Cell(ITEM, "level")
NO_STOCKS = StateShape("gtin", "gtin", "", {"level": "stockLevel"})


@pytest.mark.parametrize(
    ("shown", "events", "before"),
    [
        (7, [ONE, TWO], None),
        (7, [TWO, ONE], None),
        (10, [ONE, TWO], 10),  # what it had before may be newer
        (5, [ONE, TWO, moved("never", -2, UNKNOWN, minute=3, level=5)], None),
        (7, [ONE, TWO, moved("never", -2, UNKNOWN, minute=3, level=5)], None),
        (8, [TWO, moved("same moment", -1, minute=2, level=8, number=1)], None),
        (8, [TWO, moved("higher number", -1, minute=1, level=8, number=5000)], None),
        (None, [moved("sold out", -1, level=0)], None),
        (0, [moved("oversold", -1, level=-3)], None),
        (9, [moved("either", -1, level=4, expect=Expect.EITHER)], None),
    ],
)
def test_a_right_level(shown, events, before):
    """That of the newest movement, by its time or its number; where two may be the newest, either."""
    assert [] == wrong(shown, *events, before=before, shape=BY_LEVEL)


def test_a_level_that_is_overwritten_by_an_older_one():
    """The older movement arrived last."""
    late = moved("late", -1, run(503, at_ms=0), run(at_ms=9, number=2), minute=1, level=8, number=3)
    assert [(Class.STALE, "late")] == wrong(8, late, TWO, shape=BY_LEVEL)


def test_a_level_whose_newest_movement_is_lost():
    """The older movement had arrived before."""
    assert [(Class.WRONG_STATE, "two")] == wrong(9, ONE, TWO, shape=BY_LEVEL)


def test_a_level_that_no_movement_has():
    """Another program may have moved the item."""
    assert [(Class.WRONG_STATE, None)] == wrong(3, ONE, TWO, shape=BY_LEVEL)


def test_an_item_that_is_not_shown():
    """It is accused where a level must be there; not where it was there before, or none was acknowledged."""
    assert [(Class.WRONG_STATE, "two")] == wrong(None, ONE, TWO, shape=BY_LEVEL)
    assert [] == wrong(None, ONE, TWO, shape=BY_LEVEL, before=3)
    assert [] == wrong(None, moved("never", 4, UNKNOWN))


def test_several_stocks_in_one_row():
    """verify does not know if a receiver adds up its stocks."""
    assert [] == wrong(123, ONE, moved("there", -1, stock=3050, minute=2), shape=NO_STOCKS)
    assert [(Class.WRONG_STATE, None)] == wrong(123, ONE, shape=NO_STOCKS)


def test_a_cell_without_a_number_is_a_doubt():
    """Several rows, or a text."""
    assert [(Class.WRONG_STATE, None)] == wrong("text", ONE)


def test_what_is_not_judged():
    """Bodies that were changed on the way, articles that other events name, and the search for a body limit."""
    assert [] == wrong(9, moved("altered", -1, altered=True))
    sale = EventFact("w", "sale", "SaleCreated", (run(),), payload={"salesLines": [{"gtin": "0704"}]})
    found = check(9, ONE, sale)
    assert ([], 0, 1) == ([*found.wrong], found.checked, sum(found.unclear.values()))
    assert 1 == sum(check(9, ONE, limit="takes bodies up to 5 bytes").unclear.values())
    assert 1 == check(-1, ONE, sale).checked


def test_an_item_that_other_scenarios_moved_is_not_judged():
    """Its level shows their movements too."""
    state = StateFacts("state", BY_SUM, {}, {CELL: Decimal(5)}, shared=frozenset({ITEM}))
    assert not check_stock(History("s", (ONE,), state=state)).wrong


def test_without_a_look_nothing_is_checked():
    """No observer, no shape, no rows."""
    for state in (None, StateFacts("state"), StateFacts("state", BY_SUM), StateFacts("state", after={})):
        assert 0 == check_stock(History("s", (ONE,), state=state)).checked


LATE = moved("late", -1, run(503, at_ms=0), run(at_ms=9, number=2), minute=1, level=8, number=3)


@pytest.mark.parametrize(
    ("shown", "events", "told"),
    [
        (3, [ONE, TWO], "got 3, which no movement of the scenario has"),
        (9, [moved("first", -1, level=9), ONE, TWO], "got 9, the level of one of 2026-08-01T12:01:00, which came "
            "before: the newer one was lost"),
        (8, [LATE, TWO], "got 8, the level of late of 2026-08-01T12:01:00, which is older than two of "
            "2026-08-01T12:02:00"),
        (None, [ONE, TWO], "got no row"),
    ],
)  # fmt: skip
def test_the_reason_of_a_wrong_level(shown, events, told):
    """The reason says the newest movement's level, and whose level is shown."""
    text = f"expected 7 for 704 in stock 3044 in level (stockLevel of the newest movement), {told}"
    assert text == reason(shown, *events, shape=BY_LEVEL)


def test_the_reason_of_a_level_that_is_no_number():
    assert "704 in stock 3044 has several rows, or none with a number" == reason("text", ONE)


def test_all_movements_of_the_item_are_named():
    assert {"one", "two"} == check(5, ONE, TWO).wrong[0].events


@pytest.mark.parametrize(
    ("shown", "events", "expected"),
    [
        (5, [ONE, moved("refused", -2, run(422), minute=3, level=5)], (Class.WRONG_STATE, None)),
        (9, [moved("older", -1, run(at_ms=2), minute=1), TWO], (Class.STALE, "older")),
        (9, [moved("older", -1, replace(run(at_ms=1), duration_ms=1), minute=1), TWO], (Class.STALE, "older")),
        (
            9,
            [
                moved("older", -1, run(at_ms=5), minute=1),
                moved("two", -2, run(503), run(at_ms=9, number=2), minute=2, level=7),
            ],
            (Class.STALE, "older"),
        ),
        (1, [moved("oversold", -1, level=-3)], (Class.WRONG_STATE, None)),
    ],
)
def test_a_level_that_came_when_it_should_not(shown, events, expected):
    """An older one that may have arrived after the newest; one that was refused; one that no movement has."""
    assert [expected] == wrong(shown, *events, shape=BY_LEVEL)


def test_a_level_below_zero_may_be_kept_as_nothing():
    """Also where only one of those that may be the newest is."""
    maybe = moved("by time", -1, minute=2, level=-3, number=1), moved("by number", -1, minute=1, level=5, number=5000)
    assert [] == wrong(0, *maybe, shape=BY_LEVEL)
    assert [] == wrong(0, moved("oversold", -1, level=-1), shape=BY_LEVEL)


def test_each_item_is_judged_for_itself():
    """One whose body was altered, or that a sale names, keeps none of the others from it."""
    altered, sold, other = moved("a", -1, altered=True), moved("s", -1, gtin="0705"), moved("o", -1, gtin="0706")
    sale = EventFact("w", "sale", "SaleCreated", (run(),), payload={"salesLines": [{"gtin": "0705"}]})
    after = {Cell(StockItem("3044", item), "level"): Decimal(9) for item in ("704", "705", "706")}
    events = (altered, replace(ONE, webhook_event_id="sound"), sold, other, sale)
    found = check_stock(History("s", events, state=StateFacts("state", BY_SUM, {}, after)))
    assert ([frozenset({"o"})], 1, [1]) == (
        [each.events for each in found.wrong],
        found.checked,
        [*found.unclear.values()],
    )


def test_two_events_together_name_no_item():
    """Each is read for itself."""
    parts = [EventFact("w", text, "SaleCreated", (run(),), payload=text) for text in ("7", "04")]
    assert [(Class.WRONG_STATE, None)] == wrong(9, ONE, *parts)


def test_the_events_of_all_items_are_compared():
    """And at a sum of zero nothing needs to be shown, but below zero something does."""
    other = moved("other", -1, gtin="0705", minute=4)
    assert {"one", "two", "other"} == check(7, ONE, TWO, other, before=10).compared
    assert [] == wrong(None, moved("all", -10), before=10)
