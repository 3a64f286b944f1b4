from random import Random
from typing import Any

import pytest

from frontsim.errors import BadInput
from frontsim.payloads.schema.generator import generate


def drawn(schema: dict[str, Any]) -> list[Any]:
    return [generate({"type": "object", **schema}, Random(seed)) for seed in range(60)]


def test_required_fields_are_there_and_others_mostly() -> None:
    """Six in seven optional ones."""
    values = drawn({"required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}})

    assert all("a" in value for value in values)
    assert 35 < sum("b" in value for value in values) < 60


def test_a_field_brings_what_it_depends_on() -> None:
    """And is left out where that is forbidden."""
    schema = {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "dependentRequired": {"a": ["b"]}}

    assert all("b" in value for value in drawn(schema) if "a" in value)
    assert all("a" not in value for value in drawn({**schema, "properties": {"a": {"const": 1}, "b": False}}))


def test_free_names_fulfil_their_schemas() -> None:
    """By pattern, or by propertyNames; as many as wanted."""
    for value in drawn({"patternProperties": {"^x-": {"const": 1}}, "additionalProperties": False, "minProperties": 2}):
        assert len(value) >= 2
        assert all(name.startswith("x-") for name in value)
    for value in drawn({"propertyNames": {"pattern": "^[a-c]$"}, "minProperties": 3}):
        assert {"a", "b", "c"} == set(value)


def test_a_required_field_that_is_forbidden_is_refused() -> None:
    """The message names the field."""
    with pytest.raises(BadInput, match="'a' is required"):
        drawn({"required": ["a"], "properties": {"a": False}})
