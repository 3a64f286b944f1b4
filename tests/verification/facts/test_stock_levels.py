"""Levels that are right, wrong and in doubt, for the movements of one stock item."""

from decimal import Decimal

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.history import EventFact, Expect, FaultFact, History, Run
from frontsim.verification.facts.state_shape import Cell, StateFacts, StateShape, StockItem
from frontsim.verification.facts.stock_levels import check_stock
from frontsim.verification.facts.stock_movements import SUM

ITEM = StockItem("3044", "704")
CELL = Cell(ITEM, "level")
BY_SUM = StateShape("gtin", "gtin", "stock", {"level": SUM})
BY_LEVEL = StateShape("gtin", "gtin", "stock", {"level": "stockLevel"})
NO_STOCKS = StateShape("gtin", "gtin", "", {"level": "stockLevel"})


def run(status=200, *, at_ms=0, number=1, outcome=Outcome.ANSWERED):
    return Run(number, Trigger.ORIGINAL, outcome, "", status if outcome is Outcome.ANSWERED else None, at_ms)


UNKNOWN = run(outcome=Outcome.UNKNOWN)


def moved(name, quantity, *runs, level=9, minute=0, number=0, **facts):
    payload = {
        "movementId": number or minute + 1000,
        "gtin": "0704",
        "sku": "S",
        "stockId": facts.pop("stock", 3044),
        "quantity": quantity,
        "stockLevel": level,
        "reservedLevel": 0,
        "availableLevel": level,
        "createdDateTime": f"2026-08-01T12:{minute:02}:00",
    }
    return EventFact("w", name, "StockMovementCreated", runs or (run(at_ms=minute),), payload=payload, **facts)


def check(shown, *events, shape=BY_SUM, before=None, faults=(), **history):
    cell = Cell(StockItem("3044" if shape.stock else "", "704"), "level")
    after = {} if shown is None else {cell: Decimal(str(shown)) if shown != "text" else None}
    state = StateFacts("state", shape, {} if before is None else {cell: Decimal(before)}, after)
    return check_stock(History("s", events, state=state, faults=faults, **history))


def wrong(shown, *events, **options):
    found = check(shown, *events, **options)
    return [(each.class_, each.accused and each.accused.webhook_event_id) for each in found.wrong]


ONE, TWO = moved("one", -1, minute=1, level=9), moved("two", -2, minute=2, level=7)
TWICE = moved("twice", -5, run(at_ms=1), run(at_ms=9, number=2), minute=3)


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
        (None, [ONE, TWO], None),
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


def test_copies_at_once_may_count_several_times():
    """A fault that sends copies explains as many."""
    fault = FaultFact("duplicate", 0, 9, "copies=4 apart=simultaneous")
    assert [(Class.WRONG_STATE, "one")] == wrong(-4, ONE, faults=[fault])
    assert [(Class.WRONG_STATE, None)] == wrong(-5, ONE, faults=[fault])


def test_several_mistakes_at_once():
    """Each resent movement counts twice."""
    other = moved("other", -7, run(), run(number=2), minute=4)
    found = check(-24, TWICE, other)
    assert "some of its movements" in found.wrong[0].reason


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
    """Somebody else may have moved the item."""
    assert [(Class.WRONG_STATE, None)] == wrong(3, ONE, TWO, shape=BY_LEVEL)


def test_an_item_that_is_not_shown():
    """It is accused where a level must be there; not where it was there before, or none was acknowledged."""
    assert [(Class.WRONG_STATE, "two")] == wrong(None, ONE, TWO, shape=BY_LEVEL)
    assert [] == wrong(None, ONE, TWO, shape=BY_LEVEL, before=3)
    assert [] == wrong(None, moved("never", 4, UNKNOWN))


def test_several_stocks_in_one_row():
    """Whether a receiver adds up its stocks is not known."""
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
    for state in (None, StateFacts("state"), StateFacts("state", BY_SUM)):
        assert 0 == check_stock(History("s", (ONE,), state=state)).checked
