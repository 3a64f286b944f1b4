"""What writes the log: all that has come meanwhile goes into one transaction (group commit).

    steps ──▶ inbox ──▶ BEGIN, every waiting step, begin what is due ──▶ COMMIT
      ▲                      on the event loop                         in a thread
      └──────────────────── what the commit brought ◀──────────────────────┘

Only COMMIT waits for the disk, so it alone leaves the event loop to others; the rest is short, and in a thread
of its own would mostly wait for Python's lock. A step that may take long is done in the thread, too.

Nothing is told before it is committed: not an answer, not a change, not a delivery. An outcome is written
even if that takes many attempts; while it cannot be, it counts as under way, so that a full disk ends in
standstill, never in a delivery that the log does not know.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from frontsim.clock import Clock
from frontsim.domain.model import Delivery, Finished
from frontsim.errors import FrontsimError, StoreFailed
from frontsim.store.changes import Change
from frontsim.store.ledger import Ledger

logger = logging.getLogger(__name__)

MOST_STEPS = 200  # in one commit: the more, the less each costs; but the event loop must get on
RETRY_S = 1.0
"""Seconds between attempts to write what must be written and could not."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something to do inside a transaction, and the future of its result or refusal.

    `long`: it may take more than some milliseconds.
    """

    do: Callable[[Ledger], Any]
    future: "asyncio.Future[Any]"
    long: bool


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit brought: results by future, runs that are over, changes, and deliveries to send now."""

    results: Sequence[tuple["asyncio.Future[Any]", Any]]
    finished: Sequence[Finished] = ()
    changes: Sequence[Change] = ()
    due: Sequence[Delivery] = ()
    idle: bool = False
    """Nothing is due or under way."""


class GroupCommit:
    """Runs steps, on one event loop.

    Args:
        connection: the one read-write connection; nobody else's from `start` to `stop`.
        told: called with each commit.
    """

    def __init__(
        self, connection: sqlite3.Connection, ledger: Ledger, *, clock: Clock, told: Callable[[Commit], None]
    ) -> None:
        self._db = connection
        self._ledger = ledger
        self._clock = clock
        self._told = told
        self._inbox: deque[Step | Finished] = deque()
        self._unwritten: list[Finished] = []
        self._failed = False
        self._stale = False  # what the ledger keeps in memory is of a transaction that was undone
        self.stopped = False
        self.sending = True

    def start(self) -> None:
        """Begin to write; commits are told on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._came = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="frontsim-disk")
        self._work = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Write all that has come, and end."""
        self.stopped = True
        self._came.set()
        await self._work
        self._disk.shutdown()

    def submit(self, do: Callable[[Ledger], Any], *, long: bool = False) -> "asyncio.Future[Any]":
        """Have a step done; the future tells its result, its refusal, or StoreFailed."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.stopped:
            future.set_exception(StoreFailed("the simulator is stopping: ask again when it is back"))
        else:
            self._inbox.append(Step(do, future, long))
            self._came.set()
        return future

    def finish(self, finished: Finished) -> None:
        """Have an outcome written."""
        self._inbox.append(finished)
        if len(self._inbox) == 1:
            self._came.set()

    async def _run(self) -> None:
        stopping = False
        while not stopping or self._inbox:
            await self._wait()
            stopping = self.stopped
            finished, steps = self._unwritten, list[Step]()
            for _ in range(min(len(self._inbox), MOST_STEPS)):
                item = self._inbox.popleft()
                if isinstance(item, Finished):
                    finished.append(item)
                else:
                    steps.append(item)
            await self._transact(finished, steps)
        if self._unwritten:
            logger.error("%d outcomes could not be written: they will be logged as unknown", len(self._unwritten))

    async def _wait(self) -> None:
        """Until something has come, a run falls due or a retry is wanted."""
        if not self._inbox and not self.stopped:
            self._came.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._came.wait(), self._patience_s())

    def _patience_s(self) -> float | None:
        if self._failed or self._unwritten:
            return RETRY_S
        next_due = self._ledger.queue.next_due
        if next_due is None or not self.sending:
            return None
        return self._clock.real_ms_until(next_due) / 1000

    async def _transact(self, finished: Sequence[Finished], steps: Sequence[Step]) -> None:
        """Do all in one commit; if that fails, in commits of their own, so that none spoils another's."""
        self._unwritten = []
        if await self._commit(finished, steps) is None:
            return
        if finished and await self._commit(finished, []) is not None:
            self._unwritten = list(finished)
        for step in steps:
            error = await self._commit([], [step])
            if error is not None:
                refusal = StoreFailed(f"the log could not be written, and nothing of this was kept: {error}")
                self._tell(Commit([(step.future, refusal)]))

    async def _commit(self, finished: Sequence[Finished], steps: Sequence[Step]) -> Exception | None:
        """Returns why it could not be done, after undoing it; whatever it was, the log goes on."""
        in_thread = self._loop.run_in_executor
        try:
            if any(step.long for step in steps):
                commit = await in_thread(self._disk, self._write, finished, steps)
            else:
                commit = self._write(finished, steps)
            await in_thread(self._disk, self._db.execute, "COMMIT")
        except Exception as error:  # noqa: BLE001 - a step's own mistake must not end the log for all others
            logger.error("the log could not be written: %s", error)
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself, as it does when the disk is full
                self._db.execute("ROLLBACK")
            self._failed = self._stale = True
            with suppress(sqlite3.Error):  # the next transaction tries it again
                self._load()
            return error
        self._failed = False
        self._tell(commit)
        return None

    def _write(self, finished: Sequence[Finished], steps: Sequence[Step]) -> Commit:
        """All of a transaction but its end."""
        if self._stale:
            self._load()
        self._db.execute("BEGIN IMMEDIATE")
        self._ledger.finish(finished)
        results = [(step.future, self._do(step)) for step in steps]
        due = self._ledger.write_queue(begin=self.sending)
        changes = self._ledger.take_changes()
        idle = self.sending and not self._ledger.queue.under_way
        return Commit(results, finished, changes, due, idle)

    def _load(self) -> None:
        self._ledger.load()
        self._stale = False

    def _do(self, step: Step) -> Any:
        try:
            return step.do(self._ledger)
        except FrontsimError as refusal:
            return refusal

    def _tell(self, commit: Commit) -> None:
        self._loop.call_soon(self._told, commit)
