"""Which fields of a payload may be the cause of a refusal, and what is known about them. Pure functions.

A receiver that refuses some events of a type and takes others may refuse a null that only the refused ones have. The
schema says of each field where it comes from (`x-provenance`): published, seen, inferred or open. A refusal that
depends on inferred facts alone may never happen at the vendor.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontsim.schemas.read import document_of

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
    document = document_of(schema)
    return tuple(Suspect(path, document.provenance(path)) for path in sorted(named or paths))


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


def _leaf(path: str) -> str:
    return re.split(r"[.\[\]]+", path.rstrip("[]"))[-1]
