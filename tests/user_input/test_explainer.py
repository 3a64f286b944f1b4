"""Why a value breaks a schema is told within a second, whatever the schema is, and by another process."""

import time

import jsonschema_rs
import pytest

from frontsim.clock import stopwatch
from frontsim.user_input import explainer
from frontsim.user_input.explainer import explained
from frontsim.user_input.validation import Violation, problems_of
from tests.support.patience import PATIENCE_S

BACKTRACKS = {"properties": {"mail": {"type": "string", "pattern": "^([a-zA-Z0-9]+[._-]?)+@x$"}}}


def told(schema, value):
    return explained(schema, value, jsonschema_rs.validator_for(schema, validate_formats=True))


def levels(number, keyword="allOf"):
    """A schema that applies its innermost part 10 ** number times."""
    parts = {f"l{n}": {keyword: [{"$ref": f"#/$defs/l{n - 1}"}] * 10} for n in range(1, number + 1)}
    return {"$defs": {"l0": {"type": "string"}, **parts}, "$ref": f"#/$defs/l{number}"}


@pytest.fixture(autouse=True)
def started():
    """The time to start a process is not that of an explanation."""
    told({"type": "string"}, 1)


@pytest.mark.parametrize("value", [1, None, {"mail": 1}, {"mail": ["x"] * 1_000}, "é", 2**70])
def test_what_is_told_is_what_the_validators_say(value):
    """Another process changes nothing; a value that is valid starts none."""
    schema = {"type": "object", "required": ["id"], "properties": BACKTRACKS["properties"]}
    validator = jsonschema_rs.validator_for(schema)
    assert problems_of(schema, value, validator) == told(schema, value)
    assert [] == told({"type": "string"}, "x")


@pytest.mark.parametrize(
    ("schema", "value", "first"),
    [
        (
            BACKTRACKS,
            {"mail": "a" * 40},
            "mail: expected text that matches ^([a-zA-Z0-9]+[._-]?)+@x$ (too costly to explain), got ",
        ),
        (levels(6), 1, "the whole: expected what its schema allows (too costly to explain), got 1"),
        (levels(6, "anyOf"), 1, "the whole: expected what its schema allows (too costly to explain), got 1"),
    ],
    ids=["pattern", "allOf", "anyOf"],
)
def test_what_would_take_for_ever_ends_in_a_second(schema, value, first):
    """The words of jsonschema-rs stand in time; then the next value is explained again."""
    began = stopwatch()
    assert str(told(schema, value)[0]).startswith(first)
    assert PATIENCE_S > stopwatch() - began
    assert [Violation("", "string", "1")] == told({"type": "string"}, 1)


def test_a_process_that_was_killed_is_replaced():
    process = explainer._explainer._process
    assert process is not None
    process.kill()
    process.wait()
    assert "too costly to explain" in str(told({"type": "string"}, 1)[0])
    assert [Violation("", "string", "1")] == told({"type": "string"}, 1)


def test_an_interruption_does_not_give_its_answer_to_the_next_value(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(explainer, "stopwatch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        told({"type": "string"}, 1)
    monkeypatch.setattr(explainer, "stopwatch", time.monotonic)
    assert [Violation("", "object", "1")] == told({"type": "object"}, 1)
