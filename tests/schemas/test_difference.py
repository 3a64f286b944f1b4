"""The changes between two sets of schemas, and those that break a receiver."""

from typing import Any

import pytest

from frontsim import catalog
from frontsim.schemas.difference import SchemaChange, schema_changes

BUNDLED = {kind.name: kind.schema for kind in catalog.load()}


def of_field(before: Any, after: Any) -> list[tuple[str, str, str, bool]]:
    """The changes of a field `a` that is required on both sides."""
    old, new = ({"type": "object", "required": ["a"], "properties": {"a": each}} for each in (before, after))
    changes = schema_changes({"T": old}, {"T": new})
    return [(each.change, each.before, each.after, each.breaking) for each in changes]


def test_types():
    """One that is gone breaks, one that is new does not; names match in any case."""
    assert [
        SchemaChange("New", "", "type-added", "", "", breaking=False),
        SchemaChange("Old", "", "type-removed", "", "", breaking=True),
    ] == schema_changes({"Old": {}, "Same": {}}, {"New": {}, "same": {}})


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"type": "integer"}, {"type": "string"}, [("types", "integer", "string", True)]),
        ({"type": "integer"}, {"type": "number"}, [("types", "integer", "number", True)]),
        ({"type": "number"}, {"type": "integer"}, [("types", "number", "integer", False)]),
        ({"type": "string"}, {"type": ["string", "integer"]}, [("types", "string", "integer or string", True)]),
        ({"type": "string"}, {}, [("types", "string", "any", True)]),
        ({}, {"type": "string"}, [("types", "any", "string", False)]),
        ({"type": "string"}, {"type": ["string", "null"]}, [("nullable", "never null", "null allowed", True)]),
        ({"type": "string"}, {"type": "string", "nullable": True}, [("nullable", "never null", "null allowed", True)]),
        (
            {"anyOf": [{"type": "null"}, {"type": "string"}]},
            {"type": "string"},
            [("nullable", "null allowed", "never null", False)],
        ),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, []),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, [("values", '"a"', '"a", "b"', True)]),
        ({"enum": ["a", "b"]}, {"const": "a"}, [("values", '"a", "b"', '"a"', False)]),
        ({"enum": ["a"]}, {"type": "string"}, [("values", '"a"', "any", True)]),
        ({"type": "string"}, {"enum": ["a"]}, [("values", "any", '"a"', False)]),
        ({"enum": ["a"]}, {"enum": ["a", None]}, [("nullable", "never null", "null allowed", True)]),
        ({"type": "string"}, {"allOf": [{"type": "string"}, {"minLength": 1}]}, []),
        ({"type": "string"}, {"oneOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, [("values", "any", '"a", "b"', False)]),
    ],
)
def test_a_fields_values(before: Any, after: Any, told: list[Any]):
    """Types, null and listed values, however a schema writes them."""
    assert told == of_field(before, after)


def test_fields():
    """A field that is gone, or may be missing, breaks; a new one, or one that is now always there, does not."""
    before = {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}, "c": {"type": "string"}}}
    after = {"type": "object", "required": ["b"], "properties": {"a": {}, "b": {}, "d": {"type": "object"}}}
    assert [
        ("a", "required", True),
        ("b", "required", False),
        ("c", "field-removed", True),
        ("d", "field-added", False),
    ] == [(each.path, each.change, each.breaking) for each in schema_changes({"T": before}, {"T": after})]


def test_fields_of_entries_and_through_references():
    """A path names lists; of a whole object that comes or goes only the object is told."""
    line = {"type": "object", "properties": {"sku": {"type": "string"}}}
    before = {"type": "object", "properties": {"lines": {"type": "array", "items": {"$ref": "#/$defs/l"}}}}
    after = {**before, "$defs": {"l": {**line, "properties": {"sku": {"type": "integer"}, "more": line}}}}
    changes = schema_changes({"T": {**before, "$defs": {"l": line}}}, {"T": after})
    assert [("lines[].more", "field-added"), ("lines[].sku", "types")] == [(each.path, each.change) for each in changes]


def test_a_schema_that_holds_itself_ends():
    """Also one whose fields each hold it again."""
    node = {"type": "object", "properties": {name: {"$ref": "#/$defs/n"} for name in "abcdefgh"}}
    schema = {"$defs": {"n": node}, "$ref": "#/$defs/n"}
    assert [] == schema_changes({"T": schema}, {"T": schema})
    assert [] == schema_changes({"T": {"$ref": "#"}}, {"T": {"$ref": "#"}})


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_schema_is_the_same_as_itself_and_not_as_another(name: str):
    """The keywords that they use are read."""
    schema = BUNDLED[name]
    assert [] == schema_changes({name: schema}, {name: schema})
    without = {**schema, "properties": dict(list(schema["properties"].items())[1:])}
    first = next(iter(schema["properties"]))
    assert (first, "field-removed", True) in [
        (each.path, each.change, each.breaking) for each in schema_changes({name: schema}, {name: without})
    ]
