"""Drift: what real events have that their schemas do not say, and events that show what newer schemas allow.

    seen      record ─▶ each value beside the schema's field ─▶ what the schema does not allow, as changes
    drifted   schemas before and after ─▶ changes ─▶ for each a payload that has this change, and no other

Both judge from the receiver's side, as `schemas.difference` does: a new field is tolerable, a new null is not.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from frontsim.payloads.making.corrections import PLAUSIBLE
from frontsim.records.record import RecordedEvent
from frontsim.schemas.difference import Schema, SchemaChange, SchemaField, fields_of, kind_of, schema_changes
from frontsim.schemas.draw import drawer_of
from frontsim.wording import times

_DRAWS = 60
"""Payloads that are drawn to find a value which only the newer schema allows."""
_MOST_VALUES = 5
"""New values that are named of one field."""


def seen_changes(schemas: Mapping[str, Schema], events: Iterable[RecordedEvent]) -> list[SchemaChange]:
    """Find in events what the schemas do not allow, by type and path; `after` says how often it was seen."""
    by_name = {name.lower(): name for name in schemas}
    seen: dict[str, _SeenOfType] = {}
    unknown: Counter[str] = Counter()
    for event in events:
        name = by_name.get((event.event or "").lower())
        if name is None:
            unknown[event.event or "(no type)"] += 1
        elif event.text is None:
            if name not in seen:
                seen[name] = _SeenOfType(name, fields_of(schemas[name]))
            seen[name].look([event.body], "")
    found = [
        SchemaChange(name, "", "type-added", "", f"seen {times(count)}", breaking=False)
        for name, count in unknown.items()
    ]
    return sorted(
        [*found, *(change for each in seen.values() for change in each.changes())],
        key=lambda change: (change.event, change.path, change.change),
    )


class _SeenOfType:
    """The values of one type's events that its schema does not allow, counted."""

    def __init__(self, event: str, fields: Mapping[str, SchemaField]) -> None:
        self._event = event
        self._fields = fields
        self._inner: dict[str, list[str]] = {}
        for path, each in fields.items():
            if each.parent is not None:
                self._inner.setdefault(each.parent, []).append(path)
        self._found: Counter[tuple[str, str, str, str]] = Counter()

    def look(self, values: Sequence[Any], path: str) -> None:
        """Compare values that stand at one path."""
        facts = self._fields[path].facts
        for value in values:
            kind = kind_of(value)
            if not facts.allows(kind):
                change = "nullable" if kind == "null" else "types"
                self._found[path, change, "never null" if kind == "null" else facts.kinds_shown, kind] += 1
            elif facts.values is not None and value is not None and (text := _text(value)) not in facts.values:
                self._found[path, "values", ", ".join(sorted(facts.values)), text] += 1
            if isinstance(value, dict) and facts.properties:
                self._look_inside(value, path)
            elif isinstance(value, list) and facts.items:
                self.look(value, f"{path}[]")

    def _look_inside(self, value: Mapping[str, Any], path: str) -> None:
        for name, item in value.items():
            inner = f"{path}.{name}".lstrip(".")
            if inner in self._fields:
                self.look([item], inner)
            else:
                self._found[inner, "field-added", "", kind_of(item)] += 1
        for inner in self._inner.get(path, []):
            if self._fields[inner].is_required and inner.rpartition(".")[2] not in value and not inner.endswith("[]"):
                self._found[inner, "required", "always there", "missing"] += 1

    def changes(self) -> Iterator[SchemaChange]:
        named: Counter[tuple[str, str]] = Counter()
        for (path, change, before, after), count in self._found.items():
            named[path, change] += 1
            if named[path, change] <= _MOST_VALUES:
                yield SchemaChange(
                    self._event, path, change, before, f"{after}, seen {times(count)}", breaking=change != "field-added"
                )


@dataclass(frozen=True, slots=True)
class DriftedPayload:
    """A payload that shows one change of its type's schema; `name` is the change in words that a file may have."""

    name: str
    change: SchemaChange
    payload: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """Says what is new in it."""
        change = self.change
        words = {
            "field-added": f"has a new field ({change.after})",
            "field-removed": "is gone",
            "nullable": "is null",
            "required": "is left out",
            "types": f"is {change.after}, and was {change.before}",
            "values": "has a value that no list named",
        }
        return f"{change.path} of {change.event} {words[change.change]}."


def drifted_payloads(
    before: Mapping[str, Schema], after: Mapping[str, Schema], base: Callable[[str], dict[str, Any]]
) -> tuple[list[DriftedPayload], list[SchemaChange]]:
    """A payload for each change that a receiver can meet, and the changes that no payload can show.

    Args:
        before: the schemas that the receiver was built for.
        after: the newer ones.
        base: gives a payload of a type, as any receiver takes it.
    """
    shown: list[DriftedPayload] = []
    not_shown: list[SchemaChange] = []
    names = {name.lower(): name for name in after}
    for change in schema_changes(before, after):
        if change.change == "type-removed" or not (change.breaking or change.change in ("field-added", "type-added")):
            continue  # a receiver meets nothing new
        payload = None
        if change.path:
            schema = after[names[change.event.lower()]]
            payload = _with(change, base(change.event), schema, before[change.event])
        if payload is None:
            not_shown.append(change)
        else:
            path = change.path.replace("[]", "").replace(".", "-")
            shown.append(DriftedPayload(f"drift-{change.event}-{path}-{change.change}", change, payload))
    return shown, not_shown


def _with(change: SchemaChange, payload: dict[str, Any], after: Schema, before: Schema) -> dict[str, Any] | None:
    """The payload with the change, None if nothing in it has that path or no value is found."""
    if change.change in ("field-removed", "required"):
        return _changed(payload, change.path, None, leave_out=True)
    if change.change == "nullable":
        return _changed(payload, change.path, None)
    old = fields_of(before).get(change.path)
    for value in _values(change, after):
        is_new = (
            old is None
            or (change.change == "types" and not old.facts.allows(kind_of(value)))
            or (change.change == "values" and old.facts.values is not None and _text(value) not in old.facts.values)
        )
        if is_new:
            return _changed(payload, change.path, value)
    return None


def _values(change: SchemaChange, after: Schema) -> Iterator[Any]:
    """Values that the newer schema has at a path: those that it lists, or drawn ones."""
    listed = fields_of(after)[change.path].facts.values
    if change.change == "values" and listed:
        yield from (orjson.loads(text) for text in sorted(listed))
    drawer = drawer_of(after, PLAUSIBLE)
    for number in range(_DRAWS):
        yield from _at([drawer.draw(Random(number))], change.path.split("."))  # noqa: S311 - fake data


def _at(values: Iterable[Any], steps: Sequence[str]) -> Iterator[Any]:
    """The values at a path whose steps may end in `[]`."""
    for value in values:
        if not steps:
            yield value
        elif isinstance(value, dict) and (name := steps[0].removesuffix("[]")) in value:
            inner = value[name]
            yield from _at(inner if steps[0].endswith("[]") and isinstance(inner, list) else [inner], steps[1:])


def _changed(payload: dict[str, Any], path: str, value: Any, *, leave_out: bool = False) -> dict[str, Any] | None:
    """A copy with a value at each place of a path; None if there is no such place."""
    *outer, last = path.split(".")
    found = copy.deepcopy(payload)
    name, is_entry = last.removesuffix("[]"), last.endswith("[]")
    places = [place for place in _at([found], outer) if isinstance(place, dict) and (not is_entry or place.get(name))]
    for place in places:
        if leave_out:
            place.pop(name, None)
        elif is_entry:
            place[name] = [value]
        else:
            place[name] = value
    return found if places and found != payload else None


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
