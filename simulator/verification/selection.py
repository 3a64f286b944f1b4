"""Which event types a run is about, and what in a payload says what an event is about."""

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.catalog import Catalog, EventType
from simulator.verification import lookup
from simulator.verification.history import Entity

_SOME = ("SaleCreated", "StockMovementCreated", "CustomerCreated", "OmniChannelOrderUpdated")
"""What "some" means when all types are chosen: a sale, a movement, a person and an order."""


class Selection:
    """The chosen types.

    Args:
        catalog: all types.
        names: those that the receiver takes; none means all.

    Raises:
        UnknownEventType: a name that the catalogue does not know.
    """

    def __init__(self, catalog: Catalog, names: Sequence[str] = ()) -> None:
        self._catalog = catalog
        self._chosen = [catalog.find(name).name for name in names] or [each.name for each in catalog]

    def missing(self, events: str | Sequence[str]) -> list[str]:
        """The types that a step names and the run leaves out."""
        return [] if isinstance(events, str) else [name for name in events if name not in self._chosen]

    def types(self, events: str | Sequence[str]) -> list[str]:
        """The names that `all`, `some` or a list stands for."""
        if events == "all":
            return list(self._chosen)
        if events == "some":
            return [name for name in _SOME if name in self._chosen] or self._chosen[: len(_SOME)]
        return [self._catalog.find(name).name for name in events]

    def numbered(self, event: str) -> str:
        """The path of a type's identity where that is a whole number at the payload's top, else ""."""
        kind = self._catalog.find(event)
        field = kind.schema.get("properties", {}).get(kind.identity, {})
        return kind.identity if field.get("type") == "integer" else ""

    def moments(self, event: str) -> list[str]:
        """The date-times at a payload's top that are always set."""
        fields = self._catalog.find(event).schema.get("properties", {})
        return [name for name, field in fields.items() if field.get("type") == "string" and _is_moment(field)]

    def entity(self, event: str, payload: Any) -> Entity | None:
        """What an event is about, None where the catalogue or the payload does not say."""
        kind = self._catalog.find(event)
        value = lookup.same_text(lookup.find(payload, kind.identity)) if kind.identity else None
        return Entity(kind.identity, value, _version(kind, payload)) if value is not None else None


def _is_moment(field: Mapping[str, Any]) -> bool:
    """Our schemas refer to one definition of a date-time; a user's may say the format."""
    return field.get("format") == "date-time" or str(field.get("$ref", "")).endswith("/dateTime")


def _version(kind: EventType, payload: Any) -> tuple[tuple[str, str], ...]:
    values = [(path, lookup.same_text(lookup.find(payload, path))) for path in kind.version]
    return tuple((path, value) for path, value in values if value is not None)
