"""Wrong answers: 2xx for an event that is not stored (and is never sent again), or an error for one that is."""

import asyncio
import logging
import sqlite3

from frontsim.receivers.backend import Backend
from frontsim.receivers.inbound import RawRequest, ReceivedEvent, Refused
from frontsim.receivers.inbox import Inbox, done, waiting
from frontsim.receivers.reference import Receiver, WorkFailed

logger = logging.getLogger(__name__)


class AckBeforeStore(Receiver):
    """Answers 200 and books a moment later, in the background: a crash in between loses what it holds."""

    SECONDS = 0.25

    async def start(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Finish the work: an orderly stop hides the bug."""
        await asyncio.gather(*self._under_way)

    def held(self) -> int:
        return len(self._under_way)

    async def receive(self, request: RawRequest) -> int:
        task = asyncio.create_task(self._store(self.read(request)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return self.SUCCESS

    async def _store(self, event: ReceivedEvent) -> None:
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: self.book(db, event))


class DropsWhenFull(Receiver):
    """Answers 202 and puts the event in a queue in memory that holds eight: the ninth is dropped with a log line."""

    SUCCESS = 202
    ROOM = 8
    SECONDS = 0.01

    async def start(self) -> None:
        self._queue: asyncio.Queue[ReceivedEvent] = asyncio.Queue(self.ROOM)
        self._held = 0
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        await self._queue.join()
        self._worker.cancel()

    def held(self) -> int:
        return self._held

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        try:
            self._queue.put_nowait(event)
            self._held += 1
        except asyncio.QueueFull:
            logger.warning("queue full, dropped %s", event.event_id)
        return self.SUCCESS

    async def _work(self) -> None:
        while True:
            await self._process_one(await self._queue.get())
            self._queue.task_done()
            self._held -= 1

    async def _process_one(self, event: ReceivedEvent) -> None:
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: self.book(db, event))


class SkipsMessages(Inbox):
    """An inbox whose worker loses its place: it passes over every fifth message."""

    EVERY = 5
    _taken = 0

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        self._taken += 1
        if self._taken % self.EVERY:
            super().process(db, event)


class OkOnException(Receiver):
    """Catches every exception of its work, logs it and answers 200, to "keep the sender happy"."""

    async def start(self) -> None:
        self._backend = Backend("business system")

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        try:
            await self._backend.call()
            await self.bookings.transact(lambda db: self.book(db, event))
        except (WorkFailed, sqlite3.Error) as error:
            logger.warning("could not process %s: %s", event.event_id, error)
        return self.SUCCESS


class RefusesDuplicates(Receiver):
    """Answers a duplicate with 409: an event whose first answer was lost fails for ever, although it is booked."""

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: self.book(db, event)):
            raise Refused(409, f"{event.event_id} is here already")
        return self.SUCCESS


class DoneBeforeWork(Inbox):
    """An inbox whose worker marks a job as done before the work: a crash during the work loses the job."""

    SECONDS = 0.05
    _job: ReceivedEvent | None = None

    def held(self) -> int:
        return int(self._job is not None)

    async def work_once(self) -> bool:
        """Take the oldest job, mark it as done, commit; only then work."""
        self._job = job = await self.bookings.transact(_take)
        if job is None:
            return False
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: self.process(db, job))
        self._job = None
        return True


def _take(db: sqlite3.Connection) -> ReceivedEvent | None:
    found = waiting(db)
    if found is None:
        return None
    number, event = found
    done(db, number)
    return event
