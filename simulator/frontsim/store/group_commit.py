"""Writes the log: all steps that arrive during one commit share the next transaction (group commit).

    submit, finish ──▶ inbox ──▶ BEGIN, every waiting step, begin what is due ──▶ COMMIT
                                       on the event loop                       in a thread
    callers, followers, dispatcher ◀────────────── on_commit ◀─────────────────────┘

Only COMMIT waits for the disk, so only COMMIT runs in a thread. The rest is short; in a thread it would mostly wait for
Python's lock. A step that may take long runs in the thread too.

Nothing leaves before its commit: no answer, no change, no delivery. An outcome is written again and again until that
succeeds. Until then its run counts as under way, so a full disk stops deliveries; it never leads to a delivery that the
log does not know.
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
from frontsim.store.log_writer import LogWriter

logger = logging.getLogger(__name__)

MOST_STEPS = 200
"""Steps in one commit, at most. More would make each cheaper, but the event loop stands still while they are done."""
RETRY_S = 1.0
"""Seconds until what could not be written is tried again."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something to do inside a transaction, and the future of its result or refusal.

    `long` steps may take more than some milliseconds.
    """

    do: Callable[[LogWriter], Any]
    future: "asyncio.Future[Any]"
    long: bool


@dataclass(frozen=True, slots=True)
class Commit:
    """The result of one commit: results by future, runs that are over, changes, and deliveries to send now."""

    results: Sequence[tuple["asyncio.Future[Any]", Any]]
    finished: Sequence[Finished] = ()
    changes: Sequence[Change] = ()
    due: Sequence[Delivery] = ()
    idle: bool = False
    """Nothing is due or under way."""


class GroupCommit:
    """Runs steps, on one event loop.

    Args:
        connection: the one read-write connection; used only here from `start` to `stop`.
        on_commit: called with each commit.
    """

    def __init__(
        self, connection: sqlite3.Connection, writer: LogWriter, *, clock: Clock, on_commit: Callable[[Commit], None]
    ) -> None:
        self._db = connection
        self._log_writer = writer
        self._clock = clock
        self._on_commit = on_commit
        self._inbox: deque[Step | Finished] = deque()
        self._unwritten: list[Finished] = []
        self._failed = False
        self._stale = False  # what is kept in memory belongs to a transaction that was rolled back
        self.stopped = False
        self.sending = True

    def start(self) -> None:
        """Begin to write; `on_commit` is called on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="frontsim-disk")
        self._work = self._loop.create_task(self._run())

    async def stop(self) -> None:
        """Write all that was submitted, and end."""
        self.stopped = True
        self._arrived.set()
        await self._work
        self._disk.shutdown()

    def submit(self, do: Callable[[LogWriter], Any], *, long: bool = False) -> "asyncio.Future[Any]":
        """Do a step in the next transaction; the future gets its result, its refusal, or StoreFailed."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.stopped:
            future.set_exception(StoreFailed("the simulator is stopping: ask again when it is back"))
        else:
            self._inbox.append(Step(do, future, long))
            self._arrived.set()
        return future

    def finish(self, finished: Finished) -> None:
        """Write an outcome in the next transaction."""
        self._inbox.append(finished)
        if len(self._inbox) == 1:
            self._arrived.set()

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
        """Wait until something was submitted, a run falls due, or it is time for a retry."""
        if not self._inbox and not self.stopped:
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), self._longest_wait_s())

    def _longest_wait_s(self) -> float | None:
        if self._failed or self._unwritten:
            return RETRY_S
        next_due = self._log_writer.queue.next_due
        if next_due is None or not self.sending:
            return None
        return self._clock.real_ms_until(next_due) / 1000

    async def _transact(self, finished: Sequence[Finished], steps: Sequence[Step]) -> None:
        """Do all in one commit; if that fails, each in a commit of its own, so that none fails with another."""
        self._unwritten = []
        if await self._commit(finished, steps) is None:
            return
        if finished and await self._commit(finished, []) is not None:
            self._unwritten = list(finished)
        for step in steps:
            error = await self._commit([], [step])
            if error is not None:
                refusal = StoreFailed(f"the log could not be written, and nothing of this was kept: {error}")
                self._report(Commit([(step.future, refusal)]))

    async def _commit(self, finished: Sequence[Finished], steps: Sequence[Step]) -> Exception | None:
        """Returns the error, after a rollback; whatever it is, the log goes on."""
        in_thread = self._loop.run_in_executor
        try:
            if any(step.long for step in steps):
                commit = await in_thread(self._disk, self._write, finished, steps)
            else:
                commit = self._write(finished, steps)
            await in_thread(self._disk, self._db.execute, "COMMIT")
        except Exception as error:  # noqa: BLE001 - a step's own error must not end the log for all others
            logger.error("the log could not be written: %s", error)
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself, as it does when the disk is full
                self._db.execute("ROLLBACK")
            self._failed = self._stale = True
            with suppress(sqlite3.Error):  # the next transaction tries it again
                self._load()
            return error
        self._failed = False
        self._report(commit)
        return None

    def _write(self, finished: Sequence[Finished], steps: Sequence[Step]) -> Commit:
        """Everything in a transaction but its COMMIT."""
        if self._stale:
            self._load()
        self._db.execute("BEGIN IMMEDIATE")
        self._log_writer.finish(finished)
        results = [(step.future, self._do(step)) for step in steps]
        due = self._log_writer.write_queue(begin=self.sending)
        changes = self._log_writer.take_changes()
        idle = self.sending and not self._log_writer.queue.under_way
        return Commit(results, finished, changes, due, idle)

    def _load(self) -> None:
        self._log_writer.load()
        self._stale = False

    def _do(self, step: Step) -> Any:
        try:
            return step.do(self._log_writer)
        except FrontsimError as refusal:
            return refusal

    def _report(self, commit: Commit) -> None:
        self._loop.call_soon(self._on_commit, commit)
