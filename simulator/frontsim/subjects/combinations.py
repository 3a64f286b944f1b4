"""Receivers whose bug needs two or three circumstances together: `frontsim explore` must find them.

Each is right as long as one circumstance comes alone: a repeat, a restart, a broken body.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from frontsim.errors import UnknownEventType
from frontsim.subjects import inbound
from frontsim.subjects.broken_keys import BatchLosesGoodOnes
from frontsim.subjects.inbound import RawRequest, ReceivedEvent, Refused, value_at
from frontsim.subjects.reference import Receiver, Variant, by_name


class ForgetsAfterTwoRepeats(Receiver):
    """It forgets the id of an event that was repeated twice."""

    MOST = 2

    async def start(self) -> None:
        self._repeats: Counter[str] = Counter()

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        new = super().take_key(db, key)
        self._repeats[key] += not new
        if self._repeats[key] == self.MOST:
            inbound.give_back(db, key)
            del self._repeats[key]
        return new


class DoublesWhileStarting(Receiver):
    """It books a repeat that arrives within half a second after its start.

    It loads its ids in the background, and takes every event for new meanwhile.
    """

    LOADING_MS = 500

    async def start(self) -> None:
        self._is_loaded_at = self.clock.now() + self.LOADING_MS

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        return super().take_key(db, key) or self.clock.now() < self._is_loaded_at


class SwallowsBehindBrokenBodies(Receiver):
    """It takes the event that follows a broken body for the body's rest."""

    async def start(self) -> None:
        self._broken: set[str] = set()

    async def receive(self, request: RawRequest) -> int:
        try:
            event = self.read(request)
        except Refused:
            self._broken.add(request.webhook_id)
            raise
        if event.webhook_id in self._broken:
            self._broken.remove(event.webhook_id)
        else:
            await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS


class DoublesBehindBrokenBodies(Receiver):
    """It books a repeat that follows a broken body of the same webhook."""

    async def start(self) -> None:
        self._broken: set[str] = set()

    def read(self, request: RawRequest) -> ReceivedEvent:
        try:
            return super().read(request)
        except Refused:
            self._broken.add(request.webhook_id)
            raise

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        new = super().book(db, event)
        if not new and event.webhook_id in self._broken:
            self._broken.remove(event.webhook_id)
            self.process(db, event)
        return new


class BatchDropsBehindRepeats(BatchLosesGoodOnes):
    """It drops the events of a batch that come behind a repeat."""

    def _insert(self, db: sqlite3.Connection, batch: Sequence[ReceivedEvent]) -> None:
        for event in batch:
            if not self.take_key(db, self.key(event)):
                return
            self.process(db, event)


class IdsPerWorker(Receiver):
    """Each of its two workers knows its own ids only."""

    async def start(self) -> None:
        self._seen: tuple[set[str], set[str]] = (set(), set())
        self._requests = 0

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - not in the file: the bug
        self._requests += 1
        seen = self._seen[self._requests % 2]
        new = key not in seen
        seen.add(key)
        return new


class PinsRepeatedEntities(Receiver):
    """It drops an update of what an earlier event was about that came twice."""

    async def start(self) -> None:
        self._pinned: set[str] = set()

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        about = self._about(event)
        new = self.take_key(db, self.key(event))
        if not new:
            self._pinned.add(about)
        elif about not in self._pinned:
            self.process(db, event)
        return new

    def _about(self, event: ReceivedEvent) -> str:
        try:
            return str(value_at(event.payload, self.catalog.find(event.type).identity) or event.event_id)
        except UnknownEventType:
            return event.event_id


class WatermarkPerWebhook(Receiver):
    """It drops a sale whose number is lower than one that came before it."""

    async def start(self) -> None:
        self._highest: dict[str, int] = {}

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        number = value_at(event.payload, "saleId")
        if isinstance(number, int):
            if number < self._highest.get(event.webhook_id, 0):
                return False
            self._highest[event.webhook_id] = number
        return super().book(db, event)


class KeysByShape(Receiver):
    """It takes an event for another one if its payload has a field more or less."""

    def key(self, event: ReceivedEvent) -> str:
        return f"{event.event_id}:{','.join(sorted(event.payload))}"


class ForgetsAfterTwoRestarts(Receiver):
    """It knows what it booked since the last restart but one."""

    async def start(self) -> None:
        await self.bookings.transact(self._begin_session)

    def _begin_session(self, db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE IF NOT EXISTS sessions (first INTEGER NOT NULL)")
        sessions = db.execute("SELECT first FROM sessions ORDER BY rowid DESC LIMIT 1").fetchall()
        for (first,) in sessions:
            db.execute("DELETE FROM keys WHERE number <= ?", (first,))
        db.execute("INSERT INTO sessions SELECT coalesce(max(number), 0) FROM keys")


class NumbersByCount(Receiver):
    """Two events that it books at once get one number, and one replaces the other."""

    SECONDS = 0.01

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        number = await self.bookings.transact(_number_of_bookings)
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: self._replace(db, event, number + 1))
        return self.SUCCESS

    def _replace(self, db: sqlite3.Connection, event: ReceivedEvent, number: int) -> None:
        if self.take_key(db, self.key(event)):
            db.execute("DELETE FROM effects WHERE number = ?", (number,))
            self.process(db, event)


def _number_of_bookings(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(number), 0) FROM effects").fetchone()[0])


class BooksPlainTextAnyway(Receiver):
    """It books a body under a wrong content type without a look at its id."""

    async def receive(self, request: RawRequest) -> int:
        if "json" in request.content_type:
            return await super().receive(request)
        event = self.read(replace(request, content_type="application/json"))
        await self.bookings.transact(lambda db: self.process(db, event))
        return self.SUCCESS


class RemembersFivePerWebhook(Receiver):
    """It knows the last five ids of each webhook."""

    MOST = 5

    def key(self, event: ReceivedEvent) -> str:
        return f"{event.webhook_id}/{event.event_id}"

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        new = super().take_key(db, key)
        of_webhook = f"{key.partition('/')[0]}/%"
        db.execute(
            "DELETE FROM keys WHERE key LIKE ? AND number NOT IN "
            "(SELECT number FROM keys WHERE key LIKE ? ORDER BY number DESC LIMIT ?)",
            (of_webhook, of_webhook, self.MOST),
        )
        return new


class OffsetCountsRepeats(Receiver):
    """After a repeat and a restart it skips one new event.

    It stores how far it has read, and counts a repeat, too.
    """

    async def start(self) -> None:
        self._skips = await self.bookings.transact(self._take_offset)

    def _take_offset(self, db: sqlite3.Connection) -> bool:
        db.execute("CREATE TABLE IF NOT EXISTS repeats (key TEXT)")
        return db.execute("DELETE FROM repeats").rowcount > 0

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        new = self.take_key(db, self.key(event))
        if not new:
            db.execute("INSERT INTO repeats VALUES (?)", (self.key(event),))
        elif self._skips:
            self._skips = False
        else:
            self.process(db, event)
        return new


class RepeatCancelsWork(Receiver):
    """A repeat that arrives while the event is in work cancels it."""

    SECONDS = 0.03

    async def start(self) -> None:
        self._working: set[str] = set()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        key = self.key(event)
        if key in self._working:
            self._working.remove(key)
            return self.SUCCESS
        self._working.add(key)
        await asyncio.sleep(self.SECONDS)
        if key in self._working:
            self._working.remove(key)
            await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS


_DUPLICATED = frozenset({"duplicated"})
_LOST = frozenset({"lost-after-ack", "burned"})

COMBINED: Mapping[str, Variant] = by_name(
    Variant("forgets-after-two-repeats", ForgetsAfterTwoRepeats, _DUPLICATED, ("duplicate-race", "storm")),
    Variant("doubles-while-starting", DoublesWhileStarting, _DUPLICATED, needs_process_control=True),
    Variant("swallows-behind-broken-bodies", SwallowsBehindBrokenBodies, _LOST, ("malformed",)),
    Variant("doubles-behind-broken-bodies", DoublesBehindBrokenBodies, _DUPLICATED),
    Variant("batch-drops-behind-repeats", BatchDropsBehindRepeats, _LOST),
    Variant("ids-per-worker", IdsPerWorker, _DUPLICATED),
    Variant("pins-repeated-entities", PinsRepeatedEntities, _LOST),
    Variant("watermark-per-webhook", WatermarkPerWebhook, _LOST, ("storm", "error-burst")),
    Variant("keys-by-shape", KeysByShape, _DUPLICATED),
    Variant("forgets-after-two-restarts", ForgetsAfterTwoRestarts, _DUPLICATED, needs_process_control=True),
    Variant("numbers-by-count", NumbersByCount, _LOST),
    Variant("books-plain-text-anyway", BooksPlainTextAnyway, _DUPLICATED),
    Variant("remembers-five-per-webhook", RemembersFivePerWebhook, _DUPLICATED, ("late-resend",)),
    Variant("offset-counts-repeats", OffsetCountsRepeats, _LOST, needs_process_control=True),
    Variant("repeat-cancels-work", RepeatCancelsWork, _LOST),
)
"""By name; their `expected` classes are what `frontsim explore` must find."""
