"""The newest changes of the log for followers, and how many fell into each second.

A change gets its sequence number in the transaction that makes it, so no number is given twice, not even after a crash.
Only the newest changes are kept, in memory: a follower that was away for longer, or over a restart, gets `Missed`.

A row is written with the commits of its second, from what they contain, so it costs one statement a commit and no
delivery pays for an index. Latencies are counted in buckets, each a fifth wider than the one before, of which any
percentile can be read to within a tenth:

    ms       0   1   2   3 ...  10     100      1,000     60,000
    bucket   0   4   6   8      14     27       40        63          round(4 * log2(ms + 1))
"""

import asyncio
import json
import math
import sqlite3
from collections import Counter, deque
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from frontsim.clock import Milliseconds
from frontsim.domain.model import Finished, Trigger, is_success

KEPT = 5_000


Change = tuple[str, object]
"""A change that is committed: its kind, and the fact itself, such as a Webhook, a Raised or a Finished."""


class Missed(Exception):
    """Changes after the requested one are no longer kept."""


class Changes:
    """The newest changes, and a way to wait for more; used on the event loop only."""

    def __init__(self, sequence: int, *, kept: int = KEPT) -> None:
        self.sequence = sequence
        self._newest: deque[Change] = deque(maxlen=kept)  # the last of them has the number `sequence`
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()

    def publish(self, changes: Sequence[Change]) -> None:
        """Add changes that were committed, and wake the followers."""
        if changes:
            self._newest.extend(changes)
            self.sequence += len(changes)
            self._wake()

    def close(self) -> None:
        self._closing.set()
        self._wake()

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()

    @property
    def closed(self) -> bool:
        """There will be no more changes."""
        return self._closing.is_set()

    def after(self, sequence: int, *, most: int) -> Sequence[Change]:
        """The first changes with higher numbers, `most` of them at most.

        Raises:
            Missed: some of them are no longer kept.
        """
        new = self.sequence - sequence
        if new > len(self._newest):
            raise Missed
        begin = len(self._newest) - new
        return list(islice(self._newest, begin, begin + most))

    async def wait(self, sequence: int) -> None:
        """Wait until there are changes with higher numbers, or there will be no more."""
        while self.sequence <= sequence and not self.closed:
            await self._arrived.wait()

    async def wait_closed(self) -> None:
        """Wait until there will be no more changes."""
        await self._closing.wait()


KEPT_S = 900
"""Seconds that are kept: those before are deleted as time goes on."""
_MOST_FAULTS = 5
_PER_OCTAVE = 4
_QUICK = [round(_PER_OCTAVE * math.log2(ms + 1)) for ms in range(2_000)]  # a lookup takes a tenth of it


class SecondRow(NamedTuple):
    """One second. `waiting` is how many runs waited or were under way at its end, `took` counts latencies by bucket."""

    second: int
    raised: int
    over: int
    failed: int
    resends: int
    waiting: int
    faults: Sequence[str]
    took: "Counter[int]"

    def latency_ms(self, share: float) -> float | None:
        """The latency that a share of the runs kept to, about; None without runs that took a time."""
        return percentile_ms(self.took, share)


class Seconds:
    """The writing side: collects what one transaction contains, and adds it to the row of the second."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.load()

    def load(self) -> None:
        """Forget what is collected, and what the row is: at the start, and after a transaction that was rolled back."""
        self._row: SecondRow | None = None
        self._raised = 0
        self._over: list[Finished] = []
        self._waiting = 0

    def add(self, *, raised: int = 0, over: Sequence[Finished] = ()) -> None:
        """Count events that were raised, and runs that are over."""
        self._raised += raised
        self._over += over

    def write(self, now: Milliseconds, waiting: int) -> None:
        """Write the row of this second, if there is anything new."""
        if not self._raised and not self._over and waiting == self._waiting:
            return
        second = now // 1000
        row = self._row
        if row is None or row.second != second:
            row = _read(self._db, second)
            self._db.execute("DELETE FROM seconds WHERE second < ?", (second - KEPT_S,))
        faults = {item.fault for item in self._over if item.fault}
        codes = Counter([item.result.status_code for item in self._over])  # few differ, and counting them runs in C
        durations = Counter([item.result.duration_ms for item in self._over])
        for ms, count in durations.items():
            if ms is not None:
                row.took[_bucket(ms)] += count
        row = SecondRow(
            second,
            row.raised + self._raised,
            row.over + len(self._over),
            row.failed + sum([count for code, count in codes.items() if not is_success(code)]),
            row.resends + [item.delivery.trigger for item in self._over].count(Trigger.RESEND),
            waiting,
            sorted({*row.faults, *faults})[:_MOST_FAULTS] if faults else row.faults,
            row.took,
        )
        self._db.execute(
            "INSERT OR REPLACE INTO seconds VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row[:6], ",".join(row.faults), json.dumps(row.took)),
        )
        self._row, self._raised, self._over, self._waiting = row, 0, [], waiting


def read_seconds(db: sqlite3.Connection, since: Milliseconds) -> list[SecondRow]:
    """The seconds from a moment on in which something happened, oldest first."""
    rows = db.execute("SELECT * FROM seconds WHERE second >= ? ORDER BY second", (since // 1000,)).fetchall()
    return [_row(columns) for columns in rows]


def percentile_ms(took: "Counter[int]", share: float) -> float | None:
    """The latency that a share of the runs kept to, from counts by bucket; None without any."""
    left = share * took.total()
    for bucket in sorted(took):
        left -= took[bucket]
        if left <= 0:
            return round(2 ** (bucket / _PER_OCTAVE) - 1, 1)
    return None


def _bucket(ms: int) -> int:
    return _QUICK[ms] if 0 <= ms < len(_QUICK) else round(_PER_OCTAVE * math.log2(max(0, ms) + 1))


def _read(db: sqlite3.Connection, second: int) -> SecondRow:
    columns = db.execute("SELECT * FROM seconds WHERE second = ?", (second,)).fetchone()
    return SecondRow(second, 0, 0, 0, 0, 0, [], Counter()) if columns is None else _row(columns)


def _row(columns: tuple[int, int, int, int, int, int, str, str]) -> SecondRow:
    second, raised, over, failed, resends, waiting, faults, took = columns
    counts = Counter({int(bucket): count for bucket, count in json.loads(took).items()})
    return SecondRow(second, raised, over, failed, resends, waiting, faults.split(",") if faults else [], counts)
