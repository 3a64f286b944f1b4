"""Values for any JSON Schema, for the event types that a user brings.

    schema -> Document (draft, references, validators) -> Compiler -> closures -> draw -> validate -> value

Drafts 04 to 2020-12, and OpenAPI 3.0's `nullable` in a schema that names no `$schema`. Field names decide which
values are plausible, within what the schema allows.

Invariants: the validator accepts every returned value, formats included; a value follows from the schema and the
random numbers alone; a draw ends after bounded effort, with a value or with an error that names the keyword in the
way and its path. A schema is compiled once, and the constructor draws a first value to prove that there is one.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import chain, islice
from random import Random
from threading import Lock
from typing import Any

import orjson

from frontsim.payloads.schema.drawing.draw_context import EFFORT, DrawContext, Producer
from frontsim.payloads.schema.nodes import Compiler
from frontsim.schemas.read import Contradiction, Document, Json

_TRIES = ((False, False, 12), (True, False, 12), (False, True, 12), (True, True, 12))
"""(lean, strict, tries): first plausible values, then small ones, then `oneOf` worked out in full."""
_TOO_DEEP = Contradiction("$ref", "#", "it, or its values, are nested too deeply")
_COST_OF_A_TRY = 500
_MOST_LISTED = 200
_PLAIN: tuple[Json, ...] = (None, True, False, 0, 1, -1, 2, 1.5, 10, 1e10, "", "a", "foo", "0", "é", [], [None], [1, 2])
_PLAIN += ({}, {"a": 1}, {"foo": "bar"}, [[]], [{}], [1, "a"], ["a", "b"], {"a": {}}, {"foo": {}})


class Generator:
    """Draws values that are valid under one schema.

    Args:
        schema: a JSON Schema; it is copied.

    Raises:
        BadInput: it is not a schema that we know how to read, or none of many tries fulfilled it. The message
            names the keyword and its path in the schema, which is also the key in `fields`.
    """

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:  # noqa: FBT001 - a schema may be true or false
        self._lock = Lock()
        try:
            self._document = Document(schema)
            self._producers: dict[bool, Producer | Contradiction] = {}
            self._fallbacks = [
                value for value in _fallbacks(self._document.root) if self._document.validator.is_valid(value)
            ]
            self._draw(Random(0))  # noqa: S311 - not a secret; it shows whether any value fulfils the schema
        except Contradiction as contradiction:
            raise contradiction.refusal() from None
        except RecursionError:
            raise _TOO_DEEP.refusal() from None

    def draw(self, rng: Random) -> object:
        """A new valid value; the same for the same state of `rng`.

        Raises:
            BadInput: as for the class; only a schema that is very hard to fulfil raises it here.
        """
        try:
            with self._lock:  # a draw may compile a part of the schema that no earlier draw has reached
                return self._draw(rng)
        except Contradiction as contradiction:
            raise contradiction.refusal() from None
        except RecursionError:
            raise _TOO_DEEP.refusal() from None

    def _producer(self, *, strict: bool) -> Producer | Contradiction:
        """The compiled schema. Compiled on first use, because few schemas ever need `strict`."""
        if strict not in self._producers:
            try:
                self._producers[strict] = Compiler(self._document, strict=strict).root()
            except Contradiction as contradiction:
                self._producers[strict] = contradiction
        return self._producers[strict]

    def _draw(self, rng: Random) -> object:
        last: Contradiction | None = None
        effort = EFFORT
        for lean, strict, tries in _TRIES:
            produce = self._producer(strict=strict)
            if isinstance(produce, Contradiction):
                last = last or produce
                continue
            for _ in range(tries):
                context = DrawContext(rng, lean=lean, effort=effort)
                try:
                    value = produce(context)
                except Contradiction as contradiction:
                    last = contradiction
                else:
                    if self._document.validator.is_valid(value):
                        return value
                    last = self._complaint(value)
                effort = context.effort - _COST_OF_A_TRY
        if self._fallbacks:
            return copy.deepcopy(rng.choice(self._fallbacks))
        assert last is not None
        raise last

    def _complaint(self, value: Json) -> Contradiction:
        """The validator's first objection to a value."""
        error = next(self._document.validator.iter_errors(value))
        path = [str(key).replace("~", "~0").replace("/", "~1") for key in error.schema_path]
        keyword = next((key for key in reversed(path) if not key.isdigit()), "$schema")
        reason = f"none of the values that we tried fulfilled it; of the last one: {error.message}"
        return Contradiction(keyword, "/".join(["#", *path]), reason[:500])


def generate(schema: Mapping[str, Any] | bool, rng: Random) -> object:  # noqa: FBT001 - as above
    """One valid value under a schema. Your own `Generator` saves the lookup.

    Raises:
        BadInput: as `Generator`.
    """
    return generator_of(schema).draw(rng)


def generator_of(schema: Mapping[str, Any] | bool) -> Generator:  # noqa: FBT001 - as above
    """The generator of a schema. The last 512 schemas stay compiled, by their content.

    Raises:
        BadInput: as `Generator`.
    """
    try:
        known_as = orjson.dumps(schema, default=dict)
    except orjson.JSONEncodeError:  # an integer of more than 64 bits, say
        return Generator(schema)
    return _compiled(known_as)


@lru_cache(maxsize=512)
def _compiled(schema: bytes) -> Generator:
    return Generator(orjson.loads(schema))


def _fallbacks(schema: Json) -> Iterator[Json]:
    """Values to try when every draw fails: those that the schema lists, and plain ones."""
    return chain(islice(_listed(schema), _MOST_LISTED), _PLAIN)


def _listed(schema: Json) -> Iterator[Json]:
    if isinstance(schema, list):
        for item in schema:
            yield from _listed(item)
    if isinstance(schema, dict):
        for keyword, value in schema.items():
            if keyword in {"const", "default", "example"}:
                yield value
            elif keyword in {"enum", "examples"} and isinstance(value, list):
                yield from value
            yield from _listed(value)
