"""Draws values that are valid under any JSON Schema, for the event types that a user brings.

    places that must hold ─cases─▶ options ─choose─▶ a case and a kind of value ─draw by kind─▶ value ─validate─▶ value
             ▲                                                     │
             └────── the places of each property and item ◀────────┘

Where a case is not sufficient, the validator judges what was drawn for it, and refused values are drawn again. The
finished value is always judged as a whole.

Invariants: the validator accepts every returned value, formats included; a value follows from the schema and the
random numbers alone, not from earlier draws; a draw ends after bounded effort, counted in steps, with a value or with
an error that names the keyword in the way and its path.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import count, islice
from math import ceil, floor, gcd, inf, lcm
from random import Random
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from frontsim.schemas.cases import KINDS, LIMITS, UNSURE, SchemaCase, Way, accepted, cases_of, identity
from frontsim.schemas.read import Contradiction, Document, Json, Place
from frontsim.schemas.texts import Hint, Names, Range, Text, below, candidates, matches, pick, texts_of

Maker = Callable[[Random], Any]
"""Draws a text or a number."""

_EFFORT = 50_000
"""The most steps (merges, values, names, retries) that one pass of a draw may take."""
_PASSES = ((False, 8), (True, 8))
"""(lean, tries). A lean draw has only what is required."""
_ROUNDS, _ITEM_TRIES, _NAME_TRIES, _RETRIES, _SAMPLES, _MOST_WINDOWS = 12, 30, 60, 60, 24, 16
_LARGE, _DEEP = 400, 12
"""Steps after which a value goes lean that contains itself, or that is so many levels deep, so that it ends."""
_DEEPEST = 8
"""How often a value may contain one of the same schema; from the second on they are lean."""
_NULLS, _PRESENT, _USUAL_ITEMS, _USUAL_NAMES = 0.12, 0.85, 3, 3
"""How often a nullable value is null, and an optional property present; the most items and names by itself."""
_FREE_NAMES = ("nord", "sør", "øst", "vest", "alfa", "beta", "gamma", "delta", "a", "b", "x-1", "Name", "foo", "bar")
_FEW_KINDS = 4
"""A schema that allows more kinds than these does not name them on purpose."""
_ABOUT = {
    "string": "pattern minLength maxLength contentEncoding contentMediaType",
    "integer": "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf",
    "array": "items prefixItems additionalItems contains minItems maxItems uniqueItems unevaluatedItems",
    "object": "properties patternProperties additionalProperties propertyNames required minProperties maxProperties "
    "dependentRequired dependentSchemas dependencies unevaluatedProperties",
}
"""The keywords that suggest a kind of value where no type is named."""
_TEXT = ("pattern", "format", "minLength", "maxLength")


class Drawer:
    """Draws values that are valid under one schema.

    Args:
        schema: a JSON Schema; it is copied.
        names: plausible values by a field's name.

    Raises:
        BadInput: it is not a schema that we know how to read, or none of many tries fulfilled it. The message
            names the keyword and its path in the schema, which is also the key in `fields`.
    """

    def __init__(self, schema: Mapping[str, Any] | bool, names: Names) -> None:  # noqa: FBT001 - true is a schema
        try:
            document = Document(schema)
            self._validator = document.validator
            self._top = _Nodes(document, names).node([document.top], ())
            self._drawn(Random(0))  # noqa: S311 - not a secret; it shows whether any value fulfils the schema
        except Contradiction as contradiction:
            raise contradiction.refusal() from None

    def draw(self, rng: Random) -> object:
        """A new valid value; the same for the same state of `rng`.

        Raises:
            BadInput: as for the class; only a schema that is very hard to fulfil raises it here.
        """
        try:
            return self._drawn(rng)
        except Contradiction as contradiction:
            raise contradiction.refusal() from None

    def _drawn(self, rng: Random) -> Json:
        first: Contradiction | None = None
        for lean, tries in _PASSES:
            steps = _EFFORT
            for _ in range(tries):
                draw = _Draw(rng, lean=lean, steps=steps)
                try:
                    value = draw.value(self._top)
                    if self._validator.is_valid(value):
                        return value
                    first = first or _complaint(next(self._validator.iter_errors(value)))
                except Contradiction as contradiction:
                    first = first or contradiction
                except _Exhausted as exhausted:
                    first = first or exhausted.args[0]
                    break
                except RecursionError:
                    raise Contradiction("$ref", "#", "it, or its values, are nested too deeply") from None
                steps = draw.steps
        assert first is not None
        raise first


@lru_cache(maxsize=512)
def _known(schema: bytes, names: Names) -> Drawer:
    return Drawer(orjson.loads(schema), names)


def drawer_of(schema: Mapping[str, Any] | bool, names: Names) -> Drawer:  # noqa: FBT001 - as above
    """The drawer of a schema. The last 512 stay merged, by content. Raises BadInput, as `Drawer`."""
    try:
        return _known(orjson.dumps(schema, default=dict), names)
    except TypeError:  # an integer of more than 64 bits, say
        return Drawer(schema, names)


def _complaint(error: jsonschema_rs.ValidationError) -> Contradiction:
    """The validator's objection to a value."""
    path = [str(key).replace("~", "~0").replace("/", "~1") for key in error.schema_path]
    keyword = next((key for key in reversed(path) if not key.isdigit()), "$schema")
    reason = f"none of the values that we tried fulfilled it; of the first one: {error.message}"
    return Contradiction(keyword, "/".join(["#", *path]), reason[:500])


class _Exhausted(Exception):
    """The draw has taken all its steps; its argument is the contradiction that says where."""


class _Draw:
    """One draw: its random numbers, what it may still cost, and the nodes that it is in."""

    def __init__(self, rng: Random, *, lean: bool, steps: int) -> None:
        self.rng = rng
        self.lean = lean
        self.steps = steps
        self._large = steps - _LARGE
        self._depth = 0
        self._inside: dict[_Node, int] = {}

    def spend(self, steps: int, keyword: str, pointer: str) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise _Exhausted(Contradiction(keyword, pointer, "no value found within reasonable effort"))

    def value(self, node: "_Node") -> Json:
        """A value for which all places of a node hold. Raises Contradiction: none was found."""
        if not node.cost:
            node.find_options()
        if node.plain is not None:
            return node.plain(self)
        times = self._inside.get(node)
        self.spend(node.cost if times is None else 1, "$ref", node.pointer)  # the same whether or not it was known
        times = times or 0
        if times > _DEEPEST:
            raise Contradiction("$ref", node.pointer, "every value of it contains another, endlessly")
        lean, self._inside[node] = self.lean, times + 1
        self._depth += 1
        self.lean = lean or times > 1 or (self.steps < self._large and (times > 0 or self._depth > _DEEP))
        try:
            return self._tried(node)
        finally:
            self.lean, self._inside[node] = lean, times
            self._depth -= 1

    def _tried(self, node: "_Node") -> Json:
        first: Contradiction | None = None
        for _ in range(_ROUNDS):
            is_refused = False
            for option in node.in_order(self):
                try:
                    value = option.draw(self)
                except Contradiction as contradiction:
                    first = first or contradiction
                    continue
                if option.unsure is None or node.accepts(value):
                    return value
                is_refused = True
                first = first or option.unsure
                self.spend(1, option.unsure.keyword, node.pointer)
            if not is_refused:
                break
        first = first or node.contradiction
        assert first is not None
        raise first.with_traceback(None)


class _Nodes:
    """The nodes of one document, each made once."""

    def __init__(self, document: Document, names: Names) -> None:
        self.document = document
        self.names = names
        self._known: dict[object, _Node] = {}

    def node(self, way: Sequence[Place], hint: Hint) -> "_Node":
        places = tuple(way) or (self.document.derive(self.document.top, True, "(anything)"),)  # noqa: FBT003
        key = tuple(place.key for place in places), hint
        return self._known.get(key) or self._known.setdefault(key, _Node(self, places, hint))


class _Option(NamedTuple):
    """A kind of value in a case.

    Args:
        draw: draws one, or raises Contradiction.
        size: 0 for null, 1 for other values without parts, from 2 on by how many parts a value needs.
        unsure: why a value may be refused all the same; None if it never is.
    """

    draw: "Callable[[_Draw], Json]"
    size: int
    unsure: Contradiction | None


class _Node:
    """The values that may stand at one place, for a field of a name."""

    def __init__(self, nodes: _Nodes, way: Way, hint: Hint) -> None:
        self.pointer = way[0].pointer
        self.cost = 0
        self.plain: Callable[[_Draw], Json] | None = None
        self.contradiction: Contradiction | None = None
        self._nodes = nodes
        self._way = way
        self._hint = hint
        self._options: list[_Option] = []
        self._nulls: list[_Option] = []

    def find_options(self) -> None:
        """Work out the options, and their cost in merges; `plain` draws at once where there is no more to decide."""
        cases, contradiction, cost = cases_of(self._nodes.document, self._way)
        found: list[_Option] = []
        for case in cases:
            for kind in self._kinds(case):
                try:
                    found.append(self._option(case, kind))
                except Contradiction as failed:
                    self.contradiction = self.contradiction or failed
        self.contradiction = self.contradiction or contradiction
        self._nulls = [each for each in found if each.size == 0]
        self._options = [each for each in found if each.size > 0]
        if cost == len(self._options) == 1 and all(each.size < 2 and each.unsure is None for each in found):
            self.plain = self._or_null if self._nulls else self._options[0].draw
        self.cost = cost

    def accepts(self, value: Json) -> bool:
        return accepted(self._nodes.document, self._way, value)

    def in_order(self, draw: _Draw) -> list[_Option]:
        """The options to try one after another."""
        nulls, options = self._nulls, self._options
        if draw.lean:
            return [*nulls, *sorted(options, key=lambda option: option.size)]
        start = below(draw.rng, len(options)) if len(options) > 1 else 0
        turned = [*options[start:], *options[:start]]
        return [*nulls, *turned] if nulls and options and draw.rng.random() < _NULLS else [*turned, *nulls]

    def _or_null(self, draw: _Draw) -> Json:
        if draw.lean or draw.rng.random() < _NULLS:
            return None
        try:
            return self._options[0].draw(draw)
        except Contradiction:
            return None

    def _kinds(self, case: SchemaCase) -> list[str]:
        """The kinds that the type names, else those that the keywords or the name suggest."""
        if case.values is not None:
            return ["null" if case.values == [None] else "listed"]
        likely, names = case.kinds, self._nodes.names
        if len(likely) > _FEW_KINDS:
            mentioned = {kind for kind, words in _ABOUT.items() if not case.said.keys().isdisjoint(words.split())}
            if not mentioned and names.range(self._hint) and not names.text(self._hint):
                mentioned = {"integer"}
            if any(name not in LIMITS for name in case.all("format")):
                mentioned.add("string")
            likely = likely & mentioned or likely & {"string"} or likely
        return [kind for kind in KINDS if kind in likely and (kind != "fraction" or "integer" not in likely)]

    def _option(self, case: SchemaCase, kind: str) -> _Option:
        """Raises Contradiction: the case has no value of that kind, or we found none."""
        keyword = next((each for each in UNSURE.split() if each in case.said), None)
        unsure = case.refusal(keyword, "it refused the values that fulfil all else") if keyword else None
        if kind == "object":
            return _Option(_Objects(self._nodes, case, self._hint).draw, 2 + len(case.required()), unsure)
        if kind == "array":
            return _Option(_Arrays(self._nodes, case, self._hint).draw, 2 + case.sizes("minItems", "")[0], unsure)
        if kind == "null":
            return _Option(lambda _draw: None, 0, unsure)
        if kind == "boolean":
            return _Option(lambda draw: draw.rng.random() >= 0.5, 1, unsure)
        if kind == "listed":
            values = case.values or ()
            return _Option(lambda draw: copy.deepcopy(pick(draw.rng, values)), 1, unsure)
        make = (_text if kind == "string" else _number)(case, self._hint, self._nodes.names)
        return _Option(lambda draw: make(draw.rng), 1, unsure)


class _Objects:
    """The objects of one case."""

    def __init__(self, nodes: _Nodes, case: SchemaCase, hint: Hint) -> None:
        self._nodes = nodes
        self._case = case
        self._pointer = case.pointer
        self._least, self._most = case.sizes("minProperties", "maxProperties")
        self._required = dict.fromkeys(case.required())
        if len(self._required) > self._most:
            raise case.refusal("maxProperties", f"{len(self._required)} properties are required, {self._most} allowed")
        self._rules = [nodes.document.child(at, "propertyNames") for _, at in case.said.get("propertyNames", ())]
        barred = next((name for name in self._required if not accepted(nodes.document, self._rules, name)), None)
        if barred is not None:
            raise case.refusal("propertyNames", f"{barred!r} is required, but may not be a name here")
        declared = [name for fields in case.all("properties") for name in fields]
        names = case.with_dependents([*declared, *self._required])
        self._needs = {name: case.with_dependents([name]) for name in names}
        self._fields = {name: self._field(name, nodes.names.hint(name, hint)) for name in names}
        self._optional = [name for name in names if name not in self._required]
        maps = [*case.all("additionalProperties"), *case.all("patternProperties")]
        self._is_map = not names and (bool(self._rules) or any(isinstance(each, dict) and each for each in maps))
        self._is_fixed = not self._optional and not self._is_map and self._least <= len(self._required)
        self._patterns = [make for each in case.all("patternProperties") for word in each for make in texts_of(word)]

    def draw(self, draw: _Draw) -> Json:
        if self._is_fixed:
            draw.spend(1 + len(self._fields), "properties", self._pointer)
            return {name: draw.value(node) for name, node in self._fields.items()}
        rng, least, most, wished = draw.rng, self._least, self._most, self._optional
        if least > len(self._required) or most < len(self._fields):
            wished = rng.sample(wished, len(wished))
        chosen = dict(self._required)
        for name in wished:
            if len(chosen) < least or (not draw.lean and rng.random() < _PRESENT):
                more = [each for each in self._needs[name] if each not in chosen]
                if len(chosen) + len(more) <= most:
                    chosen.update(dict.fromkeys(more))
        draw.spend(1 + len(chosen), "properties", self._pointer)
        value: dict[str, Json] = {}
        for name, node in self._fields.items():
            if name in chosen:
                try:
                    value[name] = draw.value(node)
                except Contradiction:
                    if name in self._required:
                        raise
        if len(value) < len(chosen):
            value = {name: value[name] for name in value if value.keys() >= {*self._needs[name]}}
        goal = max(least, min(most, below(rng, _USUAL_NAMES + 1)) if self._is_map and not draw.lean else 0)
        if goal > len(value):
            self._add_free(draw, value, goal)
        return value

    def _field(self, name: str, hint: Hint) -> _Node:
        """The node of the value of that name."""
        document, way = self._nodes.document, list[Place]()
        for place in self._case.holding:
            schema, before = place.schema, len(way)
            if name in schema.get("properties", ()):
                way.append(document.child(place, "properties", name))
            patterns = [each for each in schema.get("patternProperties", ()) if matches(each, name)]
            way += [document.child(place, "patternProperties", each) for each in patterns]
            if len(way) == before and "additionalProperties" in schema:
                way.append(document.child(place, "additionalProperties"))
        unevaluated = self._case.said.get("unevaluatedProperties", ()) if not way else ()
        return self._nodes.node(way or [document.child(at, "unevaluatedProperties") for _, at in unevaluated], hint)

    def _add_free(self, draw: _Draw, value: dict[str, Json], goal: int) -> None:
        """Add properties of names that no schema lists."""
        for name in islice(self._free_names(draw), _NAME_TRIES + 4 * (goal - len(value))):
            draw.spend(1, "minProperties", self._pointer)
            if name in value or not value.keys() >= {*self._case.with_dependents([name])} - {name}:
                continue
            try:
                if accepted(self._nodes.document, self._rules, name):
                    value[name] = draw.value(self._field(name, ()))
            except Contradiction:
                continue
            if len(value) >= goal:
                return
        if len(value) < self._least:
            raise self._case.refusal("minProperties", f"we found {len(value)} of at least {self._least} names")

    def _free_names(self, draw: _Draw) -> Iterator[str]:
        makers = list(self._patterns)
        if self._rules:
            text = self._nodes.document.derive(self._rules[0], {"type": "string"}, "(a name)")
            named = self._nodes.node([text, *self._rules], ())
            makers.append(lambda _rng: str(draw.value(named)))
        for number in count(1):
            if makers and number % 4:
                yield pick(draw.rng, makers)(draw.rng)
            else:
                yield pick(draw.rng, _FREE_NAMES) + (str(number) if number > 2 * len(_FREE_NAMES) else "")


class _Arrays:
    """The arrays of one case."""

    def __init__(self, nodes: _Nodes, case: SchemaCase, hint: Hint) -> None:
        self._nodes = nodes
        self._case = case
        self._hint = hint
        self._least, self._most = case.sizes("minItems", "maxItems")
        self._prefix = max((len(_prefix(place)) for place in case.holding), default=0)
        self._is_unique = True in case.all("uniqueItems")
        self._contains = [
            (
                nodes.document.child(at, "contains"),
                int(at.schema.get("minContains", 1)) if nodes.document.draft >= 2019 else 1,
            )
            for _, at in case.said.get("contains", ())
        ]
        if max((times for _, times in self._contains), default=0) > min(self._most, _EFFORT):
            raise case.refusal(
                "contains", f"it is needed more often than {self._most} items or {_EFFORT:,} steps allow"
            )
        self._usual = [self._entry(index, ()) for index in range(self._prefix + 1)]

    def draw(self, draw: _Draw) -> Json:
        wanted = self._positions(draw.rng) if self._contains else {}
        least = max(self._least, max(wanted, default=-1) + 1)
        if least > self._most:
            raise self._case.refusal("maxItems", f"{least} items are needed, {self._most} allowed")
        most = max(least, min(self._most, max(_USUAL_ITEMS, self._prefix)))
        length = least if draw.lean else least + below(draw.rng, most - least + 1)
        draw.spend(1 + length, "minItems", self._case.pointer)
        values: list[Json] = []
        seen: set[object] = set()
        for index in range(length):
            node = self._entry(index, wanted[index]) if index in wanted else self._usual[min(index, self._prefix)]
            try:
                values.append(self._new(draw, node, seen) if self._is_unique else draw.value(node))
            except Contradiction:
                if index < least:
                    raise
                break
        return values

    def _new(self, draw: _Draw, node: _Node, seen: set[object]) -> Json:
        """A value that is not among those seen, and now is."""
        for _ in range(_ITEM_TRIES + 4 * len(seen)):
            value = draw.value(node)
            if identity(value) not in seen:
                seen.add(identity(value))
                return value
            draw.spend(1, "uniqueItems", self._case.pointer)
        raise self._case.refusal("uniqueItems", f"we found {len(seen)} of at least {self._least} values")

    def _positions(self, rng: Random) -> dict[int, Way]:
        """Positions for the items that `contains` requires: side by side, or all at one, behind the prefix or in it."""
        is_apart = rng.random() < 0.5
        needed = (sum if is_apart else max)(times for _, times in self._contains)
        start = below(rng, 1 + max(0, min(self._prefix, self._most - needed)))
        found: dict[int, Way] = {}
        for place, times in self._contains:
            for at in range(start, start + times):
                found[at] = (*found.get(at, ()), place)
            start += times if is_apart else 0
        return found

    def _entry(self, index: int, wanted: Way) -> _Node:
        """The node of an item."""
        document, way = self._nodes.document, list(wanted)
        for place in self._case.holding:
            schema = place.schema
            rest = "additionalItems" if isinstance(schema.get("items"), list) else "items"
            if index < len(_prefix(place)):
                way.append(document.child(place, "prefixItems" if "prefixItems" in schema else "items", index))
            elif rest in schema:
                way.append(document.child(place, rest))
        if len(way) == (len(wanted) if document.draft < 2020 else 0):
            way += [document.child(at, "unevaluatedItems") for _, at in self._case.said.get("unevaluatedItems", ())]
        for value, place in self._case.said.get("contains", ()):
            if "maxContains" in place.schema and not wanted:
                way.append(document.derive(place, {"not": value}, "(not contained)"))
        return self._nodes.node(way, self._hint)


def _prefix(place: Place) -> Sequence[Json]:
    items = place.schema.get("prefixItems", place.schema.get("items", ()))
    return items if isinstance(items, list) else ()


def _text(case: SchemaCase, hint: Hint, names: Names) -> Maker:
    texts = candidates(
        names,
        hint,
        patterns=case.all("pattern"),
        format_=next((each for each in case.all("format") if each not in LIMITS), None),
        contents=[*case.all("contentEncoding"), *case.all("contentMediaType")],
        lengths=case.sizes("minLength", "maxLength"),
        examples=[each for each in case.examples() if isinstance(each, str) and each],
    )
    words = [(word, value) for word in _TEXT for value in case.all(word) if value not in LIMITS]
    return _first_fitting(texts, words, case)


def _number(case: SchemaCase, hint: Hint, names: Names) -> Maker:
    known = [exact(each) for each in case.examples() if isinstance(each, int | float) and not isinstance(each, bool)]
    usual = names.range(hint)
    if usual is None and known:
        parts = 1 if all(each.denominator == 1 for each in known) else 100
        least, most = min(known), max(known)
        usual = Range(floor((least - abs(least) / 2) * parts), ceil((most + abs(most)) * parts), parts)
    words = [*(("multipleOf", value) for value in case.all("multipleOf")), *case.bounds()]
    return _first_fitting(islice(_numbers(case, usual), _MOST_WINDOWS), words, case)


def exact(number: float) -> Fraction:
    """The exact value of a JSON number as written: 0.01 is one hundredth."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def _numbers(case: SchemaCase, usual: Range | None) -> Iterator[Maker]:
    """Multiples of a step in a window: first plausible numbers, then those near a bound, then any.

    Numbers are worked out as fractions, so that 0.1 is exactly one tenth. Whether a bound is exclusive is left to the
    validator.
    """
    whole, broken = "integer" in case.kinds, "fraction" in case.kinds
    usual = usual or Range(0, 1_000_00 if broken else 1_000, 100 if broken else 1)
    least, most = Fraction(usual.least, usual.parts), Fraction(usual.most, usual.parts)
    fine = Fraction(1, usual.parts if whole else max(usual.parts, 100))
    low: Fraction | float = max((exact(value) for word, value in case.bounds() if "inimum" in word), default=-inf)
    high: Fraction | float = min((exact(value) for word, value in case.bounds() if "aximum" in word), default=inf)
    steps = [*map(exact, case.all("multipleOf")), *([] if broken else [Fraction(1)])]
    fixed = Fraction(lcm(*[each.numerator for each in steps]), gcd(*[each.denominator for each in steps]) or 1)
    reach = 100 * fixed
    windows = [(max(low, least), min(high, most)), (low, min(high, low + reach)), (max(low, high - reach), high)]
    windows = [(start, end) for start, end in [*windows, (Fraction(0), reach)] if -inf < start <= end < inf]
    if steps:
        windows.sort(key=lambda window: window[1] - window[0] < 2 * fixed)
    for start, end in windows:
        tenth = Fraction(1)
        while start < end and tenth * 20 > end - start:
            tenth /= 10
        for step in [fixed] if steps else sorted((tenth, fine)):
            yield from _multiples(step, ceil(start / step), floor(end / step))


def _multiples(step: Fraction, first: int, last: int) -> Iterator[Maker]:
    """The multiples of a step, counted in steps; integers beyond 64 bits come as floats first."""
    size, over, under = last - first + 1, step.numerator, step.denominator
    largest = max(abs(first), abs(last)) * over
    if size <= 0 or largest >= under << 1_023 or under >= 1 << 1_023:
        return
    if under > 1:
        yield lambda rng: (first + below(rng, size)) * over / under
        return
    if largest >= 1 << 63:
        yield lambda rng: float((first + below(rng, size)) * over)
    yield lambda rng: (first + below(rng, size)) * over


def _first_fitting(texts: Iterable[Text | Maker], words: Sequence[tuple[str, Json]], case: SchemaCase) -> Maker:
    """The first candidate of which the validator takes samples; with retries if it does not take all."""
    leaves = [each for each in case.all("not") if isinstance(each, dict) and each.keys() <= {*_TEXT, "const", "enum"}]
    fragments = [*({word: value} for word, value in words), *({"not": each} for each in leaves)]
    is_valid = jsonschema_rs.Draft202012Validator({"allOf": [True, *fragments]}, validate_formats=True).is_valid
    keyword = next((word for word, _ in words if word in case.said), "type")
    for text in texts:
        if not callable(text):
            fitting = [each for each in text if is_valid(each)]
            if fitting:
                return lambda rng, fitting=fitting: pick(rng, fitting)  # type: ignore[misc]
            continue
        samples = (text(Random(number)) for number in range(_SAMPLES))  # noqa: S311 - the same always
        good = sum(map(is_valid, samples)) if fragments else _SAMPLES
        if good:
            return text if good == _SAMPLES else _retried(text, is_valid, keyword, case)
    raise case.refusal(keyword, f"we found nothing that fulfils {fragments[:4]!r} at once")


def _retried(make: Maker, is_valid: Callable[[Json], bool], keyword: str, case: SchemaCase) -> Maker:
    def draw(rng: Random) -> Json:
        for _ in range(_RETRIES):
            value = make(rng)
            if is_valid(value):
                return value
        raise case.refusal(keyword, f"none of {_RETRIES} values that fulfil the other keywords fulfilled it")

    return draw
