"""Right for one at a time, wrong for two at once."""

import asyncio
from pathlib import Path

import pytest

from frontsim.subjects.broken_keys import CheckThenAct, DoubleEffectUnderConcurrency
from tests.subjects.pure import booked, opened, sale

pytestmark = pytest.mark.anyio


async def test_two_copies_at_once_both_find_the_key_free(tmp_path: Path) -> None:
    """A copy that comes later finds it taken."""
    async with opened(CheckThenAct, tmp_path) as receiver:
        assert [200, 200] == await asyncio.gather(receiver.receive(sale()), receiver.receive(sale()))
        await receiver.receive(sale(2))
        await receiver.receive(sale(2))
        assert ["sale-1", "sale-1", "sale-2"] == booked(receiver)


async def test_two_workers_take_one_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing marks a job as taken."""
    monkeypatch.setattr(DoubleEffectUnderConcurrency, "work", _idle)
    monkeypatch.setattr(DoubleEffectUnderConcurrency, "_help", _idle)
    async with opened(DoubleEffectUnderConcurrency, tmp_path) as receiver:
        await receiver.receive(sale())
        assert [True, True] == await asyncio.gather(receiver.work_once(), receiver.work_once())
        assert ["sale-1", "sale-1"] == booked(receiver)


async def _idle(_: DoubleEffectUnderConcurrency) -> None:
    """The test calls the workers itself."""
