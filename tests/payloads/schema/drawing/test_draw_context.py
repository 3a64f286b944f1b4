from random import Random

import pytest

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer, checked_on_samples, retry_until
from frontsim.schemas.read import Contradiction


def test_a_draw_ends_when_its_effort_is_spent() -> None:
    """The error names the keyword in the way and its path."""
    context = DrawContext(Random(1), effort=3)
    context.spend("items", "#", 3)

    with pytest.raises(Contradiction, match="items at #/a"):
        context.spend("items", "#/a")


def test_a_producer_whose_samples_are_all_accepted_is_not_checked_again() -> None:
    """With some accepted it retries; with none there is no producer."""

    def below_ten(context: DrawContext) -> int:
        return context.below(10)

    some = checked_on_samples(below_ten, lambda value: value > 6, "minimum", "#")
    assert below_ten is checked_on_samples(below_ten, lambda value: value < 10, "maximum", "#")
    assert some is not None
    assert all(some(DrawContext(Random(seed))) > 6 for seed in range(50))
    assert checked_on_samples(below_ten, lambda value: value > 10, "minimum", "#") is None


def test_retries_are_bounded() -> None:
    """After sixty tries the draw gives up."""
    tries: list[int] = []

    def never(context: DrawContext) -> int:
        tries.append(1)
        return 0

    produce: Producer = retry_until(never, bool, "not", "#/not")
    with pytest.raises(Contradiction, match="none of 60 values"):
        produce(DrawContext(Random(1)))
    assert 60 == len(tries)
