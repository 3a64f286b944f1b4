"""The log as the event loop sees it: ask for a change, await its commit."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID

from frontsim.clock import Clock, Ids, Milliseconds
from frontsim.domain.model import Delivery, Finished, Occurrence, Raised, RaisedBy, Replayed, Webhook
from frontsim.errors import FrontsimError, StoreFailed, UnknownEvent, Unusable
from frontsim.store.changes import Changes
from frontsim.store.group_commit import RETRY_S, Commit, GroupCommit
from frontsim.store.log_file import LogFile, open_log
from frontsim.store.log_writer import LogWriter

_LARGE = 2_000_000  # bytes of bodies that are written in one step on the event loop, at most
_MOST_FRESH = 8_000_000  # bytes of bodies that are kept for the next reader, at most
_QUICK = 2_000
"""Occurrences of a log that is small: a page of its events is read in some milliseconds."""


Fresh = tuple[int, Sequence[Occurrence]]
"""Occurrences that were logged, and the number of the first."""


def _size(occurrences: Sequence[Occurrence]) -> int:
    return sum([len(item.body) for item in occurrences])


class EventLog:
    """The log of one simulator.

    Args:
        path: the file; made if it is not there.
        concurrency: how many deliveries are sent at once to one destination.
        most_waiting: how many runs may wait before `accept` refuses more.
        durable: an accepted event survives a power failure; not needed where the file goes with the simulator.

    Raises:
        Unusable: the file cannot be used, or another simulator has it.
    """

    def __init__(
        self, path: Path, *, clock: Clock, ids: Ids, concurrency: int, most_waiting: int, durable: bool = True
    ) -> None:
        self.path = path
        self._durable = durable
        with ExitStack() as undo:
            self._file = undo.enter_context(LogFile(path))
            self._db = undo.enter_context(closing(open_log(self._file.path, durable=durable)))
            try:
                self._log_writer = LogWriter(
                    self._db, clock=clock, ids=ids, concurrency=concurrency, most_waiting=most_waiting
                )
                self._db.execute("BEGIN IMMEDIATE")
                self.recovered = self._log_writer.recover()
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise Unusable(f"cannot use {path} as a log: {error}") from error
            undo.pop_all()
        self.changes = Changes(self._log_writer.sequence)
        self.next_occurrence: int = self._log_writer.next_occurrence
        self._unread: int | None = 1 if self.next_occurrence > 1 else None
        self._fresh: list[Fresh] = []  # while nothing is to be read from the log
        self._fresh_bytes = 0
        self.era = 0
        """How often the log was reset.

        A caller takes numbers for its occurrences first, then makes their payloads, which takes a while, and logs them
        last. A reset between the first and the last begins the numbers at 1 again, so the ones that the caller holds
        may be given out a second time. A caller that waits in between therefore compares the era before and after: if
        it has changed, the caller drops what it made and takes new numbers.

            era 0   take_numbers ─▶ 5, 6, 7 ── payloads are made ── dropped, era 1 is not 0: take_numbers ─▶ 1, 2, 3
                                                 reset ─▶ era 1
        """
        self._group_commit = GroupCommit(
            self._db,
            self._log_writer,
            self._file,
            clock=clock,
            is_quick=lambda: self.is_quick,
            on_commit=self._on_commit,
        )
        self.finish = self._group_commit.finish
        """Log the outcome of a delivery."""
        self._resends: dict[int, asyncio.Future[Finished]] = {}
        self._idle: list[asyncio.Future[None]] = []

    @property
    def is_quick(self) -> bool:
        """A query or a COMMIT takes less time than handing it to a thread.

        It does where no commit waits for the disk, and the log is small: what was written lies in the system's memory.
        """
        return not self._durable and self.next_occurrence <= _QUICK

    def start(self, deliver: Callable[[Sequence[Delivery]], None]) -> None:
        """Begin to write; `deliver` is called on the running event loop with the deliveries to be sent now."""
        self._deliver = deliver
        self._group_commit.start()

    def stop_sending(self) -> None:
        """Hand out no more deliveries; what waits stays in the queue for the next start."""
        self._group_commit.sending = False

    async def close(self) -> None:
        """Write what is still to be written, and release the file."""
        self.stop_sending()
        try:
            await self._group_commit.stop()
        finally:
            self.changes.close()
            stopping = StoreFailed("the simulator is stopping: ask again when it is back")
            self._refuse_all([*self._resends.values(), *self._idle], stopping)
            self._db.close()
            self._file.close()

    @property
    def problem(self) -> str | None:
        """Why the log cannot be written, or would be gone at the next start; None if all is well."""
        return self._file.problem() or self._group_commit.error

    @property
    def waiting(self) -> int:
        """How many runs wait or are under way."""
        return self._log_writer.queue.length

    async def subscribe(self, event: str, url: str, store_id: int | None) -> Webhook:
        webhook: Webhook = await self._group_commit.submit(lambda writer: writer.subscribe(event, url, store_id))
        return webhook

    async def change(self, webhook: Webhook) -> None:
        """Replace a webhook. Raises UnknownWebhook."""
        await self._group_commit.submit(lambda writer: writer.change(webhook))

    async def unsubscribe(self, webhook_id: UUID) -> None:
        """End a webhook. Raises UnknownWebhook."""
        await self._group_commit.submit(lambda writer: writer.unsubscribe(webhook_id))

    async def reset(self) -> int:
        """Forget all webhooks, events and runs. A delivery that is under way ends without a trace.

        Returns the number of the first run that is not forgotten.
        """
        self._count_from(1)  # before the step is done: what is accepted after it counts from there
        try:
            first: int = await self._group_commit.submit(lambda writer: writer.reset(), long=True)
        except StoreFailed:
            self._count_from(max(self.next_occurrence, self._log_writer.next_occurrence))
            raise
        self._refuse_all(self._resends.values(), UnknownEvent("the log was reset while its event was being resent"))
        self._resends.clear()
        return first

    def _count_from(self, number: int) -> None:
        self.era += 1
        self.next_occurrence = number

    def take_numbers(self, count: int) -> int:
        """Take the next `count` numbers of occurrences; returns the first. They go on over a restart."""
        self.next_occurrence += count
        return self.next_occurrence - count

    def take_unread(self) -> tuple[int | None, list[Fresh]]:
        """What was logged since the last call, or before the start.

        Returns the lowest number from which the log is to be read, None for none, and what need not be read, because
        it is in memory: to read the file takes five times as long, and deliveries wait meanwhile. Numbers are logged
        out of order, so a reader gets lower ones than before, and some twice.
        """
        unread, fresh = self._unread, self._fresh
        self._unread, self._fresh, self._fresh_bytes = None, [], 0
        return unread, fresh

    @property
    def has_unread(self) -> bool:
        """`take_unread` would give something."""
        return self._unread is not None or bool(self._fresh)

    def mark_unread(self, first: int) -> None:
        """Note that occurrences from that number on are to be read from the log."""
        self._unread = min([first, *[number for number, _ in self._fresh], self._unread or first])
        self._fresh, self._fresh_bytes = [], 0

    def accept(
        self, occurrences: Sequence[Occurrence], first: int, causes: Sequence[RaisedBy] = (), *, keep: bool = False
    ) -> "asyncio.Future[list[Raised]]":
        """Log occurrences, numbered from `first`, and what raised them, in the same order.

        What is accepted first is logged first, awaited or not. Once the future has its result, their events are never
        forgotten. `keep` notes those that no webhook matches, too.

        Raises (the future):
            Busy: too much would wait; nothing of it was kept.
            StoreFailed: the file cannot be written.
        """
        accepted = self._group_commit.submit(
            lambda writer: writer.accept(occurrences, first, causes, keep=keep), long=_size(occurrences) > _LARGE
        )

        def note(_: "asyncio.Future[list[Raised]]") -> None:  # before the caller hears of it
            if self._unread is None and not accepted.cancelled() and accepted.exception() is None:
                # a webhook of one store matches some of the occurrences, and only the log knows which
                matched = Counter([each.webhook_id for each in accepted.result()])
                size = self._fresh_bytes + _size(occurrences)
                if (keep or len(occurrences) in matched.values()) and size <= _MOST_FRESH:
                    self._fresh.append((first, occurrences))
                    self._fresh_bytes = size
                    return
            self.mark_unread(first)

        accepted.add_done_callback(note)
        return accepted

    async def replay(self, item: Replayed, number: int) -> tuple[Raised, bool]:
        """Log an event that really happened, as `LogWriter.replay` does."""
        raised: tuple[Raised, bool] = await self._group_commit.submit(lambda writer: writer.replay(item, number))
        self.mark_unread(number)
        return raised

    async def lease(self, occurrences: Sequence[Occurrence], first: int) -> list[Delivery]:
        """Log occurrences, and return their runs for an outside deliverer; `finish` ends each.

        Raises:
            Busy: too much would wait; nothing of it was kept.
            StoreFailed: the file cannot be written.
        """
        leased: list[Delivery] = await self._group_commit.submit(
            lambda writer: writer.lease(occurrences, first), long=_size(occurrences) > _LARGE
        )
        self.mark_unread(first)
        return leased

    async def lease_resends(self, count: int) -> list[Delivery]:
        """Begin a further run of up to `count` failed events, oldest first, for an outside deliverer."""
        leased: list[Delivery] = await self._group_commit.submit(lambda writer: writer.lease_resends(count), long=True)
        return leased

    async def copy(self, delivery: Delivery, copies: int) -> list[Delivery]:
        """Begin further runs of an event that is being delivered: a fault sends it several times."""
        copied: list[Delivery] = await self._group_commit.submit(lambda writer: writer.copy(delivery, copies))
        return copied

    async def resend(self, webhook_id: UUID, webhook_event_id: str) -> Finished:
        """Make a further run of an event, and wait until its outcome is in the log.

        Raises:
            UnknownWebhook, UnknownEvent, StoreFailed
        """
        number = await self._group_commit.submit(lambda writer: writer.resend(webhook_id, webhook_event_id))
        # The commit that returned the number handed the run out, so the run cannot be over yet.
        over: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        self._resends[number] = over
        return await over

    async def idle(self) -> None:
        """Wait until nothing is due or under way, and every outcome is in the log."""
        no_more_runs: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle.append(no_more_runs)
        await self.wake()
        await no_more_runs

    async def wake(self) -> None:
        """Look again at what is due, because simulator time was changed; what was asked before is then committed."""
        await self._group_commit.submit(lambda _: None)

    def postpone(self, delivery: Delivery, due_at: Milliseconds) -> None:
        """Put back a delivery of which nothing was sent, until `due_at`; repeated until it is written."""

        def again_if_it_failed(step: "asyncio.Future[None]") -> None:
            if step.exception() is not None and not self._group_commit.stopped:
                asyncio.get_running_loop().call_later(RETRY_S, self.postpone, delivery, due_at)

        step = self._group_commit.submit(lambda writer: writer.queue.postpone(delivery, due_at))
        step.add_done_callback(again_if_it_failed)

    def make_due(self, delivery: Delivery) -> None:
        """Make a postponed delivery due now; if that cannot be written, it keeps its time."""
        step = self._group_commit.submit(lambda writer: writer.queue.make_due(delivery))
        step.add_done_callback(lambda step: step.exception())

    @property
    def free(self) -> int:
        """How many more runs may wait before more are refused."""
        return self._log_writer.free

    def wanting(self, event: str) -> int:
        """How many webhooks want events of that type, from whatever store."""
        return self._log_writer.webhooks.wanting(event)

    def refuse_if_full(self) -> None:
        """Raises Busy: too much is waiting already to take more."""
        self._log_writer.refuse_if_full(1)

    @staticmethod
    def _refuse_all(waiters: Iterable["asyncio.Future[Any]"], error: FrontsimError) -> None:
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _on_commit(self, commit: Commit) -> None:
        for future, result in commit.results:
            if future.done():  # its caller was cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        for finished in commit.finished if self._resends else ():
            over = self._resends.pop(finished.delivery.run_id, None)
            if over is not None and not over.done():
                over.set_result(finished)
        self.changes.publish(commit.changes)
        if commit.due:
            self._deliver(commit.due)
        if commit.idle and not commit.due:
            for no_more_runs in self._idle:
                if not no_more_runs.done():
                    no_more_runs.set_result(None)
            self._idle.clear()
