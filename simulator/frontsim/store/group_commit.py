"""Writes the log: all steps that arrive during one commit share the next transaction (group commit).

    submit, finish ──▶ inbox ──▶ BEGIN, every waiting step, begin what is due ──▶ COMMIT
                                       on the event loop                       in a thread
    callers, followers, dispatcher ◀────────────── on_commit ◀─────────────────────┘

Only COMMIT waits for the disk, so only COMMIT runs in a thread. The rest is short; in a thread it would mostly wait for
Python's lock. A step that may take long runs in the thread too. COMMIT of a small log that waits for no disk takes less
time than a thread needs to start on it (`EventLog.is_quick`).

Nothing leaves before its commit: no answer, no change, no delivery. An outcome is written again and again until that
succeeds. Until then its run counts as under way, so a full disk stops deliveries; it never leads to a delivery that the
log does not know.

Before and after each transaction the file must still be the one that was opened: SQLite would go on to write into a
file that was deleted. An error before COMMIT means that nothing was kept. After an error of COMMIT itself, such as a
failed fsync, that is not known: what was written may still be found there after a crash.

While another program writes to the file, a transaction waits, and the event loop is free for others.
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
from frontsim.store.log_file import LogFile
from frontsim.store.log_writer import LogWriter

logger = logging.getLogger(__name__)

MOST_STEPS = 200
"""Steps in one commit, at most. More would make each cheaper, but the event loop stands still while they are done."""
MOST_FINISHED = 512
"""Outcomes in one commit, at most: they take some 3 ms. An outcome that waits for the next commit keeps its run's place
in the queue for that long; with at most 200, a quick receiver on 256 connections mostly found nothing begun."""
RETRY_S = 1.0
"""Seconds until what could not be written is tried again."""
LOCK_LOOKS, _LOOKS_AT_STOP, _LOOK_S = 250, 15, 0.02
"""Looks for the end of another program's transaction, those of a simulator that stops, and seconds between them."""


class _FileLost(Exception):
    """The file is not the one that was opened."""


class _Locked(Exception):
    """Another program writes to the file for longer than a transaction waits."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a transaction failed.

    `kept` None: it is not known whether anything of it was kept. `final`: its steps must not be tried again, each by
    itself, because SQLite has committed them into a file that is lost, or cannot write at all.
    """

    error: str
    kept: bool | None
    final: bool

    def refusal(self) -> StoreFailed:
        if self.kept is None:
            return StoreFailed(
                "look at the log before you ask again: the log could not be written, and it is not known whether this "
                f"was kept: {self.error}"
            )
        return StoreFailed(f"the log could not be written, and nothing of this was kept: {self.error}")


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
        file: the file of the connection.
        is_quick: whether COMMIT takes less time than handing it to a thread.
        on_commit: called with each commit.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        writer: LogWriter,
        file: LogFile,
        *,
        clock: Clock,
        is_quick: Callable[[], bool],
        on_commit: Callable[[Commit], None],
    ) -> None:
        self._db = connection
        self._log_writer = writer
        self._file = file
        self._clock = clock
        self._is_quick = is_quick
        self._on_commit = on_commit
        self._inbox: deque[Step | Finished] = deque()
        self._unwritten: list[Finished] = []
        self.error: str | None = None
        """Why the last transaction failed; None if it did not."""
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
            # wait until something was submitted, a run falls due, or it is time for a retry
            if not self._inbox and not self.stopped:
                self._arrived.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._arrived.wait(), self._longest_wait_s())
            stopping = self.stopped
            await self._transact(*self._take())
        if self._unwritten:
            logger.error("%d outcomes could not be written: they will be logged as unknown", len(self._unwritten))

    def _take(self) -> tuple[list[Finished], list[Step]]:
        """Takes the outcomes and steps of the next transaction."""
        finished, steps = self._unwritten, list[Step]()
        inbox, most = self._inbox, len(self._unwritten) + MOST_FINISHED
        while inbox and len(finished) < most and len(steps) < MOST_STEPS:
            item = inbox.popleft()
            if isinstance(item, Finished):
                finished.append(item)
            else:
                steps.append(item)
        return finished, steps

    def _longest_wait_s(self) -> float | None:
        if self.error is not None or self._unwritten:
            return RETRY_S
        next_due = self._log_writer.queue.next_due
        if next_due is None or not self.sending:
            return None
        return self._clock.real_ms_until(next_due) / 1000

    async def _transact(self, finished: Sequence[Finished], steps: Sequence[Step]) -> None:
        """Do all in one commit; if that fails, each in a separate commit, so that none fails with another."""
        self._unwritten = []
        failure = await self._commit(finished, steps)
        if failure is None:
            return
        if failure.final:
            self._unwritten = list(finished)
            self._report(Commit([(step.future, failure.refusal()) for step in steps]))
            return
        if finished and await self._commit(finished, []) is not None:
            self._unwritten = list(finished)
        for step in steps:
            failure = await self._commit([], [step])
            if failure is not None:
                self._report(Commit([(step.future, failure.refusal())]))

    async def _commit(self, finished: Sequence[Finished], steps: Sequence[Step]) -> _Failure | None:
        """Returns why it failed, after a rollback; whatever the error is, the log goes on."""
        in_thread = self._loop.run_in_executor
        kept: bool | None = False
        try:
            await self._begin()
            if any(step.long for step in steps):
                commit = await in_thread(self._disk, self._write, finished, steps)
            else:
                commit = self._write(finished, steps)
            kept = None
            if self._is_quick():
                self._end_transaction()
                await asyncio.sleep(0)  # callers have their turn, as while a thread commits
            else:
                await in_thread(self._disk, self._end_transaction)
        except _Locked:
            return _Failure(self.error or "", kept=False, final=True)
        except Exception as error:  # noqa: BLE001 - a step's own error must not end the log for all others
            self._roll_back(str(error))
            return _Failure(str(error), kept, isinstance(error, _FileLost))
        self.error = None
        self._report(commit)
        return None

    async def _begin(self) -> None:
        looks = 0
        while True:
            try:
                self._db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                self._note(f"{error}: another program writes to it")
                looks += 1
                if looks >= (LOCK_LOOKS if self.sending else _LOOKS_AT_STOP):
                    raise _Locked from None
                await asyncio.sleep(_LOOK_S)
            else:
                return

    def _note(self, error: str) -> None:
        if error != self.error:  # it is tried again every second
            logger.error("the log could not be written: %s", error)
        self.error = error

    def _end_transaction(self) -> None:
        self._db.execute("COMMIT")
        self._check_file()

    def _check_file(self) -> None:
        problem = self._file.problem()
        if problem is not None:
            raise _FileLost(problem)

    def _roll_back(self, error: str) -> None:
        self._note(error)
        self._stale = True
        with suppress(sqlite3.Error):  # SQLite has rolled back by itself, as it does when the disk is full
            self._db.execute("ROLLBACK")
        with suppress(Exception):  # whatever a damaged file holds: the next transaction tries it again
            self._load()

    def _write(self, finished: Sequence[Finished], steps: Sequence[Step]) -> Commit:
        """Everything in a transaction but its BEGIN and COMMIT."""
        self._check_file()
        if self._stale:
            self._load()
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
