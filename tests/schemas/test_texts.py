"""Every format's text is in that format."""

import base64
import random

import jsonschema
import jsonschema_rs
import pytest

from frontsim.schemas.texts import FORMATS, vendor_moment
from tests.schemas.drawing import drawn


@pytest.mark.parametrize("name", FORMATS)
def test_text_is_in_its_format(name: str) -> None:
    """By both validators, formats on."""
    quick = jsonschema_rs.validator_for({"format": name}, validate_formats=True)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for seed in range(100):
        text = FORMATS[name](random.Random(seed))
        assert quick.is_valid(text), text
        assert checker.conforms(text, name), text


@pytest.mark.parametrize(
    ("name", "shortest"),
    [
        ("email", "a@b"),
        ("hostname", "a"),
        ("uri", "a:"),
        ("uri-reference", ""),
        ("json-pointer", ""),
        ("regex", ""),
        ("ipv4", "1.1.1.1"),
        ("ipv6", "::"),
        ("date-time", "2026-01-01T00:00:00Z"),
        ("time", "00:00:00Z"),
        ("duration", "P1D"),
        ("relative-json-pointer", "0"),
    ],
)
def test_a_format_is_kept_at_its_shortest(name: str, shortest: str) -> None:
    """A bound that the usual text exceeds is met with a shorter one."""
    schema = {"type": "string", "format": name, "maxLength": len(shortest)}
    assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(drawn(schema))


@pytest.mark.parametrize("name", ["email", "hostname", "uri", "iri", "uri-reference", "json-pointer", "regex"])
@pytest.mark.parametrize("length", [40, 64, 100, 130])
def test_a_format_is_kept_at_a_length(name: str, length: int) -> None:
    """So is one that it does not reach."""
    schema = {"type": "string", "format": name, "minLength": length}
    assert jsonschema_rs.validator_for(schema, validate_formats=True).is_valid(drawn(schema))


def test_a_vendor_moment_has_no_zone_and_sql_server_s_steps() -> None:
    """Local time, trailing zeros cut, milliseconds that end in 0, 3 or 7."""
    for seed in range(500):
        text = vendor_moment(random.Random(seed))
        _, _, fraction = text.partition(".")
        assert 19 == len(text.partition(".")[0])
        assert not fraction.endswith("0")
        assert len(fraction) < 3 or fraction[2] in "37"


def test_examples_are_followed_with_other_digits() -> None:
    """Where no name, format or pattern says more."""
    texts = {drawn({"type": "string", "examples": ["ab-12"]}, seed) for seed in range(60)}
    assert all(text.startswith("ab-") and text[3:].isdigit() for text in texts)
    assert len(texts) > 10


@pytest.mark.parametrize(("least", "most"), [(3, 5), (300, 400), (20_000, 20_000)])
def test_lengths_hold(least: int, most: int) -> None:
    """Short texts and long ones."""
    texts = [drawn({"type": "string", "minLength": least, "maxLength": most}, seed) for seed in range(20)]
    assert all(least <= len(text) <= most for text in texts)


def test_contents_are_encoded() -> None:
    """JSON as it is, or in base64."""
    assert drawn({"type": "string", "contentMediaType": "application/json"}).startswith('{"number"')
    assert isinstance(base64.b64decode(drawn({"type": "string", "contentEncoding": "base64"}), validate=True), bytes)
