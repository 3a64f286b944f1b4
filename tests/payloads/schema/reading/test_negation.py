from typing import Any

import pytest

from frontsim.payloads.schema.reading.negation import ways_to_break
from frontsim.schemas.read import Document


def ways(schema: Any) -> list[list[Any]] | None:
    document = Document({"$defs": {"it": schema}})
    found = ways_to_break(document, document.child(document.top, "$defs", "it"))
    return None if found is None else [[(term.place.schema, term.positive) for term in way] for way in found]


def test_each_keyword_can_be_broken_by_itself() -> None:
    """Another length below, or a longer one above; a missing property for each required one."""
    assert [
        [({"type": "string", "maxLength": 1}, True)],
        [({"type": "string", "minLength": 5}, True)],
    ] == ways({"minLength": 2, "maxLength": 4})
    assert [
        [({"type": "object", "properties": {"a": False}}, True)],
        [({"type": "object", "properties": {"b": False}}, True)],
    ] == ways({"required": ["a", "b"]})


def test_a_bound_turns_around() -> None:
    """Not at least 3 is below 3."""
    assert [[({"type": "number", "exclusiveMaximum": 3}, True)]] == ways({"minimum": 3})


def test_a_choice_is_broken_by_breaking_all_of_it() -> None:
    """One way with every branch negated; of allOf a way for each."""
    one, other = {"type": "string"}, {"minimum": 3}

    assert [[(one, False), (other, False)]] == ways({"anyOf": [one, other]})
    assert [[(one, False)], [(other, False)]] == ways({"allOf": [one, other]})
    assert [[(one, True)]] == ways({"not": one})


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, []),
        ({"title": "always"}, []),
        (False, [[]]),
        ({"uniqueItems": True, "minLength": 0}, [[]]),
        ({"x-y": 1}, None),
    ],
)
def test_what_has_no_way(schema: Any, expected: Any) -> None:
    """No way: it always holds. A way without terms: left to chance. None: only unknown keywords."""
    found = ways(schema)

    assert expected == (found[:1] if found else found)
