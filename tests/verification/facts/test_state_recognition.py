"""Which columns hold levels, by what rows show of four movements; and what is said where none does."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.history import EventFact, Run
from frontsim.verification.facts.state_recognition import recognise
from frontsim.verification.facts.stock_movements import SUM, movements

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
    assert recognised.is_whole
    assert columns == recognised.shape.columns


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
    ],
)
def test_what_is_not_recognised_is_told(shown, told):
    """The message shows what was looked for and what came."""
    recognised = recognise(shown, (), SENT, {})
    assert recognised.shape is None
    assert told in recognised.failure


def test_the_user_names_columns_or_leaves_them_out():
    """What the user says counts, if a value confirms it."""

    def row(p):
        return {"g": p["gtin"], "a": p["stockLevel"], "b": p["availableLevel"]}

    assert {"b": "availableLevel"} == found(row, named={"a": ""}).shape.columns
    assert {"b": "availableLevel"} == found(row, named={"a": SUM}).shape.columns
