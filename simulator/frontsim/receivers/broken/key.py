"""Wrong keys: if a key is too coarse, events are lost; if it is too fine or forgotten, events are booked twice.

The right key is the event's own id, whole, in the same file as the effect, for ever.
"""

import sqlite3

from frontsim.errors import UnknownEventType
from frontsim.receivers import keys
from frontsim.receivers.inbound import ReceivedEvent, value_at
from frontsim.receivers.reference import Receiver


class NoDedupe(Receiver):
    """Books every request: each copy is new to it."""

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - that it is ignored is the bug
        return True


class MemoryDedupe(Receiver):
    """Keeps its keys in memory, so a restart forgets them."""

    async def start(self) -> None:
        """Start with an empty memory: this is the bug."""
        self._seen: set[str] = set()

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - not in the file: the bug
        """Take the key; returns whether it is new since the start."""
        new = key not in self._seen
        self._seen.add(key)
        return new


class ShortMemory(Receiver):
    """Keeps the last hundred keys: a later resend is new to it."""

    LENGTH = 100

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        new = super().take_key(db, key)
        keys.keep_newest(db, self.LENGTH)
        return new


class ForgetsAtMidnight(Receiver):
    """Starts a new list of keys every day. Its days last a tenth of a second, so that a test need not wait."""

    DAY_MS = 100

    def key(self, event: ReceivedEvent) -> str:
        return f"{self.clock.now() // self.DAY_MS}:{event.event_id}"


class ForgetsInTime(Receiver):
    """Looks for the event among its newest bookings only, as a cache whose entries live for so long."""

    LIFETIME_MS = 800

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        since = self.clock.now() - self.LIFETIME_MS
        return db.execute("SELECT 1 FROM effects WHERE event_id = ? AND at > ?", (key, since)).fetchone() is None


class CleansUpWeekly(ForgetsInTime):
    """Throws away ids that are older than seven days."""

    LIFETIME_MS = 7 * 86_400_000


class DedupeByTimestamp(Receiver):
    """Treats two events of one type and one moment as the same."""

    def key(self, event: ReceivedEvent) -> str:
        moments = (str(v) for name, v in event.payload.items() if name.endswith("DateTime") and v is not None)
        return f"{event.type}:{next(moments, event.event_id)}"


class DedupeByWebhookId(Receiver):
    """Reads the wrong one of two headers: all events of a webhook have the same key."""

    def key(self, event: ReceivedEvent) -> str:
        return event.webhook_id


class DedupeByEntity(Receiver):
    """Treats all events about a customer or an order as the same: it drops the second update."""

    def key(self, event: ReceivedEvent) -> str:
        try:
            identity = value_at(event.payload, self.catalog.find(event.type).identity)
        except UnknownEventType:
            identity = None
        return event.event_id if identity is None else f"{event.type}:{identity}"


class KeyCutShort(Receiver):
    """Keeps ids in a column of 32 characters, which cuts the end off a UUID with dashes (36)."""

    WIDTH = 32

    def key(self, event: ReceivedEvent) -> str:
        return event.event_id[: self.WIDTH]
