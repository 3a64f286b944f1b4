"""Objects: names that are required, optional, needed by others, or free; and objects that contain themselves."""

from typing import Any

import pytest

from frontsim.errors import BadInput
from tests.schemas.drawing import drawn


def objects(schema: dict[str, Any]) -> list[Any]:
    return [drawn({"type": "object", **schema}, seed) for seed in range(60)]


def test_required_fields_are_there_and_others_mostly() -> None:
    """Six in seven optional ones."""
    values = objects({"required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}})

    assert all("a" in value for value in values)
    assert 35 < sum("b" in value for value in values) < 60


def test_a_field_brings_what_it_depends_on() -> None:
    """And is left out where that is forbidden."""
    schema = {"properties": {"a": {"const": 1}, "b": {"const": 2}}, "dependentRequired": {"a": ["b"]}}

    assert all("b" in value for value in objects(schema) if "a" in value)
    assert all("a" not in value for value in objects({**schema, "properties": {"a": {"const": 1}, "b": False}}))


def test_free_names_fulfil_their_schemas() -> None:
    """By pattern, or by propertyNames; as many as wanted."""
    for value in objects(
        {"patternProperties": {"^x-": {"const": 1}}, "additionalProperties": False, "minProperties": 2}
    ):
        assert len(value) >= 2
        assert all(name.startswith("x-") for name in value)
    for value in objects({"propertyNames": {"pattern": "^[a-c]$"}, "minProperties": 3}):
        assert {"a", "b", "c"} == set(value)


def test_a_required_field_that_is_forbidden_is_refused() -> None:
    """The message names the field."""
    with pytest.raises(BadInput, match="'a'"):
        objects({"required": ["a"], "properties": {"a": False}})


TREE: dict[str, Any] = {
    "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["name"],
}


def depth(tree: dict[str, Any]) -> int:
    return 1 + max(map(depth, tree.get("children", [])), default=0)


def test_an_object_that_contains_itself_ends() -> None:
    """Deep draws are lean, with only what is required, so a tree has few levels."""
    assert 1 < max(map(depth, objects(TREE))) <= 10


def test_a_draw_takes_bounded_steps() -> None:
    """Eight required fields of the same schema, eight levels deep, are 16 million values: refused, and soon."""
    names = [f"f{number}" for number in range(8)]
    definitions: dict[str, Any] = {"level8": {"type": "integer"}}
    for level in range(8):
        below = {"$ref": f"#/$defs/level{level + 1}"}
        definitions[f"level{level}"] = {"required": names, "properties": dict.fromkeys(names, below)}
    with pytest.raises(BadInput, match="no value found within reasonable effort"):
        drawn({"$ref": "#/$defs/level0", "$defs": definitions})
