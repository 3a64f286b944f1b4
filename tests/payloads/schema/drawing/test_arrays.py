from random import Random
from typing import Any

import pytest

from frontsim.errors import BadInput
from frontsim.payloads.schema.drawing.arrays import identity
from frontsim.payloads.schema.generator import generate


def drawn(schema: dict[str, Any]) -> list[Any]:
    return [generate({"type": "array", **schema}, Random(seed)) for seed in range(60)]


def test_identity_is_that_of_json() -> None:
    """1 is 1.0 but not true, at any depth; the order of names does not count."""
    assert identity([1, {"a": 2, "b": 3}]) == identity([1.0, {"b": 3, "a": 2.0}])
    assert identity(1) != identity(True)
    assert identity([1]) != identity([True])


def test_positions_have_their_own_schemas() -> None:
    """prefixItems first, then items."""
    for value in drawn({"prefixItems": [{"const": "a"}], "items": {"type": "integer"}, "minItems": 3}):
        assert value[0] == "a"
        assert all(isinstance(item, int) for item in value[1:])


def test_contained_items_are_there() -> None:
    """As many as wanted, and no more than allowed."""
    for value in drawn({"items": {"enum": [1, "x"]}, "contains": {"const": "x"}, "minContains": 2, "maxContains": 2}):
        assert 2 == value.count("x")


def test_unique_items_differ() -> None:
    """Three of three values: all of them."""
    for value in drawn({"items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3}):
        assert [1, 2, 3] == sorted(value)


def test_too_few_values_are_refused() -> None:
    """Four different ones of three."""
    with pytest.raises(BadInput, match="uniqueItems"):
        drawn({"items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 4})
