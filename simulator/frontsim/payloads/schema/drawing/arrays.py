"""Arrays that fulfil their facts: items by position, `contains`, `uniqueItems`, lengths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer
from frontsim.payloads.schema.drawing.shape import ChildNode, Shape, Site
from frontsim.payloads.schema.reading.facts import SchemaFacts, SubschemaRule, Term
from frontsim.schemas.read import Contradiction, Json, Place

_USUAL = 3
"""The most items of an array without an upper limit."""
_STARTS = 8
_FALLBACKS = 3
_FALLBACK_WEIGHT = 0.02
_UNIQUE_TRIES = 40


def arrays(facts: SchemaFacts, site: Site) -> list[Shape]:
    """The shape of the arrays that fulfil the facts, and fallbacks with a low weight.

    Raises:
        Contradiction: a required item has no value, or more items are required than allowed.
    """
    return _Arrays(facts, site).shapes()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A `contains`: at least `least` items of the term; if `bounded`, no others of it."""

    term: Term
    least: int
    bounded: bool


class _Arrays:
    def __init__(self, facts: SchemaFacts, site: Site) -> None:
        self._facts = facts
        self._site = site
        self._wanted = [self._read_contains(rule) for rule in facts.contains]
        self._prefix = max([len(_prefix(rule.place)) for rule in facts.array_rules], default=0)

    def shapes(self) -> list[Shape]:
        for wanted in self._wanted:
            if wanted.least:
                self._site.child([wanted.term], ()).producer()
        found: list[Shape] = []
        last: Contradiction | None = None
        for special in self._layouts():
            try:
                found.append(self._lay_out(special))
            except Contradiction as contradiction:
                last = last or contradiction
            if len(found) > (_FALLBACKS if self._facts.unique or len(self._wanted) > 1 else 0):
                break
        if last is not None and not found:
            raise last
        return [shape if shape is found[0] else replace(shape, weight=_FALLBACK_WEIGHT) for shape in found]

    def _layouts(self) -> Iterator[dict[int, list[Term]]]:
        """Positions to try for the items that `contains` requires: behind the prefix, within it, or left to chance."""
        apart = [[wanted.term] for wanted in self._wanted for _ in range(wanted.least)]
        most = max((wanted.least for wanted in self._wanted), default=0)
        together = [[wanted.term for wanted in self._wanted if index < wanted.least] for index in range(most)]
        for row in (apart, together):
            for start in (self._prefix, *range(min(self._prefix, _STARTS))):
                if row:
                    yield {start + index: terms for index, terms in enumerate(row)}
        yield {}

    def _read_contains(self, rule: SubschemaRule) -> _Wanted:
        schema = rule.place.schema
        counted = self._site.document.draft >= 2019
        least = int(schema.get("minContains", 1)) if counted else 1
        term = Term(self._site.document.child(rule.place, "contains"), positive=True)
        return _Wanted(term, least, bounded=counted and "maxContains" in schema)

    def _lay_out(self, special: Mapping[int, list[Term]]) -> Shape:
        """Choose a producer for each position; `special` adds terms to some positions."""
        least, most = self._facts.items
        least = max(least, max(special, default=-1) + 1)
        if least > most:
            raise Contradiction("maxItems", f"{self._site.path}/maxItems", f"{least} items are needed, {most} allowed")
        fixed: list[Producer] = []
        needs: list[ChildNode] = []
        rest: Producer | None = None
        for index in range(max(self._prefix, max(special, default=-1) + 1) + 1):
            try:
                child = self._item(index, special.get(index))
                rest = child.producer()
            except Contradiction:
                if index < least:
                    raise
                most, rest = index, None
                break
            fixed.append(rest)
            needs += [child] if index < least else []
        return Shape(self._draw(fixed[:-1] if rest else fixed, rest, least, most), needs=needs)

    def _item(self, index: int, special: Sequence[Term] | None) -> ChildNode:
        terms = [term for rule in self._facts.array_rules for term in self._said_by(rule, index)]
        terms += special or []
        for wanted in self._wanted:
            if wanted.bounded and wanted.term not in (special or ()):
                terms.append(wanted.term._replace(positive=False))
        for rule in self._facts.unevaluated:
            if "unevaluatedItems" in rule.place.schema and not self._evaluated(rule, index, contained=bool(special)):
                terms.append(Term(self._site.document.child(rule.place, "unevaluatedItems"), positive=True))
        return self._site.child(terms, self._site.hint)

    def _said_by(self, rule: SubschemaRule, index: int) -> list[Term]:
        keys = _keys(rule.place, index)
        return [Term(self._site.document.child(rule.place, *keys), positive=True)] if keys else []

    def _evaluated(self, by: SubschemaRule, index: int, *, contained: bool) -> bool:
        if contained and self._site.document.draft >= 2020:
            return True
        return any(_keys(rule.place, index) for rule in self._facts.array_rules if by.place.pointer in rule.frames)

    def _draw(self, fixed: list[Producer], rest: Producer | None, least: int, most: int) -> Producer:
        most = most if rest else min(most, len(fixed))
        usual = max(least, min(most, max(_USUAL, len(fixed))))
        unique = self._facts.unique
        if not fixed and rest is not None and not unique:
            return self._plain(rest, least, usual)

        def draw(context: DrawContext) -> Json:
            length = least if context.lean else least + context.below(usual - least + 1)
            context.spend("minItems", self._site.path, 1 + length)
            makers = [*fixed[:length], *([rest] * (length - len(fixed)) if rest else [])]
            return self._distinct(context, makers, least) if unique else [make(context) for make in makers]

        return draw

    def _plain(self, rest: Producer, least: int, usual: int) -> Producer:
        path, span = self._site.path, usual - least + 1

        def draw(context: DrawContext) -> Json:
            length = least if context.lean else least + int(context.random() * span)
            context.effort -= 1 + length
            if context.effort < 0:
                context.spend("minItems", path)
            return [rest(context) for _ in range(length)]

        return draw

    def _distinct(self, context: DrawContext, makers: list[Producer], least: int) -> Json:
        values: list[Json] = []
        seen: set[object] = set()
        for make in makers:
            for _ in range(_UNIQUE_TRIES + 4 * len(values)):
                value = make(context)
                key = identity(value)
                if key not in seen:
                    seen.add(key)
                    values.append(value)
                    break
                context.spend("uniqueItems", self._site.path)
            else:
                if len(values) < least:
                    path = f"{self._site.path}/uniqueItems"
                    raise Contradiction("uniqueItems", path, f"we found {len(values)} of at least {least} values")
                break
        return values


def identity(value: Json) -> object:
    """A key that is equal for equal JSON values: 1 equals 1.0 but not true."""
    if isinstance(value, list):
        return tuple(identity(item) for item in value)
    if isinstance(value, dict):
        return frozenset((name, identity(item)) for name, item in value.items())
    return (isinstance(value, bool), value)


def _prefix(place: Place) -> list[Json]:
    schema = place.schema
    if "prefixItems" in schema:
        return list(schema["prefixItems"])
    return list(schema["items"]) if isinstance(schema.get("items"), list) else []


def _keys(place: Place, index: int) -> tuple[str | int, ...]:
    """The keys of a rule's schema for an item; () if it has none."""
    schema = place.schema
    old = isinstance(schema.get("items"), list)
    if index < len(_prefix(place)):
        return ("items" if old and "prefixItems" not in schema else "prefixItems", index)
    rest = "additionalItems" if old else "items"
    return (rest,) if rest in schema else ()
