"""Arrays: items by position, those that must be contained, those that must differ."""

from typing import Any

import pytest

from frontsim.errors import BadInput
from frontsim.schemas.draw import identity
from tests.schemas.drawing import drawn


def arrays(schema: dict[str, Any]) -> list[Any]:
    return [drawn({"type": "array", **schema}, seed) for seed in range(60)]


def test_identity_is_that_of_json() -> None:
    """1 is 1.0 but not true, at any depth; the order of names does not count."""
    assert identity([1, {"a": 2, "b": 3}]) == identity([1.0, {"b": 3, "a": 2.0}])
    assert identity(1) != identity(True)
    assert identity([1]) != identity([True])


def test_positions_have_their_own_schemas() -> None:
    """prefixItems first, then items."""
    for value in arrays({"prefixItems": [{"const": "a"}], "items": {"type": "integer"}, "minItems": 3}):
        assert value[0] == "a"
        assert all(isinstance(item, int) for item in value[1:])


def test_contained_items_are_there() -> None:
    """As many as wanted, and no more than allowed."""
    for value in arrays({"items": {"enum": [1, "x"]}, "contains": {"const": "x"}, "minContains": 2, "maxContains": 2}):
        assert 2 == value.count("x")


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
