"""Wrong answers: 2xx for what is not stored (nobody will ever send it again), or an error for what is."""

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
        """Begin with nothing under way."""
        self._under_way: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """Finish: an orderly stop hides the bug."""
        await asyncio.gather(*self._under_way)

    def held(self) -> int:
        """What would be lost now."""
        return len(self._under_way)

    async def receive(self, arrival: RawRequest) -> int:
        """Answer before it is stored."""
        task = asyncio.create_task(self._store(self.read(arrival)))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return self.SUCCESS

    async def _store(self, notice: ReceivedEvent) -> None:
        await asyncio.sleep(self.SECONDS)
        await self.books.transact(lambda db: self.book(db, notice))


class DropsWhenFull(Receiver):
    """Answers 202 and puts the event in a queue in memory that holds eight: the ninth is dropped with a log line."""

    SUCCESS = 202
    ROOM = 8
    SECONDS = 0.01

    async def start(self) -> None:
        """Let the queue's worker begin."""
        self._queue: asyncio.Queue[ReceivedEvent] = asyncio.Queue(self.ROOM)
        self._held = 0
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Finish what is in the queue."""
        await self._queue.join()
        self._worker.cancel()

    def held(self) -> int:
        """What would be lost now."""
        return self._held

    async def receive(self, arrival: RawRequest) -> int:
        """Answer 202, whether there is room or not."""
        notice = self.read(arrival)
        try:
            self._queue.put_nowait(notice)
            self._held += 1
        except asyncio.QueueFull:
            logger.warning("queue full, dropped %s", notice.event_id)
        return self.SUCCESS

    async def _work(self) -> None:
        while True:
            await self._process_one(await self._queue.get())
            self._queue.task_done()
            self._held -= 1

    async def _process_one(self, notice: ReceivedEvent) -> None:
        await asyncio.sleep(self.SECONDS)
        await self.books.transact(lambda db: self.book(db, notice))


class OkOnException(Receiver):
    """Catches whatever its work raises, logs it and answers 200, to "keep the sender happy"."""

    async def start(self) -> None:
        """Connect to the system that does the work."""
        self._backend = Backend("business system")

    async def receive(self, arrival: RawRequest) -> int:
        """Work; answer 200."""
        notice = self.read(arrival)
        try:
            await self._backend.call()
            await self.books.transact(lambda db: self.book(db, notice))
        except (WorkFailed, sqlite3.Error) as error:
            logger.warning("could not process %s: %s", notice.event_id, error)
        return self.SUCCESS


class RefusesDuplicates(Receiver):
    """Answers a duplicate with 409: an event whose first answer was lost fails for ever, though it is booked."""

    async def receive(self, arrival: RawRequest) -> int:
        """Book; or complain."""
        notice = self.read(arrival)
        if not await self.books.transact(lambda db: self.book(db, notice)):
            raise Refused(409, f"{notice.event_id} is here already")
        return self.SUCCESS


class DoneBeforeWork(Inbox):
    """An inbox whose worker marks a job as done when it takes it: a crash in the middle of the work loses it."""

    SECONDS = 0.05
    _job: ReceivedEvent | None = None

    def held(self) -> int:
        """What would be lost now."""
        return int(self._job is not None)

    async def work_once(self) -> bool:
        """Take the oldest job, mark it as done, commit; then work."""
        self._job = job = await self.books.transact(_take)
        if job is None:
            return False
        await asyncio.sleep(self.SECONDS)
        await self.books.transact(lambda db: self.process(db, job))
        self._job = None
        return True


def _take(db: sqlite3.Connection) -> ReceivedEvent | None:
    found = waiting(db)
    if found is None:
        return None
    number, notice = found
    done(db, number)
    return notice
