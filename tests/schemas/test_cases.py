"""Which cases schemas leave that hold at once."""

from typing import Any

import pytest

from frontsim.schemas.cases import SchemaCase, cases_of, identity, kinds_of
from frontsim.schemas.read import Document, Json


def cases(schema: Json) -> list[SchemaCase]:
    document = Document(schema)
    return cases_of(document, (document.top,))[0]


def refused(schema: Json) -> tuple[str, str]:
    """The keyword and the path that leave nothing."""
    document = Document(schema)
    found, contradiction, _ = cases_of(document, (document.top,))
    assert [] == found
    assert contradiction is not None
    return contradiction.keyword, contradiction.path


def test_each_branch_is_a_case() -> None:
    """anyOf and oneOf; those that contradict the rest are dropped."""
    assert [{"string"}, {"null"}] == [
        set(case.kinds) for case in cases({"anyOf": [{"type": "string"}, {"type": "null"}]})
    ]
    assert 1 == len(cases({"type": "string", "oneOf": [{"type": "string"}, {"type": "null"}]}))


def test_all_must_hold_at_once() -> None:
    """allOf and $ref add to the same case."""
    parts = {"allOf": [{"minLength": 2}, {"$ref": "#/$defs/short"}]}
    [case] = cases({**parts, "$defs": {"short": {"type": "string", "maxLength": 3}}})
    assert ({"string"}, (2, 3)) == (set(case.kinds), case.sizes("minLength", "maxLength"))


def test_beside_an_old_reference_nothing_counts() -> None:
    """Up to draft 7 a schema with `$ref` is that reference alone."""
    schema = {"$ref": "#/definitions/a", "type": "null", "definitions": {"a": {"type": "string"}}}
    [case] = cases({"$schema": "http://json-schema.org/draft-07/schema#", **schema})
    assert {"string"} == case.kinds


@pytest.mark.parametrize(
    ("schema", "keyword", "path"),
    [
        ({"type": "string", "anyOf": [{"type": "null"}, {"type": "integer"}]}, "type", "#/anyOf/1/type"),
        ({"allOf": [{}, False]}, "false", "#/allOf/1"),
        ({"not": {}}, "not", "#/not"),
        ({"not": {"title": "always"}}, "not", "#/not"),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, "properties", "#/properties"),
        ({"enum": ["a", 7], "minLength": 2, "maximum": 6}, "enum", "#/enum"),
    ],
)
def test_where_no_case_is_left_the_keyword_is_named(schema: Json, keyword: str, path: str) -> None:
    assert (keyword, path) == refused(schema)


def test_of_very_many_cases_a_varied_sample_is_taken() -> None:
    """Always the same one for the same schema, and not only the last choice varies."""
    choice = {"anyOf": [{"minLength": number} for number in range(8)]}
    schema = {"type": "string", "allOf": [choice] * 4}
    lengths = [case.all("minLength") for case in cases(schema)]
    assert 48 == len(lengths)
    assert lengths == [case.all("minLength") for case in cases(schema)]
    assert all(len({each[place] for each in lengths}) > 3 for place in range(4))


def test_a_search_ends() -> None:
    """Twelve choices, whose contradiction shows with the last of them alone: after 2,000 merges it is given up."""
    choice = {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    last = {"anyOf": [{"type": "null"}, {"type": "string"}]}
    document = Document({"type": "object", "allOf": [*[choice] * 12, last]})
    found, _, merges = cases_of(document, (document.top,))
    assert [] == found
    assert 2_100 > merges > 2_000


@pytest.mark.parametrize(
    ("schema", "schemas"),
    [
        ({"minimum": 3}, [{"type": "number", "exclusiveMaximum": 3}]),
        ({"required": ["a", "b"]}, [{"type": "object", "properties": {name: False}} for name in "ab"]),
        ({"anyOf": [{"type": "string"}, {"minimum": 3}]}, None),
        ({"uniqueItems": True}, []),
    ],
)
def test_a_keyword_under_not_is_broken_or_left_to_chance(schema: Any, schemas: Any) -> None:
    """Each way is a case; without one of its own a keyword leaves only the `not` itself."""
    found = [[place.schema for place in case.holding[1:]] for case in cases({"not": schema})]
    if schemas is not None:
        assert [[each] for each in schemas] == [each for each in found if each]
    assert found


def test_exclusive_bounds_of_draft_4_are_flags() -> None:
    """They are given as newer drafts write them, with OpenAPI's limits."""
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 3, "exclusiveMinimum": True}
    assert [("exclusiveMinimum", 3)] == cases(schema)[0].bounds()
    assert [("minimum", -(1 << 31)), ("maximum", (1 << 31) - 1)] == cases({"format": "int32"})[0].bounds()


def test_names_bring_those_that_they_need() -> None:
    """Through `dependentRequired` and the lists of `dependencies`, one after another."""
    [case] = cases({"required": ["a"], "dependentRequired": {"a": ["b"], "b": ["c"], "x": ["y"]}})
    assert ["a", "b", "c"] == case.required()


@pytest.mark.parametrize(
    ("value", "kinds"),
    [(1.0, {"integer", "fraction"}), (1.5, {"fraction"}), (True, {"boolean"}), (None, {"null"}), ({}, {"object"})],
)
def test_a_value_counts_as_its_kinds(value: Json, kinds: set[str]) -> None:
    """1.0 is an integer to most drafts, true is no number."""
    assert kinds == kinds_of(value)


def test_identity_is_that_of_json() -> None:
    """1 is 1.0 but not true, at any depth; the order of names does not count."""
    assert identity([1, {"a": 2, "b": 3}]) == identity([1.0, {"b": 3, "a": 2.0}])
    assert identity(1) != identity(True)
    assert identity([1]) != identity([True])
