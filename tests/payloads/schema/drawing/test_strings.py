from random import Random
from typing import Any

import pytest

from frontsim.payloads.schema.drawing.draw_context import DrawContext
from frontsim.payloads.schema.drawing.strings import strings
from frontsim.payloads.schema.reading.facts import SchemaFacts
from frontsim.schemas.read import Contradiction


def drawn(hint: tuple[str, ...] = (), **facts: Any) -> list[str]:
    shape = strings(SchemaFacts(**facts), hint, "#")
    return [shape.draw(DrawContext(Random(seed))) for seed in range(60)]


def test_a_name_decides_what_is_plausible() -> None:
    """A currency is one; a format beside it comes after the name, if the schema allows the name's values."""
    assert {"NOK", "SEK", "DKK"} == set(drawn(("currency",)))


def test_lengths_hold() -> None:
    """Short ones and long ones."""
    for least, most in ((3, 5), (300, 400)):
        leaf = [{"minLength": least}, {"maxLength": most}]
        assert all(least <= len(text) <= most for text in drawn(lengths=(least, most), leaf=leaf))


def test_patterns_hold() -> None:
    """The text matches as the pattern's anchors say."""
    assert all(text[0] == "A" and text[1:].isdigit() for text in drawn(leaf=[{"pattern": "^A[0-9]+$"}]))


def test_examples_are_followed() -> None:
    """With other digits."""
    texts = drawn(examples=["ab-12"])

    assert all(text.startswith("ab-") and text[3:].isdigit() for text in texts)
    assert len(set(texts)) > 10


def test_no_text_is_a_contradiction() -> None:
    """It names the strictest keyword."""
    with pytest.raises(Contradiction, match="pattern"):
        drawn(leaf=[{"pattern": "^a$"}, {"pattern": "^b$"}])
