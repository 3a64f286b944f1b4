"""Wrong levels beside a right journal: each event is booked once, and the stock that is sold by is wrong."""

import asyncio
import sqlite3

from frontsim.receivers.inbound import RawRequest, ReceivedEvent
from frontsim.receivers.stock import StockBySum, StockChange, change_of

_READ = "SELECT level FROM levels WHERE stock = ? AND gtin = ?"
_OVERWRITE = "INSERT OR REPLACE INTO levels (stock, gtin, level) VALUES (?, ?, ?)"


class LevelCountsRepeats(StockBySum):
    """Changes the level, then checks whether it knows the event: a resend is booked once and counts twice."""

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        if (change := change_of(event)) is not None:
            super().move(db, change)
        return super().book(db, event)

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Done before."""


class LevelLosesUpdates(StockBySum):
    """Reads the level, adds to it and writes it, while another worker does the same."""

    SECONDS = 0.01

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        change = change_of(event)
        if change is not None:
            level = await self.bookings.transact(lambda db: _level(db, change))
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(lambda db: self._book(db, event, change, level + change.quantity))
            return self.SUCCESS
        return await super().receive(request)

    def _book(self, db: sqlite3.Connection, event: ReceivedEvent, change: StockChange, level: float) -> None:
        if self.book(db, event):
            db.execute(_OVERWRITE, (change.stock, change.gtin, level))

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Done with the level that was read before."""


class LevelInAnotherTransaction(StockBySum):
    """Books the event, then changes the level: killed in between, it takes the resend for done."""

    BEFORE, SECONDS, AFTER = 0.0, 0.5, 0.0

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        await asyncio.sleep(self.BEFORE)
        is_new = await self.bookings.transact(lambda db: self.book(db, event))
        change = change_of(event) if is_new else None
        if change is not None:
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(lambda db: StockBySum.move(self, db, change))
        await asyncio.sleep(self.AFTER)
        return self.SUCCESS

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Done in the second transaction."""


class SlowLevelInAnotherTransaction(LevelInAnotherTransaction):
    """The same on a slow machine: its first commit comes long after the request."""

    BEFORE, SECONDS, AFTER = 0.25, 0.1, 0.2


class LastLevelWins(StockBySum):
    """Takes over the level of the last movement to arrive: a resend from yesterday undoes today's sales."""

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        db.execute(_OVERWRITE, (change.stock, change.gtin, change.level))


def _level(db: sqlite3.Connection, change: StockChange) -> float:
    row = db.execute("SELECT level FROM levels WHERE stock = ? AND gtin = ?", (change.stock, change.gtin)).fetchone()
    return float(row[0]) if row else 0.0
