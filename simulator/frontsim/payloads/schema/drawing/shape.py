"""A shape: one alternative for a value. And the site: what a shape may ask of the compiler."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer
from frontsim.payloads.schema.drawing.names import Hint
from frontsim.payloads.schema.reading.facts import Term
from frontsim.schemas.read import Contradiction, Document


class ChildNode(Protocol):
    """The node of a property or an item, as the shapes see it."""

    def producer(self) -> Producer:
        """The producer of its values; raises Contradiction if there is none."""

    def enter(self, context: DrawContext) -> Any:
        """A value, one level deeper, in a schema that may contain itself."""

    def reaches(self, steps: int) -> bool:
        """Whether it has a value of at most `steps` levels."""


NULL_SHARE = 0.12
"""How often a nullable value is null."""
_FEW = 32
"""A list of choices is repeated to about this length before nulls join it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One alternative: how to draw it, how often, and its required children."""

    draw: Producer
    weight: float = 1.0
    needs: list[ChildNode] = field(default_factory=list)
    values: Sequence[Any] = ()
    """All its values, if they are few and equally likely."""

    def reaches(self, steps: int) -> bool:
        """Whether its required children have values of at most `steps` levels."""
        return all(child.reaches(steps) for child in self.needs)


def one_of(values: Sequence[Any]) -> Shape:
    """The shape of one value from a list; the values are immutable."""
    count = len(values)
    if count == 1:
        only = values[0]
        return Shape(lambda _context: only, values=values)
    return Shape(lambda context: values[int(context.random() * count)], values=values)


def or_null(shape: Shape) -> Shape:
    """The shape, or seldom null; also null if the shape finds no value."""
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
    """What a shape needs to compile. `accepts(term, value)` is the validator's answer, or True if it has none."""

    document: Document
    hint: Hint
    path: str
    child: Callable[[Sequence[Term], Hint], ChildNode]
    accepts: Callable[[Term, Any], bool]


def by_weight(shapes: list[Shape], context: DrawContext) -> list[Shape]:
    """The shapes in the order of tries: the first drawn by weight, then the others."""
    drawn = context.random() * sum([shape.weight for shape in shapes])
    for index, shape in enumerate(shapes):
        drawn -= shape.weight
        if drawn < 0:
            return [shape, *shapes[:index], *shapes[index + 1 :]]
    return shapes
