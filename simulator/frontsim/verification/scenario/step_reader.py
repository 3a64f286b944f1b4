"""Reads the steps of a scenario file. The class of each says what its keys are, of which type, within which bounds."""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from frontsim.user_input.fields import Fields
from frontsim.verification.scenario.contradictions import contradiction
from frontsim.verification.scenario.steps import BOUNDS, STEPS, Raise, Step

_LARGEST = 1_000_000_000
"""What a number without an upper bound may be."""
_EVENTS = '"all", "some", "one" or a list of event types'


def read_steps(fields: Fields) -> tuple[Step, ...]:
    """The steps under `step`. What is wrong is noted with `fields`."""
    value = fields.raw("step")
    if value is None:
        return ()
    if not isinstance(value, list):
        fields.refuse("step", "[[step]], a table for each step")
        return ()
    found = [_step(number, item, fields.problems) for number, item in enumerate(value, 1)]
    steps = tuple(step for step in found if step is not None)
    if not fields.problems:
        _check_labels(steps, fields)
    return steps


def _step(number: int, item: object, problems: dict[str, list[str]]) -> Step | None:
    fields = Fields(item if isinstance(item, dict) else {}, at=f"step {number}", problems=problems)
    if not isinstance(item, dict):
        fields.note("", f"expected a table, got {item!r}")
        return None
    do = fields.choice("do", STEPS, required=True)
    return _step_of(STEPS[do], Fields(item, at=f"step {number} ({do})", problems=problems)) if do else None


def _step_of(kind: type[Step], fields: Fields) -> Step | None:
    """The step, or None where one of its keys is wrong."""
    declared, hints = dataclasses.fields(kind), typing.get_type_hints(kind)
    before = len(fields.problems)
    fields.only("do", *(each.name for each in declared))
    values = {each.name: _value(fields, each, hints[each.name]) for each in declared if fields.has(each.name)}
    for each in declared:
        if each.name not in values and each.default is each.default_factory is dataclasses.MISSING:
            fields.refuse(each.name, "a value")
    if len(fields.problems) > before:
        return None
    step = kind(**values)
    if found := contradiction(step):
        name, _, text = found.partition(": ")
        fields.note(name, text)
    return step


def _value(fields: Fields, declared: "dataclasses.Field[Any]", hint: Any) -> Any:
    """The value as the key's type; None, with a note, where it is none."""
    name = declared.name
    least, most = declared.metadata.get(BOUNDS, (0, math.inf))
    if isinstance(hint, types.UnionType):
        return _events(fields, name)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        word = fields.choice(name, list(hint), required=True)
        return hint(word) if word else None
    match typing.get_origin(hint) or hint:
        case kind if kind is int:
            return fields.whole(name, least=least, most=min(most, _LARGEST))
        case kind if kind is float:
            return fields.number(name, least=least, most=most if math.isfinite(most) else _LARGEST)
        case kind if kind is bool:
            return fields.flag(name)
        case kind if kind is str:
            return fields.text(name, blank=True)
        case kind if kind is list:
            return _texts(fields, name)
        case _:
            return _table(fields, name, typing.get_args(hint)[1])


def _events(fields: Fields, name: str) -> str | list[str] | None:
    """A list of types, or a word."""
    value = fields.raw(name)
    if value and isinstance(value, list):
        return _texts(fields, name)
    if value in ("all", "some", "one"):
        return str(value)
    fields.refuse(name, _EVENTS)
    return None


def _texts(fields: Fields, name: str) -> list[str] | None:
    value = fields.items(name, "a list of texts")
    if value is not None and not all(isinstance(each, str) for each in value):
        fields.refuse(name, "a list of texts")
    return value


def _table(fields: Fields, name: str, hint: Any) -> Mapping[str, Any] | None:
    """A table: its values are whole numbers where the key says so, or anything that JSON can hold."""
    table = fields.mapping(name)
    inner = fields.within(name)
    for key, value in (table or {}).items():
        if hint is int:
            inner.whole(key, least=0, most=_LARGEST)
        elif not _is_json(value):
            inner.note(key, f"expected what JSON can hold (a date stands in quotes), got {value!r}")
    return table


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _check_labels(steps: Iterable[Step], fields: Fields) -> None:
    """A step names only labels of steps before it."""
    known: set[str] = set()
    for number, step in enumerate(steps, 1):
        names = ("same_as", "older_than", "newer_than") if isinstance(step, Raise) else ("label",)
        for name in names:
            label = getattr(step, name, "")
            if label and label not in known:
                fields.note(f"step {number}.{name}", f"expected the label of an earlier step, got {label!r}")
        if isinstance(step, Raise) and step.label:
            known.add(step.label)
