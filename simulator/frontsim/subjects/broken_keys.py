"""Wrong keys, races, two commits, and calls to the vendor's API at the wrong moment.

The right key is the event's own id, whole, in the same file as the effect, for ever.

If the key comes first, the event is lost: its resend finds the key taken. If the effect comes first, it counts twice.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import uuid4

from frontsim.errors import UnknownEventType
from frontsim.subjects import inbound
from frontsim.subjects.correct import Enriches, WritesBack
from frontsim.subjects.inbound import RawRequest, ReceivedEvent, value_at
from frontsim.subjects.reference import Backend, Inbox, Receiver, WorkFailed, done, waiting


class NoDedupe(Receiver):
    """It books every request, so every copy counts."""

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - that it is ignored is the bug
        return True


class _RenamesRepeats(Receiver):
    """Books every repeat again, but not under the event's id: its ids are unique, and its bookings are not."""

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        new = self.take_key(db, self.key(event))
        self.process(db, event if new else replace(event, event_id=self.other_id(event)))
        return new

    def other_id(self, event: ReceivedEvent) -> str:
        """The id under which it books a repeat."""
        raise NotImplementedError


class RepeatsWithoutId(_RenamesRepeats):
    """It keeps each id once, and books a repeat again without one, as orders that are joined with a table of ids."""

    def other_id(self, event: ReceivedEvent) -> str:  # noqa: ARG002 - that there is none is the bug
        return ""


class RepeatsUnderNewIds(_RenamesRepeats):
    """It books a repeat again under an id that it makes up."""

    def other_id(self, event: ReceivedEvent) -> str:  # noqa: ARG002 - that it is ignored is the bug
        return str(uuid4())


class NumbersRepeats(_RenamesRepeats):
    """It books a repeat again under the event's id with a number at its end."""

    def other_id(self, event: ReceivedEvent) -> str:
        return f"{event.event_id}-1"


class MemoryDedupe(Receiver):
    """It knows the ids that it has seen until the next restart."""

    async def start(self) -> None:
        """Start with an empty memory: this is the bug."""
        self._seen: set[str] = set()

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:  # noqa: ARG002 - not in the file: the bug
        """Take the key; returns whether it is new since the start."""
        new = key not in self._seen
        self._seen.add(key)
        return new


class ShortMemory(Receiver):
    """It knows only the last hundred ids that it has seen."""

    LENGTH = 100

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        new = super().take_key(db, key)
        inbound.keep_newest(db, self.LENGTH)
        return new


class ForgetsAtMidnight(Receiver):
    """It begins a new list of ids every day (its days last a tenth of a second)."""

    DAY_MS = 100

    def key(self, event: ReceivedEvent) -> str:
        return f"{self.clock.now() // self.DAY_MS}:{event.event_id}"


class ForgetsInTime(Receiver):
    """Its ids live in a cache for a while (0.8 s, where real ones take 5 or 30)."""

    LIFETIME_MS = 800

    def take_key(self, db: sqlite3.Connection, key: str) -> bool:
        since = self.clock.now() - self.LIFETIME_MS
        return db.execute("SELECT 1 FROM effects WHERE event_id = ? AND at > ?", (key, since)).fetchone() is None


class CleansUpWeekly(ForgetsInTime):
    """It throws away ids that are older than seven days."""

    LIFETIME_MS = 7 * 86_400_000


class DedupeByTimestamp(Receiver):
    """It treats two events of one type and one moment as the same."""

    def key(self, event: ReceivedEvent) -> str:
        moments = (str(v) for name, v in event.payload.items() if name.endswith("DateTime") and v is not None)
        return f"{event.type}:{next(moments, event.event_id)}"


class DedupeByWebhookId(Receiver):
    """It uses the webhook's id as the event's, so it drops a webhook's second event."""

    def key(self, event: ReceivedEvent) -> str:
        return event.webhook_id


class DedupeByEntity(Receiver):
    """It treats the second update of a customer or an order as a copy of the first."""

    def key(self, event: ReceivedEvent) -> str:
        try:
            identity = value_at(event.payload, self.catalog.find(event.type).identity)
        except UnknownEventType:
            identity = None
        return event.event_id if identity is None else f"{event.type}:{identity}"


class KeyCutShort(Receiver):
    """It keeps ids in a column of 32 characters, which cuts the end off a UUID with dashes."""

    WIDTH = 32

    def key(self, event: ReceivedEvent) -> str:
        return event.event_id[: self.WIDTH]


class CheckThenAct(Receiver):
    """It checks whether the id is new, works, and notes the id at the end; two copies at once both look new."""

    SECONDS = 0.02

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: inbound.is_taken(db, self.key(event))):
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        """Book in any case: the key was free at the last look."""
        self.take_key(db, self.key(event))
        self.process(db, event)
        return True


class DoubleEffectUnderConcurrency(Inbox):
    """When many events wait, a second worker helps, and both take the same job.

    Nothing marks a job as taken.
    """

    SECONDS = 0.005

    async def start(self) -> None:
        await super().start()
        self._second = asyncio.create_task(self._help())

    async def stop(self) -> None:
        self._second.cancel()
        with suppress(asyncio.CancelledError):
            await self._second
        await super().stop()

    async def _help(self) -> None:
        """The second worker: it works while more than one job waits."""
        while True:
            await asyncio.sleep(self.SECONDS)
            while await self.bookings.transact(_are_many):
                await self.work_once()

    async def work_once(self) -> bool:
        """Take the oldest job, work, and only then mark it as done."""
        job = await self.bookings.transact(waiting)
        if job is None:
            return False
        number, event = job
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: self._finish(db, number, event))
        return True

    def _finish(self, db: sqlite3.Connection, number: int, event: ReceivedEvent) -> None:
        self.process(db, event)
        done(db, number)


def _are_many(db: sqlite3.Connection) -> bool:
    return len(db.execute("SELECT 1 FROM inbox WHERE NOT done LIMIT 2").fetchall()) == 2


logger = logging.getLogger(__name__)


class IdBeforeWork(Receiver):
    """It stores the id, then works; if the work fails, it treats the resend as a copy."""

    async def start(self) -> None:
        self._backend = Backend("business system")

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if await self.bookings.transact(lambda db: self.take_key(db, self.key(event))):
            await self._backend.call()
            await self.bookings.transact(lambda db: self.process(db, event))
        return self.SUCCESS


class DedupeInAnotherTransaction(Receiver):
    """It commits the effect and stores the id afterwards, which may fail or never happen."""

    async def start(self) -> None:
        self._key_store = Backend("store of keys")

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: inbound.is_taken(db, self.key(event))):
            await self.bookings.transact(lambda db: self.process(db, event))
            await self._key_store.call()
            await self.bookings.transact(lambda db: self.take_key(db, self.key(event)))
        return self.SUCCESS


class EffectThen500(Receiver):
    """It books, then fails at something less important, answers 500 and lets the resend book again."""

    async def start(self) -> None:
        self._mail = Backend("mail server")

    async def receive(self, request: RawRequest) -> int:
        """Book, commit; send the mail; if that fails, free the key and answer 500."""
        event = self.read(request)
        if await self.bookings.transact(lambda db: self.book(db, event)):
            try:
                await self._mail.call()
            except WorkFailed:
                await self.bookings.transact(lambda db: inbound.give_back(db, self.key(event)))
                raise
        return self.SUCCESS


class BatchLosesGoodOnes(Receiver):
    """It books a batch in one transaction; one duplicate rolls it back, and it answers 200 to all."""

    SECONDS = 0.05

    async def start(self) -> None:
        self._batch: list[ReceivedEvent] = []

    async def receive(self, request: RawRequest) -> int:
        """Join the batch. The first request of a batch waits for the others and books them all."""
        batch = self._batch
        batch.append(self.read(request))
        if len(batch) == 1:
            await asyncio.sleep(self.SECONDS)
            self._batch = []
            try:
                await self.bookings.transact(lambda db: self._insert(db, batch))
            except sqlite3.IntegrityError as error:
                logger.info("already there: %s", error)
        else:
            await asyncio.sleep(2 * self.SECONDS)
        return self.SUCCESS

    def _insert(self, db: sqlite3.Connection, batch: Sequence[ReceivedEvent]) -> None:
        for event in batch:
            db.execute("INSERT INTO keys (key) VALUES (?)", (self.key(event),))
            self.process(db, event)


class LoopsOnEcho(WritesBack):
    """It answers the event that its own write raised with another write."""

    def is_echo(self, event: ReceivedEvent, number: int) -> bool:  # noqa: ARG002 - that it is ignored is the bug
        return False


class BooksBeforeTheRead(Enriches):
    """It books, reads the product, and books again when that failed."""

    PAUSES_S = ()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if await self.bookings.transact(lambda db: self.book(db, event)):
            try:
                await self.call_for(event)
            except WorkFailed:
                await self.bookings.transact(lambda db: inbound.give_back(db, self.key(event)))
                raise
        return self.SUCCESS


class ReadsStale(WritesBack, BooksBeforeTheRead):
    """It looks for a write whose answer was lost in an old copy of the shop, and does all again."""
