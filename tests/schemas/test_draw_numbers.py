"""Numbers: within their bounds, multiples of their steps, and exact as JSON writes them."""

from typing import Any

import pytest

from frontsim.errors import BadInput
from tests.schemas.drawing import drawn


def numbers(schema: dict[str, Any]) -> list[Any]:
    return [drawn({"type": "integer", **schema}, seed) for seed in range(200)]


def test_bounds_hold() -> None:
    """Both ends, exclusive or not; all whole numbers between them come."""
    assert {4, 5, 6} == set(numbers({"exclusiveMinimum": 3, "maximum": 6}))
    assert {-2, -1} == set(numbers({"minimum": -2, "exclusiveMaximum": 0}))


def test_steps_hold() -> None:
    """Multiples of all steps at once: of 4 and 6 that is 12."""
    values = numbers({"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "minimum": 1})
    assert all(value % 12 == 0 for value in values)
    assert 20 < len(set(values))


def test_fractions_are_those_that_json_writes() -> None:
    """A tenth is 0.1, without the rest that sums of floats have."""
    values = numbers({"type": "number", "multipleOf": 0.1, "minimum": 0.1, "maximum": 0.9})
    assert {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9} == set(values)


def test_examples_say_what_is_plausible() -> None:
    """Where a name says nothing: from half of the least to twice the greatest."""
    assert all(20 <= value <= 121 for value in numbers({"examples": [40, 60]}))


def test_a_large_bound_is_kept() -> None:
    """OpenAPI's int32 ends where it ends; beyond 64 bits a number is a float first."""
    assert all(2_147_483_640 <= value < 1 << 31 for value in numbers({"format": "int32", "minimum": 2_147_483_640}))
    assert all(value >= 1e300 for value in numbers({"minimum": 1e300}))


def test_no_number_is_refused() -> None:
    """No multiple of 10 between 11 and 19."""
    with pytest.raises(BadInput, match="multipleOf at #/multipleOf"):
        numbers({"minimum": 11, "maximum": 19, "multipleOf": 10})
