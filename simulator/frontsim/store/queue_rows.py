"""The rows of the table `queue`: the only SQL about it. Each method is a part of a transaction that its caller holds.

A row is a run that is not over. It waits until `due_at`, or it has begun (`begun_at`); `queue.py` decides which begins.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence

import orjson

from frontsim.clock import Milliseconds, uuid_text
from frontsim.domain.model import Delivery, Trigger
from frontsim.store.log_file import execute_bulk

# Values of `due_at` before every real moment: they put classes of runs in order, and hold whatever simulator time is.
FIRST: Milliseconds = -(2**62)
"""Of a resend: its caller waits."""
NEXT: Milliseconds = FIRST + 1
"""Of a run that had its turn before and was put back."""
AT_ONCE: Milliseconds = FIRST + 2
"""Of an original: due at once, so that no change of the clock, nor a restart that forgets it, strands the run."""

_INSERT = "INSERT INTO queue SELECT * FROM (VALUES {rows}) WHERE column1 > 0"
_INSERT_NEW = """
WITH new (number, event, destination, url, begun) AS (VALUES {rows})
INSERT INTO queue (number, event, destination, url, run, trigger, due_at, begun_at)
SELECT number, event, destination, url, 1, ?, ?, iif(begun, ?, NULL) FROM new WHERE number > 0
"""
_DELIVERIES = """
SELECT json_group_array(json_array(
  q.number, q.event, q.run, q.destination, q.trigger, e.webhook, hex(e.id), o.event, q.url, length(o.body),
  e.created_at, o.store_id, q.due_at
)), CAST(group_concat(o.body, '') AS BLOB)
FROM ({queued}) q JOIN events e ON e.number = q.event JOIN occurrences o ON o.number = e.occurrence
"""  # one row, because each row that sqlite3 fetches releases Python's lock and may wait to get it back; the bodies one
# behind the other beside the JSON, because as texts in it they would be escaped, which costs more than all the rest
_NEXT = _DELIVERIES.format(
    queued="""
SELECT * FROM queue WHERE destination = ? AND begun_at IS NULL AND due_at <= ? ORDER BY due_at, number LIMIT ?
""",
)
_NEWEST = _DELIVERIES.format(queued="SELECT * FROM queue WHERE number >= ?")
_BEGIN = "UPDATE queue SET begun_at = ? WHERE number IN (SELECT value FROM json_each(?))"
_END = "DELETE FROM queue WHERE number IN (SELECT value FROM json_each(?))"
_TRIGGERS = {str(trigger): trigger for trigger in Trigger}

InterruptedRun = tuple[int, int, str, str, Milliseconds | None]
"""Event number, run, trigger, URL, and when it began."""


class QueueRows:
    """The rows.

    Args:
        connection: the one read-write connection.
        webhook_id: the id of the webhook in a row.
    """

    def __init__(self, connection: sqlite3.Connection, *, webhook_id: Callable[[int], str]) -> None:
        self._db = connection
        self._webhook_id = webhook_id

    # The whole.

    def count(self) -> int:
        """How many runs are not over."""
        length: int = self._db.execute("SELECT count(*) FROM queue").fetchone()[0]
        return length

    def next_number(self) -> int:
        """The number of the next run: none is given twice, not even after a reset."""
        (last,) = self._db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'queue'").fetchone()
        return (last or 0) + 1

    def begun(self) -> list[tuple[int, int]]:
        """Number and destination of each run that has begun."""
        return self._db.execute("SELECT number, destination FROM queue WHERE begun_at IS NOT NULL").fetchall()

    def first_due(self) -> dict[int, Milliseconds]:
        """When the first waiting run of each destination is due."""
        return dict(
            self._db.execute("SELECT destination, min(due_at) FROM queue WHERE begun_at IS NULL GROUP BY destination")
        )

    def first_due_of(self, destination: int) -> Milliseconds | None:
        """When the first waiting run of a destination is due; None if none waits."""
        due_at: Milliseconds | None = self._db.execute(
            "SELECT min(due_at) FROM queue WHERE destination = ? AND begun_at IS NULL", (destination,)
        ).fetchone()[0]
        return due_at

    # In.

    def insert_originals(self, new: Sequence[Delivery], begun: Collection[int], now: Milliseconds) -> None:
        """Insert first runs of events: those whose number is in `begun` as begun, the others as waiting."""
        rows = [
            (item.run_id, item.event_number, item.destination, item.url, 1 if item.run_id in begun else 0)
            for item in new
        ]
        execute_bulk(self._db, _INSERT_NEW, rows, str(Trigger.ORIGINAL), AT_ONCE, now)

    def insert_resend(self, number: int, event: int, run: int, destination: int, url: str) -> None:
        """Insert a resend before all that waits."""
        execute_bulk(self._db, _INSERT, [(number, event, run, str(Trigger.RESEND), destination, url, FIRST, None)])

    def insert_begun(self, deliveries: Sequence[Delivery], now: Milliseconds) -> None:
        """Insert runs that begin now."""
        rows = [
            (item.run_id, item.event_number, item.run, str(item.trigger), item.destination, item.url, now, now)
            for item in deliveries
        ]
        execute_bulk(self._db, _INSERT, rows)

    def insert_begun_resends(
        self, numbers: range, runs: Sequence[tuple[int, int, str]], destination: int, now: Milliseconds
    ) -> list[Delivery]:
        """Insert resends that begin now, with the highest numbers of all: event number, run, URL."""
        rows = [
            (number, event, run, str(Trigger.RESEND), destination, url, now, now)
            for number, (event, run, url) in zip(numbers, runs, strict=True)
        ]
        execute_bulk(self._db, _INSERT, rows)
        return self._read(_NEWEST, (numbers.start,))

    # From waiting to begun, and back.

    def mark_begun(self, numbers: Collection[int], now: Milliseconds) -> None:
        """Mark runs that waited as begun."""
        if numbers:
            self._db.execute(_BEGIN, (now, _as_json(numbers)))

    def postpone(self, number: int, due_at: Milliseconds) -> None:
        """Let a run that has begun wait again."""
        self._db.execute("UPDATE queue SET begun_at = NULL, due_at = ? WHERE number = ?", (due_at, number))

    def make_due(self, number: int) -> bool:
        """Put a waiting run before all others but the resends; False if it does not wait."""
        done = self._db.execute("UPDATE queue SET due_at = ? WHERE number = ? AND begun_at IS NULL", (NEXT, number))
        return done.rowcount > 0

    # Out.

    def delete(self, numbers: Collection[int]) -> None:
        """Delete runs that are over."""
        self._db.execute(_END, (_as_json(numbers),))

    def take_interrupted(self) -> list[InterruptedRun]:
        """Delete all runs that had begun, and all resends.

        The caller of a resend that had not begun got no answer, or learned that it was not sent, and may ask again: the
        run must not be sent beside that one. Originals that had been postponed become due at once, because their due
        time was measured on a clock that a restart forgets, as it forgets fault rules.
        """
        rows = self._db.execute(
            "DELETE FROM queue WHERE begun_at IS NOT NULL OR trigger = ? RETURNING event, run, trigger, url, begun_at",
            (str(Trigger.RESEND),),
        ).fetchall()
        self._db.execute("UPDATE queue SET due_at = ?1 WHERE due_at > ?1", (AT_ONCE,))
        return rows

    # Read.

    def read_due(self, destination: int, now: Milliseconds, most: int) -> list[Delivery]:
        """Reads what is due next; fewer where their bodies together are longer than one text of SQLite can be."""
        while True:
            try:
                return self._read(_NEXT, (destination, now, most))
            except sqlite3.DataError:
                if most == 1:
                    raise
                most //= 2

    def _read(self, sql: str, values: Sequence[int]) -> list[Delivery]:
        text, bodies = self._db.execute(sql, values).fetchone()
        found, end = [], 0
        for (
            number, event, run, destination, trigger, webhook, event_id, name, url, size, created_at, store_id, due_at
        ) in orjson.loads(text):  # fmt: skip
            start, end = end, end + size
            delivery = Delivery(
                number, event, run, destination, _TRIGGERS[trigger], self._webhook_id(webhook),
                uuid_text(bytes.fromhex(event_id)), name, url, bodies[start:end], created_at, store_id,
            )  # fmt: skip
            found.append((due_at, number, delivery))
        return [delivery for _, _, delivery in sorted(found)]


def _as_json(numbers: Iterable[int]) -> str:
    return orjson.dumps(list(numbers)).decode()
