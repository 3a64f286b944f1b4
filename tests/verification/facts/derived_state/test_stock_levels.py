"""Levels that are right, wrong and in doubt, for the movements of one stock item."""

from dataclasses import replace
from decimal import Decimal

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.derived_state.stock_levels import check_stock
from frontsim.verification.facts.derived_state.stock_movements import SUM
from frontsim.verification.facts.history import EventFact, Expect, FaultFact, History, Run
from frontsim.verification.facts.state_shape import Cell, StateFacts, StateShape, StockItem

ITEM = StockItem("3044", "704")
CELL = Cell(ITEM, "level")
BY_SUM = StateShape("gtin", "gtin", "stock", {"level": SUM})
BY_LEVEL = StateShape("gtin", "gtin", "stock", {"level": "stockLevel"})
NO_STOCKS = StateShape("gtin", "gtin", "", {"level": "stockLevel"})


CLAMPED = StateShape("gtin", "gtin", "stock", {"level": SUM}, clamps=True)


def run(status=200, *, at_ms=0, number=1, outcome=Outcome.ANSWERED):
    return Run(number, Trigger.ORIGINAL, outcome, "", status if outcome is Outcome.ANSWERED else None, at_ms)


UNKNOWN = run(outcome=Outcome.UNKNOWN)


def moved(name, quantity, *runs, level=9, minute=0, number=0, **facts):
    payload = {
        "movementId": number or minute + 1000,
        "gtin": facts.pop("gtin", "0704"),
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
    (two,) = check(-1, *sales[:2]).wrong
    assert two.reason.endswith("as if sale 1 (-1) or sale 2 (-1) had not been applied")


def test_copies_at_once_may_count_several_times():
    """A fault that sends copies explains as many."""
    fault = FaultFact("duplicate", 0, 9, "copies=4 apart=simultaneous")
    assert [(Class.WRONG_STATE, "one")] == wrong(-4, ONE, faults=[fault])
    assert [(Class.WRONG_STATE, None)] == wrong(-5, ONE, faults=[fault])


def test_several_mistakes_at_once():
    """Each resent movement counts twice."""
    other = moved("other", -7, run(), run(number=2), minute=4)
    found = check(-24, TWICE, other)
    assert "some of its 2 movements" in found.wrong[0].reason


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
    """Another program may have moved the item."""
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
    for state in (None, StateFacts("state"), StateFacts("state", BY_SUM), StateFacts("state", after={})):
        assert 0 == check_stock(History("s", (ONE,), state=state)).checked


def reason(shown, *events, **options):
    [found] = check(shown, *events, **options).wrong
    return found.reason


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
    """What was expected, what came, and the mistake that explains it."""
    text = f"expected {expected} for 704 in stock 3044 in level (0 before, and each movement once), {told}"
    assert text == reason(shown, *events)


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
    """What the newest movement says, and whose level is shown."""
    text = f"expected 7 for 704 in stock 3044 in level (stockLevel of the newest movement), {told}"
    assert text == reason(shown, *events, shape=BY_LEVEL)


def test_the_reason_of_a_level_that_is_no_number():
    assert "704 in stock 3044 has several rows, or none with a number" == reason("text", ONE)


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


def test_all_movements_of_the_item_are_named():
    assert {"one", "two"} == check(5, ONE, TWO).wrong[0].events


@pytest.mark.parametrize(
    ("shown", "before", "quantities", "accused"),
    [
        (4, 2, (-5, 4), []),  # two less than there were, or nothing, and four
        (4, None, (-1, 4), []),
        (1, 2, (-5, 1), []),
        (9, 5, (-3, 1), [None]),
        (9, 5, (-5,), [None]),
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
