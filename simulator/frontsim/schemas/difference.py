"""Finds what differs between two sets of JSON Schemas, and whether it may break a receiver that copes with the first.

    before {"SaleCreated": schema, ...}  ┐
    after  {"SaleCreated": schema, ...}  ┴─▶ fields by path ─▶ changes, each breaking or not

A change breaks a receiver if it may now get what it could not get before: another type of value, null, a field that is
missing, a value that no list named, or no events of a type at all. A new type or field breaks nothing, because a
receiver must tolerate both. Formats and bounds are not compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from frontsim.schemas.read import Document, Place, document_of

Schema = Mapping[str, Any] | bool

_NULL = frozenset({"null"})
_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One difference. `path` is dotted, entries of a list are `lines[].sku`, and "" is the payload or the whole type.

    `change` is one of type-added, type-removed, field-added, field-removed, types, nullable, required, values.
    """

    event: str
    path: str
    change: str
    before: str
    after: str
    breaking: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """Holds what a schema says of one place. `kinds` None allows every type, `values` None every value."""

    kinds: frozenset[str] | None = None
    values: frozenset[str] | None = None
    properties: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: Sequence[Place] = ()
    references: frozenset[object] = frozenset()

    @property
    def takes_null(self) -> bool:
        return self.kinds is None or "null" in self.kinds

    def allows(self, kind: str) -> bool:
        """Decides whether a value of a JSON type may stand there."""
        return self.kinds is None or _covers(self.kinds, kind)

    @property
    def kinds_shown(self) -> str:
        return "any" if self.kinds is None else " or ".join(sorted(self.kinds - _NULL)) or "null"


def kind_of(value: object) -> str:
    """The JSON type of a value; a number without a fraction is an integer."""
    if value is None:
        return "null"
    return "integer" if isinstance(value, float) and value.is_integer() else _KINDS[type(value)]


def schema_changes(before: Mapping[str, Schema], after: Mapping[str, Schema]) -> list[SchemaChange]:
    """All changes, by event type and path. Names of types match in any case."""
    names = {name.lower(): name for name in [*after, *before]}
    old, new = ({name.lower(): schema for name, schema in side.items()} for side in (before, after))
    found: list[SchemaChange] = []
    for key, name in sorted(names.items()):
        if key not in old:
            found.append(SchemaChange(name, "", "type-added", "", "", breaking=False))
        elif key not in new:
            found.append(SchemaChange(name, "", "type-removed", "", "", breaking=True))
        else:
            found += _changes(name, fields_of(old[key]), fields_of(new[key]))
    return found


def _changes(event: str, old: Mapping[str, "SchemaField"], new: Mapping[str, "SchemaField"]) -> Iterator[SchemaChange]:
    for path in sorted({*old, *new}):
        before, after = old.get(path), new.get(path)
        if before and after:
            yield from _field_changes(event, path, before, after)
        elif before and before.parent in new:  # of a whole object, only the object is listed
            yield SchemaChange(event, path, "field-removed", before.facts.kinds_shown, "", breaking=True)
        elif after and after.parent in old:
            yield SchemaChange(event, path, "field-added", "", after.facts.kinds_shown, breaking=False)


def _field_changes(event: str, path: str, before: "SchemaField", after: "SchemaField") -> Iterator[SchemaChange]:
    old, new = before.facts, after.facts
    if old.kinds_shown != new.kinds_shown:
        widened = not _within(new.kinds, old.kinds)
        yield SchemaChange(event, path, "types", old.kinds_shown, new.kinds_shown, widened)
    if old.takes_null != new.takes_null and None not in (old.kinds, new.kinds):
        words = {True: "null allowed", False: "never null"}
        yield SchemaChange(event, path, "nullable", words[old.takes_null], words[new.takes_null], new.takes_null)
    if before.is_required != after.is_required:
        words = {True: "always there", False: "may be missing"}
        yield SchemaChange(
            event, path, "required", words[before.is_required], words[after.is_required], before.is_required
        )
    if old.values != new.values:
        widened = old.values is not None and (new.values is None or not new.values <= old.values)
        yield SchemaChange(event, path, "values", _listed(old.values), _listed(new.values), widened)


@dataclass(frozen=True, slots=True)
class SchemaField:
    """A place of a payload: what the schema says of it, the path of what holds it, and whether it is always there."""

    parent: str | None
    facts: SchemaFacts
    is_required: bool


def fields_of(schema: Schema) -> dict[str, SchemaField]:
    """Every place of a payload by its path; the payload itself is ""."""
    document = document_of(schema)
    found: dict[str, SchemaField] = {}

    def walk(
        places: Sequence[Place], path: str, parent: str | None, seen: frozenset[object], *, required: bool
    ) -> None:
        facts = _any_of(_facts(document, each, seen) for each in places)
        found[path] = SchemaField(parent, facts, required)
        for name, inner in facts.properties.items():
            at = f"{path}.{name}" if path else name
            walk(inner, at, path, seen | facts.references, required=name in facts.required)
        if facts.items:
            walk(facts.items, f"{path}[]", path, seen | facts.references, required=True)

    walk([document.top], "", None, frozenset(), required=True)
    return found


def _facts(document: Document, place: Place, seen: frozenset[object]) -> SchemaFacts:
    """Reads what a schema says, with references followed and combinations worked out. Within itself it says nothing."""
    schema = place.schema
    if not isinstance(schema, Mapping):
        return SchemaFacts()
    targets = document.targets(place)
    references = frozenset(target.key for target in targets)
    if references & seen:
        return SchemaFacts()
    seen |= references

    def parts(keyword: str) -> list[SchemaFacts]:
        count = len(schema.get(keyword, ()))
        return [_facts(document, document.child(place, keyword, index), seen) for index in range(count)]

    found = [*(_facts(document, target, seen) for target in targets), _own_facts(document, place), *parts("allOf")]
    found += [_any_of(parts(keyword)) for keyword in ("anyOf", "oneOf") if schema.get(keyword)]
    facts = _all_of(found)
    return replace(facts, references=facts.references | references)


def _own_facts(document: Document, place: Place) -> SchemaFacts:
    schema, named = place.schema, place.schema.get("type")
    kinds = None if named is None else frozenset([named] if isinstance(named, str) else named)
    listed = [schema["const"]] if "const" in schema else schema.get("enum")
    values = (
        None
        if listed is None
        else frozenset(orjson.dumps(each, option=orjson.OPT_SORT_KEYS).decode() for each in listed if each is not None)
    )
    if listed is not None:
        of_values = frozenset("null" if each is None else _KINDS[type(each)] for each in listed)
        kinds = of_values if kinds is None else frozenset(each for each in kinds if each != "null" or None in listed)
    items = schema.get("items")
    entries = [document.child(place, "prefixItems", index) for index in range(len(schema.get("prefixItems", ())))]
    if isinstance(items, list):
        entries += [document.child(place, "items", index) for index in range(len(items))]
    elif items is not None:
        entries.append(document.child(place, "items"))
    required = schema.get("required", ())
    return SchemaFacts(
        kinds=kinds,
        values=values,
        properties={name: [document.child(place, "properties", name)] for name in schema.get("properties", {})},
        required=frozenset(required) if isinstance(required, Sequence) else frozenset(),
        items=entries,
    )


def _all_of(parts: Iterable[SchemaFacts]) -> SchemaFacts:
    """Joins several schemas that all hold."""
    whole = SchemaFacts()
    for part in parts:
        whole = SchemaFacts(
            kinds=_both(whole.kinds, part.kinds),
            values=part.values
            if whole.values is None
            else whole.values
            if part.values is None
            else whole.values & part.values,
            properties=_joined(whole.properties, part.properties),
            required=whole.required | part.required,
            items=[*whole.items, *part.items],
            references=whole.references | part.references,
        )
    return whole


def _any_of(parts: Iterable[SchemaFacts]) -> SchemaFacts:
    """Joins several schemas of which one holds. A field is required if each that allows an object requires it."""
    found = list(parts)
    objects = [part.required for part in found if part.kinds is None or "object" in part.kinds]
    unbounded = any(part.values is None and part.kinds != _NULL for part in found)
    properties: Mapping[str, Sequence[Place]] = {}
    for part in found:
        properties = _joined(properties, part.properties)
    return SchemaFacts(
        kinds=None
        if any(part.kinds is None for part in found)
        else frozenset().union(*(part.kinds for part in found if part.kinds)),
        values=None if unbounded else frozenset().union(*(part.values for part in found if part.values)),
        properties=properties,
        required=frozenset.intersection(*objects) if objects else frozenset(),
        items=[each for part in found for each in part.items],
        references=frozenset().union(*(part.references for part in found)),
    )


def _joined(first: Mapping[str, Sequence[Place]], second: Mapping[str, Sequence[Place]]) -> dict[str, Sequence[Place]]:
    return {name: [*first.get(name, ()), *second.get(name, ())] for name in {**first, **second}}


def _both(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    if first is None or second is None:
        return second if first is None else first
    return frozenset(each for each in first | second if _covers(first, each) and _covers(second, each))


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    """Every value of the inner types, null aside, is of one of the outer types."""
    if outer is None or inner is None:
        return outer is None
    return all(_covers(outer, each) for each in inner - _NULL)


def _covers(kinds: frozenset[str], kind: str) -> bool:
    return kind in kinds or (kind == "integer" and "number" in kinds)


def _listed(values: frozenset[str] | None) -> str:
    return "any" if values is None else ", ".join(sorted(values))
