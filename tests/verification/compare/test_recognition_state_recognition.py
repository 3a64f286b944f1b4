"""Which columns hold levels, by what rows show of four movements; and what is said where none does."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.recognition import recognise
from frontsim.verification.compare.state_events import SUM, movements
from frontsim.verification.effects.history import EventFact, Run

TAKEN = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)
MOVED = ((5, 43, 4), (7, 58, 9), (13, 71, 12), (-3, 29, 6))


def payload(number, quantity, level, reserved):
    return {
        "movementId": 100 + number,
        "gtin": f"070400{number}",
        "sku": f"SKU-{number}",
        "stockId": 3044 + number % 2,
        "quantity": quantity,
        "stockLevel": level,
        "reservedLevel": reserved,
        "availableLevel": level - reserved,
        "createdDateTime": "2026-08-01T12:00:00",
    }


PAYLOADS = [payload(number, *moved) for number, moved in enumerate(MOVED)]
SENT = movements(EventFact("w", str(each), "StockMovementCreated", (TAKEN,), payload=each) for each in PAYLOADS)


def rows(make, before=()):
    return [*before, *(make(each) for each in PAYLOADS)]


def found(make, *, before=(), named=None):
    return recognise(rows(make, before), before, SENT, named or {})


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (lambda p: {"warehouse": p["stockId"], "ean": p["gtin"], "n": p["stockLevel"]}, {"n": "stockLevel"}),
        (
            lambda p: {"s": str(p["stockId"]), "g": int(p["gtin"]), "n": str(p["availableLevel"])},
            {"n": "availableLevel"},
        ),
        (lambda p: {"s": p["stockId"], "g": p["gtin"], "n": float(p["quantity"])}, {"n": SUM}),
        (
            lambda p: {
                "s": p["stockId"],
                "g": p["gtin"],
                "on_hand": p["stockLevel"],
                "held": p["reservedLevel"],
                "x": 1,
            },
            {"on_hand": "stockLevel", "held": "reservedLevel"},
        ),
    ],
)
def test_columns_are_known_by_their_values(make, columns):
    """Whatever they are called, and in whatever form numbers are."""
    recognised = found(make)
    assert (True, "") == (recognised.is_whole, recognised.failure)
    assert (columns, False) == (recognised.shape.columns, recognised.shape.clamps)
    assert next(iter(make(PAYLOADS[0]))) == recognised.shape.stock


def test_a_table_by_sku_without_stocks():
    """The article may go by another name, and stocks need not be kept apart."""
    shape = found(lambda p: {"sku": p["sku"], "level": p["stockLevel"]}).shape
    assert ("sku", "sku", "") == (shape.item, shape.item_path, shape.stock)


def test_a_sum_begins_at_the_receivers_own_count():
    """Rows that were there before the first movement are where the sum begins."""

    def row(p):
        return {"g": p["gtin"], "n": p["quantity"]}

    def later(p):
        return {"g": p["gtin"], "n": 100 + p["quantity"]}

    before = [{"g": each["gtin"], "n": 100} for each in PAYLOADS]
    assert {"n": SUM} == recognise(rows(later), before, SENT, {}).shape.columns
    assert not recognise(rows(row), before, SENT, {}).shape


@pytest.mark.parametrize("shown", [[0], []])
def test_a_level_that_stays_above_zero(shown):
    """The movement that takes away from nothing shows it."""
    made = [{"g": p["gtin"], "n": p["quantity"]} for p in PAYLOADS[:3]]
    shape = recognise([*made, *({"g": PAYLOADS[3]["gtin"], "n": each} for each in shown)], (), SENT, {}).shape
    assert shape.clamps


def test_one_movement_may_be_missing():
    """A receiver that loses one is found out later; but the look goes on until all are there."""
    recognised = recognise(rows(lambda p: {"g": p["gtin"], "n": p["stockLevel"]})[1:], (), SENT, {})
    assert ({"n": "stockLevel"}, False) == (recognised.shape.columns, recognised.is_whole)
    assert not recognised.shape.clamps
    assert not recognise(rows(lambda p: {"g": p["gtin"], "n": p["stockLevel"]})[2:], (), SENT, {}).shape


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ([], "it shows no rows"),
        (["0704000", "0704001"], "expected rows with several columns, got '0704000'"),
        ([{"id": 1, "level": 4}], "expected a row of gtin 704000 or sku SKU-0, got 1 row with the columns id, level"),
        (rows(lambda p: {"g": p["gtin"], "n": "many"}), "'n': 'many'"),
        (rows(lambda p: {"g": p["gtin"], "n": True}), "expected 704000 with a level of 43 (stockLevel)"),
        (
            rows(lambda p: {"g": p["gtin"], "n": p["stockLevel"]}) * 2,
            "expected one row for each stock item, got 2 rows for 704000",
        ),
        (["0704000", {"g": 1}], "expected rows with several columns, got '0704000'"),
        ([{"id": 1}, {"id": 2}], "got 2 rows with the column id, and none of it"),
        (
            [*({"a": 1} for _ in range(49)), {"b": 1}, {"c": 1}],
            "got 51 rows with the columns a, b, and none of it",
        ),
        (
            rows(lambda p: {"g": p["gtin"], "n": abs(p["quantity"])}),
            "expected 704003 with a level of 29 (stockLevel), 23 (availableLevel), 6 (reservedLevel) or -3 more than "
            "before, got {'g': '0704003', 'n': 3}",
        ),
        (
            rows(lambda p: {"g": p["gtin"], "n": "many"})[1:],
            "expected 704001 with a level of 58 (stockLevel), 49 (availableLevel), 9 (reservedLevel) or 7 more than "
            "before, got {'g': '0704001', 'n': 'many'}",
        ),
    ],
)
def test_unrecognised_rows_give_a_reason(shown, told):
    """The message shows what was looked for and what came."""
    recognised = recognise(shown, (), SENT, {})
    assert (None, False) == (recognised.shape, recognised.is_whole)
    assert told in recognised.failure


def test_the_user_names_columns_or_leaves_them_out():
    """The user's word counts, if a value confirms it."""

    def row(p):
        return {"g": p["gtin"], "a": p["stockLevel"], "b": p["availableLevel"]}

    assert {"b": "availableLevel"} == found(row, named={"a": ""}).shape.columns
    assert {"b": "availableLevel"} == found(row, named={"a": SUM}).shape.columns


def of(moved, shown, *, before=(), more=()):
    """Recognise columns for movements (quantity, level, reserved), and what a column shows of each."""
    sent = [payload(number, *each) for number, each in enumerate(moved)]
    made = [{"g": each["gtin"], "n": level} for each, level in zip(sent, shown, strict=True)]
    events = [EventFact("w", str(each), "StockMovementCreated", (TAKEN,), payload=each) for each in sent]
    return recognise([*made, *more], before, movements(events), {}).shape


@pytest.mark.parametrize(
    ("quantities", "shown", "is_sum"),
    [
        ((5, 7, -2, -3), (5, 7, 0, 0), True),
        ((5, 7, 0, -3), (5, 7, 1, 0), True),
        ((5, 1, -2, -3), (5, 9, 0, 0), False),
        ((5, 7, -2, -3), (5, 8, 0, 0), False),
        ((5, 7, -2, -3), (43, 58, 0, 0), False),  # a level must be shown below zero too
        ((5, 7, -2, -3), (5, 7, 0, 3), False),
        ((5, 7, 13, -3), (5, 7, 13, 3), False),  # what was taken away was added
    ],
)
def test_a_sum_that_stays_above_zero_shows_what_was_added(quantities, shown, is_sum):
    """And zero for what was taken away."""
    levels = ((43, 4), (58, 9), (71, 12), (29, 6))
    shape = of([(quantity, *each) for quantity, each in zip(quantities, levels, strict=True)], shown)
    assert (is_sum, is_sum) == (bool(shape), bool(shape and shape.clamps))


def test_one_sum_of_several_may_stay_above_zero():
    def row(p):
        return {"g": p["gtin"], "a": max(p["quantity"], 0), "b": p["quantity"], "c": p["stockLevel"]}

    shape = found(row).shape
    assert ({"a": SUM, "b": SUM, "c": "stockLevel"}, True) == (shape.columns, shape.clamps)


def test_a_column_that_may_be_two_levels_is_the_first():
    """Where nothing is reserved, all that is there is available."""
    assert {"n": "stockLevel"} == of([(5, 43, 0), (7, 58, 0), (13, 71, 0), (-3, 29, 0)], (43, 58, 71, 29)).columns


def test_a_level_does_not_depend_on_what_was_there_before():
    """Nor on rows that say nothing or are of other items."""
    before = ["text", {"n": 1}, *({"g": each["gtin"], "n": 100} for each in PAYLOADS)]
    shown = [each["stockLevel"] for each in PAYLOADS]
    assert {"n": "stockLevel"} == of(MOVED, shown, before=before, more=[{"g": "999", "n": 1}, {"n": 1}]).columns


def test_columns_that_keep_stocks_apart_come_first():
    """Of two names of the article, the one that stands with a stock."""
    by_gtin = rows(lambda p: {"g": p["gtin"], "n": p["stockLevel"]})
    shape = recognise(rows(lambda p: {"k": p["sku"], "s": p["stockId"], "n": p["stockLevel"]}, by_gtin), (), SENT, {})
    assert ("k", "sku", "s") == (shape.shape.item, shape.shape.item_path, shape.shape.stock)


def test_what_names_the_row_is_no_level():
    """Though an article and a stock may be called as a level is."""
    sent = [
        {**payload(number, 5, number + 1, 5 + number), "stockId": number + 1, "gtin": str(5 + number)}
        for number in range(4)
    ]
    events = [EventFact("w", str(each), "StockMovementCreated", (TAKEN,), payload=each) for each in sent]
    shown = [{"s": each["stockId"], "g": each["gtin"], "n": 5} for each in sent]
    assert {"n": SUM} == recognise(shown, (), movements(events), {}).shape.columns


def test_the_reason_names_the_first_item_with_several_rows():
    make = rows(lambda p: {"g": p["gtin"], "n": p["stockLevel"]})
    assert "2 rows for 704001" in recognise([*make, *make[1:], make[2]], (), SENT, {}).failure
