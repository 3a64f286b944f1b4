"""The drawer as its users see it: valid, plausible, the same for the same seed, and clear when it can't."""

import random
import sys
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest

from frontsim import bundled
from frontsim.errors import BadInput
from tests.schemas.drawing import drawer, drawn

BUNDLED = sorted((bundled.folder("contracts") / "schemas").glob("*.json"))


@pytest.mark.parametrize(
    ("schema", "keyword", "path"),
    [
        (False, "false", "#"),
        ({"type": "strng"}, "type", "#/type"),
        ({"properties": {"a": {"minimum": "3"}}}, "minimum", "#/properties/a/minimum"),
        ({"$schema": "http://json-schema.org/draft-03/schema#"}, "$schema", "#/$schema"),
        ({"$schema": 5}, "$schema", "#/$schema"),
        ({"$ref": "#/$defs/nowhere"}, "$ref", "#"),
        ({"$ref": "https://example.com/schema.json"}, "$ref", "#"),
        ({"type": "string", "pattern": "(("}, "pattern", "#/pattern"),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "type", "#/allOf/1/type"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "minimum", "#/minimum"),
        ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 4}, "exclusiveMinimum", "#/exclusiveMinimum"),
        ({"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 13}, "multipleOf", "#/multipleOf"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "maxLength", "#/maxLength"),
        ({"type": "string", "minLength": 10**9}, "minLength", "#/minLength"),
        ({"type": "string", "pattern": "^(a$|b^c)d$"}, "pattern", "#/pattern"),
        ({"type": "array", "minItems": 10**9}, "minItems", "#/minItems"),
        (
            {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 3},
            "uniqueItems",
            "#/uniqueItems",
        ),
        ({"type": "array", "items": {"type": "string", "enum": [1]}, "minItems": 1}, "enum", "#/items/enum"),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, "properties", "#/properties"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"not": {}}}}, "not", "#/properties/a/not"),
        ({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}, "$ref", "#/properties/a"),
        ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "maxProperties", "#/maxProperties"),
        ({"type": "object", "required": ["ab"], "propertyNames": {"maxLength": 1}}, "propertyNames", "#/propertyNames"),
        (
            {"type": "object", "minProperties": 3, "propertyNames": {"enum": ["a", "b"]}},
            "minProperties",
            "#/minProperties",
        ),
        ({"enum": ["a"], "not": {"const": "a"}}, "enum", "#/enum"),
        ({"type": "string", "pattern": "^a$", "const": "b"}, "const", "#/const"),
        ({"oneOf": [{"type": "integer"}, {"type": "number", "multipleOf": 1}], "type": "integer"}, "oneOf", "#/oneOf"),
    ],
)
def test_a_schema_that_cannot_be_fulfilled_is_refused_by_keyword_and_path(schema: Any, keyword: str, path: str) -> None:
    """The refusal names the keyword in the way and where it stands, in the message and as the field."""
    with pytest.raises(BadInput) as refused:
        drawer(schema)
    assert [path] == list(refused.value.fields)
    assert f": {keyword} at {path}: " in str(refused.value)


def test_a_schema_that_is_not_plain_json_is_refused() -> None:
    """Whatever Python object comes, the answer is BadInput."""
    for schema in ({"const": object()}, {"const": float("nan")}, [], "x", None, 3):
        with pytest.raises(BadInput, match="JSON Schema"):
            drawer(schema)  # type: ignore[arg-type]


def test_nesting_without_end_is_refused_not_crashed() -> None:
    """A schema deeper than Python's stack is BadInput."""
    deep: dict[str, Any] = {"type": "integer"}
    for _ in range(sys.getrecursionlimit()):
        deep = {"type": "object", "required": ["a"], "properties": {"a": deep}}
    with pytest.raises(BadInput):
        drawer(deep)


@pytest.mark.parametrize("file", BUNDLED, ids=lambda file: file.stem)
def test_bundled_schemas(file: Any) -> None:
    """Each of the 21 types gets valid payloads, by both validators, and they vary."""
    schema = orjson.loads(file.read_bytes())
    drawn_by = drawer(schema)
    quick = jsonschema_rs.validator_for(schema, validate_formats=True)
    slow = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    drawn = [drawn_by.draw(random.Random(seed)) for seed in range(40)]
    assert all(quick.is_valid(value) for value in drawn)
    assert all(slow.is_valid(value) for value in drawn[:4])
    assert 40 == len({orjson.dumps(value) for value in drawn})


def test_there_are_21_bundled_schemas() -> None:
    """The test above has seen all types."""
    assert 21 == len(BUNDLED)


def test_what_is_drawn_belongs_to_the_caller() -> None:
    """Changing a drawn value changes neither the schema nor the next draw."""
    schema = {"const": {"list": [1]}}
    drawn_by = drawer(schema)
    first = drawn_by.draw(random.Random(1))
    assert isinstance(first, dict)
    first["list"].append(2)
    assert {"list": [1]} == drawn_by.draw(random.Random(1)) == schema["const"]


def test_a_changed_schema_is_compiled_anew() -> None:
    """`drawer_of` knows schemas by their content, not by the object."""
    schema: dict[str, Any] = {"const": 1}
    assert 1 == drawn(schema, 1)
    schema["const"] = 2
    assert 2 == drawn(schema, 1)
    assert 2**70 == drawn({"const": 2**70}, 1)


def test_values_vary_where_a_schema_lets_them() -> None:
    """Properties come and go, nullable fields are sometimes null, lists sometimes empty, every enum value occurs."""
    drawn_by = drawer(
        {
            "type": "object",
            "required": ["a", "list", "kind", "any"],
            "properties": {
                "a": {"type": ["string", "null"]},
                "list": {"type": "array", "items": {"type": "integer"}},
                "kind": {"enum": ["x", "y", None]},
                "any": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                "maybe": {"type": "integer"},
            },
        }
    )
    drawn: list[Any] = [drawn_by.draw(random.Random(seed)) for seed in range(200)]
    assert {True, False} == {"maybe" in value for value in drawn}
    assert {type(None), str} == {type(value["a"]) for value in drawn}
    assert {0, 1, 2, 3} == {len(value["list"]) for value in drawn}
    assert {"x", "y", None} == {value["kind"] for value in drawn}
    assert {str, int} == {type(value["any"]) for value in drawn}


def test_a_schema_that_is_itself_in_place_is_answered() -> None:
    """`{"anyOf": [{"$ref": "#"}, ...]}` says nothing with its first branch; it must not be followed for ever."""
    schema = {"anyOf": [{"$ref": "#/$defs/a"}, {"minimum": 1}], "$defs": {"a": {"allOf": [{"$ref": "#"}]}}}
    assert drawer(schema).draw(random.Random(1)) is not None


@pytest.mark.long
def test_a_wide_schema_that_contains_itself_stays_small() -> None:
    """Hundreds of ways back into itself: neither compiling nor the value grows out of hand."""
    union = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"oneOf": [{"type": "string"}, {"$ref": "#"}]}}]}
    schema = {"type": "object", "properties": {f"p{number}": union for number in range(200)}}
    value = drawn(schema, 1)
    assert jsonschema_rs.validator_for(schema).is_valid(value)
    assert 1_000_000 > len(orjson.dumps(value))
