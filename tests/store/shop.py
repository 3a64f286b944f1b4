"""The acts of the store's tests, as verbs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from uuid import UUID

from frontsim.clock import Clock, Ids
from frontsim.domain.model import Delivery, Finished, Occurrence, Outcome, Raised, Result, Webhook
from frontsim.store.event_log import EventLog
from frontsim.store.reader import EventQuery, LoggedEvent, Reader

OK = Result(Outcome.ANSWERED, "OK", 200, 1)
NOT_FOUND = Result(Outcome.ANSWERED, "Not found", 404, 1)
ALWAYS = 2**62


class StoreDriver:
    """A store, a reader on the same file, and everything that was handed out to be sent."""

    def __init__(self, path: Path, *, concurrency: int = 16, most_waiting: int = 1000, durable: bool = True) -> None:
        self.path, self.clock = path, Clock()
        self.store = EventLog(
            path, clock=self.clock, ids=Ids(), concurrency=concurrency, most_waiting=most_waiting, durable=durable
        )
        self.reader = Reader(path, is_quick=lambda: self.store.is_quick)
        self.out: asyncio.Queue[Delivery] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.store.start(self.hands_out)
        await self.store.wake()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()
        await self.reader.close()

    def hands_out(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.out.put_nowait(delivery)

    async def subscribes(self, event: str = "SaleCreated", url: str = "http://shop.example/a") -> Webhook:
        return await self.store.subscribe(event, url, None)

    async def sells(self, count: int = 1, *, event: str = "SaleCreated", store_id: int | None = 1) -> list[Raised]:
        first = self.store.take_numbers(count)
        bodies = [b'{"saleId":%d}' % (first + index) for index in range(count)]
        return await self.store.accept([Occurrence(event, body, store_id) for body in bodies], first)

    async def sent(self) -> Delivery:
        """The next delivery that was handed out."""
        return await asyncio.wait_for(self.out.get(), 5)

    def ends(self, delivery: Delivery, result: Result) -> None:
        self.store.finish(Finished(delivery, result, self.clock.now()))

    async def delivers(self, result: Result = OK) -> Delivery:
        """Ends the next delivery, and waits until that is in the log."""
        delivery = await self.sent()
        self.ends(delivery, result)
        await self.settles()
        return delivery

    async def settles(self) -> None:
        """Everything that was told to the store so far is committed."""
        await self.store.wake()

    async def statement(self, sql: str) -> None:
        """Do something to the file behind the store's back, on its one connection."""
        await self.store._group_commit.submit(lambda writer: writer._db.execute(sql))

    async def entry(self, raised: Raised) -> LoggedEvent:
        return await self.reader.event(UUID(raised.webhook_id), raised.webhook_event_id)

    async def lists(self, webhook_id: UUID, **query: object) -> list[LoggedEvent]:
        asked = EventQuery(webhook_id=webhook_id, since=0, until=ALWAYS, **query)  # type: ignore[arg-type]
        return [entry async for page in self.reader.events(asked) for entry in page]
