"""The drawer against any schema at all: a valid value or a refusal, never anything else."""

import random
import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontsim.errors import BadInput
from tests.schemas.drawing import drawer
from tests.schemas.json_values import NAMES, SIZES, VALUES

PATTERNS = st.sampled_from(["^a", "b$", "^[a-c]{1,4}$", "1", "^x-", "(ab)+", "^$", r"\d", "^[^a]*$"])
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    schemas = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=3, unique_by=repr),
            "const": VALUES,
            "minimum": st.integers(-9, 9),
            "maximum": st.integers(-9, 9),
            "exclusiveMinimum": st.sampled_from([-2.5, 0, 4]),
            "exclusiveMaximum": st.sampled_from([-1, 0.5, 8]),
            "multipleOf": st.sampled_from([1, 2, 0.5, 0.1, 7]),
            "minLength": SIZES,
            "maxLength": SIZES,
            "pattern": PATTERNS,
            "format": st.sampled_from(["email", "date", "uuid", "ipv4", "uri", "int32", "unheard-of"]),
            "minItems": SIZES,
            "maxItems": SIZES,
            "uniqueItems": st.booleans(),
            "items": inner | schemas,
            "prefixItems": schemas,
            "contains": inner,
            "minContains": st.integers(0, 2),
            "maxContains": st.integers(0, 2),
            "unevaluatedItems": inner,
            "minProperties": SIZES,
            "maxProperties": SIZES,
            "required": st.lists(NAMES, max_size=2, unique=True),
            "properties": named,
            "patternProperties": st.dictionaries(PATTERNS, inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "unevaluatedProperties": inner,
            "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2),
            "dependentSchemas": named,
            "allOf": schemas,
            "anyOf": schemas,
            "oneOf": schemas,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "$ref": st.sampled_from(["#", "#/$defs/d"]),
            "$dynamicRef": st.just("#d"),
            "$recursiveRef": st.just("#"),
            "dependencies": st.dictionaries(NAMES, inner | st.lists(NAMES, max_size=2, unique=True), max_size=2),
            "additionalItems": inner,
            "contentEncoding": st.just("base64"),
            "nullable": st.booleans(),
            "default": VALUES,
        },
    )


def _few(keywords: dict[str, Any]) -> dict[str, Any]:
    """So many keywords at once leave nothing: keep some."""
    return dict(list(keywords.items())[:5])


def _shuffled(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return _keywords(inner).flatmap(lambda found: st.permutations(list(found.items())).map(dict)).map(_few)


DRAFTS = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
]


def _rooted(schema: Any, draft: str) -> Any:
    if isinstance(schema, bool):
        return schema
    return {"$schema": draft, "$defs": {"d": {"$dynamicAnchor": "d", "type": ["integer", "object"]}}, **schema}


ANY_SCHEMA = st.builds(
    _rooted, st.recursive(st.booleans() | st.just({}), _shuffled, max_leaves=6), st.sampled_from(DRAFTS)
)
"""Schemas of every keyword, most of which nothing fulfils."""


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(schema=ANY_SCHEMA, seed=st.integers(0, 2**32))
def test_a_schema_gives_a_valid_value_or_a_refusal(schema: Any, seed: int) -> None:
    """Whatever the schema: what comes back is valid, or it is BadInput with a path, within bounded effort."""
    started = time.process_time()
    refusal: BadInput | None = None
    value: object = None
    try:
        value = drawer(schema).draw(random.Random(seed))
    except BadInput as raised:
        refusal = raised
    if refusal is None:
        assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value)
    else:
        assert [path[0] for path in refusal.fields] == ["#"]
    assert time.process_time() - started < 20
