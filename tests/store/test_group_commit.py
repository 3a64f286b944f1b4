"""Writing when that is slow, or fails for a while: nothing is lost, and others get their turn."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.errors import StoreFailed
from frontsim.store import event_log as module
from frontsim.store import group_commit
from tests.store.shop import OK, StoreDriver
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[True, False], ids=["durable", "temporary"])
async def shop(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[StoreDriver]:
    async with StoreDriver(tmp_path / "log.db", durable=request.param) as opened:
        yield opened


@pytest.mark.parametrize(("durable", "most", "uses_threads"), [(False, 1, False), (False, 0, True), (True, 1, True)])
async def test_a_small_temporary_log_needs_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, most: int, uses_threads: bool
) -> None:
    monkeypatch.setattr(module, "_QUICK", most)
    loop = asyncio.get_running_loop()
    in_thread, handed_over = loop.run_in_executor, []

    def recorded(pool: Executor, do: Callable[..., object], *words: object) -> Awaitable[object]:
        handed_over.append(do.__name__)
        return in_thread(pool, do, *words)

    async with StoreDriver(tmp_path / "log.db", durable=durable) as shop:
        with monkeypatch.context() as patch:
            patch.setattr(loop, "run_in_executor", recorded)
            await shop.subscribes()
            assert 1 == (await shop.reader.counts())["webhooks"]
    assert handed_over == (["_end_transaction", "question"] if uses_threads else [])


async def test_a_long_step_leaves_the_event_loop_to_others(shop: StoreDriver) -> None:
    """A reset of a large log takes seconds; meanwhile deliveries are answered."""
    let_go = threading.Event()
    step = shop.store._group_commit.submit(lambda _: let_go.wait(PATIENCE_S), long=True)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not step.done()
    let_go.set()
    assert await step


async def test_an_outcome_is_written_though_others_are_first(
    shop: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that could not be written is tried again, also when another step of that moment could be."""
    monkeypatch.setattr(group_commit, "RETRY_S", 0.01)
    await shop.subscribes()
    [raised] = await shop.sells()
    delivery = await shop.sent()
    await shop.statement("CREATE TEMP TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    shop.ends(delivery, OK)
    await shop.statement("DROP TRIGGER full")
    for _ in range(500):
        if (await shop.entry(raised)).success:
            break
        await asyncio.sleep(0.01)
    assert (await shop.entry(raised)).success


async def test_a_log_that_cannot_be_read_for_a_while(shop: StoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit that fails, and then even reading: it goes on when that is over."""
    await shop.subscribes()

    def fails() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(shop.store._log_writer, "load", fails)
        with pytest.raises(StoreFailed):
            await shop.store._group_commit.submit(lambda _: 1 // 0)
        with pytest.raises(StoreFailed):
            await shop.sells()
    await shop.sells()
    assert 1 == (await shop.reader.counts())["events"]


async def test_what_is_put_back_is_never_lost(shop: StoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the file cannot be written at first: it is tried again until it is."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    await shop.subscribes()
    await shop.sells()
    delivery = await shop.sent()
    await shop.statement("CREATE TEMP TRIGGER full BEFORE UPDATE ON queue BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    shop.store.postpone(delivery, shop.clock.now())
    await shop.settles()
    assert shop.out.empty()

    await shop.statement("DROP TRIGGER full")

    assert delivery == await shop.sent()


async def test_another_programs_transaction_is_waited_for_and_told_at_once(shop: StoreDriver) -> None:
    """Others have the event loop meanwhile: SQLite's own wait held it up for ten seconds."""
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        subscribed = asyncio.create_task(shop.subscribes())
        while shop.store.problem is None:  # noqa: ASYNC110 - what it waits for sets no event
            await asyncio.sleep(0)
        assert "database is locked: another program writes to it" == shop.store.problem
        other.execute("ROLLBACK")
    await subscribed
    assert shop.store.problem is None


async def test_what_another_programs_transaction_outlasts(shop: StoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers are refused together, and not one after another; an outcome is written when the file is free."""
    monkeypatch.setattr(group_commit, "RETRY_S", 0.01)
    monkeypatch.setattr(group_commit, "LOCK_LOOKS", 1)
    await shop.subscribes()
    [raised] = await shop.sells()
    delivery = await shop.sent()
    with closing(sqlite3.connect(shop.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        shop.ends(delivery, OK)
        for refused in await asyncio.gather(*(shop.sells() for _ in range(3)), return_exceptions=True):
            assert isinstance(refused, StoreFailed)
            assert "nothing of this was kept: database is locked" in str(refused)
    await shop.settles()
    assert (await shop.entry(raised)).success
    assert 1 == (await shop.reader.counts())["events"]


async def test_the_end_waits_for_another_programs_transaction_only_briefly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that is stopped has ten seconds."""
    monkeypatch.setattr(group_commit, "LOCK_LOOKS", 10**9)
    with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as other:
        async with asyncio.timeout(PATIENCE_S), StoreDriver(tmp_path / "log.db") as shop:
            other.execute("BEGIN IMMEDIATE")
            subscribed = asyncio.create_task(shop.subscribes())
            while shop.store.problem is None:  # noqa: ASYNC110 - what it waits for sets no event
                await asyncio.sleep(0)
        with pytest.raises(StoreFailed):
            await subscribed
