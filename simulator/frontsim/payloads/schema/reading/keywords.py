"""What each keyword without a subschema adds to the facts."""

from collections.abc import Callable, Mapping

from frontsim.payloads.schema.reading.facts import KINDS, LEAF, ROOM, Bound, SchemaFacts, exact, kinds_of, same
from frontsim.schemas.read import Json, Place

_TYPES = {kind: (kind,) for kind in KINDS if kind != "fraction"} | {"number": ("integer", "fraction")}


def read_keywords(facts: SchemaFacts, place: Place) -> None:
    """Add the keywords at `place` that hold no subschema to the facts."""
    for keyword, value in place.schema.items():
        read = _PLAIN.get(keyword)
        if read is not None:
            read(facts, place, keyword, value)


def _named(kinds: frozenset[str]) -> str:
    return " or ".join(kind for kind in KINDS if kind in kinds and (kind != "fraction" or "integer" not in kinds))


def _shown(bound: Bound) -> str:
    return f"{float(bound.value):g}" if abs(bound.value) < 1 << 1_000 else "a number of hundreds of digits"


def _path(place: Place, keyword: str) -> str:
    return f"{place.pointer}/{keyword}"


def _type(facts: SchemaFacts, place: Place, keyword: str, value: Json) -> None:
    types = [value] if isinstance(value, str) else value
    kinds = frozenset(kind for name in types for kind in _TYPES.get(name, ()))
    why = f"it asks for {' or '.join(types) or 'nothing'}, but what must hold beside it leaves {_named(facts.kinds)}"
    facts.keep(kinds, keyword, _path(place, keyword), why)


def _const(facts: SchemaFacts, place: Place, keyword: str, value: Json) -> None:
    values = [value] if keyword == "const" else value
    if facts.allowed is not None:
        known = list(facts.allowed)
        values = [item for item in values if any(same(item, other) for other in known)]
    facts.allowed = values
    facts.listed = keyword, _path(place, keyword)
    kinds = frozenset(kind for item in values for kind in kinds_of(item))
    facts.keep(kinds, keyword, _path(place, keyword), "what must hold beside it allows none of its values")


def _bound(facts: SchemaFacts, place: Place, keyword: str, value: Json) -> None:
    if isinstance(value, bool):
        return  # draft-04's exclusiveMinimum says only how minimum is meant
    side = keyword[-7:].lower()
    exclusive = keyword.startswith("e") or place.schema.get(f"exclusive{side.capitalize()}") is True
    bound = Bound(exact(value), exclusive)
    facts.leaf.append({f"exclusive{side.capitalize()}" if exclusive else side: value})
    facts.hints |= {"integer", "fraction"}
    if side == "minimum" and (facts.low is None or bound > facts.low):
        facts.low = bound
    if side == "maximum" and (facts.high is None or (bound.value, not exclusive) < (facts.high[0], not facts.high[1])):
        facts.high = bound
    low, high = facts.low, facts.high
    if low and high and (low.value > high.value or (low.value == high.value and (low.exclusive or high.exclusive))):
        why = f"no number is {'above' if low.exclusive else 'at least'} {_shown(low)} and"
        why += f" {'below' if high.exclusive else 'at most'} {_shown(high)}"
        facts.keep(facts.kinds - {"integer", "fraction"}, keyword, _path(place, keyword), why)


def _multiple(facts: SchemaFacts, _place: Place, keyword: str, value: Json) -> None:
    facts.multiples.append(exact(value))
    facts.leaf.append({keyword: value})
    facts.hints |= {"integer", "fraction"}


def _size(attribute: str, kind: str, *, least: bool) -> Callable[[SchemaFacts, Place, str, Json], None]:
    def read(facts: SchemaFacts, place: Place, keyword: str, value: Json) -> None:
        low, high = getattr(facts, attribute)
        low, high = (max(low, int(value)), high) if least else (low, min(high, int(value)))
        setattr(facts, attribute, (low, high))
        if kind == "string":
            facts.leaf.append({keyword: value})
        facts.hints.add(kind)
        if low > high:
            why = f"no {kind} has at least {low} and at most {high} {attribute if kind != 'string' else 'characters'}"
            why += f" (we make none of more than {ROOM:,})" if high == ROOM else ""
            facts.keep(facts.kinds - {kind}, keyword, _path(place, keyword), why)

    return read


def _leaf(facts: SchemaFacts, _place: Place, keyword: str, value: Json) -> None:
    facts.leaf.append({keyword: value} if keyword != LEAF else value)
    if keyword == "pattern":
        facts.hints.add("string")


def _format(facts: SchemaFacts, _place: Place, keyword: str, value: Json) -> None:
    if not isinstance(value, str):
        return
    ranges = {"int32": 1 << 31, "int64": 1 << 63}
    if value in ranges and facts.kinds & {"integer", "fraction"}:  # OpenAPI's: not the validator's, but meant
        facts.leaf.append({"minimum": -ranges[value], "maximum": ranges[value] - 1})
    if value not in ranges:
        facts.format_ = value
        facts.leaf.append({keyword: value})
        if value not in {"float", "double"}:
            facts.hints.add("string")


def _content(facts: SchemaFacts, _place: Place, _keyword: str, value: Json) -> None:
    facts.content.add(value)
    facts.hints.add("string")


def _unique(facts: SchemaFacts, _place: Place, _keyword: str, value: Json) -> None:
    facts.unique = facts.unique or value is True
    facts.hints.add("array")


def _required(facts: SchemaFacts, place: Place, keyword: str, value: Json) -> None:
    if keyword == "required" and isinstance(value, list):
        for name in value:
            facts.required.setdefault(name, place)
    if keyword == "properties":
        facts.forbidden |= {name for name, sub in value.items() if sub is False}
    facts.hints.add("object")
    for name in facts.forbidden & facts.required.keys():
        why = f"{name!r} is required at {facts.required[name].pointer}, but must not be there"
        facts.keep(facts.kinds - {"object"}, keyword, _path(place, keyword), why)


def _dependent(facts: SchemaFacts, _place: Place, _keyword: str, value: Json) -> None:
    for name, needed in value.items():
        if isinstance(needed, list):
            facts.dependent[name] = [*facts.dependent.get(name, ()), *needed]
    facts.hints.add("object")


def _examples(facts: SchemaFacts, _place: Place, keyword: str, value: Json) -> None:
    facts.examples.extend(value if keyword == "examples" and isinstance(value, list) else [value])


_PLAIN: Mapping[str, Callable[[SchemaFacts, Place, str, Json], None]] = {
    "type": _type,
    "const": _const,
    "enum": _const,
    "minimum": _bound,
    "maximum": _bound,
    "exclusiveMinimum": _bound,
    "exclusiveMaximum": _bound,
    "multipleOf": _multiple,
    "minLength": _size("lengths", "string", least=True),
    "maxLength": _size("lengths", "string", least=False),
    "minItems": _size("items", "array", least=True),
    "maxItems": _size("items", "array", least=False),
    "minProperties": _size("properties", "object", least=True),
    "maxProperties": _size("properties", "object", least=False),
    "pattern": _leaf,
    LEAF: _leaf,
    "format": _format,
    "contentEncoding": _content,
    "contentMediaType": _content,
    "uniqueItems": _unique,
    "required": _required,
    "properties": _required,
    "dependentRequired": _dependent,
    "dependencies": _dependent,
    "examples": _examples,
    "example": _examples,
    "default": _examples,
}
