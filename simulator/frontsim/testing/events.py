"""The things that a test compares: events, the subscriptions that they belong to, and what a call did to them.

An event is its id: two `Event`s are equal when they have the same id, type and webhook. Everything else about it is
read from the simulator's log at the moment when a test asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from frontsim.client.models import EventEntry, RunView
from frontsim.client.vendor import FrontSystems, read_log


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence for one webhook; `id` is the webhookEventId that the receiver gets with each delivery."""

    id: str
    type: str
    webhook_id: str
    _api: FrontSystems = field(repr=False, compare=False)

    @property
    def payload(self) -> Mapping[str, Any]:
        """The payload, as it is delivered."""
        payload: Mapping[str, Any] = self._entry.payload
        return payload

    @property
    def success(self) -> bool:
        """True once the log says that the receiver has taken the event."""
        return self._entry.success is True

    @property
    def status(self) -> str | None:
        """The log's words for its newest run, such as `OK` or `Timeout`; None while it waits to be sent."""
        return self._entry.status

    @property
    def status_code(self) -> int | None:
        """The receiver's answer to its newest run, None when there was none."""
        return self._entry.status_code

    @property
    def runs(self) -> tuple[RunView, ...]:
        """Every attempt to deliver it, oldest first."""
        return self._entry.runs

    def resend(self) -> bool:
        """Have the vendor's API deliver it once more; whether the receiver took it."""
        return self._api.deliver(self.webhook_id, self.id).success is True

    @property
    def _entry(self) -> EventEntry:
        return self._api.get_event(self.webhook_id, self.id)


@dataclass(frozen=True, slots=True)
class TriggeredEvents:
    """The events that a trigger or a business act put into the log, in their order."""

    occurrences: int
    events: list[Event]

    @property
    def event(self) -> Event:
        """The only event.

        Raises:
            LookupError: there is none, or more than one.
        """
        if len(self.events) == 1:
            return self.events[0]
        hint = "no webhook matches; subscribe one first" if not self.events else "use .events"
        raise LookupError(f"expected one event, got {len(self.events)} ({hint})")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook: `url` gets the events of one type. Its lists are read when a test asks, oldest first."""

    id: str
    type: str
    url: str
    _api: FrontSystems = field(repr=False, compare=False)

    @property
    def events(self) -> list[Event]:
        return self._listed(success=None)

    @property
    def failed(self) -> list[Event]:
        """Those that the log does not show as received: what the list -> resend job works on."""
        return self._listed(success=False)

    @property
    def received(self) -> list[Event]:
        """Those that the log shows as received, whether the receiver has booked them or not."""
        return self._listed(success=True)

    def unsubscribe(self) -> None:
        self._api.delete_webhook(self.id)

    def _listed(self, *, success: bool | None) -> list[Event]:
        entries = read_log(self._api, [self.id], success=success)
        return [Event(entry.webhook_event_id, self.type, self.id, self._api) for entry in entries]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The result of the list -> resend job over all webhooks; `left` are the events that still fail."""

    listed: int
    resent: int
    recovered: int
    left: list[Event]
