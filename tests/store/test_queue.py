"""The queue against its own file: whatever it keeps in memory, what it hands out is what the file says is next."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from frontsim.clock import Clock, Ids
from frontsim.domain.model import Delivery, Finished, Occurrence, Trigger
from frontsim.store import queue
from frontsim.store.log_writer import LogWriter
from tests.store.shop import NOT_FOUND, OK, StoreDriver

SLOTS = 2
SCHEMA = (Path(queue.__file__).parent / "schema.sql").read_text()
Waiting = list[tuple[int, int]]


class WriterOverTime:
    """A writer in memory, its transactions one by one, and every delivery that is out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.executescript(SCHEMA)
        self.db = connection
        self.time = 1_700_000_000.0
        self.clock = Clock(lambda: self.time)
        self.writer = LogWriter(connection, clock=self.clock, ids=Ids(), concurrency=SLOTS, most_waiting=1_000_000)
        self.out: dict[int, Delivery] = {}
        self.sent: list[tuple[int, int]] = []
        self.put_back: list[Delivery] = []
        self.over: dict[int, int] = {}
        for event, url in (("SaleCreated", "http://a.example/"), ("InvoiceCreated", "http://b.example/")):
            self.does(lambda event=event, url=url: self.writer.subscribe(event, url, None))

    def does(self, step: Callable[[], object]) -> None:
        """A step in a separate transaction, and then what must be true of every transaction."""
        out_before = set(self.out)
        self.db.execute("BEGIN IMMEDIATE")
        step()
        self.now = self.clock.now()
        due = self.writer.write_queue(begin=True)
        self.db.execute("COMMIT")
        self.time += 0.01
        self.out |= {delivery.run_id: delivery for delivery in due}
        self.sent += [(delivery.event_number, delivery.run) for delivery in due]
        assert {item.run_id for item in due} == self.numbers("begun_at NOTNULL") - out_before, "begun, not handed out"
        assert self.numbers("1") == self.out.keys() | self.numbers("begun_at IS NULL"), "out, and not in the file"
        for destination in (1, 2):
            self._is_right([item for item in due if item.destination == destination], destination)
        waiting = self.writer.queue._memory
        in_memory = [delivery for line in waiting._queues.values() for delivery in line]
        assert waiting._bytes == queue._size(in_memory) <= queue.MOST_BYTES, "miscounted"
        for delivery in due:
            assert self.body(delivery.event_number) == delivery.body

    def _is_right(self, due: list[Delivery], destination: int) -> None:
        left: Waiting = self.db.execute(
            "SELECT due_at, number FROM queue WHERE destination = ? AND begun_at IS NULL", (destination,)
        ).fetchall()
        began: Waiting = [
            self.db.execute("SELECT due_at, number FROM queue WHERE number = ?", (item.run_id,)).fetchone()
            for item in due
        ]
        under_way = len(self.numbers(f"begun_at NOTNULL AND destination = {destination}"))
        assert sorted(began) == began, "out of turn"
        assert not began or not left or max(began) < min(left), "another was before"
        assert all(due_at <= self.now for due_at, _ in began), "too early"
        most = SLOTS + queue.AHEAD * self.over.get(destination, 0)
        resends = sum(item.trigger is Trigger.RESEND for item in due)
        assert len(due) == resends or under_way <= most + resends, "more than there are slots and runs ahead"
        looks_again = (self.writer.queue.next_due or self.now + 1) <= self.now  # in the next transaction, at once
        assert under_way >= most or looks_again or not [due for due, _ in left if due <= self.now], "left lying"

    def numbers(self, which: str) -> set[int]:
        return {number for (number,) in self.db.execute(f"SELECT number FROM queue WHERE {which}")}

    def body(self, event: int) -> bytes:
        (body,) = self.db.execute(
            "SELECT body FROM occurrences o JOIN events e ON e.occurrence = o.number WHERE e.number = ?", (event,)
        ).fetchone()
        return bytes(body)

    # What happens to it.

    def sells(self, event: str, count: int) -> None:
        (first,) = self.db.execute("SELECT coalesce(max(number), 0) + 1 FROM occurrences").fetchone()
        items = [Occurrence(event, b'"%d \xc3\xa6"' % (first + index), None) for index in range(count)]
        self.does(lambda: self.writer.accept(items, first))

    def ends(self, nth: int) -> None:
        if self.out:
            delivery = self.out.pop(sorted(self.out)[nth % len(self.out)])
            self.over[delivery.destination] = 1
            self.does(lambda: self.writer.finish([Finished(delivery, NOT_FOUND, self.clock.now())]))

    def resends(self, nth: int) -> None:
        if self.sent:
            self.does(lambda: self._resend(nth))

    def _resend(self, nth: int) -> None:
        event, _ = self.sent[nth % len(self.sent)]
        webhook, raw = self.db.execute(
            "SELECT w.id, e.id FROM events e JOIN webhooks w ON w.number = e.webhook WHERE e.number = ?", (event,)
        ).fetchone()
        self.writer.resend(UUID(bytes=webhook), str(UUID(bytes=raw)))

    def postpones(self, nth: int, wait_ms: int) -> None:
        if self.out:
            delivery = self.out.pop(sorted(self.out)[nth % len(self.out)])
            self.sent.remove((delivery.event_number, delivery.run))
            self.put_back.append(delivery)
            due_at = self.clock.now() + wait_ms
            self.does(lambda: self.writer.queue.postpone(delivery, due_at))

    def makes_due(self, nth: int) -> None:
        if self.put_back:
            delivery = self.put_back.pop(nth % len(self.put_back))
            self.does(lambda: self.writer.queue.make_due(delivery))

    def moves_the_clock(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.does(lambda: None)

    def fails_to_write(self, count: int) -> None:
        """A transaction that is undone after all was done but the commit."""
        (first,) = self.db.execute("SELECT coalesce(max(number), 0) + 1 FROM occurrences").fetchone()
        self.db.execute("BEGIN IMMEDIATE")
        self.writer.finish([Finished(item, OK, self.clock.now()) for item in self.out.values()])
        self.writer.accept([Occurrence("SaleCreated", b"never", None)] * count, first)
        if self.sent:
            self._resend(count)
        self.writer.write_queue(begin=count % 2 == 0)
        self.db.execute("ROLLBACK")
        self.writer.load()
        self.over.clear()
        self.does(lambda: None)


NTH = st.integers(0, 20)
HAPPENING = st.one_of(
    st.tuples(st.just(WriterOverTime.sells), st.sampled_from(["SaleCreated", "InvoiceCreated"]), st.integers(1, 6)),
    st.tuples(st.just(WriterOverTime.ends), NTH),
    st.tuples(st.just(WriterOverTime.resends), NTH),
    st.tuples(st.just(WriterOverTime.postpones), NTH, st.sampled_from([0, 50, 5_000])),
    st.tuples(st.just(WriterOverTime.makes_due), NTH),
    st.tuples(st.just(WriterOverTime.moves_the_clock), st.sampled_from([-3600, -1, 1, 3600])),
    st.tuples(st.just(WriterOverTime.fails_to_write), st.integers(1, 3)),
)


@pytest.mark.slow
@given(st.lists(HAPPENING, max_size=30))
@example(
    [
        (WriterOverTime.sells, "SaleCreated", 3),
        (WriterOverTime.postpones, 0, 0),
        (WriterOverTime.makes_due, 0),
        (WriterOverTime.resends, 0),
    ]
)
@example(  # only a part is read back at a time, and the clock is set back before the rest is
    [
        (WriterOverTime.sells, "SaleCreated", 4),
        (WriterOverTime.fails_to_write, 1),
        (WriterOverTime.ends, 0),
        (WriterOverTime.moves_the_clock, -3600),
    ]
)
@settings(max_examples=150, deadline=None)
def test_what_is_handed_out_is_what_the_file_says_is_next(happenings: list[tuple[Any, ...]]) -> None:
    """Whatever happens: begun in the file exactly when handed out, in turn, at most a run per slot and those
    ahead, nothing left lying, the body byte for byte, and no run twice."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection, few_in_memory():
        log = WriterOverTime(connection)
        for happens, *how in happenings:
            happens(log, *how)
        log.moves_the_clock(36_000)
        while log.out:
            log.ends(0)
        assert 0 == log.writer.queue.length == len(log.numbers("1"))
        assert len(log.sent) == len(set(log.sent)), "handed out twice"


def test_time_that_is_set_back_strands_nothing() -> None:
    """A run that waits for a slot waits for that alone, whatever simulator time it is."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        log = WriterOverTime(connection)
        log.sells("SaleCreated", SLOTS + 1)
        log.moves_the_clock(-3600)
        log.ends(0)
        assert SLOTS == len(log.out)


@pytest.mark.anyio
async def test_more_than_fits_in_memory_goes_out_in_turn(tmp_path: Path) -> None:
    """Runs that a line cannot hold wait in the file alone."""
    with few_in_memory():
        async with StoreDriver(tmp_path / "log.db", concurrency=1) as shop:
            await shop.subscribes()
            raised = await shop.sells(20)
            sent = [await shop.delivers() for _ in range(20)]
    assert [item.webhook_event_id for item in raised] == [item.webhook_event_id for item in sent]


@pytest.mark.anyio
async def test_concurrency_bounds_what_is_under_way_to_one_destination_only(tmp_path: Path) -> None:
    """The third of one destination waits for a slot; another destination's does not wait for it."""
    async with StoreDriver(tmp_path / "log.db", concurrency=2) as shop:
        await shop.subscribes()
        await shop.store.subscribe("InvoiceCreated", "http://other.example/", None)
        await shop.sells(3)
        await shop.sells(event="InvoiceCreated")

        first = await shop.sent()
        out = [first, await shop.sent(), await shop.sent()]

        assert ["SaleCreated", "SaleCreated", "InvoiceCreated"] == [item.event for item in out]
        assert shop.out.empty()
        shop.ends(first, OK)
        assert "SaleCreated" == (await shop.sent()).event


@pytest.mark.anyio
async def test_three_times_as_many_are_handed_out_ahead_as_were_over_in_the_last_commit(tmp_path: Path) -> None:
    """A receiver that is quick need not wait for the disk; one that is slow has next to nothing begun for nothing."""
    async with StoreDriver(tmp_path / "log.db", concurrency=2) as shop:
        await shop.subscribes()
        await shop.sells(20)
        out = [await shop.sent() for _ in range(2)]
        for over, left in ((2, 2 + 6), (3, 2 + 9), (2, 9), (2, 2 + 6), (1, 7), (1, 6), (1, 2 + 3), (1, 2 + 3)):  # ahead
            assert shop.out.empty()
            for _ in range(over):
                shop.ends(out.pop(0), OK)
            await shop.settles()
            while not shop.out.empty():
                out.append(await shop.sent())
            assert left == len(out) == (await shop.reader.counts())["underWay"]


@pytest.mark.anyio
async def test_a_resend_goes_before_what_waits(tmp_path: Path) -> None:
    """It is handed out at once, whatever is ahead, because a caller waits for it; the others wait on."""
    async with StoreDriver(tmp_path / "log.db", concurrency=1) as shop:
        await shop.subscribes()
        [failed] = await shop.sells()
        await shop.delivers(NOT_FOUND)
        await shop.sells(5)
        for _ in range(4):  # one slot, three ahead
            await shop.sent()
        resend = asyncio.ensure_future(shop.store.resend(UUID(failed.webhook_id), failed.webhook_event_id))
        await shop.settles()

        assert failed.webhook_event_id == (await shop.delivers()).webhook_event_id
        assert 200 == (await resend).result.status_code
        assert shop.out.empty()


@pytest.mark.anyio
async def test_a_resend_leaves_though_more_is_out_than_now_may_be(tmp_path: Path) -> None:
    """When a receiver gets slow, what had been handed out ahead of it is more than is ahead now."""
    async with StoreDriver(tmp_path / "log.db", concurrency=2) as shop:
        await shop.subscribes()
        raised = await shop.sells(20)
        out = [await shop.sent() for _ in range(2)]
        for over in (2, 1):  # 2 slots and 6 ahead, then 3 ahead
            for _ in range(over):
                shop.ends(out.pop(0), NOT_FOUND)
            await shop.settles()
            while not shop.out.empty():
                out.append(await shop.sent())
        assert 7 == len(out)
        resend = asyncio.ensure_future(shop.store.resend(UUID(raised[0].webhook_id), raised[0].webhook_event_id))
        assert raised[0].webhook_event_id == (await shop.delivers()).webhook_event_id
        await resend


@pytest.mark.anyio
async def test_not_too_many_are_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many were over."""
    monkeypatch.setattr(queue, "MOST_AHEAD", 3)
    async with StoreDriver(tmp_path / "log.db", concurrency=4) as shop:
        await shop.subscribes()
        await shop.sells(20)
        for delivery in [await shop.sent() for _ in range(4)]:
            shop.ends(delivery, OK)
        await shop.settles()
        assert 4 + 3 == (await shop.reader.counts())["underWay"]


@pytest.mark.anyio
async def test_bodies_of_more_than_one_text_can_hold(shop: StoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in the file are read back in parts, as large as SQLite takes; none is stuck."""
    monkeypatch.setattr(queue, "MOST_BYTES", 0)
    await shop.subscribes()
    shop.store._db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 5_000)
    body = b'"' + b"x" * 2_000 + b'"'
    await shop.store.accept([Occurrence("SaleCreated", body, 1)] * 6, shop.store.take_numbers(6))
    for _ in range(6):
        assert body == (await shop.delivers()).body


@contextmanager
def few_in_memory() -> Iterator[None]:
    """Lines that are full early."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "MOST_BYTES", 2_100)  # four, of some 510 bytes
        yield


@pytest.mark.anyio
async def test_large_bodies_are_read_back_in_several_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is short; the next follows by itself, in order, until all slots are taken."""
    monkeypatch.setattr(queue, "MOST_BYTES", 0)  # everything waits in the file
    async with StoreDriver(tmp_path / "log.db", concurrency=4) as shop:
        batches: list[int] = []
        hand_out = shop.hands_out

        def count(deliveries: Sequence[Delivery]) -> None:
            batches.append(len(deliveries))
            hand_out(deliveries)

        shop.store._deliver = count
        await shop.subscribes()
        bodies = [bytes([number]) * 3_000_000 for number in range(4)]
        first = shop.store.take_numbers(4)
        await shop.store.accept([Occurrence("SaleCreated", body, 1) for body in bodies], first)
        assert bodies == [(await shop.sent()).body for _ in bodies]
        assert [1, 1, 1, 1] == batches
