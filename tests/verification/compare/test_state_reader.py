"""Levels read for a scenario, from an observer that is made by hand."""

from decimal import Decimal

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import SUM
from frontsim.verification.compare.state_reader import RunState, StateReader
from frontsim.verification.effects import look
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.effects.look import Blocks, row_blocks
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.state_shape import Cell, StateShape, StockItem
from frontsim.verification.patience import WaitLimits

TAKEN = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)
PAYLOAD = {
    "movementId": 1, "gtin": "704", "sku": "S", "stockId": 3044, "quantity": -1,
    "stockLevel": 9, "reservedLevel": 0, "availableLevel": 9, "createdDateTime": "2026-08-01T12:00:00",
}  # fmt: skip
HISTORY = History("s", (EventFact("w", "e", "StockMovementCreated", (TAKEN,), payload=PAYLOAD),))
ITEM = StockItem("3044", "704")
NO_WAIT = WaitLimits(0, 0, 0)


class Rows:
    """An observer that shows one level after another, and then fails."""

    name = "rows"

    def __init__(self, *levels):
        self.levels = list(levels)

    def read(self):
        if not self.levels:
            raise ObserverFailed("rows: gone")
        return [{"s": 3044, "g": "704", "n": self.levels.pop(0)}, {"s": 3044, "g": "8", "n": 1}]

    def close(self):
        """Nothing to do."""


def run_state(*levels):
    run = RunState(Rows(*levels))
    run.shape, run.failure = StateShape("g", "gtin", "s", {"n": SUM}), ""
    return run


def test_the_levels_before_and_after():
    """Of the scenario's own stock items alone."""
    reader = StateReader(run_state(5, 4), pause=lambda _: None)
    reader.take_baseline()
    facts = reader.wait(HISTORY, NO_WAIT)
    cell = Cell(ITEM, "n")
    assert (Decimal(5), {cell: Decimal(4)}, "") == (facts.before[cell], facts.after, facts.failure)


def test_a_wrong_level_is_read_again_until_it_is_right():
    """It is given the time of a missing effect."""
    reader = StateReader(run_state(5, 5, 5, 4, 4, 4), pause=lambda _: None)
    reader.take_baseline()
    assert {Cell(ITEM, "n"): Decimal(4)} == reader.wait(HISTORY, WaitLimits(0, 600, 600)).after


def test_levels_that_cannot_be_read_are_unknown():
    """Before the scenario, after it, or because the probe knew no shape."""
    gone = StateReader(run_state(), pause=lambda _: None)
    gone.take_baseline()
    later = StateReader(run_state(5), pause=lambda _: None)
    later.take_baseline()
    unknown = StateReader(RunState(Rows(5)), pause=lambda _: None)
    for reader, told in ((gone, "gone"), (later, "gone"), (unknown, "did not read")):
        facts = reader.wait(HISTORY, NO_WAIT)
        assert facts.after is None
        assert told in facts.failure


def test_two_scenarios_that_move_one_item_know_of_each_other():
    """The second one sees it; a scenario's second look claims nothing anew."""
    run = run_state(0, 0)
    assert frozenset() == run.claim({ITEM}, "one")
    assert frozenset() == run.claim({ITEM}, "one")
    assert {ITEM} == run.claim({ITEM}, "two")


@pytest.mark.parametrize("as_blocks", [True, False])
def test_a_look_shows_each_row_as_it_is_now(as_blocks, monkeypatch):
    """Rows that are unchanged are read once; two rows of one item, in whatever blocks, show no level."""
    monkeypatch.setattr(look, "_ROWS", 2)
    rows = [{"s": 1, "g": str(number), "n": number} for number in range(7)]
    changed = [*rows[:5], {"s": 1, "g": "5", "n": 99}, rows[6]]
    shown: Blocks = Blocks()
    run = run_state()
    for now, expected in (
        (rows, list(range(7))),
        (rows, list(range(7))),
        (changed, [0, 1, 2, 3, 4, 99, 6]),
        ([*changed, {"s": 1, "g": "0", "n": 0}], [None, 1, 2, 3, 4, 99, 6]),
        (changed[1:], [1, 2, 3, 4, 99, 6]),
        ([], []),
    ):
        shown = row_blocks(now, shown)
        run.observer.read = lambda now=now, shown=shown: shown if as_blocks else now
        assert expected == [each.value.shows for each in run.shown()]


def test_rows_that_are_unchanged_are_read_once():
    rows = [{"s": 1, "g": str(number), "n": number} for number in range(1_000)]
    shown = row_blocks(rows, Blocks())
    run = run_state()
    run.observer.read = lambda: shown
    first = run.shown()
    shown = row_blocks([*rows, {"s": 1, "g": "new", "n": 1}], shown)
    assert all(one is other for one, other in zip(first, run.shown(), strict=False))
    assert 1_001 == len(run.shown())
