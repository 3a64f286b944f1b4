"""The reference receiver: what an integrator should build.

    read the request ──▶ one transaction: take the key, book the effect ──▶ commit ──▶ 2xx
         │ 4xx                 │ key already taken: book nothing                │ 5xx

Four rules make it right, and each broken receiver breaks one of them:

1. The key is the event's own id: nothing coarser, nothing finer, and it is never forgotten.
2. The key and the effect are in one transaction, so no crash, error or race leaves one without the other.
3. It answers 2xx only after the commit. If the commit fails, it answers 5xx.
4. A duplicate is a success: it answers 2xx, because otherwise the event would be resent for ever.

The vendor never resends by itself: an event that is answered 2xx and not stored is lost for good.
"""

import sqlite3
from collections.abc import Mapping

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.clock import Clock
from frontsim.errors import UnknownEventType
from frontsim.receivers import keys
from frontsim.receivers.bookings import Bookings
from frontsim.receivers.entity import EntityState, state_of
from frontsim.receivers.inbound import RawRequest, ReceivedEvent, read_event, value_at

_EFFECT = """
INSERT INTO effects (event_id, webhook_id, event, identity, entity, payload, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_STATE = """
INSERT INTO states (entity, moment, rank, effect) VALUES (?, ?, ?, ?)
ON CONFLICT (entity) DO UPDATE SET moment = excluded.moment, rank = excluded.rank, effect = excluded.effect
WHERE (excluded.moment, excluded.rank) >= (states.moment, states.rank)
"""


class WorkFailed(Exception):
    """The receiver's own work failed. The answer is `status`: 500, or 503 if a resend will succeed."""

    def __init__(self, message: str, *, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


class Receiver:
    """The steps of receiving. Each is a separate method, so that a broken receiver can get just one of them wrong.

    Args:
        bookings: its file.
        catalog: the types that it knows; it acknowledges events of other types and records them as ignored.
        clock: for the `at` of an effect.
    """

    SUCCESS = 200

    def __init__(self, bookings: Bookings, *, catalog: Catalog, clock: Clock) -> None:
        self.bookings = bookings
        self.catalog = catalog
        self.clock = clock

    async def start(self) -> None:
        """Start background work, if any."""

    async def stop(self) -> None:
        """Stop it."""

    def held(self) -> int:
        """The number of events that are acknowledged but only in memory; a right receiver has none."""
        return 0

    async def receive(self, request: RawRequest) -> int:
        """Process one request; returns the status of the answer.

        Raises:
            Refused: the request can never be processed (4xx).
            WorkFailed, sqlite3.Error: nothing was stored; the sender may try again (5xx).
        """
        event = self.read(request)
        await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS

    def read(self, request: RawRequest) -> ReceivedEvent:
        return read_event(request)

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        """In one transaction: take the key and, if it was free, book the effect. Returns whether the key was free."""
        new = self.take_key(db, self.key(event))
        if new:
            self.process(db, event)
        return new

    def key(self, event: ReceivedEvent) -> str:
        """The same for two copies of one event, and different for any two events."""
        return event.event_id

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        """Take the key; returns whether it was free."""
        return keys.take(db, key)

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        """Book the effect. Events of unknown types are recorded as ignored."""
        try:
            kind = self.catalog.find(event.type)
        except UnknownEventType:
            self.ignore(db, event)
            return
        state = state_of(kind.name, event)
        effect = db.execute(
            _EFFECT,
            (
                event.event_id,
                event.webhook_id,
                kind.name,
                orjson.dumps(identity(kind, event)),
                state and state.entity,
                self.kept_payload(event),
                self.clock.now(),
            ),
        ).lastrowid
        if state:
            self.update(db, state, effect or 0)

    def ignore(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        db.execute(
            "INSERT INTO ignored (event_id, event, payload, at) VALUES (?, ?, ?, ?)",
            (event.event_id, event.type, event.body, self.clock.now()),
        )

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        """The payload to store: the bytes that came."""
        return event.body

    def update(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        """Make this the current state of its entity, unless a newer one is stored already."""
        db.execute(_STATE, (state.entity, state.moment, state.rank, effect))


def identity(kind: EventType, event: ReceivedEvent) -> Mapping[str, object]:
    """The fields that say what the event is about: `{"customerId": 7, "updatedDateTime": "…"}`."""
    paths = [path for path in (kind.identity, *kind.version) if path]
    return {path: value_at(event.payload, path) for path in paths}
