"""The cases that a conjunction of schemas leaves: what each requires of a value, with every choice made.

    places ─merge─▶ keywords + open choices ─one branch more─▶ places ─merge─▶ ... ─▶ cases

A merge collects what all schemas at one place say, with references and `allOf` followed. As long as a choice is open
(`anyOf`, `oneOf`, `if`, `not`, dependent schemas), each of its branches joins the places in turn and the merge is made
anew, so a branch that contradicts the others never becomes a case.

Invariants: the same schema has the same cases in the same order; every search is bounded. A case is necessary, not
always sufficient: `UNSURE` lists the keywords that it does not take into account in full.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from random import Random

from frontsim.schemas.read import ANNOTATIONS, REFERENCES, Contradiction, Document, Json, Place

KINDS = ("null", "boolean", "integer", "fraction", "string", "array", "object")
"""Kinds of value: JSON's types, with numbers split so that `integer` is one of them."""
ROOM = 1_000_000
"""The longest string, array or object that is drawn."""
UNSURE = "oneOf not if contains propertyNames dependencies dependentSchemas unevaluatedProperties unevaluatedItems"
LIMITS = {"int32": 1 << 31, "int64": 1 << 63, "float": 0, "double": 0}
"""OpenAPI's formats of numbers, with their limits; the validator does not know them, but they are meant."""

Way = tuple[Place, ...]
"""Places that hold at once."""

_MOST_CASES, _MOST_MERGES = 48, 2_000
_TYPES = {kind: (kind,) for kind in KINDS if kind != "fraction"} | {"number": ("integer", "fraction")}
_BREAKS: Mapping[str, Callable[[Json], list[Json]]] = {
    "type": lambda types: [{"type": each} for each in _TYPES if each != "integer" and each not in types],
    "minimum": lambda bound: [{"type": "number", "exclusiveMaximum": bound}],
    "maximum": lambda bound: [{"type": "number", "exclusiveMinimum": bound}],
    "required": lambda names: [{"type": "object", "properties": {name: False}} for name in names],
    "properties": lambda fields: [
        {"type": "object", "required": [name], "properties": {name: {"not": field}}} for name, field in fields.items()
    ],
    "allOf": lambda parts: [{"not": part} for part in parts],
    "anyOf": lambda parts: [{"allOf": [{"not": part} for part in parts]}],
    "not": lambda inner: [{"allOf": [inner]}],
}
"""The schemas that break a keyword under `not`. Any other keyword there is left to chance and to the validator."""


def cases_of(document: Document, way: Way) -> tuple[list["SchemaCase"], Contradiction | None, int]:
    """The cases, a varied sample if they are many; what rules out others; and how many merges it took."""
    search = _Search(document, None)
    found = list(islice(search.cases(way), _MOST_CASES + 1))
    if len(found) > _MOST_CASES:
        samples = [_Search(document, Random(number)) for number in range(_MOST_CASES)]  # noqa: S311 - the same always
        found = [case for each in samples for case in islice(each.cases(way), 1)] or found
        search.merges += sum(each.merges for each in samples)
    return found, search.contradiction, search.merges


def accepted(document: Document, places: Iterable[Place], value: Json) -> bool:
    """The validator takes a value at all these places, as far as it can say."""
    return all(document.accepts(place, value) is not False for place in places)


def kinds_of(value: Json) -> set[str]:
    """The kinds that a value may count as: 1.0 is an integer to most drafts."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"integer", "fraction"} if value == int(value) else {"fraction"}
    return {{type(None): "null", bool: "boolean", str: "string", list: "array"}.get(type(value), "object")}


def identity(value: Json) -> object:
    """A key that is equal for equal JSON values: 1 equals 1.0 but not true."""
    if isinstance(value, list):
        return tuple(identity(item) for item in value)
    if isinstance(value, dict):
        return frozenset((name, identity(item)) for name, item in value.items())
    return isinstance(value, bool), value


class SchemaCase:
    """Joins what places that hold at once say, with every choice made.

    Args:
        holding: all of them, those behind references and in `allOf`, too.
        said: each keyword's values, with their places.
        kinds: the kinds of value that are left.
        values: those that `enum` and `const` leave; None without these.
    """

    def __init__(self) -> None:
        self.holding: list[Place] = []
        self.said: dict[str, list[tuple[Json, Place]]] = {}
        self.kinds = frozenset(KINDS)
        self.values: list[Json] | None = None

    def all(self, keyword: str) -> list[Json]:
        return [value for value, _ in self.said.get(keyword, ())]

    def refusal(self, keyword: str, why: str) -> Contradiction:
        pointer = self.said[keyword][0][1].pointer if keyword in self.said else self.pointer
        return Contradiction(keyword, f"{pointer}/{keyword}", why)

    @property
    def pointer(self) -> str:
        return self.holding[0].pointer if self.holding else "#"

    def sizes(self, least: str, most: str) -> tuple[int, int]:
        """Both bounds of a length. Raises Contradiction: there is none."""
        low, high = max(map(int, self.all(least)), default=0), min(map(int, self.all(most)), default=ROOM)
        if low > min(high, ROOM):
            raise self.refusal(most if low > high and most in self.said else least, f"nothing has {low} to {high}")
        return low, high

    def required(self) -> list[str]:
        return self.with_dependents(name for names in self.all("required") if isinstance(names, list) for name in names)

    def with_dependents(self, names: Iterable[str]) -> list[str]:
        """The names, and those that an object with these must have."""
        found = list(dict.fromkeys(names))
        rules = [*self.all("dependentRequired"), *self.all("dependencies")]
        for name in found if rules else ():  # the list grows
            needed = [each for rule in rules if isinstance(rule.get(name), list) for each in rule[name]]
            found += dict.fromkeys(each for each in needed if each not in found)
        return found

    def examples(self) -> list[Json]:
        listed = [each for some in self.all("examples") if isinstance(some, list) for each in some]
        return [*listed, *self.all("example"), *self.all("default")]

    def bounds(self) -> list[tuple[str, Json]]:
        """The bounds of numbers as newer drafts write them: in draft 4 an exclusive one is a minimum and a flag."""
        found = list[tuple[str, Json]]()
        for word, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            found += [(flag, value) for value in self.all(flag) if not isinstance(value, bool)]
            found += [(flag if at.schema.get(flag) is True else word, value) for value, at in self.said.get(word, ())]
        limits = [LIMITS[each] for each in self.all("format") if LIMITS.get(each)]
        return found + [bound for limit in limits for bound in (("minimum", -limit), ("maximum", limit - 1))]


class _Search:
    """Finds cases depth first, in the schema's order or in a random one."""

    def __init__(self, document: Document, order: Random | None) -> None:
        self.merges = 0
        self.contradiction: Contradiction | None = None
        self._document = document
        self._order = order

    def cases(self, way: Way) -> Iterator[SchemaCase]:
        self.merges += 1
        if self.merges > _MOST_MERGES:
            return
        try:
            case, branches = self._merged(way)
        except Contradiction as contradiction:
            self.contradiction = contradiction
            return
        if not branches:
            yield case
        if self._order is not None:
            self._order.shuffle(branches)
        for branch in branches:
            yield from self.cases((*way, *branch))

    def _merged(self, way: Way) -> tuple[SchemaCase, list[Way]]:
        """Joins what these places say at once; gives it with the branches of the first open choice."""
        document, case, found = self._document, SchemaCase(), set[object]()
        choices, waiting = list[list[Way]](), list(way)
        for place in waiting:  # the list grows
            if place.key in found or place.schema is True:
                found.add(place.key)
                continue
            found.add(place.key)
            if place.schema is False:
                raise Contradiction("false", place.pointer, "the schema is false, so nothing may stand there")
            targets = [document.target(place, word) for word in REFERENCES if word in place.schema]
            if None in targets:  # such a schema is refused as a whole, unless it names a standard meta-schema
                raise Contradiction("$ref", f"{place.pointer}/$ref", "we draw nothing from a meta-schema")
            waiting += filter(None, targets)
            if "$ref" in place.schema and document.draft <= 7:  # what stands beside it does not count
                continue
            case.holding.append(place)
            for keyword, value in place.schema.items():
                case.said.setdefault(keyword, []).append((value, place))
            waiting += [document.child(place, "allOf", index) for index in range(len(place.schema.get("allOf", ())))]
            for choice in self._choices(place):
                if len(choice) == 1:
                    waiting += choice[0]
                else:
                    choices.append(choice)
        self._narrow(case)
        is_open = (ways for ways in choices if not any(all(each.key in found for each in one) for one in ways))
        return case, next(is_open, [])

    def _choices(self, place: Place) -> Iterator[list[Way]]:
        """The choices that the schema at a place leaves, each as its branches."""
        schema, child, derive = place.schema, self._document.child, self._document.derive
        if "not" in schema:
            yield self._ways_to_break(child(place, "not"))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                yield [(child(place, keyword, index),) for index in range(len(schema[keyword]))]
        if "if" in schema and not schema.keys().isdisjoint({"then", "else"}):
            holds, fails = child(place, "if"), derive(place, {"not": schema["if"]}, "(not if)")
            then, otherwise = ((child(place, each),) if each in schema else () for each in ("then", "else"))
            yield [(holds, *then), (fails, *otherwise)]
        for keyword in ("dependentSchemas", "dependencies"):
            for name, sub in schema.get(keyword, {}).items():
                if not isinstance(sub, list):
                    absent = derive(place, {"properties": {name: False}}, f"(without {name})")
                    present = derive(place, {"required": [name]}, f"(with {name})")
                    yield [(absent,), (present, child(place, keyword, name))]

    def _ways_to_break(self, inner: Place) -> list[Way]:
        """Each branch breaks one keyword of a schema, or leaves that to chance, with `true`."""
        document, schema, ways = self._document, inner.schema, list[Place]()
        if isinstance(schema, bool):
            schema = {} if schema else {"false": True}
        alone = "$ref" in schema and document.draft <= 7
        for keyword in [each for each in schema if each not in ANNOTATIONS and (not alone or each == "$ref")]:
            target = document.target(inner, keyword) if keyword in REFERENCES else None
            if target is not None:
                ways.append(document.derive(target, {"not": target.schema}, "(not)"))
                continue
            broken = _BREAKS[keyword](schema[keyword]) if keyword in _BREAKS else [True]
            ways += [document.derive(inner, each, f"(not {keyword} {n})") for n, each in enumerate(broken)]
        if not ways:
            raise Contradiction("not", inner.pointer, "it always holds, and must not")
        return [(each,) for each in ways]

    def _narrow(self, case: SchemaCase) -> None:
        """Work out which kinds of value and which listed values are left."""
        for named, place in case.said.get("type", ()):
            types, before = [named] if isinstance(named, str) else named, case.kinds
            case.kinds &= {kind for name in types for kind in _TYPES.get(name, ())}
            if not case.kinds:
                left = " or ".join(sorted({"number" if kind == "fraction" else kind for kind in before}))
                why = f"it asks for {' or '.join(types)}, but what must hold beside it leaves {left}"
                raise Contradiction("type", f"{place.pointer}/type", why)
        barred = {name for fields in case.all("properties") for name, field in fields.items() if field is False}
        if not barred.isdisjoint(case.required()):
            case.kinds -= {"object"}
            if not case.kinds:
                raise case.refusal("properties", f"one of {sorted(barred)} is required, but must not be there")
        listed = [("const", [value]) for value in case.all("const")] + [("enum", some) for some in case.all("enum")]
        for keyword, values in listed[:1]:  # the others judge its values
            values = [each for each in values if kinds_of(each) & case.kinds]
            case.values = [each for each in values if accepted(self._document, case.holding, each)]
            if not case.values:
                raise case.refusal(keyword, "what must hold beside it allows none of its values")
