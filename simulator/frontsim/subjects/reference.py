"""The reference receiver, its inbox variant, its backend.

read the request ──▶ one transaction: take the key, book the effect ──▶ commit ──▶ 2xx
         │ 4xx                 │ key already taken: book nothing                │ 5xx

Four rules make it right, and each broken receiver breaks one of them:

1. The key is the event's own id: nothing coarser, nothing finer, and it is never forgotten.
2. The key and the effect are in one transaction, so no crash, error or race leaves one without the other.
3. It answers 2xx only after the commit. If the commit fails, it answers 5xx.
4. A duplicate is a success: it answers 2xx, because otherwise the event would be resent for ever.

The vendor never resends by itself: an event that is answered 2xx and not stored is lost for good.

request ──▶ inbox (key = the event's id) ──▶ commit ──▶ 2xx
                  │
                  └──▶ worker: one transaction: effect and "done" ──▶ commit

It answers as fast as a disk can write, however slow the work is. It is right for the same reason as the
reference: the effect and "done" are one commit, so the worker may die at any point and start again.

A receiver may wait for such a system during its work (an ERP, a mail server, a cache of ids) while other requests
come in. A right receiver awaits nothing between key, effect and commit.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.clock import Clock
from frontsim.errors import UnknownEventType
from frontsim.subjects import inbound
from frontsim.subjects.bookings import Bookings
from frontsim.subjects.inbound import (
    EntityState,
    RawRequest,
    ReceivedEvent,
    read_event,
    read_object,
    state_of,
    value_at,
)
from frontsim.wording import first_paragraph

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
    """Takes the key and books the effect in one transaction, then answers 200.

    Each step is a separate method, so that a broken receiver can get just one of them wrong.

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
        return inbound.take(db, key)

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


PAUSE_S = 1.0  # after the file could not be written
logger = logging.getLogger(__name__)

_STORE = "INSERT OR IGNORE INTO inbox (event_id, webhook_id, event, payload) VALUES (?, ?, ?, ?)"
_WAITING = "SELECT number, event_id, webhook_id, event, payload FROM inbox WHERE NOT done ORDER BY number"
_NEXT = f"{_WAITING} LIMIT 1"


class Inbox(Receiver):
    """Stores the raw event, answers 200, and a worker books it later."""

    async def start(self) -> None:
        """Start the worker, which first processes what the last process left."""
        self._bell = asyncio.Event()
        self._worker = asyncio.create_task(self.work())

    async def stop(self) -> None:
        """Stop the worker; events that wait stay in the file."""
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        row = (event.event_id, event.webhook_id, event.type, event.body)
        await self.bookings.transact(lambda db: db.execute(_STORE, row))
        self._bell.set()
        return self.SUCCESS

    async def work(self) -> None:
        """Process the events that wait, for ever."""
        while True:
            self._bell.clear()
            try:
                while await self.work_once():
                    pass
            except sqlite3.Error as error:
                logger.error("the inbox waits: %s", error)
                await asyncio.sleep(PAUSE_S)
                continue
            await self._bell.wait()

    async def work_once(self) -> bool:
        """Process the oldest event; returns False when none waits."""
        return await self.bookings.transact(self._process_next)

    def _process_next(self, db: sqlite3.Connection) -> bool:
        found = waiting(db)
        if found is None:
            return False
        number, event = found
        self.process(db, event)
        done(db, number)
        return True


def waiting(db: sqlite3.Connection) -> tuple[int, ReceivedEvent] | None:
    """The oldest event that is not done, and its number in the inbox."""
    row = db.execute(_NEXT).fetchone()
    return None if row is None else _read(*row)


def all_waiting(db: sqlite3.Connection) -> list[tuple[int, ReceivedEvent]]:
    """All events that are not done, oldest first, with their numbers in the inbox."""
    return [_read(*row) for row in db.execute(_WAITING).fetchall()]


def _read(number: int, event_id: str, webhook_id: str, event_type: str, body: bytes) -> tuple[int, ReceivedEvent]:
    return number, ReceivedEvent(event_id, webhook_id, event_type, read_object(body), body)


def done(db: sqlite3.Connection, number: int) -> None:
    """Mark the event of that number as processed."""
    db.execute("UPDATE inbox SET done = 1 WHERE number = ?", (number,))


class Backend:
    """A system whose calls take time, and which takes only so many callers at once.

    Args:
        name: for the log.
        seconds: how long a call takes.
        most: callers at once; it rejects one more, like an exhausted connection pool.
    """

    def __init__(self, name: str, *, seconds: float = 0.02, most: int = 4) -> None:
        self._name = name
        self._seconds = seconds
        self._most = most
        self._callers = 0

    async def call(self) -> None:
        """Take `seconds`.

        Raises:
            WorkFailed: it already has `most` callers.
        """
        if self._callers >= self._most:
            raise WorkFailed(f"the {self._name} has no connection left")
        self._callers += 1
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._callers -= 1


@dataclass(frozen=True, slots=True)
class Variant:
    """One receiver.

    Each of `scenarios` must find its bug, with at least one of the classes `expected`. With `needs_process_control`
    those scenarios kill and restart the receiver; `days` is how far its clock must be moved on (`--time-travel`).
    `state` is the path at which it shows what it derives from the events, for `--observe-state`: /levels or /customers.
    """

    name: str
    receiver: type[Receiver]
    expected: frozenset[str] = frozenset()
    scenarios: tuple[str, ...] = ()
    needs_process_control: bool = False
    days: int = 0
    state: str = ""

    @property
    def bug(self) -> str:
        """The sentence in its class that says what is wrong with it (of a right one: how it differs)."""
        return first_paragraph(self.receiver)


def by_name(*variants: Variant) -> Mapping[str, Variant]:
    """The variants by name.

    Raises:
        ValueError: a name comes twice.
    """
    found: dict[str, Variant] = {}
    for each in variants:
        if each.name in found:
            raise ValueError(f"expected each receiver's name once, got {each.name} twice")
        found[each.name] = each
    return found
