"""The context of one draw, and the producers of its parts."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from frontsim.schemas.read import Contradiction

T = TypeVar("T")

_LARGE = 400
"""Effort after which a recursive value goes lean, so that it ends."""

EFFORT = 100_000
"""The most objects, arrays, retries and extra names that one draw may cost."""


class DrawContext:
    """The random numbers and the limits of one draw.

    A lean draw (`lean`) leaves out every optional part. `depth` counts how deep the draw is in a schema that contains
    itself. `effort` is what the draw may still cost; below `lean_below` it goes lean.
    """

    __slots__ = ("depth", "effort", "lean", "lean_below", "random", "rng")

    def __init__(self, rng: Random, *, lean: bool = False, effort: int = EFFORT) -> None:
        self.rng = rng
        self.random = rng.random
        self.lean = lean
        self.depth = 0
        self.effort = effort
        self.lean_below = effort - _LARGE

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit - 1`."""
        return int(self.random() * limit) if limit < 1 << 50 else self.rng.randrange(limit)

    def pick(self, things: Sequence[T]) -> T:
        return things[int(self.random() * len(things))]

    def spend(self, keyword: str, path: str, cost: int = 1) -> None:
        """Subtract the cost from the effort.

        Raises:
            Contradiction: the draw has cost too much.
        """
        self.effort -= cost
        if self.effort < 0:
            raise Contradiction(keyword, path, "no value found within reasonable effort")


Producer = Callable[[DrawContext], Any]
"""Draws a value, or raises Contradiction."""

_SAMPLES = 24
_COST_OF_A_TRY = 10
_TRIES = 60


def checked_on_samples(produce: Producer, accepts: Callable[[Any], bool], keyword: str, path: str) -> Producer | None:
    """The producer itself if all samples are accepted, with retries if some are, None if none is."""
    good = _count(produce, accepts)
    if good == _SAMPLES:
        return produce
    return retry_until(produce, accepts, keyword, path) if good else None


def retry_until(produce: Producer, accepts: Callable[[Any], bool], keyword: str, path: str) -> Producer:
    """A producer that draws until a value is accepted, a bounded number of times."""

    def draw(context: DrawContext) -> Any:
        for _ in range(_TRIES):
            value = produce(context)
            if accepts(value):
                return value
            context.spend(keyword, path, _COST_OF_A_TRY)
        raise Contradiction(keyword, path, f"none of {_TRIES} values that fulfil the other keywords fulfilled it")

    return draw


def _count(produce: Producer, accepts: Callable[[Any], bool]) -> int:
    good = 0
    for number in range(_SAMPLES):
        try:
            good += accepts(produce(DrawContext(Random(number))))  # noqa: S311
        except Contradiction:
            continue
    return good
