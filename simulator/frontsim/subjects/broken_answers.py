"""Wrong answers and wrong reading."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any

import orjson

from frontsim.errors import UnknownEventType
from frontsim.subjects.inbound import RawRequest, ReceivedEvent, Refused
from frontsim.subjects.reference import Backend, Inbox, Receiver, WorkFailed, done, waiting

logger = logging.getLogger(__name__)


class AckBeforeStore(Receiver):
    """It answers 200 and stores the event a moment later."""

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
    """It answers 202 and drops the event when its queue in memory is full."""

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
            event = await self._queue.get()
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(partial(self.book, event=event))
            self._queue.task_done()
            self._held -= 1


class SkipsMessages(Inbox):
    """Its worker skips every fifth message of its queue."""

    EVERY = 5
    _taken = 0

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        self._taken += 1
        if self._taken % self.EVERY:
            super().process(db, event)


class OkOnException(Receiver):
    """It answers 200 when its work has failed."""

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
    """It answers a copy with 409, so an event whose answer was lost fails for ever."""

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: self.book(db, event)):
            raise Refused(409, f"{event.event_id} is here already")
        return self.SUCCESS


class LosesAType(Receiver):
    """It acknowledges invoices and never books one; unknown without --events, which says that it is meant to."""

    TYPE = "InvoiceCreated"

    async def receive(self, request: RawRequest) -> int:
        return self.SUCCESS if self.read(request).type == self.TYPE else await super().receive(request)


class RefusesAType(Receiver):
    """It answers 422 to each invoice."""

    TYPE = "InvoiceCreated"

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        if event.type == self.TYPE:
            raise Refused(422, f"no handler for {self.TYPE}")
        return event


class DoneBeforeWork(Inbox):
    """Its worker marks a job as done before it does it."""

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


class RejectsUnknownFields(Receiver):
    """It refuses fields that it does not know."""

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        unknown = _unknown(self._schema(event.type), event.payload)
        if unknown:
            raise Refused(422, f"unknown field {unknown[0]}")
        return event

    def _schema(self, event: str) -> Mapping[str, Any]:
        try:
            return self.catalog.find(event).schema
        except UnknownEventType:
            return {}


class RejectsUnknownTypes(Receiver):
    """It answers 500 to an event type that it does not know."""

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        try:
            self.catalog.find(event.type)
        except UnknownEventType:
            raise WorkFailed(f"no handler for {event.type}") from None
        return event


class CrashOnNull(Receiver):
    """It answers 500 to a null where it expects a text."""

    TEXTS = ("saleGuid", "city", "gtin", "orderNo", "orderDate", "personName")

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        for field in self.TEXTS:
            try:
                event.payload.get(field, "").strip()
            except AttributeError as error:
                raise WorkFailed(f"{field}: {error}") from error
        return event


class SwallowsNulls(CrashOnNull):
    """It answers 200 and books nothing when a text is null."""

    async def receive(self, request: RawRequest) -> int:
        try:
            return await super().receive(request)
        except WorkFailed as error:
            logger.warning("skipped: %s", error)
            return self.SUCCESS


class CrashOnGarbage(Receiver):
    """A body that is not JSON kills its parser; from then on it answers 500 to everything."""

    _dead = False

    def read(self, request: RawRequest) -> ReceivedEvent:
        if self._dead:
            raise WorkFailed("the parser's thread has died")
        try:
            return super().read(request)
        except Refused as refused:
            self._dead = True
            raise WorkFailed(f"the parser's thread dies: {refused}") from refused


class DiesOnGarbage(Receiver):
    """A body that is not JSON ends its process."""

    EXIT_CODE = 70

    def read(self, request: RawRequest) -> ReceivedEvent:
        try:
            return super().read(request)
        except Refused:
            os._exit(self.EXIT_CODE)


class AcceptsGarbage(Receiver):
    """It books bodies that are not JSON."""

    def read(self, request: RawRequest) -> ReceivedEvent:
        """As the reference; but what the reference refuses becomes an event whose payload is the body as text."""
        try:
            return super().read(request)
        except Refused:
            if not request.event_id:
                raise
            text = orjson.dumps(request.body.decode("utf-8", "replace"))
            return ReceivedEvent(request.event_id, request.webhook_id, request.event or request.path_type, {}, text)


class RejectsLarge(Receiver):
    """It refuses bodies over 100 kB with 413."""

    LIMIT = 100_000

    def read(self, request: RawRequest) -> ReceivedEvent:
        if len(request.body) > self.LIMIT:
            raise Refused(413, f"expected at most {self.LIMIT} bytes, got {len(request.body)}")
        return super().read(request)


def _unknown(schema: Mapping[str, Any], value: Any, path: str = "") -> list[str]:
    """The paths in `value` that `schema` does not name."""
    if isinstance(value, list):
        return [each for item in value for each in _unknown(schema.get("items", {}), item, f"{path}[]")]
    known = schema.get("properties")
    if not isinstance(value, dict) or known is None:
        return []
    return [
        found
        for key, inner in value.items()
        for found in (_unknown(known[key], inner, f"{path}.{key}") if key in known else [f"{path}.{key}".strip(".")])
    ]
