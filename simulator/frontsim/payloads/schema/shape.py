"""One way for a value to be, and what a maker of objects or arrays may ask of the compiler above it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from frontsim.payloads.schema.contradiction import Contradiction
from frontsim.payloads.schema.document import Document
from frontsim.payloads.schema.draw_context import DrawContext, Producer
from frontsim.payloads.schema.facts import Term
from frontsim.payloads.schema.names import Hint


class Child(Protocol):
    """The schemas of a property or an item, compiled at most once."""

    def producer(self) -> Producer:
        """Draws its values; raises Contradiction where there is none."""

    def enter(self, context: DrawContext) -> Any:
        """A value, drawn one level deeper in a schema that may contain itself."""

    def reaches(self, steps: int) -> bool:
        """Whether it has a value at most so many levels deep."""


NULL_SHARE = 0.12
"""How often a value that may be null is."""
_FEW = 32
"""Values that a list of values is brought to before null is put among them."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A way for a value to be: how to draw it, how often, and the children that it can't do without."""

    draw: Producer
    weight: float = 1.0
    needs: list[Child] = field(default_factory=list)
    values: Sequence[Any] = ()
    """All its values, where they are few: every one as likely as the others."""

    def reaches(self, steps: int) -> bool:
        """Whether all that it can't do without is at most so many levels deep."""
        return all(child.reaches(steps) for child in self.needs)


def one_of(values: Sequence[Any]) -> Shape:
    """The shape of a value from a list; none of them can be changed by who gets it."""
    count = len(values)
    if count == 1:
        only = values[0]
        return Shape(lambda _context: only, values=values)
    return Shape(lambda context: values[int(context.random() * count)], values=values)


def or_null(shape: Shape) -> Shape:
    """The shape, or seldom null; and null where it finds no value."""
    if shape.values:
        times = max(1, _FEW // len(shape.values))
        nulls = max(1, round(times * len(shape.values) * NULL_SHARE / (1 - NULL_SHARE)))
        return one_of((*tuple(shape.values) * times, *(None,) * nulls))

    def draw(context: DrawContext) -> Any:
        if context.lean or context.random() < NULL_SHARE:
            return None
        try:
            return shape.draw(context)
        except Contradiction:
            return None

    return Shape(draw)


@dataclass(frozen=True, slots=True)
class Site:
    """Where a shape is being made. `accepts(term, value)` is the validator's word, or True where it has none."""

    document: Document
    hint: Hint
    path: str
    child: Callable[[Sequence[Term], Hint], Child]
    accepts: Callable[[Term, Any], bool]


def by_weight(shapes: list[Shape], context: DrawContext) -> list[Shape]:
    """The shapes in the order to try them: first one by weight, then the others."""
    drawn = context.random() * sum([shape.weight for shape in shapes])
    for index, shape in enumerate(shapes):
        drawn -= shape.weight
        if drawn < 0:
            return [shape, *shapes[:index], *shapes[index + 1 :]]
    return shapes
