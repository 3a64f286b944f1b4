"""Drafts, where references lead, and what a schema says of a path."""

from typing import Any

import pytest

from frontsim.schemas.read import Contradiction, Document, NotASchema, document_of
from tests.schemas.drawing import drawn

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
    assert 1 == drawn(schema, 1)


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
    assert {"below"} == drawn(schema, 1).keys()  # type: ignore[attr-defined]


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
        _ = Document({"items": {"minimum": "3"}}).validator


def test_the_schema_is_copied() -> None:
    """A later change of the caller's schema changes nothing."""
    schema: dict[str, Any] = {"properties": {"a": {}}}
    document = Document(schema)
    schema["properties"]["a"]["type"] = "string"
    assert {} == document.root["properties"]["a"]


def test_a_refusal_names_keyword_and_path() -> None:
    """The path is also the key of the field that is wrong."""
    refusal = Contradiction("type", "#/properties/price/type", "nothing is both").refusal()
    assert "type at #/properties/price/type: nothing is both" in str(refusal)
    assert ["#/properties/price/type"] == list(refusal.fields)


def test_what_is_no_schema_is_refused_as_such() -> None:
    """The text says what was expected."""
    assert str(NotASchema("$ref", "#", "it leads outside").refusal()).startswith("expected a JSON Schema that stands")


@pytest.mark.parametrize(
    ("field", "allows"),
    [
        ({"type": ["string", "null"]}, True),
        ({"type": "null"}, True),
        ({"type": "string"}, False),
        ({"type": "string", "nullable": True}, True),
        ({"type": "string", "nullable": True, "enum": ["a"]}, False),
        ({"enum": ["a", None]}, True),
        ({"const": None}, True),
        ({"const": "a"}, False),
        ({"$ref": "#/definitions/maybe"}, True),
        ({"$ref": "#here"}, True),
        ({"allOf": [{"$ref": "#/definitions/maybe"}, {"type": "string"}]}, False),
        ({"anyOf": [{"type": "string"}, {"$ref": "#/definitions/maybe"}]}, True),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, False),
        ({"anyOf": [{"$ref": "#/properties/a"}, {"type": "null"}]}, True),
        ({"$ref": "#/properties/a"}, False),
        ({"$ref": "elsewhere.json"}, False),
        ({}, False),
        (True, False),
        (False, False),
    ],
)
def test_null_is_allowed_where_a_schema_says_so(field: Any, allows: bool) -> None:
    """Through references, cycles, and parts of which all or one must hold; what says nothing of null does not."""
    maybe = {"$anchor": "here", "type": ["string", "null"]}
    document = Document({"properties": {"a": field}, "definitions": {"maybe": maybe}})
    assert allows is document.allows_null(document.fields(document.top)["a"])


NODE = {
    "properties": {
        "next": {"$ref": "#/$defs/node"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        "pair": {"prefixItems": [{"const": 1}, {"const": 2}], "items": {"const": 3}},
        "old": {"items": [{"const": 1}], "additionalItems": {"const": 2}},
        "maybe": {"oneOf": [{"type": "null", "properties": {"no": {}}}, {"properties": {"yes": {}}}]},
        "open": {"properties": {"a": {}}, "patternProperties": {"^x": {}}},
        "any": True,
    }
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ["#"]),
        ("lines[3].next.next.lines[]", ["#/$defs/node/properties/lines/items"]),
        ("lines.0.pair[1]", ["#/$defs/node/properties/pair/prefixItems/1"]),
        ("pair[7]", ["#/$defs/node/properties/pair/items"]),
        ("old[0]", ["#/$defs/node/properties/old/items/0"]),
        ("old[1]", ["#/$defs/node/properties/old/additionalItems"]),
        ("maybe.yes", ["#/$defs/node/properties/maybe/oneOf/1/properties/yes"]),
        ("maybe.no", []),
        ("nothing", []),
        ("pair.name", []),
        ("open.x", None),
        ("any.thing", None),
    ],
)
def test_a_path_leads_to_the_schemas_that_speak_of_it(path: str, found: list[str] | None) -> None:
    """None stands where a schema may have what it does not name."""
    places = Document({"$ref": "#/$defs/node", "$defs": {"node": NODE}}).at(path)
    assert found == (None if places is None else [place.pointer for place in places])


def test_the_nearest_schema_counts() -> None:
    """A keyword beside a reference says more than its target, and that more than its own parts."""
    schema = {
        "$ref": "#/$defs/a",
        "title": "top",
        "required": ["x"],
        "$defs": {"a": {"title": "a", "minLength": 1, "required": ["y", "x"], "anyOf": [{"required": ["z"]}]}},
    }
    document = Document(schema)
    assert {"title": "top", "minLength": 1} == {
        word: value for word, value in document.merged(document.top).items() if word in ("title", "minLength")
    }
    assert ["x", "y"] == document.required(document.top)


def test_a_schema_is_read_once_for_all() -> None:
    """By its content, also one with numbers that only Python writes."""
    assert document_of({"const": 1}) is document_of({"const": 1})
    assert 2**70 == document_of({"const": 2**70}).root["const"]
