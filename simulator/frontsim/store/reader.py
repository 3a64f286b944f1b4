"""Queries on the log, on read-only connections, in separate threads.

A query sees what was committed when it began; it never waits for the writer, nor the writer for it. A long listing is
read page by page, each page at its own moment. Between two pages it holds no connection and no snapshot, so a slow
caller neither blocks other callers nor stops SQLite from emptying the WAL.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar
from uuid import UUID

from frontsim.clock import Milliseconds, uuid_text
from frontsim.domain.model import ChangedRequest, Webhook
from frontsim.errors import StoreFailed, UnknownEvent, UnknownWebhook
from frontsim.store.changes import SecondRow, read_seconds
from frontsim.store.log_file import open_reader
from frontsim.store.log_pages import (
    EventDetail,
    LogPage,
    LogPageQuery,
    WebhookCounts,
    count_log,
    read_changed,
    read_counts,
    read_event,
    read_log_page,
)
from frontsim.store.rows import ShopRow, read_shop

T = TypeVar("T")

CONNECTIONS = 4
CHUNK = 500
"""Events of a page: what a listing holds in memory. Larger pages are not faster, and hold a connection for longer."""
PAGE_BYTES = 1_000_000
"""Bytes of payloads in a page, about: it ends with the event that exceeds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events of a webhook: created from `since` until before `until`, and more narrowly.

    `success` False asks for events whose newest run failed; an event whose first run is not over is neither.
    `statuses` are status texts in any case, or status codes as text; empty means all.
    """

    webhook_id: UUID
    since: Milliseconds
    until: Milliseconds
    success: bool | None = None
    statuses: Sequence[str] = ()
    with_payload: bool = False
    with_runs: bool = False


class LoggedRun(NamedTuple):
    """A run that is over."""

    run: int
    created_at: Milliseconds
    trigger: str
    outcome: str
    status: str
    status_code: int | None
    duration_ms: int | None


class LoggedEvent(NamedTuple):
    """An event as the log shows it. `payload` None: not asked for. `success` None: no run is over."""

    number: int
    webhook_event_id: str
    created_at: Milliseconds
    updated_at: Milliseconds | None
    status: str
    status_code: int | None
    success: bool | None
    runs_counter: int
    payload: bytes | None
    runs: Sequence[LoggedRun] = ()


_ENTRY = """
SELECT e.number, e.id, e.created_at, e.updated_at, e.status, e.status_code, e.success, e.runs, {body}
FROM events e {join} WHERE {where}
"""
_WITH_BODY = ("o.body", "JOIN occurrences o ON o.number = e.occurrence")
_WITHOUT_BODY = ("NULL", "")
_RUNS = """
SELECT run, created_at, trigger, outcome, status, status_code, duration_ms FROM runs WHERE event = ? ORDER BY run
"""


class Reader:
    """Reads one log, from any number of tasks of one event loop.

    Args:
        path: the log's file.
        is_quick: whether a query takes less time than handing it to a thread.
    """

    def __init__(self, path: Path, *, is_quick: Callable[[], bool]) -> None:
        self._is_quick = is_quick
        self._path = path.resolve()  # as the writer, which keeps to the file that a symbolic link led to at the start
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="frontsim-reader")
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._connections: list[sqlite3.Connection] = []

    async def close(self) -> None:
        """Close the connections when the queries under way have ended."""
        await asyncio.to_thread(self._threads.shutdown)
        while self._connections:
            self._connections.pop().close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[sqlite3.Connection]:
        async with self._free:
            connection = self._connections.pop() if self._connections else open_reader(self._path)
            try:
                yield connection
            finally:
                self._connections.append(connection)

    async def _query(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query, in a thread unless it is quick. Raises StoreFailed: the file cannot be read."""
        try:
            async with self._connection() as connection:
                if self._is_quick():
                    return question(connection)
                return await asyncio.get_running_loop().run_in_executor(self._threads, question, connection)
        except sqlite3.DatabaseError as error:
            raise StoreFailed(f"the log could not be read: {error}") from error

    async def webhooks(self) -> list[Webhook]:
        """All webhooks, oldest first."""
        rows = await self._query(
            lambda db: db.execute(
                "SELECT id, event, url, store_id FROM webhooks WHERE deleted_at IS NULL ORDER BY number"
            ).fetchall()
        )
        return [Webhook(UUID(bytes=raw), event, url, store_id) for raw, event, url, store_id in rows]

    async def webhook(self, webhook_id: UUID) -> Webhook:
        """One webhook. Raises UnknownWebhook."""
        row = await self._query(
            lambda db: db.execute(
                "SELECT event, url, store_id FROM webhooks WHERE id = ? AND deleted_at IS NULL", (webhook_id.bytes,)
            ).fetchone()
        )
        if row is None:
            raise UnknownWebhook(f"no webhook {webhook_id}; GET /api/Webhooks lists those that there are")
        return Webhook(webhook_id, *row)

    async def events(self, query: EventQuery) -> AsyncIterator[list[LoggedEvent]]:
        """The events that a query asks for, oldest first, page by page.

        A deleted webhook still has its log.

        Raises:
            UnknownWebhook: there never was a webhook of that id.
        """
        number = await self._query(lambda db: _webhook_number(db, query.webhook_id))
        after = (query.since, 0)  # numbers begin at 1
        more = True
        while more:
            entries, more = await self._page(query, number, after)
            if not entries:
                return
            yield entries
            after = (entries[-1].created_at, entries[-1].number)

    async def _page(
        self, query: EventQuery, webhook: int, after: tuple[Milliseconds, int]
    ) -> tuple[list[LoggedEvent], bool]:
        """A page, and whether more may follow."""
        sql, values = _select(query, webhook, after)
        return await self._query(lambda db: _entries(db.execute(sql, values), with_runs=query.with_runs))

    async def event(self, webhook_id: UUID, webhook_event_id: str) -> LoggedEvent:
        """One event of a webhook, with its payload and runs. Raises UnknownWebhook, UnknownEvent."""
        body, join = _WITH_BODY
        sql = _ENTRY.format(body=body, join=join, where="e.id = ? AND e.webhook = ?")

        def question(db: sqlite3.Connection) -> list[LoggedEvent]:
            number = _webhook_number(db, webhook_id)
            return _entries(db.execute(sql, (UUID(webhook_event_id).bytes, number)), with_runs=True)[0]

        entries = await self._query(question)
        if not entries:
            raise UnknownEvent(
                f"webhook {webhook_id} has no event {webhook_event_id}; GET /api/WebhooksEvents/{webhook_id} lists them"
            )
        return entries[0]

    async def shop(self, since: int, events: Collection[str], stores: Collection[int], *, most: int) -> list[ShopRow]:
        """Read the rows from which the shop's reads follow: see `read_shop`."""
        return await self._query(lambda db: read_shop(db, since, events, stores, most))

    async def log_page(self, query: LogPageQuery) -> LogPage:
        """Some events of all webhooks, newest first."""
        return await self._query(lambda db: read_log_page(db, query))

    async def log_count(self, query: LogPageQuery) -> tuple[int, int | None]:
        """How many events of all webhooks match, down to the `before` of the next call; None: these were all."""
        return await self._query(lambda db: count_log(db, query))

    async def event_detail(self, webhook_event_id: UUID) -> EventDetail:
        """One event of whatever webhook, with its payload and runs. Raises UnknownEvent."""
        found = await self._query(lambda db: read_event(db, webhook_event_id))
        if found is None:
            raise UnknownEvent(f"expected the id of an event in the log, got {webhook_event_id}")
        return found

    async def changed_request(self, webhook_event_id: UUID, run: int) -> ChangedRequest | None:
        """Reads a run's request as a fault made it; None if no fault changed it."""
        return await self._query(lambda db: read_changed(db, webhook_event_id, run))

    async def webhook_counts(self) -> dict[str, WebhookCounts]:
        """How the events of each webhook went, by its id."""
        return await self._query(read_counts)

    async def seconds(self, since: Milliseconds) -> list[SecondRow]:
        """Counts what happened in each second from a moment on, oldest first; leaves out a second without anything."""
        return await self._query(lambda db: read_seconds(db, since))

    async def counts(self) -> dict[str, int]:
        """How much the log holds."""

        def question(db: sqlite3.Connection) -> dict[str, int]:
            return {name: db.execute(sql).fetchone()[0] for name, sql in _COUNTS.items()}

        return await self._query(question)


_COUNTS = {
    "webhooks": "SELECT count(*) FROM webhooks WHERE deleted_at IS NULL",
    "occurrences": "SELECT count(*) FROM occurrences",
    "events": "SELECT count(*) FROM events",
    "failed": "SELECT count(*) FROM events WHERE success = 0",
    "runs": "SELECT count(*) FROM runs",
    "waiting": "SELECT count(*) FROM queue WHERE begun_at IS NULL",
    "underWay": "SELECT count(*) FROM queue WHERE begun_at IS NOT NULL",
}


def _webhook_number(db: sqlite3.Connection, webhook_id: UUID) -> int:
    row = db.execute("SELECT number FROM webhooks WHERE id = ?", (webhook_id.bytes,)).fetchone()
    if row is None:
        raise UnknownWebhook(f"no webhook {webhook_id}; GET /api/Webhooks lists those that there are")
    number: int = row[0]
    return number


def _select(query: EventQuery, webhook: int, after: tuple[Milliseconds, int]) -> tuple[str, Sequence[object]]:
    """The SQL of one page: the events after `after`, a moment and an event's number."""
    body, join = _WITH_BODY if query.with_payload else _WITHOUT_BODY
    conditions = ["e.webhook = ?", "(e.created_at, e.number) > (?, ?)", "e.created_at < ?"]
    values: list[object] = [webhook, *after, query.until]
    if query.success is not None:
        conditions.append(f"e.success = {int(query.success)}")  # a literal, or the index of failures is not used
    if query.statuses:
        marks = ", ".join("?" * len(query.statuses))
        conditions.append(f"(lower(e.status) IN ({marks}) OR CAST(e.status_code AS TEXT) IN ({marks}))")
        values += [text.lower() for text in query.statuses] * 2
    where = " AND ".join(conditions)
    return _ENTRY.format(body=body, join=join, where=f"{where} ORDER BY e.created_at, e.number LIMIT {CHUNK}"), values


def _entries(cursor: sqlite3.Cursor, *, with_runs: bool) -> tuple[list[LoggedEvent], bool]:
    """The events of a page, and whether more may follow."""
    entries: list[LoggedEvent] = []
    size = 0
    for number, raw, created, updated, status, code, success, runs_counter, payload in cursor:
        shown = None if success is None else success == 1
        entries.append(
            LoggedEvent(number, uuid_text(raw), created, updated, status, code, shown, runs_counter, payload)
        )
        size += 0 if payload is None else len(payload)
        if size > PAGE_BYTES:
            cursor.close()  # or its snapshot would keep SQLite from emptying the WAL
            break
    more = size > PAGE_BYTES or len(entries) == CHUNK
    if not with_runs:
        return entries, more
    runs = cursor.connection.cursor()
    with_them = [
        entry._replace(runs=[LoggedRun(*row) for row in runs.execute(_RUNS, (entry.number,))]) for entry in entries
    ]
    return with_them, more
