"""Payloads made here or by a worker: the same bytes, and nobody misses a worker that dies."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from frontsim import catalog
from frontsim.errors import BadInput
from frontsim.payloads import workshop as module
from frontsim.payloads.factory import Payloads
from frontsim.payloads.workshop import Workshop

pytestmark = pytest.mark.anyio

SEED = 7
SALES = ["SaleCreated"] * 200


@pytest.fixture
def payloads() -> Payloads:
    return Payloads(catalog.load(), seed=SEED)


@pytest.fixture
async def workshop(payloads: Payloads) -> AsyncIterator[Workshop]:
    made = Workshop(payloads, seed=SEED, many=100)
    yield made
    made.close()


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not true():  # noqa: ASYNC110 - what is waited for is another process
            await anyio.sleep(0.002)


async def with_worker(workshop: Workshop) -> int:
    """Ask for many, and wait until a worker is ready; its process."""
    await workshop.make(SALES, 0)
    assert workshop.worker is not None
    await until(lambda: workshop.worker.ready)  # type: ignore[union-attr]
    assert workshop.worker.pid is not None
    return workshop.worker.pid


async def test_few_need_no_worker(workshop: Workshop, payloads: Payloads):
    """No process is started for a handful."""
    assert [payloads.build("SaleCreated", number) for number in (5, 6)] == await workshop.make(SALES[:2], 5)
    assert [] == await workshop.make([], 5)
    assert workshop.worker is None


async def test_where_they_are_made_changes_nothing(workshop: Workshop, payloads: Payloads):
    """Types in any order, a store that is wanted, more than one job holds."""
    events = ["SaleCreated", "StockMovementCreated", "CustomerCreated"] * 100
    here = await workshop.make(events, 11, store_id=501)
    await with_worker(workshop)
    there = await workshop.make(events, 11, store_id=501)
    assert here == there == [payloads.build(event, 11 + at, store_id=501) for at, event in enumerate(events)]


async def test_several_ask_at_once(workshop: Workshop, payloads: Payloads):
    """Each gets its own."""
    await with_worker(workshop)
    got: dict[int, object] = {}

    async def ask(first: int) -> None:
        got[first] = await workshop.make(SALES, first)

    async with anyio.create_task_group() as group:
        for first in range(0, 1000, 200):
            group.start_soon(ask, first)
    for first, made in got.items():
        assert [payloads.build("SaleCreated", number) for number in range(first, first + 200)] == made


async def test_an_asker_that_goes_away(workshop: Workshop, payloads: Payloads):
    """Its answers are dropped, and the next one's are its own."""
    await with_worker(workshop)
    with anyio.move_on_after(0):
        await workshop.make(SALES, 0)
    assert [payloads.build("SaleCreated", 3)] == await workshop.make(SALES[:1], 3)


async def test_a_worker_that_dies(workshop: Workshop, payloads: Payloads, caplog: pytest.LogCaptureFixture):
    """What it was asked for is made here, at any moment, with one word in the log; no other is started at once."""
    pid = await with_worker(workshop)
    os.kill(pid, signal.SIGSTOP)
    made: list[object] = []

    async def ask() -> None:
        made.extend(await workshop.make(SALES, 0))

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        await anyio.lowlevel.checkpoint()
        os.kill(pid, signal.SIGKILL)
    assert [payloads.build("SaleCreated", number) for number in range(200)] == made
    assert [payloads.build("SaleCreated", 9)] == await workshop.make(SALES[:1], 9)
    assert 1 == len(caplog.records)
    assert workshop.worker is not None
    assert not workshop.worker.ready


async def test_another_is_started_for_one_that_died(workshop: Workshop, payloads: Payloads):
    """After twice as many were made here; then four times."""
    for many in (100, 200, 400):
        await workshop.make(SALES[:1] * many, 0)
        assert workshop.worker is None or workshop.worker.ended
        pid = await with_worker(workshop)
        os.kill(pid, signal.SIGKILL)
        await until(lambda: workshop.worker.ended)  # type: ignore[union-attr]
    workshop.close()
    await workshop.make(SALES * 5, 0)
    assert workshop.worker is not None
    assert workshop.worker.ended


async def test_a_worker_that_is_stuck(
    workshop: Workshop, payloads: Payloads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """It is given up after a while, and killed."""
    pid = await with_worker(workshop)
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(module, "SILENCE_S", 0.1)
    made: list[list[object]] = [[], []]

    async def ask(nth: int) -> None:
        made[nth].extend(await workshop.make(SALES, 200 * nth))

    async with anyio.create_task_group() as group:
        group.start_soon(ask, 0)
        group.start_soon(ask, 1)
    assert [payloads.build("SaleCreated", number) for number in range(400)] == made[0] + made[1]
    assert 1 == len(caplog.records)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_no_worker_can_be_started(
    workshop: Workshop, payloads: Payloads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Too many processes, no Python to be found: payloads come all the same."""
    monkeypatch.setattr(module.sys, "executable", "/nowhere/python")
    for _ in range(2):
        assert [payloads.build("SaleCreated", number) for number in range(200)] == await workshop.make(SALES, 0)
    assert 1 == len(caplog.records)


async def test_closing_ends_it(workshop: Workshop):
    """And closing twice does no harm."""
    pid = await with_worker(workshop)
    workshop.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    workshop.close()
    assert 1 == len(await workshop.make(SALES[:1], 0))


async def test_types_of_the_users_own_are_made_here(tmp_path: Path):
    """A worker knows the published ones alone."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "Mine.json").write_text('{"type": "integer", "minimum": 5, "maximum": 5}')
    made = Workshop(Payloads(catalog.load(tmp_path), seed=SEED), seed=SEED, many=100)
    try:
        await with_worker(made)
        assert [b"5", b"5"] == [item.body for item in await made.make(["Mine", "Mine"], 0)]
    finally:
        made.close()


async def test_what_cannot_be_made(workshop: Workshop):
    """The same refusal as without a worker."""
    with pytest.raises(BadInput):
        await workshop.make(SALES[:1], -1)
