import pytest

from frontsim.verification.effects.state_shape import Cell, StateFacts, StateShape, StockItem, item_text, number


@pytest.mark.parametrize(
    ("value", "text"),
    [(704, "704"), ("0704", "704"), (704.0, "704"), ("000", "000"), ("A1", "A1"), ("0A", "0A"), (None, None)],
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
    rows = [
        {"g": "0704", "s": 1, "n": 3},
        {"g": "8", "s": 1, "n": 3},
        {"g": "8", "s": 1, "n": 4},
        {"n": 1},
        "text",
        {"g": "9", "s": 2, "n": "5"},
    ]
    cells = {
        Cell(StockItem("1", "704"), "n"): 3,
        Cell(StockItem("1", "8"), "n"): None,
        Cell(StockItem("2", "9"), "n"): 5,
    }
    assert cells == shape.levels(rows)


def test_what_a_row_is_about():
    """An article in a stock, or an article alone where no stocks are kept; a row that lacks one says nothing."""
    in_stocks, alone = StateShape("g", "gtin", "s"), StateShape("g", "gtin")
    assert StockItem("1", "7") == in_stocks.about({"g": 7, "s": 1})
    assert (None, None) == (in_stocks.about({"g": 7}), in_stocks.about({"s": 1}))
    assert (StockItem("", "7"), None) == (alone.about({"g": 7}), alone.about({"s": 1}))


def test_the_words_for_items_and_shapes():
    assert ("7 in stock 1", "7") == (str(StockItem("1", "7")), str(StockItem("", "7")))
    columns = {"n": "stockLevel", "m": "reservedLevel"}
    told = "n -> stockLevel, m -> reservedLevel (a row for each g"
    assert f"{told} and s)" == str(StateShape("g", "gtin", "s", columns))
    assert f"{told})" == str(StateShape("g", "gtin", "", columns))


def test_nothing_is_known_before_it_is_seen():
    assert StateShape("g", "gtin", "", {}, clamps=False) == StateShape("g", "gtin")
    assert StateFacts("o", None, {}, None, "", settled=True, shared=frozenset()) == StateFacts("o")
