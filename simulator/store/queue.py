"""The queue of runs: what waits, what is due, and how much is under way to each destination.

A run is begun, that is marked in the file, before it is handed out, and never more of them at once for one
destination than its lanes. What is counted in memory can be counted again from the file at any time.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from simulator.clock import Milliseconds
from simulator.domain.model import Delivery, Trigger

FIRST = 0
"""A due time before every other: of a resend, since somebody waits for it."""

LEASED = 0
"""The destination of runs that somebody else sends."""

Intended = tuple[int, int, Trigger, int, str, Milliseconds]
"""Event number, run, trigger, destination, URL, due time."""

_INTEND = "INSERT INTO queue (event, run, trigger, destination, url, due_at) VALUES (?, ?, ?, ?, ?, ?)"
_BEGUN = "INSERT INTO queue (event, run, trigger, destination, url, due_at, begun_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DELIVERY = """
SELECT q.number, q.event, q.run, q.destination, q.trigger, e.webhook, e.id, o.event, q.url, o.body, q.due_at
FROM queue q JOIN events e ON e.number = q.event JOIN occurrences o ON o.number = e.occurrence
"""
_NEXT = f"""
{_DELIVERY} WHERE q.destination = ? AND q.begun_at IS NULL AND q.due_at <= ?
ORDER BY q.due_at, q.number LIMIT ?
"""
_BEGIN = """
UPDATE queue SET begun_at = ? WHERE destination = ? AND begun_at IS NULL AND (due_at, number) <= (?, ?)
"""


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
        self._db.executemany(_INTEND, runs)
        self.length += len(runs)
        self._hungry.update(destination for _, _, _, destination, _, _ in runs)

    def intend_first(self, event: int, run: int, destination: int, url: str) -> int:
        """Add a resend before all that waits; returns its number."""
        number = self._db.execute(_INTEND, (event, run, Trigger.RESEND, destination, url, FIRST)).lastrowid
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
        self._db.executemany(_BEGUN, [(*run, now) for run in runs])
        self.length += len(runs)
        self._under_way.update(destination for _, _, _, destination, _, _ in runs)
        rows = self._db.execute(f"{_DELIVERY} WHERE q.number > ? ORDER BY q.number", (last,)).fetchall()
        return [self._delivery(row) for row in rows]

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
        rows = self._db.execute(_NEXT, (destination, now, room)).fetchall()
        if rows:
            number, due_at = rows[-1][0], rows[-1][-1]
            self._db.execute(_BEGIN, (now, destination, due_at, number))
            self._under_way[destination] += len(rows)
        if len(rows) < room:
            self._set_alarm(destination)
        return [self._delivery(row) for row in rows]

    def _delivery(self, row: Sequence[Any]) -> Delivery:
        number, event, run, destination, trigger, webhook, raw, name, url, body, _ = row
        return Delivery(
            number,
            event,
            run,
            destination,
            Trigger(trigger),
            self._webhook_id(webhook),
            UUID(bytes=raw),
            name,
            url,
            body,
        )

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

    def end(self, delivery: Delivery) -> bool:
        """Take a run out that is over; False if a reset has done so already."""
        if not self._db.execute("DELETE FROM queue WHERE number = ?", (delivery.run_id,)).rowcount:
            return False
        self.length -= 1
        self._under_way[delivery.destination] -= 1
        self._hungry.add(delivery.destination)
        return True

    def interrupted(self) -> list[tuple[int, int, str, str, Milliseconds]]:
        """Take out all runs that had begun: event number, run, trigger, URL, and when it began."""
        rows = self._db.execute(
            "DELETE FROM queue WHERE begun_at IS NOT NULL RETURNING event, run, trigger, url, begun_at"
        ).fetchall()
        self.load()
        return rows
