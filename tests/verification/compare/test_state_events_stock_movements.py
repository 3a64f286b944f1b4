import orjson
import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import MOVEMENT, SUM, movements
from frontsim.verification.effects.history import EventFact, Expect, Run
from frontsim.verification.effects.state_shape import StateShape, StockItem

WHOLE = {
    "movementId": 1, "gtin": "0704", "sku": None, "stockId": 3044, "quantity": -1,
    "stockLevel": 9, "reservedLevel": 2, "availableLevel": 7, "createdDateTime": "2026-08-01T12:00:00",
}  # fmt: skip


def found(**changes):
    return movements([EventFact("w", "e", "StockMovementCreated", (), payload={**WHOLE, **changes})])


def test_a_movement_names_its_article_as_it_can():
    """A GTIN that is kept as a number has lost its zeros."""
    assert {"gtin": "704"} == found()[0].items
    assert {"sku": "S"} == found(gtin=None, sku="S")[0].items


@pytest.mark.parametrize("changes", [{"gtin": None}, {"quantity": None}, {"stockLevel": "x"}, {"stockId": None}])
def test_a_movement_that_does_not_say_enough_is_left_out(changes):
    """It can move no level that is compared."""
    assert [] == found(**changes)


def test_a_movement_says_what_when_and_where():
    """Without a time or a number it still moves the levels."""
    [one] = found()
    assert {"stockLevel": 9, "reservedLevel": 2, "availableLevel": 7} == one.levels
    assert ("3044", -1, "2026-08-01T12:00:00", 1) == (one.stock, one.quantity, one.at, one.number)
    [bare] = found(createdDateTime=None, movementId=None)
    assert ("", 0) == (bare.at, bare.number)


def test_only_stock_movements_move_stock():
    """Another type with the same fields does not."""
    assert [] == movements([EventFact("w", "e", "SaleCreated", (), payload=WHOLE)])
    assert [] == movements([EventFact("w", "e", MOVEMENT, (), payload=[WHOLE])])
    assert [] == movements([EventFact("w", "e", MOVEMENT, (), payload=orjson.dumps(WHOLE).decode())])


@pytest.mark.parametrize(
    ("statuses", "expect", "is_owed", "may_apply", "arrivals"),
    [
        ([200], Expect.ONCE, True, True, 1),
        ([200], Expect.EITHER, False, True, 1),
        ([422, 200], Expect.ONCE, True, True, 2),
        ([399], Expect.ONCE, False, True, 1),
        ([400], Expect.ONCE, False, False, 1),
        ([499], Expect.ONCE, False, False, 1),
        ([500], Expect.ONCE, False, True, 1),
        ([422, 500], Expect.ONCE, False, True, 2),
        (["unknown"], Expect.ONCE, False, True, 1),
        (["not sent", 422], Expect.ONCE, False, False, 1),
        (["not sent"], Expect.ONCE, False, False, 0),
    ],
)
def test_what_must_count_and_what_may(statuses, expect, is_owed, may_apply, arrivals):
    """An acknowledged movement must, where once is expected; one that was refused for good, or never sent, may not."""
    outcomes = {"unknown": Outcome.UNKNOWN, "not sent": Outcome.NOT_SENT}
    runs = tuple(
        Run(number, Trigger.ORIGINAL, outcomes.get(each, Outcome.ANSWERED), "", None if each in outcomes else each, 0)
        for number, each in enumerate(statuses, start=1)
    )
    [one] = movements([EventFact("w", "e", MOVEMENT, runs, payload=WHOLE, expect=expect)])
    assert (is_owed, may_apply, arrivals) == (one.is_owed, one.may_apply, one.arrivals)


def test_what_a_column_shows_after_it():
    """A level, or a difference."""
    [one] = found()
    assert {"stockLevel": 9, "reservedLevel": 2, SUM: -1} == {
        what: one.holds(what) for what in ("stockLevel", "reservedLevel", SUM)
    }
    assert "n -> the sum of quantity (a row for each g)" == str(StateShape("g", "gtin", "", {"n": SUM}))


def test_the_row_of_a_movement():
    """By the name that the table uses; without the stock where it keeps none."""
    [one] = found()
    assert StockItem("3044", "704") == one.about(StateShape("g", "gtin", "s"))
    assert StockItem("", "704") == one.about(StateShape("g", "gtin"))
    assert None is one.about(StateShape("g", "sku", "s"))
