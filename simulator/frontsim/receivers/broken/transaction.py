"""Key and effect in two commits: a crash or an error between them leaves one without the other.

If the key comes first, the event is lost: its resend finds the key taken. If the effect comes first, it counts twice.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence

from frontsim.receivers import keys
from frontsim.receivers.backend import Backend
from frontsim.receivers.inbound import RawRequest, ReceivedEvent
from frontsim.receivers.reference import Receiver, WorkFailed

logger = logging.getLogger(__name__)


class IdBeforeWork(Receiver):
    """Takes the key, then works: if the work fails, it answers 200 to the resend and does nothing."""

    async def start(self) -> None:
        self._backend = Backend("business system")

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if await self.bookings.transact(lambda db: self.take_key(db, self.key(event))):
            await self._backend.call()
            await self.bookings.transact(lambda db: self.process(db, event))
        return self.SUCCESS


class DedupeInAnotherTransaction(Receiver):
    """Commits the effect, then writes the key to a separate store, which may fail or never be reached."""

    async def start(self) -> None:
        self._key_store = Backend("store of keys")

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: keys.is_taken(db, self.key(event))):
            await self.bookings.transact(lambda db: self.process(db, event))
            await self._key_store.call()
            await self.bookings.transact(lambda db: self.take_key(db, self.key(event)))
        return self.SUCCESS


class EffectThen500(Receiver):
    """Books, then fails at something less important (a mail), answers 500 and frees the key."""

    async def start(self) -> None:
        self._mail = Backend("mail server")

    async def receive(self, request: RawRequest) -> int:
        """Book, commit; send the mail; if that fails, free the key and answer 500."""
        event = self.read(request)
        if await self.bookings.transact(lambda db: self.book(db, event)):
            try:
                await self._mail.call()
            except WorkFailed:
                await self.bookings.transact(lambda db: keys.give_back(db, self.key(event)))
                raise
        return self.SUCCESS


class BatchLosesGoodOnes(Receiver):
    """Books all that comes within 50 ms in one transaction; one duplicate rolls it back, and it answers 200 to all."""

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
            await self._book_all(batch)
        else:
            await asyncio.sleep(2 * self.SECONDS)
        return self.SUCCESS

    async def _book_all(self, batch: Sequence[ReceivedEvent]) -> None:
        try:
            await self.bookings.transact(lambda db: self._insert(db, batch))
        except sqlite3.IntegrityError as error:
            logger.info("already there: %s", error)

    def _insert(self, db: sqlite3.Connection, batch: Sequence[ReceivedEvent]) -> None:
        for event in batch:
            db.execute("INSERT INTO keys (key) VALUES (?)", (self.key(event),))
            self.process(db, event)
