"""The ways to break a schema that must not hold, each a conjunction of schemas.

    not {"type": "object", "required": ["a", "b"]}   ->   another type | an object without a | one without b

A keyword without an entry here is left to chance: the finished value is checked, and drawn again if it holds.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise

from frontsim.payloads.schema.reading.facts import LEAF, Term
from frontsim.schemas.read import ANNOTATIONS, Document, Json, Place

Ways = list[list[Term]]
"""Alternatives; in each, every term holds."""

_OTHERS = ["null", "boolean", "string", "array", "object"]


def ways_to_break(document: Document, place: Place) -> Ways | None:
    """The known ways to break the schema at `place`; an empty list means that it always holds.

    A way without terms is left to chance. None means that the schema has only unknown keywords.
    """
    schema = place.schema
    if isinstance(schema, bool):
        return [] if schema else [[]]
    keywords = (
        ["$ref"] if "$ref" in schema and document.draft <= 7 else [key for key in schema if key not in ANNOTATIONS]
    )
    ways: Ways = []
    if not _CHANCE.isdisjoint(keywords):
        ways.append([])
    for keyword in keywords:
        if keyword in _SYNTHETIC:
            found = _SYNTHETIC[keyword](schema[keyword], schema)
            ways += [
                [Term(document.derive(place, item, f"(not {keyword} {number})"), positive=True)]
                for number, item in enumerate(found)
            ]
        elif keyword in _COMPOSED:
            ways += _COMPOSED[keyword](document, place)
    return ways if ways or not keywords else None


def _numeric(keyword: str) -> Callable[[Json, Json], list[Json]]:
    def found(value: Json, schema: Json) -> list[Json]:
        if isinstance(value, bool):
            return []
        side = keyword[-7:].lower()
        closed = keyword.startswith("e") or schema.get(f"exclusive{side.capitalize()}") is True
        other = {"minimum": "maximum", "maximum": "minimum"}[side]
        name = other if closed else f"exclusive{other.capitalize()}"
        return [{"type": "number", name: value}]

    return found


def _no_type(value: Json, _schema: Json) -> list[Json]:
    types = {value} if isinstance(value, str) else set(value)
    left: list[Json] = [{"type": name} for name in _OTHERS if name not in types]
    if "number" not in types:
        numbers: Json = {"type": "number"} if "integer" not in types else {"type": "number", LEAF: {"not": _WHOLE}}
        left.append(numbers)
    return left


_CHANCE = {"unevaluatedProperties", "unevaluatedItems", "additionalItems", "dependencies", "dependentSchemas"}
_CHANCE |= {"uniqueItems", "patternProperties", "contentEncoding", "contentMediaType"}
_WHOLE = {"type": "integer"}

_SYNTHETIC: Mapping[str, Callable[[Json, Json], list[Json]]] = {
    "type": _no_type,
    "const": lambda value, _: [{"not const": value, LEAF: {"not": {"const": value}}}],
    "enum": lambda value, _: [{"not enum": value, LEAF: {"not": {"enum": value}}}],
    "minimum": _numeric("minimum"),
    "maximum": _numeric("maximum"),
    "exclusiveMinimum": _numeric("exclusiveMinimum"),
    "exclusiveMaximum": _numeric("exclusiveMaximum"),
    "multipleOf": lambda value, _: [{"type": "number", LEAF: {"not": {"multipleOf": value}}}],
    "minLength": lambda value, _: [{"type": "string", "maxLength": value - 1}] if value else [],
    "maxLength": lambda value, _: [{"type": "string", "minLength": value + 1}],
    "minItems": lambda value, _: [{"type": "array", "maxItems": value - 1}] if value else [],
    "maxItems": lambda value, _: [{"type": "array", "minItems": value + 1}],
    "minProperties": lambda value, _: [{"type": "object", "maxProperties": value - 1}] if value else [],
    "maxProperties": lambda value, _: [{"type": "object", "minProperties": value + 1}],
    "pattern": lambda value, _: [{"type": "string", LEAF: {"not": {"pattern": value}}}],
    "format": lambda value, _: [{"type": "string", LEAF: {"not": {"format": value}}}],
    "required": lambda value, _: [{"type": "object", "properties": {name: False}} for name in value],
    "properties": lambda value, _: [
        {"type": "object", "required": [name], "properties": {name: {"not": sub}}} for name, sub in value.items()
    ],
    "dependentRequired": lambda value, _: [
        {"type": "object", "required": [name], "properties": {other: False}}
        for name, needed in value.items()
        for other in needed
    ],
    "items": lambda value, _: [] if isinstance(value, list) else [{"type": "array", "contains": {"not": value}}],
    "prefixItems": lambda value, _: [
        {"type": "array", "minItems": index + 1, "prefixItems": [*([True] * index), {"not": sub}]}
        for index, sub in enumerate(value)
    ],
    "contains": lambda value, schema: (
        [] if schema.get("minContains") == 0 else [{"type": "array", "items": {"not": value}}]
    ),
    "patternProperties": lambda value, _: [
        {"type": "object", "minProperties": 1, "patternProperties": {pattern: {"not": sub}}}
        for pattern, sub in value.items()
    ],
    "uniqueItems": lambda value, _: [{"type": "array", "minItems": 3, "items": {"enum": [0, 1]}}] if value else [],
    "unevaluatedProperties": lambda _, __: [{"type": "object", "minProperties": 1}],
    "propertyNames": lambda value, _: [
        {"type": "object", "minProperties": 1, "propertyNames": {"not": value}},
    ],
    "additionalProperties": lambda value, schema: [
        {"type": "object", "properties": dict.fromkeys(schema.get("properties", ()), False), "minProperties": 1}
        | {"additionalProperties": {"not": value}}
    ],
}


def _all_of(document: Document, place: Place) -> Ways:
    return [[Term(document.child(place, "allOf", i), positive=False)] for i in range(len(place.schema["allOf"]))]


def _any_of(document: Document, place: Place) -> Ways:
    return [[Term(document.child(place, "anyOf", i), positive=False) for i in range(len(place.schema["anyOf"]))]]


def _one_of(document: Document, place: Place) -> Ways:
    places = [document.child(place, "oneOf", i) for i in range(len(place.schema["oneOf"]))]
    none = [Term(branch, positive=False) for branch in places]
    pairs = [[Term(one, positive=True), Term(other, positive=True)] for one, other in pairwise(places)]
    return [none, *pairs]


def _not(document: Document, place: Place) -> Ways:
    return [[Term(document.child(place, "not"), positive=True)]]


def _if(document: Document, place: Place) -> Ways:
    condition = document.child(place, "if")
    return [
        [Term(condition, positive=holds), Term(document.child(place, branch), positive=False)]
        for branch, holds in (("then", True), ("else", False))
        if branch in place.schema
    ]


def _reference(keyword: str) -> Callable[[Document, Place], Ways]:
    def found(document: Document, place: Place) -> Ways:
        target = document.target(place, keyword)
        return [[Term(target, positive=False)]] if target is not None else []

    return found


_COMPOSED: Mapping[str, Callable[[Document, Place], Ways]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
    "$ref": _reference("$ref"),
    "$dynamicRef": _reference("$dynamicRef"),
    "$recursiveRef": _reference("$recursiveRef"),
}
