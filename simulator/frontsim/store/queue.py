"""The queue of runs: what waits, what is due, and how much is under way to each destination.

A run is begun, that is marked in the file, before it is handed out. For one destination never more of them are out at
once than its lanes, and twice as many ahead as were over in the last commit: lanes get free while the next one waits
for the disk, and if all that was ahead has left by then, more is ahead next time. To a receiver that answers slowly two
are. Only resends, for which somebody waits, are begun beyond that. What is kept in memory can be read again from the
file at any time.

    intend ──▶ line ──▶ a lane is free: written once, as begun, and handed out as it is
                 └────▶ none is: written as waiting; marked as begun when its turn comes
    a line is full, or something is to go before others: written; read back when its turn comes
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

import orjson

from frontsim.clock import Milliseconds, uuid_text
from frontsim.domain.model import Delivery, Trigger
from frontsim.store.bulk_sql import write
from frontsim.store.memory_queue import MemoryQueue

FIRST: Milliseconds = -(2**62)
"""A due time before every other: of a resend, since somebody waits for it."""

NEXT: Milliseconds = FIRST + 1
"""Behind resends, before all that waits: of what had its turn before, and was held back or not begun."""

AT_ONCE: Milliseconds = FIRST + 2
"""Due whatever simulator time it is, so that no turn of the clock, nor a restart that forgets it, strands a run."""

LEASED = 0
"""The destination of runs that somebody else sends."""

MOST_AHEAD = 256
"""Runs that are handed out to one destination beyond its lanes."""


_INSERT = "INSERT INTO queue SELECT * FROM (VALUES {rows}) WHERE column1 > 0"
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
_NEWEST = _DELIVERIES.format(queued="SELECT * FROM queue WHERE number >= ?")
_BEGIN = "UPDATE queue SET begun_at = ? WHERE number IN (SELECT value FROM json_each(?))"
_END = "DELETE FROM queue WHERE number IN (SELECT value FROM json_each(?))"
_TRIGGERS = {str(trigger): trigger for trigger in Trigger}


class Queue:
    """Runs that are not over; a step in a transaction that the caller holds.

    Args:
        connection: the one read-write connection.
        lanes: how many runs are sent at once to one destination.
        webhook_id: the id of the webhook in a row.
    """

    def __init__(self, connection: sqlite3.Connection, *, lanes: int, webhook_id: Callable[[int], str]) -> None:
        self._db = connection
        self._lanes = lanes
        self._webhook_id = webhook_id
        self.load()

    def load(self) -> None:
        """Read again what is kept in memory: at the start, and after a transaction that was undone."""
        begun = self._db.execute("SELECT number, destination FROM queue WHERE begun_at IS NOT NULL").fetchall()
        self._begun = {number for number, _ in begun}
        self._under_way = Counter(destination for _, destination in begun)
        self._ahead: dict[int, int] = {}
        self._alarms: dict[int, Milliseconds] = dict(
            self._db.execute("SELECT destination, min(due_at) FROM queue WHERE begun_at IS NULL GROUP BY destination")
        )
        self._behind = set(self._alarms)  # destinations for which more waits in the file than in their lines
        self._lines = MemoryQueue()
        self._new: list[Delivery] = []  # intended in this transaction
        self._hungry: set[int] = set()
        self._resends: Counter[int] = Counter()  # intended in this transaction
        self.length: int = self._db.execute("SELECT count(*) FROM queue").fetchone()[0]
        (last,) = self._db.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'queue'").fetchone()
        self.next_number: int = (last or 0) + 1  # a number is never given twice, not even after a reset

    @property
    def under_way(self) -> int:
        """How many runs have begun and are not over."""
        return len(self._begun)

    @property
    def next_due(self) -> Milliseconds | None:
        """When the next run is due at a destination that has a lane free."""
        return min(self._alarms.values(), default=None)

    @property
    def to_send(self) -> int:
        """How many runs are to be sent, or under way, by ourselves."""
        return self.length - self._under_way[LEASED]

    def has_begun(self, delivery: Delivery) -> bool:
        """Whether a run has begun and is not over, nor dropped by a reset."""
        return delivery.run_id in self._begun

    def take_numbers(self, count: int) -> range:
        """The numbers of the next `count` runs."""
        self.next_number += count
        return range(self.next_number - count, self.next_number)

    def intend(self, deliveries: Sequence[Delivery]) -> None:
        """Add runs that are due now; `write` writes them."""
        self._new += deliveries
        self.length += len(deliveries)
        self._hungry.update({delivery.destination for delivery in deliveries})

    def intend_first(self, event: int, run: int, destination: int, url: str) -> int:
        """Add a resend before all that waits; returns its number."""
        [number] = self.take_numbers(1)
        write(self._db, _INSERT, [(number, event, run, str(Trigger.RESEND), destination, url, FIRST, None)])
        self.length += 1
        self._read_again(destination)
        self._resends[destination] += 1
        return number

    def lease(self, deliveries: Sequence[Delivery], now: Milliseconds) -> None:
        """Add runs that have begun: to `LEASED` if somebody else sends them, for no lane of ours is theirs."""
        write(self._db, _INSERT, [_row(delivery, now, now) for delivery in deliveries])
        self.length += len(deliveries)
        self._note_begun(deliveries)

    def lease_again(self, runs: Sequence[tuple[int, int, str]], now: Milliseconds) -> list[Delivery]:
        """Add further runs of events, begun elsewhere: event number, run, URL."""
        numbers = self.take_numbers(len(runs))
        write(
            self._db,
            _INSERT,
            [
                (number, event, run, str(Trigger.RESEND), LEASED, url, now, now)
                for number, (event, run, url) in zip(numbers, runs, strict=True)
            ],
        )
        deliveries = self._deliveries(_NEWEST, (numbers.start,))
        self.length += len(deliveries)
        self._note_begun(deliveries)
        return deliveries

    def write(self, now: Milliseconds, *, begin: bool) -> list[Delivery]:
        """Write what was intended; begin, and hand out, what is due and finds a lane free, oldest first."""
        for destination in [destination for destination, due_at in self._alarms.items() if due_at <= now]:
            self._read_again(destination)
        new, self._new = self._new, []
        self._line_up(new)
        begun = self._begin_lines() if begin else []
        at_once = {delivery.run_id for delivery in begun}
        write(self._db, _INSERT, [_row(item, AT_ONCE, now if item.run_id in at_once else None) for item in new])
        self._mark_begun(at_once.difference(item.run_id for item in new), now)
        if begin:
            for destination in sorted(self._hungry & self._behind):
                begun += self._begin_from_file(destination, now)
            self._hungry.clear()
        return begun

    def _line_up(self, deliveries: Iterable[Delivery]) -> None:
        for delivery in deliveries:
            if delivery.destination not in self._behind and not self._lines.add(delivery):
                self._behind.add(delivery.destination)

    def _begin_lines(self) -> list[Delivery]:
        """Take from the lines what finds a lane free."""
        begun = []
        for destination in sorted(self._hungry):
            if destination in self._lines:
                leaving = self._lines.take(destination, self._room(destination))
                self._note_begun(leaving)
                begun += leaving
        return begun

    def _begin_from_file(self, destination: int, now: Milliseconds) -> list[Delivery]:
        """Begin what waits in the file behind the line, if the line is used up and lanes are free still.

        A resend is begun in any case: it waits for its lane before all that was handed out ahead.
        """
        self._alarms.pop(destination, None)
        room = max(0, self._room(destination)) + self._resends.pop(destination, 0)
        if room <= 0:
            return []  # the end of any of its runs makes it hungry again
        deliveries = self._due_in_file(destination, now, room)
        self._mark_begun({delivery.run_id for delivery in deliveries}, now)
        self._note_begun(deliveries)
        if len(deliveries) < room:
            self._behind.discard(destination)
            self._set_alarm(destination)
        return deliveries

    def _room(self, destination: int) -> int:
        return self._lanes + self._ahead.get(destination, 0) - self._under_way[destination]

    def _due_in_file(self, destination: int, now: Milliseconds, most: int) -> list[Delivery]:
        """What is due next; fewer where their bodies together are more than SQLite takes in one text."""
        while True:
            try:
                return self._deliveries(_NEXT, (destination, now, most))
            except sqlite3.DataError:
                if most == 1:
                    raise
                most //= 2

    def _read_again(self, destination: int) -> None:
        """Drop a line: the file knows better what is next."""
        self._lines.drop(destination)
        self._alarms.pop(destination, None)
        self._behind.add(destination)
        self._hungry.add(destination)

    def _mark_begun(self, numbers: set[int], now: Milliseconds) -> None:
        if numbers:
            self._db.execute(_BEGIN, (now, _list(numbers)))

    def _note_begun(self, deliveries: Sequence[Delivery]) -> None:
        self._begun.update([delivery.run_id for delivery in deliveries])
        self._under_way.update([delivery.destination for delivery in deliveries])

    def _note_ended(self, deliveries: Sequence[Delivery]) -> None:
        destinations = [delivery.destination for delivery in deliveries]
        self._begun.difference_update([delivery.run_id for delivery in deliveries])
        self._under_way.subtract(destinations)
        self._hungry.update(destinations)

    def _deliveries(self, sql: str, values: Sequence[int]) -> list[Delivery]:
        """The runs that a query finds."""
        (text,) = self._db.execute(sql, values).fetchone()
        rows = sorted(orjson.loads(text), key=itemgetter(-1, 0))
        return [
            Delivery(
                number, event, run, destination, _TRIGGERS[trigger], self._webhook_id(webhook),
                uuid_text(bytes.fromhex(event_id)), name, url, body.encode(),
            )
            for number, event, run, destination, trigger, webhook, event_id, name, url, body, _ in rows
        ]  # fmt: skip

    def _set_alarm(self, destination: int) -> None:
        (due_at,) = self._db.execute(
            "SELECT min(due_at) FROM queue WHERE destination = ? AND begun_at IS NULL", (destination,)
        ).fetchone()
        if due_at is not None:
            self._alarms[destination] = due_at

    def postpone(self, delivery: Delivery, due_at: Milliseconds) -> None:
        """Put back a run that has begun, but of which nothing was sent, until `due_at`."""
        if self.has_begun(delivery):
            self._db.execute("UPDATE queue SET begun_at = NULL, due_at = ? WHERE number = ?", (due_at, delivery.run_id))
            self._note_ended([delivery])
            self._read_again(delivery.destination)

    def hasten(self, delivery: Delivery) -> None:
        """Make a run that was put back due before all that waits; nothing if it has begun again or is over."""
        if self._db.execute(
            "UPDATE queue SET due_at = ? WHERE number = ? AND begun_at IS NULL", (NEXT, delivery.run_id)
        ).rowcount:
            self._read_again(delivery.destination)

    def end(self, deliveries: Sequence[Delivery]) -> set[int]:
        """Take runs out that are over; returns the numbers of those that a reset has not dropped before."""
        ended = [delivery for delivery in deliveries if delivery.run_id in self._begun]
        numbers = {delivery.run_id for delivery in ended}
        self._db.execute(_END, (_list(numbers),))
        self.length -= len(ended)
        self._note_ended(ended)
        over = Counter([delivery.destination for delivery in ended])
        self._ahead.update({destination: min(2 * count, MOST_AHEAD) for destination, count in over.items()})
        return numbers

    def interrupted(self) -> list[tuple[int, int, str, str, Milliseconds | None]]:
        """Take out all runs that had begun, and all resends: event number, run, trigger, URL, and when it began.

        Who asked for a resend that has not begun was told that it is not sent, or nothing, and may ask again: it is not
        to be sent beside that one. What else had been postponed is due at once: the clock that it was measured on is
        forgotten, as fault rules are.
        """
        rows = self._db.execute(
            "DELETE FROM queue WHERE begun_at IS NOT NULL OR trigger = ? RETURNING event, run, trigger, url, begun_at",
            (str(Trigger.RESEND),),
        ).fetchall()
        self._db.execute("UPDATE queue SET due_at = ?1 WHERE due_at > ?1", (AT_ONCE,))
        self.load()
        return rows


def _row(delivery: Delivery, due_at: Milliseconds, begun_at: Milliseconds | None) -> tuple[object, ...]:
    return (
        delivery.run_id, delivery.event_number, delivery.run, str(delivery.trigger), delivery.destination,
        delivery.url, due_at, begun_at,
    )  # fmt: skip


def _list(numbers: Iterable[int]) -> str:
    """As `json_each` takes it."""
    return orjson.dumps(list(numbers)).decode()
