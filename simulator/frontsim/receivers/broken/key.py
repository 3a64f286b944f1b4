"""Wrong keys: too coarse, and events are lost; too fine or forgotten, and events count twice.

The right key is the event's own id, whole, in the same file as the effect, for ever.
"""

import sqlite3

from frontsim.errors import UnknownEventType
from frontsim.receivers import keys
from frontsim.receivers.inbound import ReceivedEvent, value_at
from frontsim.receivers.reference import Receiver


class NoDedupe(Receiver):
    """Books whatever comes: every copy is new to it."""

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - that it is ignored is the bug
        """Always free."""
        return True


class MemoryDedupe(Receiver):
    """Knows its keys until the next restart."""

    async def start(self) -> None:
        """Begin with an empty memory: this is the bug."""
        self._seen: set[str] = set()

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - not in the file: the bug
        """Whether the key came since the start."""
        new = key not in self._seen
        self._seen.add(key)
        return new


class ShortMemory(Receiver):
    """Knows the last hundred keys: a resend that comes later than that is new to it."""

    LENGTH = 100

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        """As the reference, then forget the oldest."""
        new = super().take_key(db, key)
        keys.keep_newest(db, self.LENGTH)
        return new


class ForgetsAtMidnight(Receiver):
    """Begins a new list of keys every day. Its days last a tenth of a second, so that nobody has to stay up."""

    DAY_MS = 100

    def key(self, notice: ReceivedEvent) -> str:
        """The id, good for today."""
        return f"{self.clock.now() // self.DAY_MS}:{notice.event_id}"


class DedupeByTimestamp(Receiver):
    """Takes two events of one type and one moment for the same."""

    def key(self, notice: ReceivedEvent) -> str:
        """The payload's first date-time."""
        moments = (str(v) for name, v in notice.payload.items() if name.endswith("DateTime") and v is not None)
        return f"{notice.event}:{next(moments, notice.event_id)}"


class DedupeByWebhookId(Receiver):
    """Took the wrong one of two headers: every event of a webhook has the same key."""

    def key(self, notice: ReceivedEvent) -> str:
        """The webhook's id."""
        return notice.webhook_id


class DedupeByEntity(Receiver):
    """Takes every event about a customer or an order for the first one about it: the second update is dropped."""

    def key(self, notice: ReceivedEvent) -> str:
        """Type and identity, without the version."""
        try:
            identity = value_at(notice.payload, self.catalog.find(notice.event).identity)
        except UnknownEventType:
            identity = None
        return notice.event_id if identity is None else f"{notice.event}:{identity}"


class KeyCutShort(Receiver):
    """Keeps ids in a column of 32 characters, which cuts the end off a UUID with dashes (36)."""

    WIDTH = 32

    def key(self, notice: ReceivedEvent) -> str:
        """What fits of the id."""
        return notice.event_id[: self.WIDTH]
