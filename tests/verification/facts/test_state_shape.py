import pytest

from frontsim.verification.facts.state_shape import Cell, StateShape, StockItem, item_text, number


@pytest.mark.parametrize(
    ("value", "text"), [(704, "704"), ("0704", "704"), (704.0, "704"), ("000", "000"), ("A1", "A1")]
)
def test_the_forms_of_an_articles_name(value, text):
    assert text == item_text(value)


@pytest.mark.parametrize(
    ("value", "level"), [(1, 1), ("2.50", 2.5), (None, None), (True, None), ("x", None), ("NaN", None)]
)
def test_the_forms_of_a_level(value, level):
    assert level == number(value)


def test_rows_become_cells():
    """A row of another thing, and no row at all, are passed over; of two rows for one item none counts."""
    shape = StateShape("g", "gtin", "s", {"n": "stockLevel"})
    rows = [{"g": "0704", "s": 1, "n": 3}, {"g": "8", "s": 1, "n": 3}, {"g": "8", "s": 1, "n": 4}, {"n": 1}, "text"]
    assert {Cell(StockItem("1", "704"), "n"): 3, Cell(StockItem("1", "8"), "n"): None} == shape.levels(rows)
