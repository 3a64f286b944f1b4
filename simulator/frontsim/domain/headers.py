"""The headers of a delivery. That one holds the event's id is published; the names are open, so they are settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from frontsim.domain.model import Delivery
from frontsim.presentation.masking import MASK, masked

JSON_TYPE = "application/json; charset=utf-8"
_AUTHORIZATION = "authorization"
_USER = re.compile(r"[^/]*//[^/?#]+@")


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, which makes the cache below fast
class HeaderNames:
    """Names of the headers that identify a delivery's event."""

    event_id: str
    webhook_id: str
    event: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Further headers of every delivery, and their values. Authorization gives way to a user in the webhook's URL."""

    def of(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> dict[str, str]:
        """The headers of a delivery, without those of the HTTP connection."""
        return {
            "Content-Type": content_type or JSON_TYPE,
            self.event_id: delivery.webhook_event_id,
            self.webhook_id: delivery.webhook_id,
            self.event: delivery.event if event is None else event,
            **self.fixed_for(delivery.url),
        }

    def lines(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> bytes:
        """The same headers as the lines of a request's head."""
        before, after = _around_the_id(
            self,
            delivery.webhook_id,
            delivery.event if event is None else event,
            content_type,
            delivery.url if "@" in delivery.url else "",
        )
        return b"%b%b%b" % (before, delivery.webhook_event_id.encode(), after)

    def hidden(self, head: str) -> str:
        """A request's head for a reader: fixed headers may hold secrets, so their values are not shown."""
        names = {name.lower() for name in self.fixed}
        lines = [line.partition(": ") for line in head.split("\n")]
        return "\n".join(
            f"{name}: {MASK}" if colon and name.lower() in names else masked(f"{name}{colon}{value}")
            for name, colon, value in lines
        )

    def fixed_for(self, url: str) -> Mapping[str, str]:
        """The fixed headers of a delivery to a URL: one request has one Authorization."""
        if not self.fixed or not _USER.match(url):
            return self.fixed
        return {name: value for name, value in self.fixed.items() if name.lower() != _AUTHORIZATION}


@lru_cache(maxsize=1024)
def _around_the_id(
    names: HeaderNames, webhook_id: str, event: str, content_type: str | None, url: str
) -> tuple[bytes, bytes]:
    """The lines before and after the event's id, which are the same for each delivery of a type to a webhook."""
    before = f"Content-Type: {content_type or JSON_TYPE}\r\n{names.event_id}: "
    fixed = "".join(f"{name}: {value}\r\n" for name, value in names.fixed_for(url).items())
    after = f"\r\n{names.webhook_id}: {webhook_id}\r\n{names.event}: {event}\r\n{fixed}"
    return before.encode(), after.encode()
