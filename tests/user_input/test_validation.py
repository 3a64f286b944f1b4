"""Why a value breaks a schema is told field by field, and always when it does."""

import json
from collections.abc import Iterator
from importlib.metadata import requires
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontsim import bundled
from frontsim.user_input.validation import FORMATS, MOST, Violation, dotted, problems_of, shown

Json = dict[str, Any]

FILES = sorted((bundled.folder("contracts") / "schemas").glob("*.json"))
SCHEMAS: dict[str, Json] = {file.stem: json.loads(file.read_text("utf-8")) for file in FILES}
VALIDATORS = {name: jsonschema_rs.validator_for(schema, validate_formats=True) for name, schema in SCHEMAS.items()}
EXPLAINERS = {
    name: jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    for name, schema in SCHEMAS.items()
}
NUMBERS: list[object] = [0, -1, 1.5, 1.0, 2**31, 2**53, -(2**63)]
PATHS: list[list[str | int]] = [[], ["a"], ["lines", 0, "price"]]
TEXTS = [
    "",
    "x",
    "é🧦",
    "Sale",
    "2021-12-09T08:50:46.02",
    "550e8400-e29b-41d4-a716-446655440000",
    "https://a.example/b?c",
]
ODD = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, [], [None], {}, {"a": 1}])


def found_problems(schema: Json, value: object) -> list[str]:
    return [
        str(each) for each in problems_of(schema, value, jsonschema_rs.validator_for(schema, validate_formats=True))
    ]


def places(value: Any) -> Iterator[tuple[Any, str | int]]:
    """Every key and index in a JSON value, with what holds it."""
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield value, step
        yield from places(child)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "integer"}, "1", ['the whole: expected integer, got "1" (a string)']),
        ({"type": ["string", "null"]}, 1, ["the whole: expected string or null, got 1"]),
        ({"enum": ["a", None, 1]}, "b", ['the whole: expected one of "a", null, 1, got "b" (a string)']),
        ({"const": {"a": 1}}, [], ['the whole: expected {"a":1}, got []']),
        ({"pattern": "^a$"}, "b", ['the whole: expected text that matches ^a$, got "b" (a string)']),
        ({"pattern": "^a$", "examples": ["a"]}, "b", ['the whole: expected text such as a, got "b" (a string)']),
        ({"format": "uuid"}, "b", ['the whole: expected text in the format uuid, got "b" (a string)']),
        (
            {"minimum": 1, "multipleOf": 2},
            -1,
            [f"the whole: expected {x}, got -1" for x in ("1 or more", "a multiple of 2")],
        ),
        ({"maximum": 1}, 1.5, ["the whole: expected 1 or less, got 1.5"]),
        ({"exclusiveMinimum": 1}, 1, ["the whole: expected more than 1, got 1"]),
        ({"exclusiveMaximum": 1}, 1, ["the whole: expected less than 1, got 1"]),
        ({"minLength": 2}, "a", ['the whole: expected 2 characters or more, got "a" (a string)']),
        ({"maxLength": 0}, "a", ['the whole: expected 0 characters or fewer, got "a" (a string)']),
        ({"minItems": 1}, [], ["the whole: expected 1 items or more, got []"]),
        ({"maxItems": 0}, [1], ["the whole: expected 0 items or fewer, got [1]"]),
        ({"uniqueItems": True}, [1, 1], ["the whole: expected no item twice, got [1,1]"]),
        ({"anyOf": [{"type": "null"}, {"minimum": 9}]}, 3, ["the whole: expected null or 9 or more, got 3"]),
        (
            {"anyOf": [{"type": "null"}, {"properties": {"a": {"type": "null"}}}]},
            {"a": 3},
            ['the whole: expected any of the 2 forms that its schema gives, got {"a":3}'],
        ),
        (
            {"oneOf": [{"type": "number"}, {"minimum": 1}]},
            3,
            ["the whole: expected exactly one of the 2 forms that its schema gives, got 3"],
        ),
        (
            {"properties": {"a": {}}, "additionalProperties": False},
            {"a": 1, "b": 2},
            ['the whole: expected no fields but a, got {"a":1,"b":2}'],
        ),
        ({"properties": {"a": False}}, {"a": 1}, ["a: expected no such field, got 1"]),
        (
            {"properties": {"a": {"items": {"required": ["b", "c"], "properties": {"b": {"type": "number"}}}}}},
            {"a": [{"b": 1, "c": 2}, {}]},
            ["a[1].b: expected number, got nothing", "a[1].c: expected a value, got nothing"],
        ),
        ({"minProperties": 1}, {}, ["the whole: expected what its schema allows ({} should be non-empty), got {}"]),
    ],
)
def test_each_keyword_says_what_it_wants(schema: Json, value: object, expected: list[str]) -> None:
    """A problem reads: where, what was expected, what came."""
    assert expected == found_problems(schema, value)


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"pattern": "^a$"}, "a\n", 'expected text that matches ^a$, got "a\\n" (a string)'),  # Python's $ takes it
        (
            {"pattern": r"^\p{Lu}"},
            "a",
            r'expected text that matches ^\p{Lu}, got "a" (a string)',
        ),  # Python cannot read it
        ({"format": "email"}, "a@", 'expected text in the format email, got "a@" (a string)'),  # jsonschema wants an @
        ({"format": "iri"}, "a b", 'expected text in the format iri, got "a b" (a string)'),  # jsonschema has no check
        ({"properties": {"a": False}, "required": ["b"]}, {"a": 1}, "expected a value, got nothing"),
    ],
)
def test_where_the_validators_differ_the_one_that_decides_explains(schema: Json, value: object, expected: str) -> None:
    """A refused value always has a reason, also when jsonschema sees none."""
    assert any(each.endswith(expected) for each in found_problems(schema, value))


def test_a_valid_value_has_no_problem() -> None:
    """A value that jsonschema-rs takes has no problems, whatever jsonschema thinks of it."""
    assert [] == found_problems({"type": "integer", "format": "of its own"}, 1.0)
    assert [] == found_problems({"$ref": "#"}, 1)


def test_nothing_is_fetched_to_explain() -> None:
    """A schema of a schema is known by heart; one elsewhere was refused when it was loaded."""
    assert found_problems({"$ref": "https://json-schema.org/draft/2020-12/schema"}, {"type": "strin"})


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12"])
def test_formats_are_checked_in_every_draft(draft: str) -> None:
    """No format that a draft knows is waved through for want of a library."""
    dialect = f"http{'s' if '/' in draft else ''}://json-schema.org/{draft}/schema{'' if '/' in draft else '#'}"
    later = {"draft-04": {"date", "regex", "time", "uuid"}, "draft-06": {"date", "regex", "time", "uuid"}}
    fields = sorted(FORMATS - later.get(draft, set()) - ({"uuid"} if draft == "draft-07" else set()))
    schema = {"$schema": dialect, "properties": {each: {"format": each} for each in fields}}
    assert fields == [each.split(":")[0] for each in found_problems(schema, dict.fromkeys(fields, "(%"))]


def test_a_missing_format_check_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """jsonschema waves formats through whose library is missing: that is our own fault, and told at once."""
    monkeypatch.delitem(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers, "uri")
    with pytest.raises(AssertionError, match="no check of uri"):
        found_problems({"type": "null"}, 1)


def test_nothing_slow_is_imported_to_explain() -> None:
    """jsonschema's own extras bring a parser for `iri` that is built on import: a second of processor time."""
    ours = [each for each in requires("frontsim") or () if each.startswith("jsonschema")]
    assert ours
    assert [] == [each for each in ours if "[" in each]


def test_every_format_of_ours_is_among_those_that_must_be_checked() -> None:
    """A format that a bundled schema uses is one whose check is asserted to be present."""
    formats = [each.get("format") for schema in SCHEMAS.values() for each in _objects(schema)]
    used = {each for each in formats if isinstance(each, str)}
    assert {"uuid", "uri"} == used
    assert used <= FORMATS


def _objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(inner)


@pytest.mark.parametrize("name", SCHEMAS)
def test_examples_are_valid_for_both(name: str) -> None:
    """The example of each bundled schema is valid, formats included, for both validators."""
    for example in SCHEMAS[name]["examples"]:
        assert VALIDATORS[name].is_valid(example)
        EXPLAINERS[name].validate(example)


@pytest.mark.slow
@given(st.sampled_from(sorted(SCHEMAS)), st.data())
@settings(max_examples=400, deadline=None, database=None)
def test_both_validators_agree_on_changed_examples(name: str, data: st.DataObject) -> None:
    """Whatever of an example is changed or left out, both judge it alike, and a refusal has its reasons."""
    value = json.loads(json.dumps(SCHEMAS[name]["examples"][0]))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, step = data.draw(st.sampled_from(list(places(value))))
        if data.draw(st.booleans()) and isinstance(holder, dict):
            del holder[step]
        else:
            holder[step] = json.loads(json.dumps(data.draw(ODD)))  # its own copy: it may be changed again
    valid = VALIDATORS[name].is_valid(value)
    assert valid == EXPLAINERS[name].is_valid(value)
    assert valid == (not problems_of(SCHEMAS[name], value, VALIDATORS[name]))


@pytest.mark.slow
@given(st.recursive(ODD, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner), max_leaves=8))
@settings(max_examples=200, deadline=None, database=None)
def test_any_value_is_explained(value: object) -> None:
    """Nothing that JSON can hold makes the explanation fail."""
    for each in problems_of(SCHEMAS["SaleCreated"], value, VALIDATORS["SaleCreated"]):
        assert each.expected
        assert len(each.got) <= 80


def test_a_deeply_nested_value_is_explained() -> None:
    """A value that is nested too deep for jsonschema is refused with a reason all the same."""
    value: object = 1
    for _ in range(900):
        value = [value]
    assert 1 == len(found_problems({"type": "array", "items": {"$ref": "#"}}, value))
    assert 1 == len(found_problems({"type": "object"}, value))


def test_the_number_of_problems_has_a_limit() -> None:
    """A value with a thousand faults is not explained a thousand times."""
    assert MOST == len(found_problems({"items": {"type": "null"}}, [1] * 1000))
    assert MOST == len(found_problems({"required": [str(n) for n in range(1000)]}, {}))


def test_paths_and_values_are_shown_on_a_line() -> None:
    """Paths are dotted, items in brackets; values are JSON, and cut."""
    assert [("", []), ("a", ["a"]), ("lines[0].price", ["lines", 0, "price"])] == [
        (dotted(path), path) for path in PATHS
    ]
    assert ("null", '"a" (a string)', "80") == (shown(None), shown("a"), str(len(shown(["x" * 500]))))
    assert "…" == shown("x" * 500)[-1]
    assert "a[0]: expected text, got 1" == str(Violation("a[0]", "text", "1"))
