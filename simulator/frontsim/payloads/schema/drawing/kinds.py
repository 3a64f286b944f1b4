"""Turns the facts of one alternative into shapes: one or more for each likely kind of value."""

import copy
from collections.abc import Sequence
from dataclasses import replace

from frontsim.payloads.schema.drawing.arrays import arrays
from frontsim.payloads.schema.drawing.draw_context import retry_until
from frontsim.payloads.schema.drawing.names import Hint, range_for, text_for
from frontsim.payloads.schema.drawing.numbers import numbers
from frontsim.payloads.schema.drawing.objects import objects
from frontsim.payloads.schema.drawing.shape import NULL_SHARE, Shape, Site, one_of
from frontsim.payloads.schema.drawing.strings import strings
from frontsim.payloads.schema.reading.facts import SchemaFacts, Term, accepts_leaf, kinds_of
from frontsim.schemas.read import Contradiction, Json

_NUMBERS = {"integer", "fraction"}
_LEAVES = {"null", "boolean", "integer", "fraction", "string"}
_FEW_KINDS = 5
"""A schema that allows fewer kinds than this names them on purpose."""


def shapes_of(facts: SchemaFacts, site: Site, terms: Sequence[Term]) -> list[Shape]:
    """The shapes of the values that fulfil the facts of the terms.

    Raises:
        Contradiction: there is none.
    """
    if facts.allowed is not None:
        return [_listed(facts, site, terms)]
    likely = _likely_kinds(facts, site.hint)
    last: Contradiction | None = None
    for kinds in (likely, facts.kinds - likely):
        shapes: list[Shape] = []
        for kind in sorted(kinds - {"fraction"} if "integer" in kinds else kinds):
            try:
                shapes += [checked(facts.residue, site, terms, shape) for shape in _of_kind(facts, site, kind)]
            except Contradiction as contradiction:
                last = contradiction
        if shapes:
            return shapes
    assert last is not None
    raise last


def checked(residue: tuple[str, str] | None, site: Site, terms: Sequence[Term], shape: Shape) -> Shape:
    """The shape, checked by the validator of each term if a keyword left a residue: (keyword, path)."""
    if residue is None:
        return shape
    keyword, path = residue

    def accepts(value: Json) -> bool:
        return all(site.accepts(term, value) for term in terms)

    if shape.values:
        values = [value for value in shape.values if accepts(value)]
        if not values:
            raise Contradiction(keyword, path, f"it rules out all of {list(shape.values)[:4]!r}")
        return replace(one_of(values), weight=shape.weight)
    return replace(shape, draw=retry_until(shape.draw, accepts, keyword, path))


def _likely_kinds(facts: SchemaFacts, hint: Hint) -> frozenset[str]:
    """The kinds to draw from: those that the type names, else those that the keywords or the field's name suggest."""
    if len(facts.kinds) < _FEW_KINDS:
        return facts.kinds
    mentioned = facts.kinds & facts.hints
    if not mentioned and range_for(hint) and not text_for(hint):
        mentioned = facts.kinds & _NUMBERS
    return mentioned or facts.kinds & {"string"} or facts.kinds


def _of_kind(facts: SchemaFacts, site: Site, kind: str) -> list[Shape]:
    if kind == "object":
        return [objects(facts, site)]
    if kind == "array":
        return arrays(facts, site)
    if kind == "string":
        return [strings(facts, site.hint, site.path)]
    if kind in _NUMBERS:
        whole, broken = "integer" in facts.kinds, "fraction" in facts.kinds
        return [numbers(facts, site.hint, site.path, whole=whole, broken=broken)]
    accepts = accepts_leaf(facts)
    values = [value for value in ((None,) if kind == "null" else (False, True)) if accepts(value)]
    if not values:
        raise Contradiction("not", site.path, f"it leaves no {kind} although that is the type")
    return [replace(one_of(values), weight=NULL_SHARE if kind == "null" else 1.0)]


def _listed(facts: SchemaFacts, site: Site, terms: Sequence[Term]) -> Shape:
    accepts = accepts_leaf(facts)
    values = [value for value in facts.allowed or () if facts.kinds.intersection(kinds_of(value))]
    values = [value for value in values if not _LEAVES.issuperset(kinds_of(value)) or accepts(value)]
    values = [value for value in values if all(site.accepts(term, value) for term in terms)]
    if not values:
        raise Contradiction(*facts.listed, "the other keywords allow none of the values that it lists")
    if any(isinstance(value, list | dict) for value in values):
        return Shape(lambda context: copy.deepcopy(context.pick(values)))
    return one_of(values)
