"""The event types, their schemas, and whether a payload is valid under its type's schema.

Types come from `contracts/events.json`, one schema each from `contracts/schemas/`; a user's own folder of
the same shape adds more. Validity is decided by jsonschema-rs (1.2 us for an order); why something is not
valid is told by jsonschema (262 us), which is loaded when first needed: its import takes longer than the
start of everything else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event.

    `identity` is the dotted path of the type's own identity in its payload (`saleId`, `movementId` ...),
    `store` that of the store that it belongs to; None where the payload has none.
    """

    name: str
    trigger: str
    usage: str
    identity: str
    store: str | None
    provenance: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a payload breaks its schema: where, what was expected, what came."""

    path: str
    message: str


class Catalog:
    """The event types that a simulator knows, in the order of their files."""

    def __iter__(self) -> Iterator[EventType]: ...

    def find(self, name: str) -> EventType:
        """The type of that name, in any case.

        Raises:
            UnknownEventType: with the names that there are, the nearest first.
        """

    def is_valid(self, event: str, payload: object) -> bool:
        """Whether a payload is valid under its type's schema."""

    def problems(self, event: str, payload: object) -> list[Problem]:
        """Why a payload is not valid: empty when it is."""


def load(*extra: Path) -> Catalog:
    """The bundled catalogue, with a user's own folders on top."""
