"""OpenAPI 3.0's `nullable`."""

import random
from typing import Any

from frontsim.schemas.read import with_null
from tests.schemas.drawing import drawer


def test_nullable_beside_a_type_adds_null() -> None:
    """`nullable: true` is a type of null, in whatever schema below it stands."""
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "nullable": True}, "b": {"type": ["integer"], "nullable": True}},
        "additionalProperties": {"anyOf": [{"type": "number", "nullable": True}]},
        "items": [{"type": "string", "nullable": True}],
        "if": {"type": "null", "nullable": True},
        "components": {"schemas": {"C": {"type": "string", "nullable": True}}},
    }
    read = with_null(schema)
    assert ["string", "null"] == read["properties"]["a"]["type"]
    assert ["integer", "null"] == read["properties"]["b"]["type"]
    assert ["number", "null"] == read["additionalProperties"]["anyOf"][0]["type"]
    assert ["string", "null"] == read["items"][0]["type"]
    assert ["null"] == read["if"]["type"]
    assert ["string", "null"] == read["components"]["schemas"]["C"]["type"]
    assert {"type": "string", "nullable": True} == schema["properties"]["a"]  # type: ignore[index]


def test_nullable_elsewhere_is_left_alone() -> None:
    """Without a type, as false, as a property's name or inside a value it means nothing."""
    for schema in (
        {"nullable": True},
        {"type": "string", "nullable": False},
        {"properties": {"nullable": True, "type": {"type": "string"}}},
        {"const": {"type": "string", "nullable": True}},
        {"examples": [{"type": "string", "nullable": True}]},
        True,
    ):
        assert schema == with_null(schema)


def _types(schema: Any) -> set[type]:
    drawn_by = drawer(schema)
    return {type(drawn_by.draw(random.Random(seed))) for seed in range(80)}


def test_a_nullable_value_is_sometimes_null() -> None:
    """Null occurs, and so does the type."""
    assert {str, type(None)} == _types({"type": "string", "nullable": True})


def test_an_enum_must_list_null_itself() -> None:
    """As OpenAPI 3.0.3 says: nullable adds no value to an enum."""
    assert {str} == _types({"type": "string", "nullable": True, "enum": ["a", "b"]})
    assert {str, type(None)} == _types({"type": "string", "nullable": True, "enum": ["a", None]})


def test_a_schema_that_names_its_draft_is_read_by_that_draft() -> None:
    """In JSON Schema proper `nullable` is no keyword."""
    assert {str} == _types(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string", "nullable": True}
    )
