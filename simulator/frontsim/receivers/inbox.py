"""The other right way: store the raw event, answer, and process it later.

    request ──▶ inbox (key = the event's id) ──▶ commit ──▶ 2xx
                  │
                  └──▶ worker: one transaction: effect and "done" ──▶ commit

It answers as fast as a disk can write, however slow the work is. It is right for the same reason as the
reference: the effect and "done" are one commit, so the worker may die at any point and start again.
"""

import asyncio
import logging
import sqlite3
from contextlib import suppress

from frontsim.receivers.inbound import RawRequest, ReceivedEvent, read_object
from frontsim.receivers.reference import Receiver

PAUSE_S = 1.0  # after the file could not be written
logger = logging.getLogger(__name__)

_STORE = "INSERT OR IGNORE INTO inbox (event_id, webhook_id, event, payload) VALUES (?, ?, ?, ?)"
_WAITING = "SELECT number, event_id, webhook_id, event, payload FROM inbox WHERE NOT done ORDER BY number"
_NEXT = f"{_WAITING} LIMIT 1"


class Inbox(Receiver):
    """Stores first; a worker books, in the order of arrival."""

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
