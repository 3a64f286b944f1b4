"""Right for one request at a time, wrong for two at once: a second one looks between the first one's look and act."""

import asyncio
import sqlite3
from contextlib import suppress

from frontsim.receivers import keys
from frontsim.receivers.inbound import RawRequest, ReceivedEvent
from frontsim.receivers.inbox import Inbox, done, waiting
from frontsim.receivers.reference import Receiver


class CheckThenAct(Receiver):
    """Looks whether the key is free, works, and takes the key at the end: two copies at once both find it free."""

    SECONDS = 0.02

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: keys.is_taken(db, self.key(event))):
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        """Book in any case: the key was free at the last look."""
        self.take_key(db, self.key(event))
        self.process(db, event)
        return True


class DoubleEffectUnderConcurrency(Inbox):
    """An inbox with a second worker for busy times: both take the oldest job, because nothing marks it as taken."""

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
