from fractions import Fraction
from random import Random
from typing import Any

import pytest

from frontsim.payloads.schema.drawing.draw_context import DrawContext
from frontsim.payloads.schema.drawing.numbers import numbers
from frontsim.payloads.schema.reading.facts import Bound, SchemaFacts
from frontsim.schemas.read import Contradiction


def drawn(hint: tuple[str, ...] = (), *, broken: bool = False, **facts: Any) -> list[Any]:
    shape = numbers(SchemaFacts(**facts), hint, "#", whole=True, broken=broken)
    return [shape.draw(DrawContext(Random(seed))) for seed in range(200)]


def bound(value: int, *, exclusive: bool = False) -> Bound:
    return Bound(Fraction(value), exclusive)


def test_bounds_hold() -> None:
    """Both ends, exclusive or not; all whole numbers between them come."""
    assert {4, 5, 6} == set(drawn(low=bound(3, exclusive=True), high=bound(6)))


def test_steps_hold() -> None:
    """Multiples of all steps at once: of 4 and 6 that is 12."""
    assert all(value % 12 == 0 for value in drawn(multiples=[Fraction(4), Fraction(6)]))


def test_names_decide_what_is_plausible() -> None:
    """A price has cents, a quantity is small; bounds come first."""
    assert all(49 <= value <= 4999 for value in drawn(("price",), broken=True))
    assert {1, 2, 3, 4, 5, 6} == set(drawn(("quantity",)))
    assert all(value >= 100 for value in drawn(("quantity",), low=bound(100)))


def test_no_number_is_a_contradiction() -> None:
    """No multiple of 10 between 11 and 19."""
    with pytest.raises(Contradiction, match="multipleOf"):
        drawn(low=bound(11), high=bound(19), multiples=[Fraction(10)], leaf=[{"multipleOf": 10}])
