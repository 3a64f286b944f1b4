"""A receiver's SQLite file, and its effects as an observer reads them.

work ─┐
    work ─┼─▶ BEGIN, one after the other, COMMIT ─▶ every future gets its result
    work ─┘   (all that was requested in one turn of the event loop)

Invariants: no future is done before the commit; work that fails undoes only itself. In WAL mode with
`synchronous = FULL` a commit survives kill -9 and a power cut, at the price of a disk flush. The whole group shares
one flush. The flush blocks the event loop; the requests that arrive meanwhile form the next group.

One effect: `{"webhookEventId", "webhookId", "event", the type's identity fields ("saleId" ...), "at",
"current", "payload"}`. `current` says, for events that carry the state of something that changes (customers,
orders, stock levels), whether this effect is the state that the receiver holds now; null for all others.
"""

import asyncio
import fcntl
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson

from frontsim.errors import Unusable
from frontsim.files import opened

T = TypeVar("T")
Group = list[tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]]

SYNCHRONOUS = "FULL"
APPLICATION_ID = 0x46535256  # "FSRV": marks the file as ours
_SCHEMA = Path(__file__).with_name("schema.sql")


class Bookings:
    """All that a receiver stores, in one file that it alone uses.

    Raises:
        Unusable: the file cannot be opened and written, or it holds something else.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._waiting: Group = []
        self._lock = _locked(file)
        try:
            self._db = _opened(file)
        except sqlite3.Error as error:
            self._lock.close()
            raise Unusable(f"{file}: expected a receiver's database that can be written, got: {error}") from None

    def transact(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Do `work` in a transaction; the future gets its result after the commit, or its error.

        All work that is requested in one turn of the event loop goes into one commit. Work must not block: it
        holds the file and the loop. If other work of its group fails, it is rolled back and done again, alone.
        """
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._commit_group)
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((work, future))
        return future

    def close(self) -> None:
        """Commit the work that waits, and close the file."""
        self._commit_group()
        self._db.close()
        self._lock.close()

    def _commit_group(self) -> None:
        group, self._waiting = self._waiting, []
        if group and not self._committed(group) and len(group) > 1:
            for each in group:
                self._committed([each])

    def _committed(self, group: Group) -> bool:
        """Commit the group; returns False if it was rolled back. Work that was alone in it then gets its error."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            results = [(future, work(self._db)) for work, future in group]
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the error belongs to the caller, who awaits the future
            with suppress(sqlite3.Error):  # SQLite has already rolled back, as it does when the disk is full
                self._db.execute("ROLLBACK")
            for _, future in group:
                if len(group) == 1 and not future.cancelled():
                    future.set_exception(error)
            return False
        for future, result in results:
            if not future.cancelled():
                future.set_result(result)
        return True

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query, through a read-only connection. Call it in a thread: it blocks."""
        with closing(sqlite3.connect(f"{self.file.absolute().as_uri()}?mode=ro", uri=True)) as reader:
            return reader.execute(query).fetchall()


def _locked(file: Path) -> IO[bytes]:
    """Lock the file against other receivers until the lock is closed or this process ends: one writer per file."""
    try:
        opened(file, "ab", private=True).close()  # SQLite gives its other files the mode of this one
        lock = opened(file.with_name(f"{file.name}-lock"), "wb", private=True)
    except OSError as error:
        raise Unusable(f"{file}: expected a folder that can be written, got: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise Unusable(f"{file}: expected a file that no other receiver uses; name one with --db") from None
    return lock


def _opened(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        ours = db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
        if not ours and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError("it holds the tables of something else")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.executescript(_SCHEMA.read_text(encoding="utf-8"))
    except BaseException:
        db.close()
        raise
    return db


_QUERY = """
SELECT event_id, webhook_id, event, identity, {payload}, at, iif(effects.entity IS NULL, NULL, states.effect = number)
FROM effects LEFT JOIN states ON states.entity = effects.entity {where} ORDER BY number
"""
_COUNTS = """
SELECT (SELECT count(*) FROM effects), (SELECT count(*) FROM ignored), (SELECT count(*) FROM inbox WHERE NOT done)
"""


def effects_json(bookings: Bookings, *, payload: bool = True, since_ms: int = 0) -> bytes:
    """The effects that were booked since a moment (ms since 1970), with or without their payloads."""
    where = f"WHERE at >= {since_ms}" if since_ms else ""
    rows = bookings.read(_QUERY.format(payload="payload" if payload else "NULL", where=where))
    return orjson.dumps([_effect(*row) for row in rows])


def counts(bookings: Bookings) -> Mapping[str, int]:
    """The numbers of effects, of ignored events and of events that wait in an inbox."""
    effects, ignored, waiting = bookings.read(_COUNTS)[0]
    return {"effects": effects, "ignored": ignored, "waiting": waiting}


def _effect(
    event_id: str, webhook_id: str, event: str, identity: bytes, payload: bytes | None, at: int, current: int | None
) -> Mapping[str, Any]:
    effect = {
        **orjson.loads(identity),
        "webhookEventId": event_id or None,
        "webhookId": webhook_id,
        "event": event,
        "at": f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z",
        "current": None if current is None else bool(current),
    }
    return effect if payload is None else {**effect, "payload": orjson.Fragment(payload)}
