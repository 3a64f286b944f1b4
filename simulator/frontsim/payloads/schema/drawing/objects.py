"""Objects that fulfil their facts.

Which names are possible, and the producer of each value, are compiled once. An object with listed properties is then
a loop over them; counts, dependencies and free names take a slower path.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer
from frontsim.payloads.schema.drawing.names import words_of
from frontsim.payloads.schema.drawing.patterns import texts_of
from frontsim.payloads.schema.drawing.shape import ChildNode, Shape, Site
from frontsim.payloads.schema.reading.facts import SchemaFacts, SubschemaRule, Term, matches
from frontsim.schemas.read import Contradiction, Json

_USUALLY = 0.85
"""How often an optional property is present."""
_FREE_NAMES = ("nord", "sør", "øst", "vest", "alfa", "beta", "gamma", "delta", "a", "b", "x-1", "Name", "foo", "bar")
_NAME_TRIES = 40


def objects(facts: SchemaFacts, site: Site) -> Shape:
    """The shape of the objects that fulfil the facts.

    Raises:
        Contradiction: a required property has no value or is forbidden, or there are too few names.
    """
    return _Objects(facts, site).shape()


class _Objects:
    def __init__(self, facts: SchemaFacts, site: Site) -> None:
        self._facts = facts
        self._site = site
        self._fields: dict[str, Producer] = {}
        self._children: dict[str, ChildNode] = {}
        for name in self._declared():
            self._declare(name)
        self._drop_unsatisfiable()

    def shape(self) -> Shape:
        needs = [self._children[name] for name in self._facts.required]
        return Shape(self._draw(), needs=needs)

    def _declared(self) -> list[str]:
        names = [name for rule in self._facts.object_rules for name in rule.place.schema.get("properties", ())]
        for name, needed in self._facts.dependent.items():
            names += [name, *needed] if name in {*names, *self._facts.required} else []
        return list(dict.fromkeys([*names, *self._facts.required]))

    def _declare(self, name: str) -> None:
        if not self._may_be_called(name):
            if name in self._facts.required:
                place = self._facts.required[name]
                raise Contradiction("propertyNames", f"{place.pointer}/required", f"{name!r} may not be a name here")
            return
        try:
            child = self._child(name)
            self._fields[name] = child.producer()
            self._children[name] = child
        except Contradiction:
            if name in self._facts.required:
                raise

    def _drop_unsatisfiable(self) -> None:
        """Drop names whose presence requires names that cannot be present."""
        needs = self._facts.dependent
        while unsatisfiable := [name for name in self._fields if not self._fields.keys() >= {*needs.get(name, ())}]:
            for name in unsatisfiable:
                del self._fields[name]
                if name in self._facts.required:
                    pointer = self._facts.required[name].pointer
                    raise Contradiction("dependentRequired", pointer, f"{name!r} needs a name that can't be there")

    def _child(self, name: str) -> ChildNode:
        return self._site.child(self._terms(name), words_of(name, self._site.hint))

    def _may_be_called(self, name: str) -> bool:
        return all(self._site.accepts(term, name) for term in self._facts.names)

    def _terms(self, name: str) -> list[Term]:
        """All terms for the value of that name."""
        terms = [term for rule in self._facts.object_rules for term in self._said_by(rule, name)]
        terms += [
            Term(self._site.document.child(rule.place, "unevaluatedProperties"), positive=True)
            for rule in self._facts.unevaluated
            if "unevaluatedProperties" in rule.place.schema and not self._evaluated(rule, name)
        ]
        return terms

    def _said_by(self, rule: SubschemaRule, name: str) -> Iterator[Term]:
        schema, child, found = rule.place.schema, self._site.document.child, False
        if name in schema.get("properties", ()):
            found = True
            yield Term(child(rule.place, "properties", name), positive=True)
        for pattern in schema.get("patternProperties", ()):
            if matches(pattern, name):
                found = True
                yield Term(child(rule.place, "patternProperties", pattern), positive=True)
        if not found and "additionalProperties" in schema:
            yield Term(child(rule.place, "additionalProperties"), positive=True)

    def _evaluated(self, by: SubschemaRule, name: str) -> bool:
        seen = (rule for rule in self._facts.object_rules if by.place.pointer in rule.frames)
        return any(True for rule in seen for _ in self._said_by(rule, name))

    def _draw(self) -> Producer:
        least, most = self._facts.properties
        required = self._facts.required
        extra = self._free_count()
        if extra or self._facts.dependent or least > len(required) or most < len(self._fields):
            return self._draw_counted(extra)
        every = list(self._fields.items())
        if all(name in required for name in self._fields):
            return lambda context: {name: produce(context) for name, produce in every}
        fields = [(name, produce, name in required) for name, produce in every]

        def draw(context: DrawContext) -> Json:
            chance = 0.0 if context.lean else _USUALLY
            return {name: make(context) for name, make, must in fields if must or context.random() < chance}

        return draw

    def _free_count(self) -> int:
        """How many invented names an object gets that needs none: it is a map."""
        schemas = [rule.place.schema for rule in self._facts.object_rules]
        keywords = ("additionalProperties", "patternProperties")
        is_map = any(isinstance(schema.get(word), dict) and schema[word] for schema in schemas for word in keywords)
        named = any(term.place.schema is not False for term in self._facts.names)
        return 3 if not self._fields and (is_map or named) else 0

    def _draw_counted(self, extra: int) -> Producer:
        facts, fields = self._facts, self._fields
        least, most = facts.properties
        optional = [name for name in fields if name not in facts.required]
        fewest = len(self._needed_by(facts.required))
        if fewest > most:
            raise Contradiction("maxProperties", self._site.path, f"{fewest} properties are required, {most} allowed")

        def draw(context: DrawContext) -> Json:
            chosen = self._needed_by(facts.required)
            wished = list(optional)
            context.rng.shuffle(wished)
            for name in wished:
                more = self._needed_by([*chosen, name])
                wanted = len(chosen) < least or (not context.lean and context.random() < _USUALLY)
                if wanted and len(more) <= most:
                    chosen = more
            value = {name: make(context) for name, make in fields.items() if name in chosen}
            wanted_free = 0 if context.lean else context.below(extra + 1)
            missing = max(least - len(value), min(wanted_free, most - len(value)))
            return self._add_free(context, value, missing, least) if missing > 0 else value

        return draw

    def _needed_by(self, names: Iterable[str]) -> dict[str, None]:
        """These names and what their presence asks for."""
        found = dict.fromkeys(names)
        waiting = list(found)
        while waiting:
            more = [name for name in self._facts.dependent.get(waiting.pop(), ()) if name not in found]
            found |= dict.fromkeys(more)
            waiting += more
        return found

    def _add_free(self, context: DrawContext, value: dict[str, Json], missing: int, least: int) -> Json:
        goal = len(value) + missing
        keyword = "minProperties"
        for name in islice(self._free_names(context), _NAME_TRIES + 4 * missing):
            if len(value) >= goal:
                return value
            context.spend(keyword, self._site.path)
            if name in value or name in self._facts.dependent or not self._may_be_called(name):
                continue
            try:
                value[name] = self._site.child(self._terms(name), ()).enter(context)
            except Contradiction:
                continue
        if len(value) < least:
            raise Contradiction(keyword, self._site.path, f"we found {len(value)} of at least {least} names")
        return value

    def _free_names(self, context: DrawContext) -> Iterator[str]:
        patterns = [
            word for rule in self._facts.object_rules for word in rule.place.schema.get("patternProperties", ())
        ]
        sources = [source for pattern in patterns for source in texts_of(pattern)]
        if self._facts.names:
            text = self._site.document.derive(self._facts.names[0].place, {"type": "string"}, "(a name)")
            sources = [self._site.child([Term(text, positive=True), *self._facts.names], ()).enter, *sources]
        number = 0
        while True:
            number += 1
            if sources and number % 4:
                yield str(context.pick(sources)(context))
            elif number <= 2 * len(_FREE_NAMES):
                yield context.pick(_FREE_NAMES)
            else:
                yield f"{context.pick(_FREE_NAMES)}{number}"
