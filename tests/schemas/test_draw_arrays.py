"""Arrays: items by position, those that must be contained, those that must differ."""

from typing import Any

import pytest

from frontsim.errors import BadInput
from tests.schemas.drawing import drawn


def arrays(schema: dict[str, Any]) -> list[Any]:
    return [drawn({"type": "array", **schema}, seed) for seed in range(60)]


def test_positions_have_their_own_schemas() -> None:
    """prefixItems first, then items."""
    for value in arrays({"prefixItems": [{"const": "a"}], "items": {"type": "integer"}, "minItems": 3}):
        assert value[0] == "a"
        assert all(isinstance(item, int) for item in value[1:])


def test_contained_items_are_there() -> None:
    """As many as wanted, and no more than allowed."""
    for value in arrays({"items": {"enum": [1, "x"]}, "contains": {"const": "x"}, "minContains": 2, "maxContains": 2}):
        assert 2 == value.count("x")


def test_more_contained_items_than_can_be_drawn_are_refused() -> None:
    """Before any of them is drawn."""
    with pytest.raises(BadInput, match="contains at #/contains"):
        drawn({"type": "array", "contains": {"const": 1}, "minContains": 10**9})
    with pytest.raises(BadInput, match="contains at #/contains"):
        drawn({"type": "array", "contains": {"const": 1}, "minContains": 3, "maxItems": 2})


def test_unique_items_differ() -> None:
    """Three of three values: all of them."""
    for value in arrays({"items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3}):
        assert [1, 2, 3] == sorted(value)


def test_too_few_values_are_refused() -> None:
    """Four different ones of three."""
    with pytest.raises(BadInput, match="uniqueItems"):
        arrays({"items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 4})


def test_contained_items_stand_within_listed_positions_where_there_is_no_room_behind() -> None:
    """The first of two positions must be the contained one, because both are listed and no more are allowed."""
    schema = {"prefixItems": [{"type": "integer"}, {"type": "string"}], "contains": {"const": 7}, "maxItems": 2}
    assert all(7 == value[0] for value in arrays(schema))
