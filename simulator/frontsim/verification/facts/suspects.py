"""Which fields of a payload may be the cause of a refusal, and what is known about them. Pure functions.

A receiver that refuses some events of a type and takes others may refuse a null that only the refused ones have. The
schema says of each field where it comes from (`x-provenance`): published, seen, inferred or open. A refusal that
depends on inferred facts alone may never happen at the vendor.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_GUESSED = ("inferred", "open")
_GUESSED_NULL = "nullability inferred"
"""In the provenance of a field that was seen, but never null."""
_NAMED = 3
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Suspect:
    """A field that is null where an event is refused; `provenance` is "" where the schema does not say."""

    path: str
    provenance: str

    @property
    def is_guessed(self) -> bool:
        """Whether the field, or that it may be null, is known by inference alone."""
        return self.provenance.startswith(_GUESSED) or _GUESSED_NULL in self.provenance

    def __str__(self) -> str:
        return described(self.path, "null", self.provenance)


def suspects(refused: Any, taken: Iterable[Any], schema: Schema, *, answer: str = "") -> tuple[Suspect, ...]:
    """The fields that are null in a refused payload and in none that was taken.

    Where the answer names some of them, those alone.
    """
    paths = set(null_paths(refused)).difference(*map(null_paths, taken))
    named = {path for path in paths if re.search(rf"\b{re.escape(_leaf(path))}\b", answer, re.IGNORECASE)}
    return tuple(Suspect(path, provenance_of(schema, path)) for path in sorted(named or paths))


def sentence(found: Sequence[Suspect]) -> str:
    """The first suspects with their provenance, and how many more there are; "" without any."""
    more = f"; {len(found) - _NAMED} more fields are null" if len(found) > _NAMED else ""
    return "; ".join(map(str, found[:_NAMED])) + more


def described(path: str, what: str, provenance: str) -> str:
    """A field, what is special about it, and where it is known from."""
    known = provenance if len(provenance) <= _LONGEST else f"{provenance[:_LONGEST]}..."
    return f"`{path}` {what}: {known or 'its schema does not say where it is known from'}"


def null_paths(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all nulls, without positions: `salesLines[].gtin`."""
    if value is None and path:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from null_paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from null_paths(inner, f"{path}[]")


def provenance_of(schema: Schema, path: str) -> str:
    """Where a field of a payload is known from, in the schema's words; "" where the schema does not say."""
    place: Schema = schema
    for step in re.findall(r"[^.\[\]]+|\[\d*\]", path):
        inner = place.get("items") if step.startswith("[") else place.get("properties", {}).get(step)
        if not isinstance(inner, Mapping):
            return ""
        place = _resolved(inner, schema)
    found = place.get("x-provenance", "")
    return found if isinstance(found, str) else ""


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema with what its `$ref` or its part that is not null says; the nearer keyword counts."""
    reference = str(schema.get("$ref", ""))
    target = root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    for part in schema.get("anyOf", ()):
        if isinstance(part, Mapping) and part.get("type") != "null":
            target = {**_resolved(part, root), **target}
    return {**target, **schema}


def _leaf(path: str) -> str:
    return re.split(r"[.\[\]]+", path.rstrip("[]"))[-1]
