"""The queue of runs: what waits, what is due, and how much is under way to each destination.

A run is begun, that is marked in the file, before it is handed out, and never more of them at once for one
destination than its lanes. What is counted in memory can be counted again from the file at any time.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import orjson

from simulator.clock import Milliseconds
from simulator.domain.model import Delivery, Trigger
from simulator.store.rows import insert

FIRST = 0
"""A due time before every other: of a resend, since somebody waits for it."""

LEASED = 0
"""The destination of runs that somebody else sends."""

Intended = tuple[int, int, Trigger, int, str, Milliseconds]
"""Event number, run, trigger, destination, URL, due time."""

_INTEND = "INSERT INTO queue (event, run, trigger, destination, url, due_at)"
_BEGUN = "INSERT INTO queue (event, run, trigger, destination, url, due_at, begun_at)"
_DELIVERIES = """
SELECT json_group_array(json_array(
  q.number, q.event, q.run, q.destination, q.trigger, e.webhook, hex(e.id), o.event, q.url, CAST(o.body AS TEXT),
  q.due_at
)) FROM ({queued}) q JOIN events e ON e.number = q.event JOIN occurrences o ON o.number = e.occurrence
"""  # one row, so one step: see `rows`
_NEXT = _DELIVERIES.format(
    queued="""
SELECT * FROM queue WHERE destination = ? AND begun_at IS NULL AND due_at <= ? ORDER BY due_at, number LIMIT ?
"""
)
_NEWEST = _DELIVERIES.format(queued="SELECT * FROM queue WHERE number > ? ORDER BY number")
_QUEUED = "SELECT json_group_array(number) FROM queue WHERE number IN (SELECT value FROM json_each(?))"
_BEGIN = """
UPDATE queue SET begun_at = ? WHERE destination = ? AND begun_at IS NULL AND (due_at, number) <= (?, ?)
"""


_TRIGGERS = {str(trigger): trigger for trigger in Trigger}


def _by_due_time(row: Sequence[Any]) -> tuple[Milliseconds, int]:
    return row[-1], row[0]


class Queue:
    """Runs that are not over; a step in a transaction that the caller holds.

    Args:
        connection: the one read-write connection.
        lanes: how many runs may be under way at once to one destination.
        webhook_id: the id of the webhook in a row.
    """

    def __init__(self, connection: sqlite3.Connection, *, lanes: int, webhook_id: Callable[[int], UUID]) -> None:
        self._db = connection
        self._lanes = lanes
        self._webhook_id = webhook_id
        self.load()

    def load(self) -> None:
        """Count again from the file: at the start, and after a transaction that was undone."""
        self._under_way: Counter[int] = Counter(
            dict(
                self._db.execute(
                    "SELECT destination, count(*) FROM queue WHERE begun_at IS NOT NULL GROUP BY destination"
                )
            )
        )
        self._alarms: dict[int, Milliseconds] = dict(
            self._db.execute("SELECT destination, min(due_at) FROM queue WHERE begun_at IS NULL GROUP BY destination")
        )
        self.length: int = self._db.execute("SELECT count(*) FROM queue").fetchone()[0]
        self._hungry: set[int] = set()

    @property
    def under_way(self) -> int:
        """How many runs have begun and are not over."""
        return self._under_way.total()

    @property
    def next_due(self) -> Milliseconds | None:
        """When the next run is due at a destination that has a lane free."""
        return min(self._alarms.values(), default=None)

    def intend(self, runs: Sequence[Intended]) -> None:
        """Add runs."""
        insert(self._db, _INTEND, runs)
        self.length += len(runs)
        self._hungry.update(destination for _, _, _, destination, _, _ in runs)

    def intend_first(self, event: int, run: int, destination: int, url: str) -> int:
        """Add a resend before all that waits; returns its number."""
        number = self._db.execute(
            f"{_INTEND} VALUES (?, ?, ?, ?, ?, ?)", (event, run, Trigger.RESEND, destination, url, FIRST)
        ).lastrowid
        assert number is not None
        self.length += 1
        self._hungry.add(destination)
        return number

    def lease(self, runs: Sequence[Intended], now: Milliseconds) -> list[Delivery]:
        """Add runs that have begun elsewhere: no lane of ours is theirs."""
        return self._add_begun(
            [(event, run, trigger, LEASED, url, now) for event, run, trigger, _, url, _ in runs], now
        )

    def copy(self, delivery: Delivery, runs: Sequence[int], now: Milliseconds) -> list[Delivery]:
        """Add further runs of an event, begun beside `delivery` whether or not a lane is free."""
        return self._add_begun(
            [(delivery.event_number, run, delivery.trigger, delivery.destination, delivery.url, now) for run in runs],
            now,
        )

    def _add_begun(self, runs: Sequence[Intended], now: Milliseconds) -> list[Delivery]:
        (last,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'queue'").fetchone()
        insert(self._db, _BEGUN, [(*run, now) for run in runs])
        self.length += len(runs)
        self._under_way.update(destination for _, _, _, destination, _, _ in runs)
        return self._deliveries(_NEWEST, (last,))[0]

    def begin_due(self, now: Milliseconds) -> list[Delivery]:
        """Mark as begun, and hand out, what is due and finds a lane free: oldest first at each destination."""
        self._hungry.update(destination for destination, due_at in self._alarms.items() if due_at <= now)
        begun = [delivery for destination in sorted(self._hungry) for delivery in self._begin(destination, now)]
        self._hungry.clear()
        return begun

    def _begin(self, destination: int, now: Milliseconds) -> list[Delivery]:
        self._alarms.pop(destination, None)
        room = self._lanes - self._under_way[destination]
        if room <= 0:
            return []  # the end of any of its runs makes it hungry again
        deliveries, last = self._deliveries(_NEXT, (destination, now, room))
        if last is not None:
            self._db.execute(_BEGIN, (now, destination, *last))
            self._under_way[destination] += len(deliveries)
        if len(deliveries) < room:
            self._set_alarm(destination)
        return deliveries

    def _deliveries(self, sql: str, values: Sequence[int]) -> tuple[list[Delivery], tuple[Milliseconds, int] | None]:
        """The runs that a query finds, and due time and number of the last of them."""
        (text,) = self._db.execute(sql, values).fetchone()
        rows = sorted(orjson.loads(text), key=_by_due_time)
        deliveries = [
            Delivery(
                number, event, run, destination, _TRIGGERS[trigger], self._webhook_id(webhook), UUID(hex=event_id),
                name, url, body.encode(),
            )
            for number, event, run, destination, trigger, webhook, event_id, name, url, body, _ in rows
        ]  # fmt: skip
        return deliveries, _by_due_time(rows[-1]) if rows else None

    def _set_alarm(self, destination: int) -> None:
        (due_at,) = self._db.execute(
            "SELECT min(due_at) FROM queue WHERE destination = ? AND begun_at IS NULL", (destination,)
        ).fetchone()
        if due_at is not None:
            self._alarms[destination] = due_at

    def postpone(self, delivery: Delivery, due_at: Milliseconds) -> None:
        """Put back a run that has begun, but of which nothing was sent, until `due_at`."""
        put_back = self._db.execute(
            "UPDATE queue SET begun_at = NULL, due_at = ? WHERE number = ? AND begun_at NOTNULL",
            (due_at, delivery.run_id),
        )
        if put_back.rowcount:
            self._under_way[delivery.destination] -= 1
            self._hungry.add(delivery.destination)

    def hasten(self, delivery: Delivery) -> None:
        """Make a run that was put back due before all that waits; nothing if it has begun again or is over."""
        if self._db.execute(
            "UPDATE queue SET due_at = ? WHERE number = ? AND begun_at IS NULL", (FIRST, delivery.run_id)
        ).rowcount:
            self._hungry.add(delivery.destination)

    def end(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Take runs out that are over; returns those that a reset has not dropped before."""
        numbers = orjson.dumps([delivery.run_id for delivery in deliveries]).decode()
        (text,) = self._db.execute(_QUEUED, (numbers,)).fetchone()
        queued = set(orjson.loads(text))
        self._db.execute("DELETE FROM queue WHERE number IN (SELECT value FROM json_each(?))", (numbers,))
        ended = [delivery for delivery in deliveries if delivery.run_id in queued]
        self.length -= len(ended)
        for delivery in ended:
            self._under_way[delivery.destination] -= 1
            self._hungry.add(delivery.destination)
        return ended

    def interrupted(self) -> list[tuple[int, int, str, str, Milliseconds]]:
        """Take out all runs that had begun: event number, run, trigger, URL, and when it began."""
        rows = self._db.execute(
            "DELETE FROM queue WHERE begun_at IS NOT NULL RETURNING event, run, trigger, url, begun_at"
        ).fetchall()
        self.load()
        return rows
