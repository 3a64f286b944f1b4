"""The store as the event loop sees it: ask for a change, await its commit."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from frontsim.clock import Clock, Ids, Milliseconds
from frontsim.domain.model import Delivery, Finished, Occurrence, Raised, Webhook
from frontsim.errors import FrontsimError, StoreFailed, UnknownEvent
from frontsim.store.changes import Changes
from frontsim.store.database import lock, open_log
from frontsim.store.group_commit import RETRY_S, Commit, GroupCommit
from frontsim.store.ledger import Ledger

ROOM = 350
"""Runs that may wait beside those under way without slowing down who raises more: enough to keep all lanes busy."""
ROOM_S = 0.025
"""Seconds that whoever raises many events waits, each time, for room. What is raised faster than it is sent must be
read back from the file, at half the speed of what goes on straight from memory; and nothing is gained by it."""
_LARGE = 2_000_000  # bytes of bodies that are written in one step on the event loop, at most


def _are_large(occurrences: Sequence[Occurrence]) -> bool:
    return sum([len(item.body) for item in occurrences]) > _LARGE


class EventLog:
    """The log of one simulator.

    Args:
        path: the file; made if it is not there.
        lanes: how many deliveries are sent at once to one destination.
        most_waiting: how many runs may be waiting before `accept` refuses more.

    Raises:
        Unusable: the file cannot be used, or another simulator has it.
    """

    def __init__(self, path: Path, *, clock: Clock, ids: Ids, lanes: int, most_waiting: int) -> None:
        self.path = path
        self._lock = lock(path)
        try:
            self._db = open_log(path)
        except BaseException:
            self._lock.close()
            raise
        self._ledger = Ledger(self._db, clock=clock, ids=ids, lanes=lanes, most_waiting=most_waiting)
        self._db.execute("BEGIN IMMEDIATE")
        self.recovered = self._ledger.recover()
        self._db.execute("COMMIT")
        self.changes = Changes(self._ledger.sequence)
        self.next_occurrence: int = self._ledger.next_occurrence
        self.era = 0
        """How often the log was reset: numbers that were taken in an earlier era are given out anew."""
        self._writer = GroupCommit(self._db, self._ledger, clock=clock, told=self._told)
        self._resends: dict[int, asyncio.Future[Finished]] = {}
        self._idle: list[asyncio.Future[None]] = []
        self._room = asyncio.Event()
        self._roomy = ROOM + lanes

    def start(self, deliver: Callable[[Sequence[Delivery]], None]) -> None:
        """Begin to work; `deliver` is called on the running event loop with the deliveries to be sent now."""
        self._deliver = deliver
        self._writer.start()

    def stop_sending(self) -> None:
        """Hand out no more deliveries; what waits stays in the queue for the next start."""
        self._writer.sending = False

    async def close(self) -> None:
        """Write what is still to be written, and let go of the file."""
        self.stop_sending()
        try:
            await self._writer.stop()
        finally:
            self.changes.close()
            stopping = StoreFailed("the simulator is stopping: ask again when it is back")
            self._refuse_all([*self._resends.values(), *self._idle], stopping)
            self._db.close()
            self._lock.close()

    @property
    def waiting(self) -> int:
        """How many runs are intended or under way."""
        return self._ledger.queue.length

    async def subscribe(self, event: str, url: str, store_id: int | None) -> Webhook:
        """Add a webhook."""
        webhook: Webhook = await self._writer.submit(lambda ledger: ledger.subscribe(event, url, store_id))
        return webhook

    async def change(self, webhook: Webhook) -> None:
        """Replace what a webhook says. Raises UnknownWebhook."""
        await self._writer.submit(lambda ledger: ledger.change(webhook))

    async def unsubscribe(self, webhook_id: UUID) -> None:
        """End a webhook. Raises UnknownWebhook."""
        await self._writer.submit(lambda ledger: ledger.unsubscribe(webhook_id))

    async def reset(self) -> int:
        """Forget all webhooks, events and runs. A delivery that is under way ends without a trace.

        Returns the number of the first run that is not forgotten: all that were handed out before it are.
        """
        self._count_from(1)  # before the step is done: what is accepted behind it counts from there
        try:
            first: int = await self._writer.submit(lambda ledger: ledger.reset(), long=True)
        except StoreFailed:
            self._count_from(max(self.next_occurrence, self._ledger.next_occurrence))
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

    async def accept(self, occurrences: Sequence[Occurrence], first: int) -> list[Raised]:
        """Log occurrences, numbered from `first`; once this returns, their events are never forgotten.

        Raises:
            Busy: too much would wait; nothing of it was kept.
            StoreFailed: the file cannot be written.
        """
        raised: list[Raised] = await self._writer.submit(
            lambda ledger: ledger.accept(occurrences, first), long=_are_large(occurrences)
        )
        return raised

    async def lease(self, occurrences: Sequence[Occurrence], first: int) -> list[Delivery]:
        """Log occurrences, and hand out their runs for somebody else to send; `finish` ends each.

        Raises:
            Busy: too much would wait; nothing of it was kept.
            StoreFailed: the file cannot be written.
        """
        leased: list[Delivery] = await self._writer.submit(
            lambda ledger: ledger.lease(occurrences, first), long=_are_large(occurrences)
        )
        return leased

    async def lease_resends(self, count: int) -> list[Delivery]:
        """Begin a further run of each of up to `count` failed events, oldest first, for somebody else to send."""
        leased: list[Delivery] = await self._writer.submit(lambda ledger: ledger.lease_resends(count), long=True)
        return leased

    async def copy(self, delivery: Delivery, copies: int) -> list[Delivery]:
        """Begin further runs of an event that is being delivered: a fault sends it several times."""
        copied: list[Delivery] = await self._writer.submit(lambda ledger: ledger.copy(delivery, copies))
        return copied

    async def resend(self, webhook_id: UUID, webhook_event_id: str) -> Finished:
        """Make a further run of an event, and wait until its outcome is in the log.

        Raises:
            UnknownWebhook, UnknownEvent, StoreFailed
        """
        number = await self._writer.submit(lambda ledger: ledger.resend(webhook_id, webhook_event_id))
        # The run was handed out in the commit that told its number, so it cannot be over yet.
        over: asyncio.Future[Finished] = asyncio.get_running_loop().create_future()
        self._resends[number] = over
        return await over

    async def idle(self) -> None:
        """Wait until nothing is due or under way, and every outcome is in the log."""
        nothing_left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle.append(nothing_left)
        await self.wake()
        await nothing_left

    async def wake(self) -> None:
        """Look again at what is due, for simulator time was moved; all that was told before is then in the log."""
        await self._writer.submit(lambda _: None)

    def finish(self, finished: Finished) -> None:
        """Log what became of a delivery."""
        self._writer.finish(finished)

    def postpone(self, delivery: Delivery, due_at: Milliseconds) -> None:
        """Put back a delivery of which nothing was sent, until `due_at`; as often as it takes to write that."""

        def again_if_it_failed(step: "asyncio.Future[None]") -> None:
            if step.exception() is not None and not self._writer.stopped:
                asyncio.get_running_loop().call_later(RETRY_S, self.postpone, delivery, due_at)

        step = self._writer.submit(lambda ledger: ledger.queue.postpone(delivery, due_at))
        step.add_done_callback(again_if_it_failed)

    def hasten(self, delivery: Delivery) -> None:
        """Make a delivery that was postponed due now; if that cannot be written, it is due when it was before."""
        step = self._writer.submit(lambda ledger: ledger.queue.hasten(delivery))
        step.add_done_callback(lambda step: step.exception())

    @property
    def free(self) -> int:
        """How many more runs may wait before more are refused."""
        return self._ledger.free

    def wanting(self, event: str) -> int:
        """How many webhooks want events of that type, from whatever store."""
        return self._ledger.webhooks.wanting(event)

    async def room(self) -> None:
        """Give sending a moment, while more waits than can be sent in that time; see `ROOM_S`."""
        if self._ledger.queue.to_send > self._roomy:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), ROOM_S)

    def refuse_if_full(self) -> None:
        """Raises Busy: too much is waiting already to take more."""
        self._ledger.refuse_if_full(1)

    @staticmethod
    def _refuse_all(waiters: Iterable["asyncio.Future[Any]"], error: FrontsimError) -> None:
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _told(self, commit: Commit) -> None:
        for future, result in commit.results:
            if future.done():  # its caller has gone away
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        for finished in commit.finished:
            over = self._resends.pop(finished.delivery.run_id, None)
            if over is not None and not over.done():
                over.set_result(finished)
        self.changes.publish(commit.changes)
        if self._ledger.queue.to_send <= self._roomy:
            self._room.set()
        else:
            self._room.clear()
        if commit.due:
            self._deliver(commit.due)
        if commit.idle and not commit.due:
            for nothing_left in self._idle:
                if not nothing_left.done():
                    nothing_left.set_result(None)
            self._idle.clear()
