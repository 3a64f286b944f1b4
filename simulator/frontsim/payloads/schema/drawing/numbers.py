"""Numbers that fulfil their facts.

A producer has a range (the plausible part of the allowed numbers, else the numbers near its ends) and a step, and
costs one random number and one sum. Numbers are computed as fractions, so that 0.1 is exactly one tenth.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from math import ceil, floor, gcd, lcm

from frontsim.payloads.schema.drawing.draw_context import Producer, checked_on_samples
from frontsim.payloads.schema.drawing.names import Hint, Range, range_for
from frontsim.payloads.schema.drawing.shape import Shape
from frontsim.payloads.schema.reading.facts import Bound, SchemaFacts, accepts_leaf
from frontsim.schemas.read import Contradiction

_INT64 = 1 << 63
_EXACT = 1 << 50
"""Below it `int(random() * count)` reaches every count."""
_LARGEST = 1 << 1_023
_MANY = 20
_FEW = 3
_PRODUCERS = 16
"""The most ranges and steps that are tried."""


def numbers(facts: SchemaFacts, hint: Hint, path: str, *, whole: bool, broken: bool) -> Shape:
    """The shape of the numbers that fulfil the facts.

    Args:
        facts: what must hold.
        hint: the words of the field's name.
        path: where in the schema.
        whole: integers are allowed.
        broken: numbers that are not integers are allowed.

    Raises:
        Contradiction: no number was found that fulfils the bounds and `multipleOf` at once.
    """
    accepts = accepts_leaf(facts)
    keyword = "multipleOf" if facts.multiples else "minimum"
    for produce in islice(_producers(facts, hint, whole=whole, broken=broken), _PRODUCERS):
        guard = checked_on_samples(produce, accepts, keyword, path)
        if guard is not None:
            return Shape(guard)
    raise Contradiction(keyword, f"{path}/{keyword}", f"no number that we found fulfils {facts.leaf[:4]!r} at once")


def _producers(facts: SchemaFacts, hint: Hint, *, whole: bool, broken: bool) -> Iterator[Producer]:
    usual = range_for(hint) or _like_examples(facts) or Range(0, 1_000_00 if broken else 1_000, 100 if broken else 1)
    steps = [*facts.multiples, *([] if broken else [Fraction(1)])]
    if steps:
        step = _common(steps)
        windows = list(_windows(facts, usual, reach=100 * step))
        for window in sorted(windows, key=lambda window: _count(step, *window) < _FEW):
            yield from _multiples(step, *window)
        return
    parts = usual.parts if whole else max(usual.parts, 100)
    for window in _windows(facts, usual, reach=Fraction(100)):
        narrow = (window[1].value - window[0].value) * parts < _MANY
        steps = [Fraction(1, parts), _fine(window)]
        for step in reversed(steps) if narrow and broken else steps:
            yield from _multiples(step, *window)


def _like_examples(facts: SchemaFacts) -> Range | None:
    """A range around the schema's examples."""
    known = [item for item in facts.examples if isinstance(item, int | float) and not isinstance(item, bool)]
    if not known or max(map(abs, known)) >= _EXACT:
        return None
    parts = 1 if all(item == int(item) for item in known) else 100
    least, most = min(known), max(known)
    return Range(int((least - abs(least) / 2) * parts), int((most + abs(most)) * parts) + 1, parts)


def _common(steps: list[Fraction]) -> Fraction:
    """The smallest number that is a whole multiple of every step."""
    return Fraction(lcm(*[step.numerator for step in steps]), gcd(*[step.denominator for step in steps]))


def _fine(window: tuple[Bound, Bound]) -> Fraction:
    """A power of ten that is at most a twentieth of the window."""
    width = window[1].value - window[0].value
    step = Fraction(1)
    while width and step * _MANY > width:
        step /= 10
    return step


def _windows(facts: SchemaFacts, usual: Range, *, reach: Fraction) -> Iterator[tuple[Bound, Bound]]:
    """Ranges to draw from: the plausible part of the allowed numbers, then the numbers near its ends."""
    low, high = facts.low, facts.high
    least, most = Fraction(usual.least, usual.parts), Fraction(usual.most, usual.parts)
    start, end = _from(low, least), _to(high, most)
    if start.value <= end.value:
        yield start, end
    if low is not None:
        yield low, _to(high, low.value + reach)
    if high is not None:
        yield _from(low, high.value - reach), high
    if low is None and high is None:
        yield Bound(Fraction(0), exclusive=False), Bound(reach, exclusive=False)


def _from(low: Bound | None, least: Fraction) -> Bound:
    return low if low is not None and low.value >= least else Bound(least, exclusive=False)


def _to(high: Bound | None, most: Fraction) -> Bound:
    return high if high is not None and high.value <= most else Bound(most, exclusive=False)


def _first_and_last(step: Fraction, low: Bound, high: Bound) -> tuple[int, int]:
    """The first and the last multiple of a step in a range, counted in steps."""
    first, last = ceil(low.value / step), floor(high.value / step)
    first += low.exclusive and first * step == low.value
    last -= high.exclusive and last * step == high.value
    return first, last


def _count(step: Fraction, low: Bound, high: Bound) -> int:
    first, last = _first_and_last(step, low, high)
    return last - first + 1


def _multiples(step: Fraction, low: Bound, high: Bound) -> Iterator[Producer]:
    """Producers of the multiples of a step in a range; integers beyond 64 bits come as floats first."""
    first, last = _first_and_last(step, low, high)
    count = last - first + 1
    over, under = step.numerator, step.denominator
    largest = max(abs(first), abs(last)) * over
    if count <= 0 or largest >= under * _LARGEST or under >= _LARGEST:
        return
    if under > 1 and over == 1 and count < _EXACT:
        yield lambda context: (first + int(context.random() * count)) / under
    elif under > 1:
        yield lambda context: (first + context.below(count)) * over / under
    elif over == 1 and largest < _INT64 and count < _EXACT:
        yield lambda context: first + int(context.random() * count)
    elif largest < _INT64:
        yield lambda context: (first + context.below(count)) * over
    else:
        yield lambda context: float((first + context.below(count)) * over)
        yield lambda context: (first + context.below(count)) * over
