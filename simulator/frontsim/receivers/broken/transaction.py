"""Key and effect in two commits: what comes between them leaves one without the other.

Key first, and the event is lost: its resend finds the key taken. Effect first, and it counts twice.
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
    """Takes the key, then works: if the work fails, the resend is answered 200 and does nothing."""

    async def start(self) -> None:
        """Connect to the system that does the work."""
        self._backend = Backend("business system")

    async def receive(self, arrival: RawRequest) -> int:
        """Take the key, commit; work."""
        notice = self.read(arrival)
        if await self.books.transact(lambda db: self.take_key(db, self.key(notice))):
            await self._backend.call()
            await self.books.transact(lambda db: self.process(db, notice))
        return self.SUCCESS


class DedupeInAnotherTransaction(Receiver):
    """Commits the effect, then writes the key to a store of its own, which may fail or never be reached."""

    async def start(self) -> None:
        """Connect to the store of keys."""
        self._key_store = Backend("store of keys")

    async def receive(self, arrival: RawRequest) -> int:
        """Look; book, commit; write the key."""
        notice = self.read(arrival)
        if not await self.books.transact(lambda db: keys.is_taken(db, self.key(notice))):
            await self.books.transact(lambda db: self.process(db, notice))
            await self._key_store.call()
            await self.books.transact(lambda db: self.take_key(db, self.key(notice)))
        return self.SUCCESS


class EffectThen500(Receiver):
    """Books, then fails at something that matters less (a mail), answers 500 and gives the key back."""

    async def start(self) -> None:
        """Connect to the mail server."""
        self._mail = Backend("mail server")

    async def receive(self, arrival: RawRequest) -> int:
        """Book, commit; send the mail; if that fails, invite a resend."""
        notice = self.read(arrival)
        if await self.books.transact(lambda db: self.book(db, notice)):
            try:
                await self._mail.call()
            except WorkFailed:
                await self.books.transact(lambda db: keys.give_back(db, self.key(notice)))
                raise
        return self.SUCCESS


class BatchLosesGoodOnes(Receiver):
    """Books what comes within 50 ms in one go; one duplicate undoes it all, and is taken to be all there was."""

    SECONDS = 0.05

    async def start(self) -> None:
        """Begin with an empty batch."""
        self._batch: list[ReceivedEvent] = []

    async def receive(self, arrival: RawRequest) -> int:
        """Join the batch; the first of it waits for the others and books them all."""
        batch = self._batch
        batch.append(self.read(arrival))
        if len(batch) == 1:
            await asyncio.sleep(self.SECONDS)
            self._batch = []
            await self._book_all(batch)
        else:
            await asyncio.sleep(2 * self.SECONDS)
        return self.SUCCESS

    async def _book_all(self, batch: Sequence[ReceivedEvent]) -> None:
        try:
            await self.books.transact(lambda db: self._insert(db, batch))
        except sqlite3.IntegrityError as error:
            logger.info("already there: %s", error)

    def _insert(self, db: sqlite3.Connection, batch: Sequence[ReceivedEvent]) -> None:
        for notice in batch:
            db.execute("INSERT INTO keys (key) VALUES (?)", (self.key(notice),))
            self.process(db, notice)
