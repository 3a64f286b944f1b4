"""Which kinds of value an alternative is drawn from, and what a residue rules out."""

from typing import Any

import pytest

from frontsim.errors import BadInput
from tests.schemas.drawing import drawn


def sixty(schema: dict[str, Any], *, name: str = "") -> list[Any]:
    """Sixty values; with a name, of a required field that is called so."""
    whole = {"type": "object", "properties": {name: schema}, "required": [name]} if name else schema
    values = [drawn(whole, seed) for seed in range(60)]
    return [value[name] for value in values] if name else values


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({}, str),  # nothing is said: text
        ({"minLength": 2}, str),
        ({"minimum": 3}, int | float),
        ({"minItems": 1}, list),
        ({"required": ["a"]}, dict),
    ],
)
def test_without_a_type_the_keywords_suggest_the_kind(schema: dict[str, Any], kind: type) -> None:
    assert all(isinstance(value, kind) for value in sixty(schema))


def test_without_a_type_a_name_suggests_numbers() -> None:
    """A field called price is not a text."""
    assert all(isinstance(value, int | float) for value in sixty({}, name="price"))


def test_kinds_that_are_named_all_occur() -> None:
    """null is the seldom one."""
    values = sixty({"type": ["null", "boolean", "integer"]})
    assert {type(None), bool, int} == {type(value) for value in values}
    assert values.count(None) < len(values) / 3


def test_a_whole_number_is_drawn_where_any_number_will_do() -> None:
    assert {3, 4} == set(sixty({"type": "number", "multipleOf": 1, "minimum": 3, "maximum": 4}))


def test_listed_values_are_those_that_the_other_keywords_allow() -> None:
    """Each draw is a copy: a caller may change it."""
    assert {"long"} == set(sixty({"enum": ["a", "long", 7], "minLength": 2, "type": "string"}))
    first, second = (drawn({"enum": [["a"]]}, 0) for _ in range(2))
    assert first == second
    assert first is not second


def test_an_unlikely_kind_is_drawn_where_no_likely_one_is_left() -> None:
    """`pattern` suggests a text, but no text is allowed."""
    assert not any(isinstance(value, str) for value in sixty({"pattern": "^a$", "not": {"type": "string"}}))


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "boolean", "not": {"enum": [True, False]}}, "not"),
        ({"enum": [1, 2], "minimum": 3}, "enum"),
        ({"type": "null", "not": {"const": None}}, "not"),
    ],
)
def test_no_value_is_left(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        drawn(schema, 0)


def test_of_a_choice_with_null_null_is_seldom() -> None:
    """Both `anyOf` and a list of types can say it."""
    for schema in ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, {"type": ["integer", "null"]}):
        assert 0 < [drawn(schema, seed) for seed in range(200)].count(None) < 60
