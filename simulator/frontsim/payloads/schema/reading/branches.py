"""Turns schemas that must all hold into the alternatives that they leave, each as facts.

    terms -> follow $ref and allOf -> facts + choices (anyOf, oneOf, if, not, dependent schemas)
                                           -> one option of each choice -> more terms -> ... -> facts

The search drops a choice as soon as it contradicts the facts. Of more than `MOST` alternatives it takes a varied
sample, always the same for the same schema. Every search is bounded.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random

from frontsim.payloads.schema.reading.facts import SchemaFacts, SubschemaRule, Term
from frontsim.payloads.schema.reading.keywords import read_keywords
from frontsim.payloads.schema.reading.negation import Ways, ways_to_break
from frontsim.schemas.read import Contradiction, Document, Json, Place

MOST = 48
_FOLLOWED = 4
_STEPS = 4_000
_STEPS_PER_SAMPLE = 300

_OBJECT = {"properties", "patternProperties", "additionalProperties"}
_ARRAY = {"items", "prefixItems", "additionalItems"}
_UNSURE = ("if", "contains", "unevaluatedProperties", "unevaluatedItems", "oneOf")
"""Keywords for which the facts are necessary but not sufficient."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def alternatives(document: Document, terms: Sequence[Term], *, strict: bool) -> list[SchemaFacts]:
    """Every way, or a sample of the ways, to make all the terms hold.

    Args:
        document: where the terms stand.
        terms: what must hold.
        strict: one branch of a `oneOf` also requires that the others fail, which makes many more alternatives.
            Without it, the validator checks the finished value.

    Raises:
        Contradiction: there is no alternative; it names the keyword that ruled out the last one.
    """
    search = _Search(document, strict=strict, steps=_STEPS)
    found = list(islice(search.solve(SchemaFacts(), list(terms), []), MOST + 1))
    if len(found) > MOST:
        found = []
        for number in range(MOST):
            search = _Search(document, strict=strict, steps=_STEPS_PER_SAMPLE, order=Random(number))  # noqa: S311
            found += islice(search.solve(SchemaFacts(), list(terms), []), 1)
    if not found:
        raise search.last or Contradiction("allOf", terms[0].place.pointer, "too many alternatives, all cut off")
    return found


def exclusive(document: Document, place: Place) -> bool:
    """Whether the types of the branches of the `oneOf` at `place` are disjoint; True without a `oneOf`."""
    seen: set[str] = set()
    for index in range(len(place.schema.get("oneOf", ()))):
        branch: Place | None = document.child(place, "oneOf", index)
        for _ in range(_FOLLOWED):
            if branch is not None and isinstance(branch.schema, dict) and "$ref" in branch.schema:
                branch = document.target(branch, "$ref")
        found = branch.schema.get("type") if branch is not None and isinstance(branch.schema, dict) else None
        types = {
            "number" if name == "integer" else name for name in ([found] if isinstance(found, str) else found or ())
        }
        if not types or types & seen:
            return False
        seen |= types
    return True


class _Search:
    def __init__(self, document: Document, *, strict: bool, steps: int, order: Random | None = None) -> None:
        self._document = document
        self._strict = strict
        self._steps = steps
        self._order = order
        self.last: Contradiction | None = None

    def solve(self, facts: SchemaFacts, terms: list[Term], choices: list[Ways]) -> Iterator[SchemaFacts]:
        """The facts of every combination of options."""
        self._steps -= 1
        if self._steps < 0:
            return
        try:
            choices = choices + self._settle(facts, terms)
        except Contradiction as contradiction:
            self.last = contradiction
            return
        if not choices:
            yield facts
            return
        options = list(choices[0])
        if self._order is not None:
            self._order.shuffle(options)
        for option in options:
            yield from self.solve(facts.copy(), list(option), choices[1:])

    def _settle(self, facts: SchemaFacts, terms: list[Term]) -> list[Ways]:
        """Add all terms to the facts; returns the choices that they leave."""
        choices: list[Ways] = []
        while terms:
            term = terms.pop()
            key = term.place.key
            if (key, term.positive) in facts.seen:
                continue
            if (key, not term.positive) in facts.seen:
                raise Contradiction("not", term.place.pointer, "it must hold and must not, at once")
            facts.seen.add((key, term.positive))
            if term.positive:
                self._hold(facts, term, terms, choices)
            else:
                self._break(facts, term.place, terms, choices)
        return choices

    def _break(self, facts: SchemaFacts, place: Place, terms: list[Term], choices: list[Ways]) -> None:
        facts.residue = facts.residue or ("not", place.pointer)
        ways = ways_to_break(self._document, place)
        if ways is None:
            return
        if not ways:
            raise Contradiction("not", place.pointer, "it always holds, and must not")
        if len(ways) == 1:
            terms.extend(ways[0])
        else:
            choices.append(ways)

    def _hold(self, facts: SchemaFacts, term: Term, terms: list[Term], choices: list[Ways]) -> None:
        place, schema = term.place, term.place.schema
        if isinstance(schema, bool):
            if not schema:
                raise Contradiction("false", place.pointer, "the schema is false, so nothing may stand there")
            return
        frames = (*term.frames, place.pointer)
        for keyword in _REFERENCES:
            if keyword in schema:
                target = self._document.target(place, keyword)
                if target is None:
                    facts.residue = facts.residue or (keyword, place.pointer)
                terms += [Term(target, positive=True, frames=frames)] if target is not None else []
        if "$ref" in schema and self._document.draft <= 7:
            return
        read_keywords(facts, place)
        self._rules(facts, place, frames)
        self._choices(place, schema, frames, terms, choices)
        unsure = next((keyword for keyword in _UNSURE if keyword in schema), None)
        if unsure == "oneOf" and exclusive(self._document, place):
            unsure = None
        if unsure is not None:
            facts.residue = facts.residue or (unsure, f"{place.pointer}/{unsure}")

    def _rules(self, facts: SchemaFacts, place: Place, frames: tuple[str, ...]) -> None:
        schema = place.schema
        rule = SubschemaRule(place, frames)
        if not _OBJECT.isdisjoint(schema):
            facts.object_rules.append(rule)
            facts.hints.add("object")
        if not _ARRAY.isdisjoint(schema):
            facts.array_rules.append(rule)
            facts.hints.add("array")
        if "contains" in schema:
            facts.contains.append(rule)
            facts.hints.add("array")
        if "propertyNames" in schema:
            facts.names.append(Term(self._document.child(place, "propertyNames"), positive=True))
            facts.hints.add("object")
        if "unevaluatedProperties" in schema or "unevaluatedItems" in schema:
            facts.unevaluated.append(rule)
            facts.hints.add("object" if "unevaluatedProperties" in schema else "array")

    def _choices(
        self, place: Place, schema: Json, frames: tuple[str, ...], terms: list[Term], choices: list[Ways]
    ) -> None:
        def at(*keys: str | int) -> Term:
            return Term(self._document.child(place, *keys), positive=True, frames=frames)

        terms += [at("allOf", index) for index in range(len(schema.get("allOf", ())))]
        if "not" in schema:
            terms.append(Term(self._document.child(place, "not"), positive=False))
        if "anyOf" in schema:
            choices.append([[at("anyOf", index)] for index in range(len(schema["anyOf"]))])
        if "oneOf" in schema:
            branches = [at("oneOf", index) for index in range(len(schema["oneOf"]))]
            choices.append([self._only(branch, branches) for branch in branches])
        if "if" in schema and ("then" in schema or "else" in schema):
            then = [at("then")] if "then" in schema else []
            otherwise = [at("else")] if "else" in schema else []
            choices.append([[at("if"), *then], [at("if")._replace(positive=False, frames=()), *otherwise]])
        for keyword in ("dependentSchemas", "dependencies"):
            for name, sub in schema.get(keyword, {}).items():
                if not isinstance(sub, list):
                    absent = self._document.derive(place, {"properties": {name: False}}, f"(without {name})")
                    present = self._document.derive(place, {"required": [name]}, f"(with {name})")
                    with_it = [Term(present, positive=True), at(keyword, name)]
                    choices.append([[Term(absent, positive=True)], with_it])

    def _only(self, branch: Term, branches: Sequence[Term]) -> list[Term]:
        """One branch of a `oneOf`; if strict, with the others negated."""
        others = [other for other in branches if other is not branch] if self._strict else []
        return [branch, *(other._replace(positive=False, frames=()) for other in others)]
