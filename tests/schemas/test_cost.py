"""The cost of a schema: its steps, and patterns that backtrack."""

import json

import pytest

from frontsim import bundled
from frontsim.schemas.cost import backtracking_patterns, costly

FILES = sorted((bundled.folder("contracts") / "schemas").glob("*.json"))


def levels(number: int) -> dict[str, object]:
    parts = {f"l{n}": {"allOf": [{"$ref": f"#/$defs/l{n - 1}"}] * 10} for n in range(1, number + 1)}
    return {"$defs": {"l0": {"type": "string"}, **parts}, "$ref": f"#/$defs/l{number}"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_bundled_schemas_cost_little(file):
    schema = json.loads(file.read_text("utf-8"))
    assert ("", []) == (costly(schema), list(backtracking_patterns(schema)))


def test_parts_that_multiply_are_too_costly():
    """Ten parts on each of twelve levels are a million million steps for one value."""
    assert "" == costly(levels(5))
    assert "it applies its parts 2e+12 times to one value" == costly(levels(12))


def test_what_is_not_applied_costs_nothing():
    assert "" == costly({"$defs": {"unused": levels(12)["$defs"]}, "type": "string"})


def test_a_schema_that_contains_itself_counts_once():
    tree = {"type": "object", "properties": {name: {"$ref": "#"} for name in "abcdefghij"}}
    assert "" == costly(tree)


def test_a_chain_that_is_too_long_is_too_costly():
    chain = {f"l{n}": {"$ref": f"#/$defs/l{n + 1}"} for n in range(5_000)}
    assert "it is nested too deep" == costly({"$defs": {**chain, "l5000": True}, "$ref": "#/$defs/l0"})


@pytest.mark.parametrize(
    "pattern",
    [
        "^([a-zA-Z0-9]+[._-]?)+@x$",
        r"^(\w+\s?)*$",
        "((a+)+)",
        "(a+|b)*",
        "(x+x?)*",
        "([a-z]{2,3})+",
        "(.*)*",
        r"([\])(]+x*)+",
    ],
)
def test_a_repeat_within_a_repeat_is_named(pattern):
    schema = {"properties": {"mail": {"pattern": pattern}}, "items": [{"patternProperties": {pattern: {}}}]}
    assert [pattern, pattern] == list(backtracking_patterns(schema))


@pytest.mark.parametrize(
    "pattern",
    [
        r"^\d+(\.\d+)*$",
        "^[a-z]+(-[a-z]+)*$",
        "^(a|b)*$",
        "^[(+*]+$",
        r"\(a+\)+",
        r"^(?:\d{4}-)+$",
        "((a+)b)*",
        "a+b+",
        "",
    ],
)
def test_a_repeat_that_a_character_ends_is_not(pattern):
    assert [] == list(backtracking_patterns({"pattern": pattern}))
