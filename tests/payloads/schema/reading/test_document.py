"""Drafts, and where references lead."""

import random
from typing import Any

import pytest

from frontsim.payloads.schema.generator import generate
from frontsim.payloads.schema.reading.contradiction import NotASchema
from frontsim.payloads.schema.reading.document import Document

SUBSCHEMA, TWO = {"const": 1}, {"const": 2}
DRAFT_07 = "http://json-schema.org/draft-07/schema#"
DRAFT_04 = "http://json-schema.org/draft-04/schema#"
DRAFT_2019 = "https://json-schema.org/draft/2019-09/schema"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a", "$defs": {"a": SUBSCHEMA}},
        {"$ref": "#/definitions/a", "definitions": {"a": SUBSCHEMA}},
        {"$ref": "#/$defs/a~1b~0c%25d", "$defs": {"a/b~c%d": SUBSCHEMA}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": SUBSCHEMA}},
        {"$ref": "#/$defs/a/allOf/0", "$defs": {"a": {"allOf": [SUBSCHEMA]}}},
        {"$ref": "#/components/schemas/A", "components": {"schemas": {"A": SUBSCHEMA}}},
        {"$ref": "#here", "$defs": {"a": {"$anchor": "here", **SUBSCHEMA}}},
        {"$ref": "#here", "$schema": DRAFT_07, "definitions": {"a": {"$id": "#here", "enum": [1]}}},
        {"$ref": "#here", "$schema": DRAFT_04, "definitions": {"a": {"id": "#here", "enum": [1]}}},
        {"$id": "https://a.example/x.json", "$ref": "y.json", "$defs": {"y": {"$id": "y.json", **SUBSCHEMA}}},
        {
            "$id": "https://a.example/x.json",
            "$ref": "y.json#p",
            "$defs": {"y": {"$id": "y.json", "items": {"$anchor": "p", **SUBSCHEMA}}},
        },
        {
            "$id": "https://a.example/x/",
            "allOf": [{"$id": "y/", "$ref": "z"}],
            "$defs": {"z": {"$id": "/x/y/z", **SUBSCHEMA}},
        },
        {"$id": "urn:example:x", "$ref": "urn:example:x#/$defs/a", "$defs": {"a": SUBSCHEMA}},
        {
            "$ref": "y.json",
            "$defs": {"y": {"$id": "y.json", "$ref": "#/$defs/in", "$defs": {"in": SUBSCHEMA}}, "in": TWO},
        },
        {"$dynamicRef": "#/$defs/a", "$defs": {"a": SUBSCHEMA}},
        {"$ref": "#/definitions/a", "const": 2, "$schema": DRAFT_07, "definitions": {"a": SUBSCHEMA}},
        {
            "$id": "https://a.example/outer",
            "$ref": "list",
            "$defs": {
                "item": {"$dynamicAnchor": "item", **SUBSCHEMA},
                "list": {
                    "$id": "list",
                    "type": "integer",
                    "$dynamicRef": "#item",
                    "$defs": {"item": {"$dynamicAnchor": "item", "type": "number"}},
                },
            },
        },
    ],
)
def test_a_reference_leads_to_its_schema(schema: Any) -> None:
    """Pointers, anchors, ids relative to ids, URNs, and the dynamic kind, which asks the outermost schema first."""
    assert 1 == generate(schema, random.Random(1))


def test_a_recursive_reference_leads_to_the_outermost_root() -> None:
    """`$recursiveRef` of 2019-09."""
    schema = {
        "$schema": DRAFT_2019,
        "$id": "https://a.example/strict",
        "$recursiveAnchor": True,
        "$ref": "tree",
        "unevaluatedProperties": False,
        "$defs": {
            "tree": {
                "$id": "tree",
                "$recursiveAnchor": True,
                "type": "object",
                "required": ["below"],
                "properties": {"below": {"type": "array", "maxItems": 1, "items": {"$recursiveRef": "#"}}},
            }
        },
    }
    assert {"below"} == generate(schema, random.Random(1)).keys()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("schema", "draft"),
    [
        (True, 2020),
        ({}, 2020),
        ({"$schema": DRAFT_04}, 4),
        ({"$schema": "http://json-schema.org/draft-06/schema"}, 6),
        ({"$schema": DRAFT_07}, 7),
        ({"$schema": DRAFT_2019}, 2019),
        ({"items": [{}]}, 2019),
        ({"minimum": 1, "exclusiveMinimum": True}, 4),
    ],
)
def test_the_draft_is_the_declared_or_the_newest_that_fits(schema: Any, draft: int) -> None:
    """A schema without `$schema` is read as the newest draft under which it is valid."""
    assert draft == Document(schema).draft


def test_the_first_complaint_is_by_the_newest_draft() -> None:
    """A schema that no draft takes is refused with what 2020-12 says against it."""
    with pytest.raises(NotASchema, match="minimum at #/items/minimum"):
        Document({"items": {"minimum": "3"}})


def test_the_schema_is_copied() -> None:
    """A later change of the caller's schema changes nothing."""
    schema: dict[str, Any] = {"properties": {"a": {}}}
    document = Document(schema)
    schema["properties"]["a"]["type"] = "string"
    assert {} == document.root["properties"]["a"]
