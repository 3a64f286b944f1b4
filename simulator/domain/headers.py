"""The headers of a delivery. That the event's id is in one is published; the names are open, so they are settings."""

from dataclasses import dataclass

from simulator.domain.model import Delivery

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class HeaderNames:
    """Names of the headers that say which event a delivery is."""

    event_id: str
    webhook_id: str
    event: str

    def of(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> dict[str, str]:
        """The headers of a delivery, but for those of the HTTP connection."""
        return {
            "Content-Type": content_type or JSON_TYPE,
            self.event_id: str(delivery.webhook_event_id),
            self.webhook_id: str(delivery.webhook_id),
            self.event: delivery.event if event is None else event,
        }

    def lines(self, delivery: Delivery, *, event: str | None = None, content_type: str | None = None) -> bytes:
        """The same as lines of a request's head."""
        items = self.of(delivery, event=event, content_type=content_type).items()
        return "".join(f"{name}: {value}\r\n" for name, value in items).encode()
