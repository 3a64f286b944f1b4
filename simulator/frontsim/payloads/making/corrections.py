"""Payloads of our builders under a user's schema: kept as they are if the schema allows them, and corrected if not.

A user may replace the schema of a bundled type, for example with the one that the real API serves. The schema is then
right, and the builder's payload is changed only where it breaks it:

    required field missing           drawn from the field's schema
    value not allowed                converted (7 to "7"), else drawn from its schema
    field that must not be there     left out
    still not valid                  the whole payload is drawn from the schema
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

import jsonschema_rs

from frontsim.errors import BadInput
from frontsim.payloads.making.plausible_values import PLAUSIBLE
from frontsim.schemas.draw import Drawer

Json = Any
"""A parsed JSON value."""
_Schema = Mapping[str, Any] | bool

_ROUNDS = 8
_MOST_PROBLEMS = 200
_DEFINITIONS = ("$schema", "$defs", "definitions")


class Corrector:
    """Corrects values under one schema.

    Args:
        schema: a JSON Schema that refers to nothing outside itself.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator = jsonschema_rs.validator_for(dict(schema), validate_formats=True)
        self._drawers: dict[tuple[str, str], Drawer | None] = {}

    def corrected(self, value: Json, rng: Random) -> Json:
        """A valid value as near to `value` as we can; the same for the same state of `rng`.

        Raises:
            BadInput: the schema cannot be met.
        """
        if self._validator.is_valid(value):
            return value
        mended = copy.deepcopy(value)
        for _ in range(_ROUNDS):
            problems = list(islice(self._validator.iter_errors(mended), _MOST_PROBLEMS))
            if not problems:
                return mended
            for problem in problems:
                mended = self._mended(mended, problem, rng)
        return Drawer(self._schema, PLAUSIBLE).draw(rng)

    def _mended(self, value: Json, problem: jsonschema_rs.ValidationError, rng: Random) -> Json:
        """The value without one problem, as far as it still has it."""
        path, keyword = list(problem.instance_path), problem.kind.name
        schema = _part(self._schema, list(problem.schema_path)[:-1])
        try:
            at = _at(value, path)
        except (LookupError, TypeError):  # an earlier correction has replaced what is around it
            return value
        if keyword == "required" and isinstance(at, dict):
            name = str(problem.kind.value)
            at[name] = self._drawn(schema.get("properties", {}).get(name, True), name, rng)
            return value
        if keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(at, dict):
            for name in at.keys() - schema.get("properties", {}).keys():
                del at[name]
            return value
        name = next((str(step) for step in reversed(path) if isinstance(step, str)), "value")
        return _put(value, path, self._replacement(at, schema, name, rng))

    def _replacement(self, value: Json, schema: Mapping[str, Any], name: str, rng: Random) -> Json:
        try:
            allowed = jsonschema_rs.validator_for(self._wrapped(schema, name), validate_formats=True)
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):  # it refers to what we did not wrap
            return self._drawn(schema, name, rng)
        for converted in _conversions(value):
            if allowed.is_valid({name: converted}):
                return converted
        return self._drawn(schema, name, rng)

    def _drawn(self, schema: _Schema, name: str, rng: Random) -> Json:
        """A value under a part of the schema; None if we find none."""
        key = (repr(schema), name)
        if key not in self._drawers:
            try:
                self._drawers[key] = Drawer(self._wrapped(schema, name), PLAUSIBLE)
            except BadInput:
                self._drawers[key] = None
        drawer = self._drawers[key]
        drawn = {name: None} if drawer is None else drawer.draw(rng)
        return drawn[name] if isinstance(drawn, dict) else None

    def _wrapped(self, schema: _Schema, name: str) -> dict[str, Any]:
        """A schema of an object with one field of that name, because names steer what is drawn."""
        kept = {key: self._schema[key] for key in _DEFINITIONS if key in self._schema}
        return {**kept, "type": "object", "required": [name], "properties": {name: schema}}


def _part(schema: Mapping[str, Any], path: Sequence[str | int]) -> Mapping[str, Any]:
    """The part of a schema at a path; {} where there is no object."""
    place: Json = schema
    for step in path:
        place = place.get(str(step), {}) if isinstance(place, Mapping) else place[int(step)]
    return place if isinstance(place, Mapping) else {}


def _conversions(value: Json) -> Iterator[Json]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield str(value)
        yield float(value)
    if isinstance(value, float) and value.is_integer():
        yield int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        yield int(value)


def _at(value: Json, path: Sequence[str | int]) -> Json:
    for step in path:
        value = value[step]
    return value


def _put(value: Json, path: Sequence[str | int], new: Json) -> Json:
    """The value with another one at a path."""
    if not path:
        return new
    _at(value, path[:-1])[path[-1]] = new
    return value
