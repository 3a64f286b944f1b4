from collections import Counter
from random import Random
from typing import Any

from frontsim.payloads.schema.drawing.draw_context import DrawContext
from frontsim.payloads.schema.drawing.shape import Shape, by_weight, one_of, or_null
from frontsim.schemas.read import Contradiction


def drawn(shape: Shape, count: int = 2000, *, lean: bool = False) -> Counter[Any]:
    context = DrawContext(Random(1), lean=lean)
    return Counter(shape.draw(context) for _ in range(count))


def test_each_value_of_a_list_is_equally_likely() -> None:
    """Three values, a third each."""
    counts = drawn(one_of(("a", "b", "c")))

    assert {"a", "b", "c"} == set(counts)
    assert all(550 < count < 780 for count in counts.values())


def test_null_is_seldom_and_lean_draws_take_it() -> None:
    """12 % of the draws, for a list of values and for any other shape; a lean draw is null."""
    for shape in (or_null(one_of(("a", "b"))), or_null(Shape(lambda context: "a"))):
        assert 0.08 < drawn(shape)[None] / 2000 < 0.17
    assert {None: 5} == drawn(or_null(Shape(lambda context: "a")), 5, lean=True)


def test_null_takes_the_place_of_a_value_that_does_not_exist() -> None:
    """The contradiction of a nullable shape is no error."""

    def fails(context: DrawContext) -> Any:
        raise Contradiction("not", "#", "never")

    assert {None: 10} == drawn(or_null(Shape(fails)), 10)


def test_shapes_are_tried_by_weight() -> None:
    """The heavier one comes first more often, and all are in the order."""
    light, heavy = one_of(("light",)), Shape(lambda context: "heavy", weight=9)
    context = DrawContext(Random(1))
    orders = [by_weight([light, heavy], context) for _ in range(1000)]

    assert {2} == {len(order) for order in orders}
    assert 850 < sum(order[0] is heavy for order in orders) < 950


def test_a_shape_reaches_as_deep_as_its_children() -> None:
    """Without required children it needs no further level."""

    class Deep:
        def reaches(self, steps: int) -> bool:
            return steps >= 2

    deep = Shape(lambda context: {}, needs=[Deep()])  # type: ignore[list-item]
    assert [False, True] == [deep.reaches(1), deep.reaches(2)]
    assert Shape(lambda context: {}).reaches(0)
