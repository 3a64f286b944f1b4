"""Text for regular expressions: the validator finds the pattern in it."""

import random

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontsim.schemas.texts import text_of, texts_of

READ = [
    "",
    "abc",
    "^$",
    "^a|b$",
    "^(a|bc|)d$",
    "^a*b+c?$",
    "^a{3}b{2,}c{0,2}$",
    "^a+?b{2}?$",
    "^[abc][^abc][a-z0-9_-]$",
    r"^[\w.-]+@[\d]+\.[^\s]$",
    r"^\d\D\w\W\s\S$",
    r"^\t\n\r\f\v\x41\u00e6\cA$",
    r"^\.\*\+\?\(\)\[\]\{\}\|\^\$\\\/$",
    r"^(?:ab)+(?<year>\d{4})$",
    r"^(\w)(\w)\2\1$",
    r"^(?=.*\d).{3,}(?!x)$",
    r"\bword\b",
    r"^\p{Lu}\p{L}+\p{N}$",
    r"^\P{L}$",
    r"^\p{Letter}$",
    r"^\p{Script=Greek}{3}[\p{Nd}_]$",
    "^[æøå]{2}$",
    "^[\u4e00-\u9fff]{2}$",
    "^.{8}$",
    "^[a\\]]$",
]


@pytest.mark.parametrize("pattern", READ)
def test_the_pattern_is_found_in_its_text(pattern: str) -> None:
    """Text of a pattern matches it, as the validator reads it, for most seeds where it looks ahead and for all else."""
    make = text_of(pattern)
    validator = jsonschema_rs.validator_for({"pattern": pattern})
    assert make is not None
    found = [validator.is_valid(make(random.Random(seed))) for seed in range(40)]
    assert all(found) if "(?" not in pattern else sum(found) > 20


@pytest.mark.parametrize("pattern", ["(", "(a", "[a", "a)", r"\p{Unheard}", "a{2", "[b-a]x", "[]"])
def test_a_pattern_that_is_not_read_is_none(pattern: str) -> None:
    """A pattern that can't be read gives no function, never an exception."""
    assert text_of(pattern) is None


def test_a_named_group_is_referred_to_by_name() -> None:
    """`\\k<name>` repeats the group's text."""
    make = text_of(r"^(?<q>[a-z]{3})-\k<q>$")
    assert make is not None
    text = make(random.Random(1))
    assert text[:3] == text[4:]


def test_open_ends_get_more_text() -> None:
    """A pattern without ^ or $ is also found inside of a longer text."""
    texts = {make(random.Random(1)) for make in texts_of("^NO")}
    assert "NO" in texts
    assert any(len(text) > 2 for text in texts)
    assert 1 == len(texts_of("^NO$"))


def test_a_quantifier_stretches_on_demand() -> None:
    """`stretch` bounds how often more than the least number of times a part comes."""
    short, long = text_of("^a*$", stretch=2), text_of("^a*$", stretch=500)
    assert short is not None
    assert long is not None
    assert 2 >= max(len(short(random.Random(seed))) for seed in range(30))
    assert 200 < max(len(long(random.Random(seed))) for seed in range(30))


@settings(max_examples=200, deadline=None)
@given(pattern=st.text("ab(|)[]*+?{}^$.\\d1,-", max_size=12), seed=st.integers(0, 9))
def test_any_text_is_read_or_refused(pattern: str, seed: int) -> None:
    """Whatever stands there: a maker whose draw is text, or None."""
    make = text_of(pattern)
    if make is not None:
        assert isinstance(make(random.Random(seed)), str)
