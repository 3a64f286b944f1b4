"""The headers of a delivery. That one holds the event's id is published; the names are open, so they are settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from frontsim.domain.model import Delivery

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, which makes the cache below fast
class HeaderNames:
    """Names of the headers that identify a delivery's event."""

    event_id: str
    webhook_id: str
    event: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Further headers of every delivery, and their values."""

    def of(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> dict[str, str]:
        """The headers of a delivery, without those of the HTTP connection."""
        return {
            "Content-Type": content_type or JSON_TYPE,
            self.event_id: delivery.webhook_event_id,
            self.webhook_id: delivery.webhook_id,
            self.event: delivery.event if event is None else event,
            **self.fixed,
        }

    def lines(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> bytes:
        """The same headers as the lines of a request's head."""
        before, after = _around_the_id(
            self, delivery.webhook_id, delivery.event if event is None else event, content_type or JSON_TYPE
        )
        return b"%b%b%b" % (before, delivery.webhook_event_id.encode(), after)


@lru_cache(maxsize=1024)
def _around_the_id(names: HeaderNames, webhook_id: str, event: str, content_type: str) -> tuple[bytes, bytes]:
    """The lines before and after the event's id, which are the same for each delivery of a type to a webhook."""
    before = f"Content-Type: {content_type}\r\n{names.event_id}: "
    fixed = "".join(f"{name}: {value}\r\n" for name, value in names.fixed.items())
    after = f"\r\n{names.webhook_id}: {webhook_id}\r\n{names.event}: {event}\r\n{fixed}"
    return before.encode(), after.encode()
