"""Right one by one, wrong when two come at once: between looking and acting, somebody else looks."""

import asyncio
import sqlite3
from contextlib import suppress

from frontsim.receivers import keys
from frontsim.receivers.inbound import RawRequest, ReceivedEvent
from frontsim.receivers.inbox import Inbox, done, waiting
from frontsim.receivers.reference import Receiver


class CheckThenAct(Receiver):
    """Looks whether the key is free, works, and takes it at the end: two copies both find it free."""

    SECONDS = 0.02

    async def receive(self, arrival: RawRequest) -> int:
        """Look; work; book."""
        notice = self.read(arrival)
        if not await self.books.transact(lambda db: keys.is_taken(db, self.key(notice))):
            await asyncio.sleep(self.SECONDS)
            await self.books.transact(lambda db: self.book(db, notice))
        return self.SUCCESS

    def book(self, db: sqlite3.Connection, notice: ReceivedEvent) -> bool:
        """Book it in any case: the key was free when last looked at."""
        self.take_key(db, self.key(notice))
        self.process(db, notice)
        return True


class DoubleEffectUnderConcurrency(Inbox):
    """An inbox with a second worker for busy times: both take the oldest job, as nothing marks it as taken."""

    SECONDS = 0.005

    async def start(self) -> None:
        """Let both begin."""
        await super().start()
        self._second = asyncio.create_task(self._help())

    async def stop(self) -> None:
        """End both."""
        self._second.cancel()
        with suppress(asyncio.CancelledError):
            await self._second
        await super().stop()

    async def _help(self) -> None:
        """Work only while more than one job waits."""
        while True:
            await asyncio.sleep(self.SECONDS)
            while await self.books.transact(_are_many):
                await self.work_once()

    async def work_once(self) -> bool:
        """Take the oldest job, work, and only then mark it as done."""
        job = await self.books.transact(waiting)
        if job is None:
            return False
        number, notice = job
        await asyncio.sleep(self.SECONDS)
        await self.books.transact(lambda db: self._finish(db, number, notice))
        return True

    def _finish(self, db: sqlite3.Connection, number: int, notice: ReceivedEvent) -> None:
        self.process(db, notice)
        done(db, number)


def _are_many(db: sqlite3.Connection) -> bool:
    return len(db.execute("SELECT 1 FROM inbox WHERE NOT done LIMIT 2").fetchall()) == 2
