"""Every format's text is in that format."""

import random

import jsonschema
import jsonschema_rs
import pytest

from frontsim.payloads.schema.drawing.draw_context import DrawContext
from frontsim.payloads.schema.drawing.formats import EXTREMES, FORMATS, vendor_moment
from frontsim.payloads.schema.generator import Generator


@pytest.mark.parametrize("name", FORMATS)
def test_text_is_in_its_format(name: str) -> None:
    """By both validators, formats on."""
    quick = jsonschema_rs.validator_for({"format": name}, validate_formats=True)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for seed in range(100):
        text = FORMATS[name](DrawContext(random.Random(seed)))
        assert quick.is_valid(text), text
        assert checker.conforms(text, name), text


@pytest.mark.parametrize("name", EXTREMES)
def test_a_format_is_kept_at_its_shortest(name: str) -> None:
    """A bound that the usual text exceeds is met with a shorter one."""
    short, *_ = EXTREMES[name](0, 0)
    assert not callable(short)
    validator = jsonschema_rs.validator_for({"format": name}, validate_formats=True)
    shortest = min((text for text in short if validator.is_valid(text)), key=len)
    value = Generator({"type": "string", "format": name, "maxLength": len(shortest)}).draw(random.Random(1))
    assert validator.is_valid(value)
    assert len(shortest) >= len(str(value))


@pytest.mark.parametrize("name", ["email", "hostname", "uri", "iri", "uri-reference", "json-pointer", "regex"])
@pytest.mark.parametrize("length", [40, 64, 100, 130])
def test_a_format_is_kept_at_a_length(name: str, length: int) -> None:
    """So is one that it does not reach."""
    schema = {"type": "string", "format": name, "minLength": length}
    value = Generator(schema).draw(random.Random(1))
    assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(value)


def test_a_vendor_moment_has_no_zone_and_sql_server_s_steps() -> None:
    """Local time, trailing zeros cut, milliseconds that end in 0, 3 or 7."""
    for seed in range(500):
        text = vendor_moment(DrawContext(random.Random(seed)))
        _, _, fraction = text.partition(".")
        assert 19 == len(text.partition(".")[0])
        assert not fraction.endswith("0")
        assert len(fraction) < 3 or fraction[2] in "37"
