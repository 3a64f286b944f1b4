"""The drawer against schemas that are made around a value which fulfils them: it must find one too."""

import random
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.schemas.drawing import drawer
from tests.schemas.json_values import SIZES, VALUES

UNRELATED = st.sampled_from(
    [False, {"type": "string", "maxLength": 0}, {"minimum": 7, "multipleOf": 7}, {"required": ["q"]}, {"const": []}]
)


@st.composite
def fulfilled(draw: Callable[..., Any], value: Any, depth: int = 0) -> Any:
    """A schema that the value fulfils, by the way it is made."""
    schema = draw(_about(value, depth))
    if depth > 2:
        return schema
    for keyword in draw(st.lists(st.sampled_from(sorted(_AROUND)), max_size=2)):
        schema = draw(_AROUND[keyword](schema, value, depth + 1))
    return schema


def _subset(pairs: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    names = st.lists(st.sampled_from(sorted(pairs)), unique=True, max_size=4) if pairs else st.just([])
    return names.map(lambda chosen: {name: pairs[name] for name in chosen})


@st.composite
def _about(draw: Callable[..., Any], value: Any, depth: int) -> dict[str, Any]:
    """Keywords that are true of the value, from its type on."""
    if draw(st.integers(0, 9)) == 0:
        return {"enum": [value, "other"]} if draw(st.booleans()) else {"const": value}
    if value is None:
        return {"type": ["null", "string"], "maxLength": 3}
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, int | float):
        kind = "integer" if isinstance(value, int) else "number"
        pairs = {"minimum": value, "maximum": value + 5, "exclusiveMinimum": value - 1, "exclusiveMaximum": value + 0.5}
        pairs |= {"multipleOf": 1} if kind == "integer" else {}
        return {"type": kind, **draw(_subset(pairs))}
    if isinstance(value, str):
        patterns = {"^a.*$": value.startswith("a"), "1": "1" in value, "^[a-c]*$": not set(value) - set("abc")}
        true = [pattern for pattern, holds in patterns.items() if holds]
        pairs = {"minLength": len(value), "maxLength": len(value) + draw(st.integers(0, 9))}
        pairs |= {"pattern": draw(st.sampled_from(true))} if true else {}
        return {"type": "string", **draw(_subset(pairs))}
    if isinstance(value, list):
        return {"type": "array", **draw(_about_list(value, depth))}
    return {"type": "object", **draw(_about_object(value, depth))}


@st.composite
def _about_list(draw: Callable[..., Any], value: list[Any], depth: int) -> dict[str, Any]:
    pairs: dict[str, Any] = {"minItems": len(value), "maxItems": len(value) + draw(SIZES)}
    if value:
        pairs["prefixItems"] = [draw(fulfilled(item, depth + 1)) for item in value]
        pairs["contains"] = draw(fulfilled(value[-1], depth + 1))
        pairs["items"] = {"anyOf": [draw(fulfilled(item, depth + 1)) for item in value]}
    if len({repr(item) for item in value}) == len(value) and not {0, 1, 3.0} & {
        i for i in value if isinstance(i, int | float)
    }:
        pairs["uniqueItems"] = True
    return draw(_subset(pairs))


@st.composite
def _about_object(draw: Callable[..., Any], value: dict[str, Any], depth: int) -> dict[str, Any]:
    properties = {name: draw(fulfilled(item, depth + 1)) for name, item in value.items()}
    pairs: dict[str, Any] = {
        "required": list(value),
        "minProperties": len(value),
        "maxProperties": len(value) + draw(SIZES),
        "propertyNames": {"maxLength": 8},
        "properties": properties,
        "patternProperties": {f"^{name}$": schema for name, schema in properties.items()},
    }
    chosen = draw(_subset(pairs))
    if "properties" in chosen and draw(st.booleans()):
        chosen[draw(st.sampled_from(["additionalProperties", "unevaluatedProperties"]))] = False
    if len(value) > 1:
        names = list(value)
        chosen["dependentRequired"] = {names[0]: [names[-1]]}
    return chosen


@st.composite
def _all_of(draw: Callable[..., Any], schema: Any, value: Any, depth: int) -> Any:
    return {"allOf": [schema, draw(fulfilled(value, depth))]}


@st.composite
def _any_of(draw: Callable[..., Any], schema: Any, value: Any, depth: int) -> Any:
    del value, depth
    return {"anyOf": draw(st.permutations([schema, draw(UNRELATED)]))}


@st.composite
def _one_of(draw: Callable[..., Any], schema: Any, value: Any, depth: int) -> Any:
    del depth
    others = [name for name in ("null", "boolean", "string", "array", "object") if name != _type_of(value)]
    return {"oneOf": draw(st.permutations([schema, {"type": draw(st.sampled_from(others)), "maxProperties": 2}]))}


@st.composite
def _not(draw: Callable[..., Any], schema: Any, value: Any, depth: int) -> Any:
    del depth
    others = [name for name in ("null", "boolean", "string", "array", "object") if name != _type_of(value)]
    return {"allOf": [schema, {"not": {"type": draw(st.sampled_from(others))}}]}


@st.composite
def _if(draw: Callable[..., Any], schema: Any, value: Any, depth: int) -> Any:
    condition = draw(fulfilled(value, depth))
    return {"if": condition, "then": schema, "else": draw(st.booleans())}


def _type_of(value: Any) -> str:
    names = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")


_AROUND: dict[str, Any] = {"allOf": _all_of, "anyOf": _any_of, "if": _if, "not": _not, "oneOf": _one_of}


SETTINGS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.long
@pytest.mark.slow
@SETTINGS
@given(case=VALUES.flatmap(lambda value: st.tuples(st.just(value), fulfilled(value))))
def test_where_a_value_exists_one_is_found(case: tuple[Any, Any]) -> None:
    """A schema that some value fulfils is never refused; the examples are the same in every run."""
    value, schema = case
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert validator.is_valid(value)
    assert validator.is_valid(drawer(schema).draw(random.Random(1)))
