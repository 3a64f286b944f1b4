"""Fields that a user writes: read as the type that they must have, every problem in one error."""

from typing import Any

import pytest

from frontsim.errors import BadInput
from frontsim.user_input.fields import Fields


def test_names_match_in_any_case():
    """As ASP.NET Core matches them (inferred)."""
    fields = Fields({"STOREid": 7, "Url": None}, any_case=True)
    assert (7, True, True, False) == (
        fields.whole("storeId", least=0, most=9),
        fields.has("url"),
        fields.has("storeid"),
        fields.has("event"),
    )


@pytest.mark.parametrize(
    ("method", "limits", "right", "wrong"),
    [
        ("text", {"expected": "a name"}, ["x", " x "], ["", "  ", 7, [], {}, True]),
        ("whole", {"least": 1, "most": 5}, [1, 5], [0, 6, 1.0, "1", True, []]),
        ("number", {"least": 0.5, "most": 5}, [0.5, 5, 1], [0.4, 5.1, "1", True, {}]),
        ("mapping", {}, [{}, {"a": 1}], [[], "x", 1, False]),
        ("flag", {}, [True, False], [0, 1, "true", []]),
        ("items", {}, [[], [1]], [{}, "x", 1, False]),
        ("choice", {"choices": ("a", "b")}, ["a", "b"], ["c", "", 1, []]),
    ],
)
def test_reading(method: str, limits: dict[str, Any], right: list[Any], wrong: list[Any]):
    """A right value is given back, null and missing are as nothing, a wrong one is noted under its name."""
    for value in right:
        fields = Fields({"x": value})
        assert value == getattr(fields, method)("x", **limits)
        fields.check()
    for value in wrong:
        fields = Fields({"x": value})
        assert not getattr(fields, method)("x", **limits)
        with pytest.raises(BadInput, match=r"x: expected .*, got ") as caught:
            fields.check()
        assert ["x"] == list(caught.value.fields)
    for nothing in ({}, {"x": None}):
        fields = Fields(nothing)
        assert getattr(fields, method)("x", **limits) in (None, False)
        fields.check()


def test_a_required_text():
    """Missing is told as nothing, null as null."""
    for value, got in (({}, "nothing"), ({"event": None}, "null")):
        fields = Fields(value)
        fields.text("event", "a name", required=True)
        assert {"event": [f"expected a name, got {got}"]} == fields.problems


def test_unknown_names_are_refused():
    """Refused as they were written, with those that there are; a long one is cut."""
    fields = Fields({"Event": 1, "evNt": 2, "y" * 500: 3}, any_case=True)
    fields.only("event", "count")
    assert ["evNt", "y" * 100] == list(fields.problems)
    assert "expected one of event, count, got the name 'evNt' (did you mean 'event'?)" == fields.problems["evNt"][0]


def test_bounds_and_values_in_words_of_json():
    """Numbers are written as people read them, and values as their sender wrote them."""
    fields = Fields({"count": True, "seconds": 4e7, "speed": None, "what": False})
    fields.whole("count", least=1, most=100_000)
    fields.number("seconds", least=0.5, most=31_536_000)
    fields.text("speed", "a text", required=True)
    fields.text("what", "a text")
    assert {
        "count": ["expected a whole number from 1 to 100,000, got true"],
        "seconds": ["expected a number from 0.5 to 31,536,000, got 40000000.0"],
        "speed": ["expected a text, got null"],
        "what": ["expected a text, got false"],
    } == fields.problems


def test_values_are_not_echoed_without_end():
    """A refusal quotes at most a hundred characters."""
    fields = Fields({"count": "9" * 10_000})
    fields.whole("count", least=1, most=2)
    assert 200 > len(fields.problems["count"][0])


def test_an_object_within_another():
    """Its problems stand beside the outer ones, under their whole path; TOML's tables are read alike."""
    fields = Fields({"match": {"run": 0, "x": 1}, "params": 7})
    match = fields.within("match")
    match.only("run")
    match.whole("run", least=1)
    assert {} == fields.within("params").value
    assert {
        "match.x": ["expected one of run, got the name 'x'"],
        "match.run": ["expected a whole number, 1 or more, got 0"],
        "params": ["expected an object, got 7"],
    } == fields.problems
    with pytest.raises(BadInput, match=r"no rule: match\.x: expected .*; params: expected an object, got 7"):
        fields.check("no rule: ")


def test_a_text_that_is_too_long():
    """The length that came, not the text, is shown."""
    fields = Fields({"url": "x" * 11})
    assert fields.text("url", most=10) is None
    assert {"url": ["expected a text of at most 10 characters, got 11"]} == fields.problems
