"""The reference receiver: what an integrator should build.

    read the request ──▶ one transaction: take the key, book the effect ──▶ commit ──▶ 2xx
         │ 4xx                 │ key already taken: book nothing                │ 5xx

Four rules make it right, and each broken receiver beside it breaks one of them:

1. The key is the event's own id: nothing coarser, nothing finer, and it is never forgotten.
2. The key and the effect are in one transaction. Then no crash, error or race can leave one without the other.
3. It answers 2xx after the commit and not before; and if the commit fails, not at all with 2xx.
4. A duplicate is a success: it answers 2xx, or the event would be resent for ever.

The vendor never resends by itself: whatever is answered 2xx and not stored is lost for good.
"""

import sqlite3
from collections.abc import Mapping

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.clock import Clock
from frontsim.errors import UnknownEventType
from frontsim.receivers import keys
from frontsim.receivers.bookings import Bookings
from frontsim.receivers.entity import State, state_of
from frontsim.receivers.inbound import RawRequest, ReceivedEvent, read_notice, value_at

_EFFECT = """
INSERT INTO effects (event_id, webhook_id, event, identity, entity, payload, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_STATE = """
INSERT INTO states (entity, moment, rank, effect) VALUES (?, ?, ?, ?)
ON CONFLICT (entity) DO UPDATE SET moment = excluded.moment, rank = excluded.rank, effect = excluded.effect
WHERE (excluded.moment, excluded.rank) >= (states.moment, states.rank)
"""


class WorkFailed(Exception):
    """The receiver's own work went wrong. Answered with `status`: 500, or 503 if it is sure to be tried again."""

    def __init__(self, message: str, *, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


class Receiver:
    """The steps of receiving, each small enough to be got wrong alone.

    Args:
        books: its file.
        catalog: the types that it knows; others are acknowledged and noted as ignored.
        clock: for the `at` of an effect.
    """

    SUCCESS = 200

    def __init__(self, books: Bookings, *, catalog: Catalog, clock: Clock) -> None:
        self.books = books
        self.catalog = catalog
        self.clock = clock

    async def start(self) -> None:
        """Begin what goes on beside the requests: nothing, here."""

    async def stop(self) -> None:
        """End it."""

    def held(self) -> int:
        """Events that are acknowledged and only in memory: there must never be one."""
        return 0

    async def receive(self, arrival: RawRequest) -> int:
        """Deal with one request; returns the status to answer with.

        Raises:
            Refused: it can never be processed (4xx).
            WorkFailed, sqlite3.Error: nothing was kept; the sender may try again (5xx).
        """
        notice = self.read(arrival)
        await self.books.transact(lambda db: self.book(db, notice))
        return self.SUCCESS

    def read(self, arrival: RawRequest) -> ReceivedEvent:
        """Understand the request, or refuse it."""
        return read_notice(arrival)

    def book(self, db: sqlite3.Connection, notice: ReceivedEvent) -> bool:
        """In one transaction: take the key and, if it was free, do the work. Returns whether it was free."""
        new = self.take_key(db, self.key(notice))
        if new:
            self.process(db, notice)
        return new

    def key(self, notice: ReceivedEvent) -> str:
        """What two copies of one event have in common, and no two events do."""
        return notice.event_id

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        """Whether the key was free; it is taken now."""
        return keys.take(db, key)

    def process(self, db: sqlite3.Connection, notice: ReceivedEvent) -> None:
        """The work: book the effect. A type that we do not know is noted, for the day when we do."""
        try:
            kind = self.catalog.find(notice.event)
        except UnknownEventType:
            self.ignore(db, notice)
            return
        state = state_of(kind.name, notice)
        effect = db.execute(
            _EFFECT,
            (
                notice.event_id,
                notice.webhook_id,
                kind.name,
                orjson.dumps(identity(kind, notice)),
                state and state.entity,
                self.kept_payload(notice),
                self.clock.now(),
            ),
        ).lastrowid
        if state:
            self.update(db, state, effect or 0)

    def ignore(self, db: sqlite3.Connection, notice: ReceivedEvent) -> None:
        """Note an event of an unknown type."""
        db.execute(
            "INSERT INTO ignored (event_id, event, payload, at) VALUES (?, ?, ?, ?)",
            (notice.event_id, notice.event, notice.body, self.clock.now()),
        )

    def kept_payload(self, notice: ReceivedEvent) -> bytes:
        """The payload as it is stored: JSON, to the byte what came."""
        return notice.body

    def update(self, db: sqlite3.Connection, state: State, effect: int) -> None:
        """Make this the present state of its entity, unless a newer one is known already."""
        db.execute(_STATE, (state.entity, state.moment, state.rank, effect))


def identity(kind: EventType, notice: ReceivedEvent) -> Mapping[str, object]:
    """The fields which say what the event is about: `{"customerId": 7, "updatedDateTime": "…"}`."""
    paths = [path for path in (kind.identity, *kind.version) if path]
    return {path: value_at(notice.payload, path) for path in paths}
