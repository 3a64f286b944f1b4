"""Compiles a schema: each conjunction of schemas becomes one node, with a shape for every alternative.

    terms -> alternatives (facts) -> a shape for each kind of value -> closures over closures

Recursion: a node that is reached again while it compiles contains itself. Its parent then draws it through `enter`,
which counts the depth of the draw. From `_LEAN_DEPTH` on a draw is lean: it draws only required parts, with the
shapes that need the fewest levels, so it ends.

Budget: a schema may have more alternatives than can be compiled. After `_BUDGET` of them, and below
`_COMPILE_DEPTH`, a node compiles on its first draw, alone and with its own budget, so that values do not
depend on earlier draws.
"""

from collections.abc import Sequence
from contextlib import suppress

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer
from frontsim.payloads.schema.drawing.kinds import checked, shapes_of
from frontsim.payloads.schema.drawing.names import Hint
from frontsim.payloads.schema.drawing.shape import Shape, Site, by_weight, or_null
from frontsim.payloads.schema.reading.branches import alternatives, exclusive
from frontsim.payloads.schema.reading.facts import Term
from frontsim.schemas.read import ANNOTATIONS, Contradiction, Document, Json

_LEAN_DEPTH = 2
_COMPILE_DEPTH = 20
_BUDGET = 10_000
_BUDGET_ALONE = 200
_TOO_DEEP = 40
_MOST_LEVELS = 16


class Compiler:
    """Compiles the nodes of one document, each once.

    Args:
        document: where the schemas stand.
        strict: as in `alternatives`.
        budget: how many alternatives compile before the first draw; the others compile when first drawn.
    """

    def __init__(self, document: Document, *, strict: bool, budget: int = _BUDGET) -> None:
        self.document = document
        self.strict = strict
        self.budget = budget
        self.depth = 0
        self.later: list[Node] = []
        self._nodes: dict[object, Node] = {}

    def node(self, terms: Sequence[Term], hint: Hint) -> "Node":
        """The node of these terms, for a field whose name has these words."""
        key = _key(terms, hint)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(self, sorted(terms, key=_by_place), hint)
        return node

    def adopt(self, node: "Node", terms: Sequence[Term], hint: Hint) -> None:
        """Register a node of another compiler."""
        self._nodes[_key(terms, hint)] = node

    def root(self) -> Producer:
        """Compile the document, as far as the budget goes.

        Raises:
            Contradiction: no value fulfils it.
        """
        producer = self.node([Term(self.document.top, positive=True)], ()).producer()
        self.finish()
        return producer

    def finish(self) -> None:
        """Compile the nodes that were postponed because they were too deep."""
        while self.later and self.budget > 0:
            self.later.pop().compile()

    def accepts(self, term: Term, value: Json) -> bool:
        """Whether the term holds for a value, as the validator says; True if it cannot say."""
        accepted = self.document.accepts(term.place, value)
        return accepted is None or accepted is term.positive


class Node:
    """A conjunction: schemas that must all hold for one value."""

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
        """The producer of its values.

        Raises:
            Contradiction: no value exists; it names the keyword.
        """
        if self._compiling:
            return self.enter
        if self._impossible is not None:
            raise self._impossible
        if self._shapes is None:
            compiler = self._compiler
            if compiler.depth >= _COMPILE_DEPTH or compiler.budget <= 0:
                compiler.later.append(self)
                return self.enter
            self._compile()
        assert self._shapes is not None
        return self._shapes[0].draw if len(self._shapes) == 1 else self.draw

    def enter(self, context: DrawContext) -> Json:
        """Draw one level deeper, in a schema that contains itself."""
        if context.depth > _TOO_DEEP:
            raise Contradiction("$ref", self._path, "every value of it contains another, endlessly")
        if self._shapes is None:
            self._compile_alone()
        context.spend("$ref", self._path)
        lean, context.depth = context.lean, context.depth + 1
        context.lean = lean or context.depth > _LEAN_DEPTH or context.effort < context.lean_below
        try:
            return self.draw(context)
        finally:
            context.lean, context.depth = lean, context.depth - 1

    def draw(self, context: DrawContext) -> Json:
        """A value of one of its shapes; if that shape fails, of another."""
        assert self._shapes is not None
        shapes = self._shapes
        if context.lean:
            shapes = sorted(shapes, key=self._levels)
        elif len(shapes) == 1:
            return shapes[0].draw(context)
        else:
            shapes = by_weight(shapes, context)
        last: Contradiction | None = None
        for shape in shapes:
            try:
                return shape.draw(context)
            except Contradiction as contradiction:
                last = contradiction
                context.spend(contradiction.keyword, contradiction.path)
        assert last is not None
        raise last

    def reaches(self, steps: int) -> bool:
        """Whether it has a value of at most `steps` levels."""
        if steps not in self._reach:
            self._reach[steps] = False
            shapes = self._shapes or ()
            self._reach[steps] = steps > 0 and any(shape.reaches(steps - 1) for shape in shapes)
        return self._reach[steps]

    def _levels(self, shape: Shape) -> int:
        return next((steps for steps in range(_MOST_LEVELS) if shape.reaches(steps)), _MOST_LEVELS)

    def _compile_alone(self) -> None:
        """Compile during a draw, without the other nodes, so that a draw does not depend on the draws before it."""
        if self._impossible is not None:
            raise self._impossible
        self._compiler = Compiler(self._compiler.document, strict=self._compiler.strict, budget=_BUDGET_ALONE)
        self._compiler.adopt(self, self._terms, self._hint)
        self._compile()
        self._compiler.finish()

    def compile(self) -> None:
        """Compile, unless that is done; a contradiction is raised later, by a draw."""
        if self._shapes is None and self._impossible is None:
            with suppress(Contradiction):
                self._compile()

    def _compile(self) -> None:
        self._compiling = True
        self._compiler.depth += 1
        try:
            self._shapes = self._make_shapes()
        except Contradiction as contradiction:
            self._impossible = contradiction
            raise
        finally:
            self._compiling = False
            self._compiler.depth -= 1

    def _make_shapes(self) -> list[Shape]:
        compiler = self._compiler
        site = Site(compiler.document, self._hint, self._path, compiler.node, compiler.accepts)
        plain = self._plain_branches()
        shapes: list[Shape] = []
        last: Contradiction | None = None
        for way in plain or alternatives(compiler.document, self._terms, strict=compiler.strict):
            compiler.budget -= 1
            try:
                shapes += self._branch(way, site) if isinstance(way, Term) else shapes_of(way, site, self._terms)
            except Contradiction as contradiction:
                last = contradiction
        if not shapes:
            assert last is not None
            raise last
        nulls = [shape for shape in shapes if tuple(shape.values) == (None,)]
        if len(shapes) == 2 and len(nulls) == 1:
            return [or_null(next(shape for shape in shapes if shape is not nulls[0]))]
        return shapes

    def _plain_branches(self) -> Sequence[Term]:
        """The branches of a schema that is only a `$ref` or a choice; other nodes may share them."""
        place = self._terms[0].place if len(self._terms) == 1 and self._terms[0].positive else None
        if place is None or not isinstance(place.schema, dict):
            return ()
        document = self._compiler.document
        words = [word for word in place.schema if word not in ANNOTATIONS]
        if words == ["$ref"]:
            target = document.target(place, "$ref")
            return [Term(target, positive=True)] if target is not None else ()
        if words == ["anyOf"] or (words == ["oneOf"] and not self._compiler.strict):
            return [Term(document.child(place, words[0], i), positive=True) for i in range(len(place.schema[words[0]]))]
        return ()

    def _branch(self, branch: Term, site: Site) -> list[Shape]:
        node = self._compiler.node([branch], self._hint)
        draw = node.producer()
        overlaps = not exclusive(self._compiler.document, self._terms[0].place)
        residue = ("oneOf", f"{self._path}/oneOf") if overlaps else None
        shapes = [Shape(draw, needs=[node])] if node._shapes is None else node._shapes
        return [checked(residue, site, self._terms, shape) for shape in shapes]


def _key(terms: Sequence[Term], hint: Hint) -> object:
    return frozenset((term.place.key, term.positive) for term in terms), hint


def _by_place(term: Term) -> tuple[str, tuple[str, ...], bool]:
    return *term.place.key, term.positive
