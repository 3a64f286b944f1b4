"""Payloads made here or by a worker: the same bytes, and a worker that dies is made up for."""

import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from frontsim import bundled, catalog
from frontsim.errors import BadInput
from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.payload_service import AsyncPayloads
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio

SEED = 7
SALES = ["SaleCreated"] * 200


@pytest.fixture
def payloads() -> Payloads:
    return Payloads(catalog.load(), seed=SEED)


@pytest.fixture
async def async_payloads(payloads: Payloads) -> AsyncIterator[AsyncPayloads]:
    made = AsyncPayloads(payloads, seed=SEED, worker_after=100)
    yield made
    made.close()


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - what is waited for is another process
            await anyio.sleep(0.002)


async def with_worker(async_payloads: AsyncPayloads) -> int:
    """Ask for many, and wait until a worker is ready; its process."""
    await async_payloads.make(SALES, 0)
    assert async_payloads.worker is not None
    await until(lambda: async_payloads.worker.ready)  # type: ignore[union-attr]
    assert async_payloads.worker.pid is not None
    return async_payloads.worker.pid


async def test_few_need_no_worker(async_payloads: AsyncPayloads, payloads: Payloads):
    """No process is started for a handful."""
    assert [payloads.build("SaleCreated", number) for number in (5, 6)] == await async_payloads.make(SALES[:2], 5)
    assert [] == await async_payloads.make([], 5)
    assert async_payloads.worker is None


async def test_where_they_are_made_changes_nothing(async_payloads: AsyncPayloads, payloads: Payloads):
    """Types in any order, a store that is wanted, more than one job holds."""
    events = ["SaleCreated", "StockMovementCreated", "CustomerCreated"] * 100
    here = await async_payloads.make(events, 11, store_id=501)
    await with_worker(async_payloads)
    there = await async_payloads.make(events, 11, store_id=501)
    assert here == there == [payloads.build(event, 11 + at, store_id=501) for at, event in enumerate(events)]


async def test_several_ask_at_once(async_payloads: AsyncPayloads, payloads: Payloads):
    """Each gets its own."""
    await with_worker(async_payloads)
    got: dict[int, object] = {}

    async def ask(first: int) -> None:
        got[first] = await async_payloads.make(SALES, first)

    async with anyio.create_task_group() as group:
        for first in range(0, 1000, 200):
            group.start_soon(ask, first)
    for first, made in got.items():
        assert [payloads.build("SaleCreated", number) for number in range(first, first + 200)] == made


async def test_an_asker_that_goes_away(async_payloads: AsyncPayloads, payloads: Payloads):
    """Its answers are dropped, and the next one's are its own."""
    await with_worker(async_payloads)
    with anyio.move_on_after(0):
        await async_payloads.make(SALES, 0)
    assert [payloads.build("SaleCreated", 3)] == await async_payloads.make(SALES[:1], 3)


async def test_a_worker_that_dies(async_payloads: AsyncPayloads, payloads: Payloads, caplog: pytest.LogCaptureFixture):
    """The payloads that it owes are made here, at any moment, with one word in the log; no other is started at once."""
    pid = await with_worker(async_payloads)
    os.kill(pid, signal.SIGSTOP)
    made: list[object] = []

    async def ask() -> None:
        made.extend(await async_payloads.make(SALES, 0))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await anyio.lowlevel.checkpoint()
        os.kill(pid, signal.SIGKILL)
    assert [payloads.build("SaleCreated", number) for number in range(200)] == made
    assert [payloads.build("SaleCreated", 9)] == await async_payloads.make(SALES[:1], 9)
    assert 1 == len(caplog.records)
    assert async_payloads.worker is not None
    assert not async_payloads.worker.ready


@pytest.mark.slow
async def test_another_is_started_for_one_that_died(async_payloads: AsyncPayloads, payloads: Payloads):
    """After twice as many were made here; then four times."""
    for many in (100, 200, 400):
        await async_payloads.make(SALES[:1] * many, 0)
        assert async_payloads.worker is None or async_payloads.worker.ended
        pid = await with_worker(async_payloads)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: async_payloads.worker.ended)  # type: ignore[union-attr]
    async_payloads.close()
    await async_payloads.make(SALES * 5, 0)
    assert async_payloads.worker is not None
    assert async_payloads.worker.ended


async def test_a_worker_that_is_stuck(
    async_payloads: AsyncPayloads, payloads: Payloads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """It is given up after a while, and killed."""
    pid = await with_worker(async_payloads)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(async_payloads.worker, "stuck_after_s", 0.1)
    made: list[list[object]] = [[], []]

    async def ask(nth: int) -> None:
        made[nth].extend(await async_payloads.make(SALES, 200 * nth))

    async with anyio.create_task_group() as group:
        group.start_soon(ask, 0)
        group.start_soon(ask, 1)
    assert [payloads.build("SaleCreated", number) for number in range(400)] == made[0] + made[1]
    assert 1 == len(caplog.records)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_no_worker_can_be_started(
    async_payloads: AsyncPayloads, payloads: Payloads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Too many processes, no Python to be found: payloads come all the same."""
    monkeypatch.setattr(bundled.sys, "executable", "/nowhere/python")
    for _ in range(2):
        assert [payloads.build("SaleCreated", number) for number in range(200)] == await async_payloads.make(SALES, 0)
    assert 1 == len(caplog.records)


async def test_closing_ends_it(async_payloads: AsyncPayloads):
    """And closing twice does no harm."""
    pid = await with_worker(async_payloads)
    async_payloads.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    async_payloads.close()
    assert 1 == len(await async_payloads.make(SALES[:1], 0))


async def test_types_of_the_users_own_are_made_here(tmp_path: Path):
    """A worker knows the published ones alone."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "Mine.json").write_text('{"type": "integer", "minimum": 5, "maximum": 5}')
    made = AsyncPayloads(Payloads(catalog.load(tmp_path), seed=SEED), seed=SEED, worker_after=100)
    try:
        await with_worker(made)
        assert [b"5", b"5"] == [item.body for item in await made.make(["Mine", "Mine"], 0)]
    finally:
        made.close()


async def test_what_cannot_be_made(async_payloads: AsyncPayloads):
    """The same refusal as without a worker."""
    with pytest.raises(BadInput):
        await async_payloads.make(SALES[:1], -1)


async def test_what_may_take_long_is_made_in_a_thread(
    async_payloads: AsyncPayloads, payloads: Payloads, monkeypatch: pytest.MonkeyPatch
):
    """Other profiles are; typical payloads of the vendor's types are quick. The bytes are the same."""
    real, threads = Payloads.build, set[str]()

    def noted(*args: Any, **more: Any) -> Any:
        threads.add(threading.current_thread().name)
        return real(*args, **more)

    expected = [payloads.build("SaleCreated", number, profile="adversarial") for number in (5, 6)]
    monkeypatch.setattr(Payloads, "build", noted)
    assert expected == await async_payloads.make(SALES[:2], 5, profile="adversarial")
    assert {"frontsim-payloads_0"} == threads
    await async_payloads.make(SALES[:2], 5)
    assert threading.current_thread().name in threads
