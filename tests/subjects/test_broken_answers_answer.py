"""The answers of these receivers, and what they have booked by then."""

import asyncio
from pathlib import Path

import pytest

from frontsim.subjects.broken_answers import (
    AckBeforeStore,
    DoneBeforeWork,
    DropsWhenFull,
    OkOnException,
    RefusesDuplicates,
    SkipsMessages,
)
from frontsim.subjects.inbound import Refused
from tests.subjects.pure import booked, opened, sale

pytestmark = pytest.mark.anyio


async def test_it_answers_before_it_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An orderly stop books what it holds; a crash would lose it."""
    monkeypatch.setattr(AckBeforeStore, "SECONDS", 0)
    async with opened(AckBeforeStore, tmp_path) as receiver:
        assert (200, 1, []) == (await receiver.receive(sale()), receiver.held(), booked(receiver))
        await receiver.stop()
        assert ["sale-1"] == booked(receiver)


async def test_what_finds_the_queue_full_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DropsWhenFull, "SECONDS", 0)
    async with opened(DropsWhenFull, tmp_path) as receiver:
        answers = [await receiver.receive(sale(number)) for number in range(10)]
        assert ([202] * 10, 8) == (answers, receiver.held())
        await receiver.stop()
        assert 8 == len(booked(receiver))


async def test_every_fifth_message_is_passed_over(tmp_path: Path) -> None:
    async with opened(SkipsMessages, tmp_path) as receiver:
        for number in range(5):
            await receiver.receive(sale(number))
        while await receiver.work_once():
            pass
        assert 4 == len(booked(receiver))


async def test_an_exception_is_answered_with_200(tmp_path: Path) -> None:
    """Its business system takes four at once."""
    async with opened(OkOnException, tmp_path) as receiver:
        answers = await asyncio.gather(*(receiver.receive(sale(number)) for number in range(5)))
        assert ([200] * 5, 4) == (answers, len(booked(receiver)))


async def test_a_copy_is_refused(tmp_path: Path) -> None:
    async with opened(RefusesDuplicates, tmp_path) as receiver:
        assert 200 == await receiver.receive(sale())
        with pytest.raises(Refused) as refused:
            await receiver.receive(sale())
        assert (409, ["sale-1"]) == (refused.value.status, booked(receiver))


async def test_a_job_is_done_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is ended during the work has neither the job nor an effect."""
    monkeypatch.setattr(DoneBeforeWork, "SECONDS", 3600)
    async with opened(DoneBeforeWork, tmp_path) as receiver:
        assert 200 == await receiver.receive(sale())
        while not receiver.held():
            await receiver.bookings.transact(lambda _: None)
    async with opened(DoneBeforeWork, tmp_path) as receiver:
        assert (False, []) == (await receiver.work_once(), booked(receiver))
