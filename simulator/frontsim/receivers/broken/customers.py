"""Wrong customers beside a right journal: each event is booked once, and the letter goes to the old address."""

import asyncio
import sqlite3

from frontsim.receivers.customers import CustomerRow, CustomerTable, customer_row, overwrite
from frontsim.receivers.inbound import RawRequest


class LastCustomerWins(CustomerTable):
    """Takes over what the last event to arrive says: a resend from yesterday undoes today's change."""

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        overwrite(db, row)


class CustomerAfterTheAnswer(CustomerTable):
    """Books the event and answers; a task in memory changes the customer a moment later."""

    SECONDS = 0.03

    async def start(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        is_new = await self.bookings.transact(lambda db: self.book(db, event))
        row = customer_row(event) if is_new else None
        if row is not None:
            task = asyncio.create_task(self._keep_later(row))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self.SUCCESS

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        """Done later."""

    async def _keep_later(self, row: CustomerRow) -> None:
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: super(CustomerAfterTheAnswer, self).keep(db, row))
