"""The one thread that writes the log: it commits all that has come meanwhile at once (group commit).

    event loop ── steps ──▶ inbox ──▶ BEGIN, every waiting step, begin what is due, COMMIT
         ▲                                                                       │
         └────────────── what the commit brought, in one wake-up ◀───────────────┘

Nothing is told before it is committed: not an answer, not a change, not a delivery. An outcome is written
even if that takes many attempts; while it cannot be, its lane stays taken, so that a full disk ends in
standstill, never in a delivery that the log does not know.
"""

import asyncio
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from simulator.clock import Clock, pause
from simulator.domain.model import Delivery, Finished
from simulator.errors import FrontsimError, StoreFailed
from simulator.store.changes import Change
from simulator.store.ledger import Ledger

logger = logging.getLogger(__name__)

MOST_STEPS = 100
"""What is done in one commit: the more, the less it costs each; but while some are written others should be sent."""
_BUSY = 32  # runs under way from which on a commit waits for more: their outcomes are soon to come
_GATHER_S = 0.001  # how long: a commit of a hundred takes as long as two of ten
RETRY_S = 1.0
"""Seconds between attempts to write what must be written and could not."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Something to do inside a transaction, and the future of its result or refusal."""

    do: Callable[[Ledger], Any]
    future: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit brought: results by future, runs that are over, changes, and deliveries to send now."""

    results: Sequence[tuple["asyncio.Future[Any]", Any]]
    finished: Sequence[Finished] = ()
    changes: Sequence[Change] = ()
    due: Sequence[Delivery] = ()
    idle: bool = False
    """Nothing is due or under way."""


class _Stop:
    """The last thing in the inbox."""


class Writer:
    """Runs steps in a thread of its own.

    Args:
        connection: the one read-write connection; this thread's alone from `start` to `stop`.
        told: called on the event loop with each commit.
    """

    def __init__(
        self, connection: sqlite3.Connection, ledger: Ledger, *, clock: Clock, told: Callable[[Commit], None]
    ) -> None:
        self._db = connection
        self._ledger = ledger
        self._clock = clock
        self._told = told
        self._inbox: deque[Step | Finished | _Stop] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()  # rung when the first of some comes
        self._rung = False
        self._unwritten: list[Finished] = []
        self._failed = False
        self.stopped = False
        self.sending = True

    def start(self) -> None:
        """Begin to write; commits are told on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="frontsim-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Write all that has come, and end the thread."""
        self.stopped = True
        self._put(_Stop())
        await asyncio.to_thread(self._thread.join)

    def submit(self, do: Callable[[Ledger], Any]) -> "asyncio.Future[Any]":
        """Have a step done; the future tells its result, its refusal, or StoreFailed."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if self.stopped:
            future.set_exception(StoreFailed("the simulator is stopping: ask again when it is back"))
        else:
            self._put(Step(do, future))
        return future

    def finish(self, finished: Finished) -> None:
        """Have an outcome written."""
        self._inbox.append(finished)  # as `_put`, which is called once for a thousand of these
        if not self._rung:
            self._ring()

    def _put(self, item: Step | Finished | _Stop) -> None:
        self._inbox.append(item)
        if not self._rung:
            self._ring()

    def _ring(self) -> None:
        self._rung = True
        self._bell.put(None)

    def _run(self) -> None:
        stopping = False
        while not stopping:
            finished, steps = self._unwritten, list[Step]()
            for item in self._wait():
                if isinstance(item, Finished):
                    finished.append(item)
                elif isinstance(item, Step):
                    steps.append(item)
                else:
                    stopping = True
            self._transact(finished, steps)
        if self._unwritten:
            logger.error("%d outcomes could not be written: they will be logged as unknown", len(self._unwritten))

    def _wait(self) -> list[Step | Finished | _Stop]:
        """Everything that has come; waits for the first of it until a run falls due or a retry is wanted."""
        with suppress(Empty):
            self._bell.get(timeout=self._patience_s())
            if len(self._inbox) < MOST_STEPS and self._ledger.queue.under_way >= _BUSY:
                pause(_GATHER_S)
        self._rung = False  # before the inbox is looked at: what comes from here on rings again
        came = [self._inbox.popleft() for _ in range(min(len(self._inbox), MOST_STEPS))]
        if self._inbox:
            self._ring()
        return came

    def _patience_s(self) -> float | None:
        if self._failed:
            return RETRY_S
        next_due = self._ledger.queue.next_due
        if next_due is None or not self.sending:
            return None
        return self._clock.real_ms_until(next_due) / 1000

    def _transact(self, finished: Sequence[Finished], steps: Sequence[Step]) -> None:
        """Do all in one commit; if that fails, in commits of their own, so that none spoils another's."""
        self._unwritten = []
        if self._commit(finished, steps) is None:
            return
        if finished and self._commit(finished, []) is not None:
            self._unwritten = list(finished)
        for step in steps:
            error = self._commit([], [step])
            if error is not None:
                refusal = StoreFailed(f"the log could not be written, and nothing of this was kept: {error}")
                self._tell(Commit([(step.future, refusal)]))

    def _commit(self, finished: Sequence[Finished], steps: Sequence[Step]) -> Exception | None:
        """Returns why it could not be done, after undoing it; whatever it was, this thread goes on."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._ledger.finish(finished)
            results = [(step.future, self._do(step)) for step in steps]
            due = self._ledger.write_queue(begin=self.sending)
            changes = self._ledger.take_changes()
            self._db.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - a step's own mistake must not end the log for all others
            logger.error("the log could not be written: %s", error)
            with suppress(sqlite3.Error):  # SQLite has rolled back by itself, as it does when the disk is full
                self._db.execute("ROLLBACK")
            self._ledger.load()
            self._failed = True
            return error
        self._failed = False
        idle = self.sending and not self._ledger.queue.under_way
        self._tell(Commit(results, finished, changes, due, idle))
        return None

    def _do(self, step: Step) -> Any:
        try:
            return step.do(self._ledger)
        except FrontsimError as refusal:
            return refusal

    def _tell(self, commit: Commit) -> None:
        with suppress(RuntimeError):  # the loop has been closed: nobody is left to be told
            self._loop.call_soon_threadsafe(self._told, commit)
