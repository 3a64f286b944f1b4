"""A schema compiled: each conjunction of schemas becomes a node, once, with a shape for every way to be.

    terms -> alternatives (facts) -> for each kind of value a shape -> closures over closures

A node that is met again while it is being compiled contains itself. It is then entered through `enter`, which
counts how deep a draw is; from `DEEP` on only what must be there is drawn, by the shapes that end the soonest.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

from simulator.payloads.schema_arrays import arrays
from simulator.payloads.schema_branches import alternatives
from simulator.payloads.schema_document import Document, Json
from simulator.payloads.schema_facts import Facts, Term, accepts_leaf, kinds_of
from simulator.payloads.schema_names import Hint, range_for, text_for
from simulator.payloads.schema_numbers import numbers
from simulator.payloads.schema_objects import objects
from simulator.payloads.schema_roll import Producer, Roll, retried
from simulator.payloads.schema_shape import Shape, Site, by_weight, one_of, or_null
from simulator.payloads.schema_strings import strings
from simulator.payloads.schema_trouble import Contradiction

DEEP = 2
_TOO_DEEP = 40
_FURTHEST = 16
_SELDOM = 0.12
"""How often a value that may be null is."""
_NUMBERS = {"integer", "fraction"}
_LEAVES = {"null", "boolean", "integer", "fraction", "string"}


class Compiler:
    """Makes the nodes of one document, each once. `strict` is as in `alternatives`."""

    def __init__(self, document: Document, *, strict: bool) -> None:
        self.document = document
        self.strict = strict
        self._nodes: dict[object, Node] = {}

    def node(self, terms: Sequence[Term], hint: Hint) -> "Node":
        """The node of these terms under a name of these words."""
        key = _key(terms, hint)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(self, sorted(terms, key=_by_place), hint)
        return node

    def adopt(self, node: "Node", terms: Sequence[Term], hint: Hint) -> None:
        """Take a node that another compiler made."""
        self._nodes[_key(terms, hint)] = node

    def accepts(self, term: Term, value: Json) -> bool:
        """Whether the validator says that the term holds; True where the place is one that we derived."""
        check = self.document.validators.get(term.place.pointer)
        return check is None or check.is_valid(value) is term.positive


class Node:
    """Schemas that must all hold for one value."""

    def __init__(self, compiler: Compiler, terms: Sequence[Term], hint: Hint) -> None:
        self._compiler = compiler
        self._terms = terms
        self._hint = hint
        self._path = terms[0].place.pointer if terms else "#"
        self._shapes: list[Shape] | None = None
        self._impossible: Contradiction | None = None
        self._compiling = False
        self._reach: dict[int, bool] = {}

    def producer(self) -> Producer:
        """Draws its values.

        Raises:
            Contradiction: there is none; it names the keyword.
        """
        if self._compiling:
            return self.enter
        if self._impossible is not None:
            raise self._impossible
        if self._shapes is None:
            self._compile()
        assert self._shapes is not None
        return self._shapes[0].draw if len(self._shapes) == 1 else self.draw

    def enter(self, roll: Roll) -> Json:
        """Draw, one level deeper; needed where a schema contains itself."""
        if roll.depth > _TOO_DEEP:
            raise Contradiction("$ref", self._path, "every value of it contains another, endlessly")
        if self._shapes is None:
            self._compile_alone()
        roll.spend("$ref", self._path)
        lean, roll.depth = roll.lean, roll.depth + 1
        roll.lean = lean or roll.depth > DEEP
        try:
            return self.draw(roll)
        finally:
            roll.lean, roll.depth = lean, roll.depth - 1

    def draw(self, roll: Roll) -> Json:
        """A value of one of its shapes; where a shape fails, of another."""
        assert self._shapes is not None
        shapes = self._shapes
        if roll.lean:
            shapes = sorted(shapes, key=self._levels)
        elif len(shapes) == 1:
            return shapes[0].draw(roll)
        else:
            shapes = by_weight(shapes, roll)
        last: Contradiction | None = None
        for shape in shapes:
            try:
                return shape.draw(roll)
            except Contradiction as contradiction:
                last = contradiction
                roll.spend(contradiction.keyword, contradiction.path)
        assert last is not None
        raise last

    def reaches(self, steps: int) -> bool:
        """Whether it has a value at most so many levels deep."""
        if steps not in self._reach:
            self._reach[steps] = False
            shapes = self._shapes or ()
            self._reach[steps] = steps > 0 and any(shape.reaches(steps - 1) for shape in shapes)
        return self._reach[steps]

    def _levels(self, shape: Shape) -> int:
        return next((steps for steps in range(_FURTHEST) if shape.reaches(steps)), _FURTHEST)

    def _compile_alone(self) -> None:
        """Compile during a draw, with no regard to what else is compiled: so that no draw leaves a mark on the next."""
        if self._impossible is not None:
            raise self._impossible
        self._compiler = Compiler(self._compiler.document, strict=self._compiler.strict)
        self._compiler.adopt(self, self._terms, self._hint)
        self._compile()

    def _compile(self) -> None:
        self._compiling = True
        try:
            self._shapes = self._make_shapes()
        except Contradiction as contradiction:
            self._impossible = contradiction
            raise
        finally:
            self._compiling = False

    def _make_shapes(self) -> list[Shape]:
        shapes: list[Shape] = []
        last: Contradiction | None = None
        for facts in alternatives(self._compiler.document, self._terms, strict=self._compiler.strict):
            try:
                shapes += self._shapes_of(facts)
            except Contradiction as contradiction:
                last = contradiction
        if not shapes:
            assert last is not None
            raise last
        nulls = [shape for shape in shapes if tuple(shape.values) == (None,)]
        if len(shapes) == 2 and len(nulls) == 1:
            return [or_null(next(shape for shape in shapes if shape is not nulls[0]), _SELDOM)]
        return shapes

    def _shapes_of(self, facts: Facts) -> list[Shape]:
        if facts.allowed is not None:
            return [self._listed(facts, facts.allowed)]
        likely = self._likely(facts)
        last: Contradiction | None = None
        for kinds in (likely, facts.kinds - likely):
            shapes: list[Shape] = []
            for kind in sorted(kinds - {"fraction"} if "integer" in kinds else kinds):
                try:
                    shapes += [self._checked(facts, shape) for shape in self._shapes_of_kind(facts, kind)]
                except Contradiction as contradiction:
                    last = contradiction
            if shapes:
                return shapes
        assert last is not None
        raise last

    def _likely(self, facts: Facts) -> frozenset[str]:
        """The kinds to draw from: those that the type names, else those that the keywords or the name speak of."""
        if len(facts.kinds) < 5:
            return facts.kinds
        spoken = facts.kinds & facts.hints
        if not spoken and range_for(self._hint) and not text_for(self._hint):
            spoken = facts.kinds & _NUMBERS
        return spoken or facts.kinds & {"string"} or facts.kinds

    def _shapes_of_kind(self, facts: Facts, kind: str) -> list[Shape]:
        compiler = self._compiler
        if kind in {"object", "array"}:
            site = Site(compiler.document, self._hint, self._path, compiler.node, compiler.accepts)
            return [objects(facts, site)] if kind == "object" else arrays(facts, site)
        if kind == "string":
            return [strings(facts, self._hint, self._path)]
        if kind in _NUMBERS:
            whole, broken = "integer" in facts.kinds, "fraction" in facts.kinds
            return [numbers(facts, self._hint, self._path, whole=whole, broken=broken)]
        accepts = accepts_leaf(facts)
        values = [value for value in ((None,) if kind == "null" else (False, True)) if accepts(value)]
        if not values:
            raise Contradiction("not", self._path, f"it leaves no {kind} although that is the type")
        return [replace(one_of(values), weight=_SELDOM if kind == "null" else 1.0)]

    def _listed(self, facts: Facts, allowed: Sequence[Json]) -> Shape:
        accepts = accepts_leaf(facts)
        values = [value for value in allowed if facts.kinds.intersection(kinds_of(value))]
        values = [value for value in values if not _LEAVES.issuperset(kinds_of(value)) or accepts(value)]
        values = [value for value in values if all(self._compiler.accepts(term, value) for term in self._terms)]
        if not values:
            raise Contradiction("enum", self._path, "none of the values that it lists is allowed by its neighbours")
        if any(isinstance(value, list | dict) for value in values):
            return Shape(lambda roll: copy.deepcopy(roll.pick(values)))
        return one_of(values)

    def _checked(self, facts: Facts, shape: Shape) -> Shape:
        """Where the facts are not the whole truth: hold every value against the validator of each term."""
        checks = [term for term in self._terms if term.place.pointer in self._compiler.document.validators]
        if facts.residue is None or not checks:
            return shape
        keyword, path = facts.residue

        def accepts(value: Json) -> bool:
            return all(self._compiler.accepts(term, value) for term in checks)

        if shape.values:
            values = [value for value in shape.values if accepts(value)]
            if not values:
                raise Contradiction(keyword, path, f"it rules out all of {list(shape.values)[:4]!r}")
            return replace(one_of(values), weight=shape.weight)
        return replace(shape, draw=retried(shape.draw, accepts, keyword, path))


def _key(terms: Sequence[Term], hint: Hint) -> object:
    return frozenset((term.place.key, term.positive) for term in terms), hint


def _by_place(term: Term) -> tuple[str, tuple[str, ...], bool]:
    return *term.place.key, term.positive
