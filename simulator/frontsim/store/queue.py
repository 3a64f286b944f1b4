"""The queue of runs: waiting, due, in memory, begun.

The file is the queue, and all SQL about its table is in `QueueRows`; what is kept in memory is a copy that `load` can
read again at any time. A run is *begun*, that is marked so in the file, before it is handed out: after a crash every
run that is not marked was certainly not sent.

    enqueue ──▶ memory ──▶ there is room: inserted once, as begun, and handed out as it is
                  └──────▶ there is none: inserted as waiting; marked as begun when its turn comes
    memory is full, or something goes first: inserted as waiting; read back from the file when its turn comes

How the parts work together, for one event:

    EventLog.accept ─▶ GroupCommit ─▶ BEGIN
                                      LogWriter.accept    INSERT occurrence, event; Queue.enqueue
                                      LogWriter.write_queue  Queue.write: INSERT run, begun
                                      COMMIT               in a thread
                       on_commit ◀─── the caller's answer, then the deliveries
    Dispatcher.deliver ◀─┘ slot, fault rule, bytes
    Dispatcher ─▶ EventLog.finish ─▶ the next transaction: Queue.end, INSERT INTO runs, UPDATE events

Reading ahead: a slot of the dispatcher is free when the answer is read, but the queue learns that only with the next
commit. If the queue began no more runs than there are slots, each slot would stand idle for one commit per run. So it
begins some ahead: three times as many as ended in the last commit. During a commit one part is sent and ends, one is
on its way into this commit, and the third makes up for a commit that takes longer than the last: with two parts alone
the slots stood idle at the end of every second commit. A quick receiver that uses them all up gets more ahead next
time; for a slow one just three runs are ahead, so a crash leaves few that are logged as unknown although they were not
sent. Resends are begun in any case, because a caller waits for each.
"""

import sqlite3
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from operator import attrgetter

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


MOST_BYTES = 10_000_000
"""Bytes of the deliveries in all queues together; what does not fit waits in the file alone."""
_BESIDE_THE_BODY = 500  # bytes of a delivery, about


class MemoryQueue:
    """The queues of all destinations, and their bytes."""

    def __init__(self) -> None:
        self._queues: defaultdict[int, deque[Delivery]] = defaultdict(deque)
        self._bytes = 0

    def __contains__(self, destination: int) -> bool:
        """A destination is in the queue while something waits for it here."""
        return destination in self._queues

    def add(self, delivery: Delivery) -> bool:
        """Append a delivery; False if there is no space for it."""
        size = len(delivery.body) + _BESIDE_THE_BODY
        if self._bytes + size > MOST_BYTES:
            return False
        self._queues[delivery.destination].append(delivery)
        self._bytes += size
        return True

    def take(self, destination: int, most: int) -> list[Delivery]:
        """Take out the deliveries that have waited longest for a destination."""
        queue = self._queues[destination]
        taken = list(self._queues.pop(destination)) if len(queue) <= most else [queue.popleft() for _ in range(most)]
        self._bytes -= _size(taken)
        return taken

    def drop(self, destination: int) -> None:
        """Empty the queue of a destination."""
        self._bytes -= _size(self._queues.pop(destination, ()))


def _size(deliveries: Collection[Delivery]) -> int:
    return sum([len(delivery.body) for delivery in deliveries]) + _BESIDE_THE_BODY * len(deliveries)


LEASED = 0
"""The destination of runs that an outside deliverer sends."""

READ_BYTES = 4_000_000
"""Bytes of bodies that are read back from the file in one step, about: the event loop stands still meanwhile."""

AHEAD = 3
"""How many runs are begun beyond a destination's slots for each that ended in the last commit."""
MOST_AHEAD = 512
"""Runs that are begun for one destination beyond its slots, at most."""


class _Destination:
    """The queue's counts of one destination."""

    __slots__ = ("ahead", "begun", "in_file", "largest", "resends")

    def __init__(self) -> None:
        self.begun = 0
        """Runs that have begun and are not over."""
        self.ahead = 0
        """Runs that may be begun beyond the slots."""
        self.in_file = False
        """Runs wait in the file that are not in memory."""
        self.largest = 1
        """Bytes of the largest body that was read from the file last, or went there since; after `load` a guess."""
        self.resends = 0
        """Resends that wait in the file, to be begun by this transaction."""


class Queue:
    """Runs that are not over. Each method is a part of a transaction that its caller holds.

    Args:
        rows: the queue in the file.
        concurrency: how many runs are sent at once to one destination.
    """

    def __init__(self, rows: QueueRows, *, concurrency: int) -> None:
        self._rows = rows
        self._concurrency = concurrency
        self.load()

    def load(self) -> None:
        """Read again what is kept in memory: at the start, and after a transaction that was rolled back."""
        self._destinations: dict[int, _Destination] = {}
        begun = self._rows.begun()
        self._begun = {number for number, _ in begun}
        for _, number in begun:
            self._destination(number).begun += 1
        self._wake_at = self._rows.first_due()
        for number in self._wake_at:
            destination = self._destination(number)
            destination.in_file, destination.largest = True, READ_BYTES
        self._memory = MemoryQueue()
        self._new: list[Delivery] = []  # enqueued in this transaction
        self._to_check: set[int] = set()  # destinations for which this transaction may begin something
        self.length = self._rows.count()
        self.next_number = self._rows.next_number()

    @property
    def under_way(self) -> int:
        """How many runs have begun and are not over."""
        return len(self._begun)

    @property
    def next_due(self) -> Milliseconds | None:
        """When the queue must look again for a run that falls due."""
        return min(self._wake_at.values(), default=None)

    def has_begun(self, delivery: Delivery) -> bool:
        """A run counts as begun until it is over, or a reset drops it."""
        return delivery.run_id in self._begun

    def take_numbers(self, count: int) -> range:
        """The numbers of the next `count` runs."""
        self.next_number += count
        return range(self.next_number - count, self.next_number)

    # Into the queue.

    def enqueue(self, deliveries: Sequence[Delivery]) -> None:
        """Add first runs of events, which are due now; `write` inserts them."""
        self._new += deliveries
        self.length += len(deliveries)
        self._to_check.update({delivery.destination for delivery in deliveries})

    def enqueue_resend(self, event: int, run: int, destination: int, url: str) -> int:
        """Add a resend before all that waits; returns its number."""
        [number] = self.take_numbers(1)
        self._rows.insert_resend(number, event, run, destination, url)
        self.length += 1
        self._read_from_file(destination)
        self._destination(destination).resends += 1
        return number

    def begin_leases(self, deliveries: Sequence[Delivery], now: Milliseconds) -> None:
        """Add runs that have begun. The destination `LEASED` keeps those of outside deliverers out of our limits."""
        self._rows.insert_begun(deliveries, now)
        self.length += len(deliveries)
        self._note_begun(deliveries)

    def begin_leased_resends(self, runs: Sequence[tuple[int, int, str]], now: Milliseconds) -> list[Delivery]:
        """Add further runs of events, begun by an outside deliverer: event number, run, URL."""
        numbers = self.take_numbers(len(runs))
        deliveries = self._rows.insert_begun_resends(numbers, runs, LEASED, now)
        self.length += len(deliveries)
        self._note_begun(deliveries)
        return deliveries

    def postpone(self, delivery: Delivery, due_at: Milliseconds) -> None:
        """Put back a run that has begun, but of which nothing was sent, until `due_at`."""
        if self.has_begun(delivery):
            self._rows.postpone(delivery.run_id, due_at)
            self._note_ended([delivery])
            self._read_from_file(delivery.destination)

    def make_due(self, delivery: Delivery) -> None:
        """Put a postponed run before all that waits. One that has begun again, or is over, is left alone."""
        if self._rows.make_due(delivery.run_id):
            self._read_from_file(delivery.destination)

    # Out of the queue.

    def write(self, now: Milliseconds, *, begin: bool) -> list[Delivery]:
        """End the transaction's work: insert what was enqueued; begin and return what is due and finds room."""
        for destination in [destination for destination, due_at in self._wake_at.items() if due_at <= now]:
            self._read_from_file(destination)
        new, self._new = self._new, []
        self._keep_in_memory(new)
        begun = self._begin_from_memory() if begin else []
        # insert each new run once, as begun or as waiting; mark the begun ones that were inserted before
        begun_numbers = {delivery.run_id for delivery in begun}
        self._rows.insert_originals(new, begun_numbers, now)
        self._rows.mark_begun(begun_numbers.difference(item.run_id for item in new), now)
        return begun + self._begin_from_file(now) if begin else []

    def end(self, deliveries: Sequence[Delivery]) -> set[int]:
        """Take out runs that are over; returns the numbers of those that a reset has not dropped before."""
        ended = [delivery for delivery in deliveries if delivery.run_id in self._begun]
        numbers = {delivery.run_id for delivery in ended}
        self._rows.delete(numbers)
        self.length -= len(ended)
        self._note_ended(ended)
        for number, count in Counter([delivery.destination for delivery in ended]).items():
            self._destination(number).ahead = min(AHEAD * count, MOST_AHEAD)
        return numbers

    def take_interrupted(self) -> list[InterruptedRun]:
        """Take out all runs that had begun, and all resends, after a start: see `QueueRows.take_interrupted`."""
        rows = self._rows.take_interrupted()
        self.load()
        return rows

    # The steps of `write`.

    def _keep_in_memory(self, deliveries: Iterable[Delivery]) -> None:
        """Behind a run that waits only in the file nothing is kept in memory, or it would be sent before that one."""
        for number, some in groupby(deliveries, attrgetter("destination")):
            destination = self._destination(number)
            for delivery in some:
                if destination.in_file or not self._memory.add(delivery):
                    destination.in_file = True
                    destination.largest = max(destination.largest, len(delivery.body))

    def _begin_from_memory(self) -> list[Delivery]:
        begun = []
        for number in sorted(self._to_check):
            if number in self._memory:
                taken = self._memory.take(number, self._room(self._destination(number)))
                self._note_begun(taken)
                begun += taken
        return begun

    def _begin_from_file(self, now: Milliseconds) -> list[Delivery]:
        begun = []
        for number in sorted(self._to_check):
            destination = self._destination(number)
            if destination.in_file:
                begun += self._begin_next_in_file(number, destination, now)
        self._to_check.clear()
        return begun

    def _begin_next_in_file(self, number: int, destination: _Destination, now: Milliseconds) -> list[Delivery]:
        """Begin what waits in the file behind the runs in memory, as far as there is room; resends in any case."""
        self._wake_at.pop(number, None)
        room = max(0, self._room(destination)) + destination.resends
        if room == 0:
            return []  # when any of its runs ends, the destination is checked again
        most = min(room, max(1, READ_BYTES // destination.largest))
        deliveries = self._rows.read_due(number, now, most)
        destination.resends = max(0, destination.resends - most)  # they are the first
        destination.largest = max([1, *[len(delivery.body) for delivery in deliveries]])
        self._rows.mark_begun({delivery.run_id for delivery in deliveries}, now)
        self._note_begun(deliveries)
        if len(deliveries) == most < room:
            self._wake_at[number] = AT_ONCE  # the rest is read in the next transaction, after others had their turn
        elif len(deliveries) < most:  # nothing more is due: from here on memory can follow
            destination.in_file = False
            due_at = self._rows.first_due_of(number)
            if due_at is not None:
                self._wake_at[number] = due_at
        return deliveries

    def _room(self, destination: _Destination) -> int:
        return self._concurrency + destination.ahead - destination.begun

    def _read_from_file(self, number: int) -> None:
        """Drop what is in memory for a destination: the order in the file has changed."""
        self._memory.drop(number)
        self._wake_at.pop(number, None)
        self._destination(number).in_file = True
        self._to_check.add(number)

    def _note_begun(self, deliveries: Sequence[Delivery]) -> None:
        self._begun.update([delivery.run_id for delivery in deliveries])
        for number, count in Counter([delivery.destination for delivery in deliveries]).items():
            self._destination(number).begun += count

    def _note_ended(self, deliveries: Sequence[Delivery]) -> None:
        self._begun.difference_update([delivery.run_id for delivery in deliveries])
        for number, count in Counter([delivery.destination for delivery in deliveries]).items():
            self._destination(number).begun -= count
            self._to_check.add(number)

    def _destination(self, number: int) -> _Destination:
        known = self._destinations.get(number)
        if known is None:
            known = self._destinations[number] = _Destination()
        return known
