"""A schema or more for every keyword: what is drawn is valid, and always the same for the same seed."""

import copy
import itertools
import json
import random
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest

from frontsim.errors import BadInput
from tests.schemas.drawing import drawer, drawn

DRAFT_04 = "http://json-schema.org/draft-04/schema#"
DRAFT_07 = "http://json-schema.org/draft-07/schema#"

TREE = {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
POINT = {"type": "array", "minItems": 2, "maxItems": 3, "items": {"type": "number"}}
LETTERS = {letter: {"type": "integer"} for letter in "abcdefgh"}

SATISFIABLE: dict[str, Any] = {
    "true": True,
    "empty": {},
    "type": {"type": "boolean"},
    "several types": {"type": ["string", "integer", "null"], "minLength": 30, "minimum": 7},
    "enum": {"enum": ["a", None, 3, {"b": [1]}]},
    "enum beside type": {"enum": ["a", "bb", 3], "type": "string", "minLength": 2},
    "const": {"const": {"a": [1, None]}},
    "bounds": {"type": "integer", "minimum": -3, "exclusiveMaximum": -1},
    "bounds, exclusive": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-9},
    "bounds, narrow": {"type": "number", "minimum": 0.1, "exclusiveMaximum": 0.1000001},
    "bounds of draft-04": {"$schema": DRAFT_04, "minimum": 3, "exclusiveMinimum": True, "maximum": 4, "type": "number"},
    "bounds of draft-04, undeclared": {"type": "integer", "minimum": 3, "exclusiveMinimum": True, "maximum": 4},
    "bounds beyond 64 bits": {"type": "integer", "minimum": 1e300},
    "fraction only": {"type": "number", "not": {"type": "integer"}},
    "multipleOf": {"type": "number", "multipleOf": 0.01, "minimum": 0.005, "maximum": 0.015},
    "multipleOf, two": {"allOf": [{"multipleOf": 6}, {"multipleOf": 10}], "minimum": 100, "maximum": 130},
    "multipleOf, two fractions": {"type": "number", "allOf": [{"multipleOf": 0.3}, {"multipleOf": 0.5}]},
    "length": {"type": "string", "minLength": 61, "maxLength": 61},
    "length, long": {"type": "string", "minLength": 20_000},
    "pattern": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}(-[a-f0-9]{4}){3}$"},
    "pattern and length": {"type": "string", "pattern": "^[a-z]+$", "minLength": 50, "maxLength": 50},
    "pattern, open": {"type": "string", "pattern": "abc", "minLength": 20},
    "patterns, two": {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}]},
    "pattern looks ahead": {"type": "string", "pattern": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,}$"},
    "pattern and format": {"type": "string", "format": "email", "pattern": "@shop\\.no$"},
    "format and length": {"type": "string", "format": "email", "maxLength": 8},
    "format and least length": {"type": "string", "format": "hostname", "minLength": 70},
    "int32": {"type": "integer", "format": "int32", "minimum": 2147483640},
    "content": {
        "$schema": DRAFT_07,
        "contentEncoding": "base64",
        "contentMediaType": "application/json",
        "type": "string",
    },
    "items": {"type": "array", "items": {"type": "integer"}, "minItems": 4},
    "items, many": {"type": "array", "items": {"type": "integer"}, "minItems": 5_000},
    "prefixItems": {"prefixItems": [{"const": 1}, {"type": "string"}], "items": False, "minItems": 2},
    "items as array": {"$schema": DRAFT_07, "items": [{"const": 1}, {}], "additionalItems": False, "minItems": 2},
    "items as array, undeclared": {"items": [{"const": 1}, {"type": "null"}], "minItems": 3},
    "items impossible": {"type": "array", "items": False},
    "uniqueItems": {"uniqueItems": True, "items": {"enum": [*range(20)]}, "minItems": 20},
    "uniqueItems of objects": {
        "uniqueItems": True,
        "items": {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}, "maxProperties": 1},
        "minItems": 2,
    },
    "contains": {"type": "array", "items": {"type": "integer"}, "contains": {"minimum": 10**6}, "minItems": 3},
    "contains, counted": {
        "type": "array",
        "contains": {"type": "null"},
        "minContains": 2,
        "maxContains": 3,
        "minItems": 6,
    },
    "contains, twice": {
        "type": "array",
        "allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}],
        "maxItems": 2,
    },
    "contains nothing": {
        "type": "array",
        "contains": {"type": "string"},
        "minContains": 0,
        "maxContains": 0,
        "minItems": 2,
    },
    "contains in the prefix": {
        "prefixItems": [{"enum": [1, 2]}],
        "contains": {"const": 2},
        "maxItems": 1,
        "type": "array",
    },
    "unevaluatedItems": {
        "type": "array",
        "allOf": [{"prefixItems": [{}]}],
        "unevaluatedItems": {"const": 7},
        "minItems": 3,
    },
    "required": {"type": "object", "required": ["a", "not declared"], "properties": {"a": {"type": "null"}}},
    "maxProperties": {"type": "object", "properties": LETTERS, "maxProperties": 2, "required": ["c"]},
    "minProperties": {"type": "object", "properties": LETTERS, "minProperties": 8},
    "map": {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 30},
    "patternProperties": {
        "type": "object",
        "patternProperties": {"^x-": {"type": "string"}, "^[0-9]{3}$": {"type": "object"}},
        "additionalProperties": False,
        "minProperties": 4,
    },
    "propertyNames": {"type": "object", "propertyNames": {"pattern": "^[A-Z]{2}$"}, "minProperties": 3},
    "propertyNames, listed": {"type": "object", "propertyNames": {"enum": ["a", "b", "c"]}, "minProperties": 3},
    "dependentRequired": {
        "properties": LETTERS,
        "dependentRequired": {"a": ["b"], "b": ["c"], "d": ["a"]},
        "required": ["d"],
    },
    "dependencies": {
        "$schema": DRAFT_07,
        "properties": LETTERS,
        "dependencies": {"a": ["b"], "b": {"required": ["h"]}},
    },
    "dependentSchemas": {
        "type": "object",
        "required": ["card"],
        "dependentSchemas": {"card": {"required": ["owner"], "properties": {"owner": {"type": "string"}}}},
    },
    "unevaluatedProperties": {
        "type": "object",
        "anyOf": [
            {"properties": {"a": {"const": 1}}, "required": ["a"]},
            {"properties": {"b": {"const": 2}}, "required": ["b"]},
        ],
        "unevaluatedProperties": {"type": "boolean"},
        "minProperties": 3,
    },
    "unevaluatedProperties, closed": {
        "allOf": [{"properties": {"a": {"type": "string"}}}],
        "properties": {"b": {"type": "integer"}},
        "unevaluatedProperties": False,
        "required": ["a", "b"],
        "type": "object",
    },
    "allOf": {"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}, {"minimum": 5}]},
    "anyOf": {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]},
    "anyOf, ten of ten": {
        "type": "object",
        "allOf": [{"anyOf": [{"required": [f"k{i}{j}"]} for j in range(10)]} for i in range(10)],
    },
    "oneOf": {"oneOf": [{"type": "number", "multipleOf": 5}, {"type": "number", "multipleOf": 3}]},
    "oneOf, overlapping": {"type": "integer", "oneOf": [{"minimum": 0}, {"maximum": 10}]},
    "oneOf, required": {"type": "object", "properties": LETTERS, "oneOf": [{"required": [name]} for name in "abc"]},
    "oneOf, tagged": {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": kind}, "x": {"type": "string"}}, "required": ["kind"]}
            for kind in ("a", "b", "c", "d")
        ]
    },
    "not": {"not": {"type": ["string", "number", "object"]}},
    "not not not": {"not": {"not": {"not": {"type": ["string", "number"]}}}},
    "not, enum": {"enum": ["a", "b", "c"], "not": {"enum": ["a", "c"]}},
    "not, required": {"type": "object", "properties": LETTERS, "not": {"required": ["a"]}},
    "not, properties": {"type": "object", "not": {"properties": {"a": {"type": "string"}}}},
    "not, prefixItems": {
        "type": "array",
        "not": {"prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "minItems": 2,
        "maxItems": 2,
    },
    "not, anyOf": {"type": "integer", "not": {"anyOf": [{"minimum": 100}, {"multipleOf": 2}]}},
    "if": {"if": {"type": "string"}, "then": {"minLength": 5}, "else": {"type": "integer", "minimum": 10}},
    "if, by property": {
        "type": "object",
        "required": ["country", "zip"],
        "properties": {"country": {"enum": ["NO", "SE"]}, "zip": {"type": "string"}},
        "if": {"properties": {"country": {"const": "NO"}}},
        "then": {"properties": {"zip": {"pattern": "^[0-9]{4}$"}}},
        "else": {"properties": {"zip": {"pattern": "^[0-9]{3} [0-9]{2}$"}}},
    },
    "recursion": {"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}, "required": ["left"]}
    | {"properties": {"left": TREE}, "$defs": {"node": {"$ref": "#"}}},
    "recursion, all required": {
        "$ref": "#/$defs/node",
        "$defs": {"node": {"type": "object", "properties": {"l": TREE, "r": TREE}, "required": ["l", "r"]}},
    },
    "recursion in oneOf": {"oneOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}, "minItems": 2}]},
    "recursion in a map": {"type": "object", "additionalProperties": {"$ref": "#"}},
    "GeoJSON": {
        "$ref": "#/$defs/shape",
        "$defs": {
            "shape": {
                "oneOf": [
                    {"required": ["type", "at"], "properties": {"type": {"const": "Point"}, "at": POINT}},
                    {
                        "required": ["type", "of"],
                        "properties": {"type": {"const": "All"}, "of": {"type": "array", "items": {"$ref": "#"}}},
                    },
                ],
                "type": "object",
            },
        },
    },
}
"""Schemas that some value fulfils, by what they are about."""


@pytest.mark.slow
@pytest.mark.parametrize("schema", SATISFIABLE.values(), ids=SATISFIABLE)
def test_every_value_is_valid_by_both_validators(schema: Any) -> None:
    """Where a value exists, one is drawn, and jsonschema-rs and jsonschema, formats on, both take it."""
    drawn_by = drawer(schema)
    quick = jsonschema_rs.validator_for(_declared(schema), validate_formats=True)
    kind = jsonschema.validators.validator_for(_declared(schema), default=jsonschema.Draft202012Validator)
    slow = kind(_declared(schema), format_checker=kind.FORMAT_CHECKER)
    for seed in range(12):
        value = drawn_by.draw(random.Random(seed))
        assert quick.is_valid(value), value
        assert slow.is_valid(value), value
        assert orjson.dumps(value)


def _declared(schema: Any) -> Any:
    """The validators read a schema without `$schema` as 2020-12; the drawer as a draft that it is valid under."""
    old = isinstance(schema, dict) and "$schema" not in schema
    if old and isinstance(schema.get("exclusiveMinimum"), bool):
        return {"$schema": DRAFT_04, **schema}
    return {"$schema": DRAFT_07, **schema} if old and isinstance(schema.get("items"), list) else schema


@pytest.mark.parametrize("schema", SATISFIABLE.values(), ids=SATISFIABLE)
def test_a_value_follows_from_the_schema_and_the_dice_alone(schema: Any) -> None:
    """Neither what was drawn before nor which drawer draws makes a difference."""
    one, other = drawer(schema), drawer(copy.deepcopy(schema))
    forth = [json.dumps(one.draw(random.Random(seed))) for seed in range(6)]
    back = [json.dumps(other.draw(random.Random(seed))) for seed in reversed(range(6))]
    assert forth == back[::-1]
    assert forth[0] == json.dumps(drawn(schema, 0))


@pytest.mark.slow
def test_a_pair_of_keywords_never_gives_an_invalid_value() -> None:
    """Every two schemas of the table together: a valid value, or a refusal."""
    names = [
        "pattern",
        "contains",
        "oneOf, required",
        "not, anyOf",
        "recursion",
        "dependentSchemas",
        "if",
        "map",
        "enum",
    ]
    for one, other in itertools.combinations(names, 2):
        schema = {"allOf": [SATISFIABLE[one], SATISFIABLE[other]], "$defs": {"node": {"type": "object"}}}
        try:
            value = drawn(schema, 1)
        except BadInput:
            continue
        assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value)
