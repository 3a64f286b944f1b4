"""The journal of each is right, and its levels are not."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from frontsim.subjects.broken_state import (
    LastLevelWins,
    LevelCountsRepeats,
    LevelInAnotherTransaction,
    LevelLosesUpdates,
    SlowLevelInAnotherTransaction,
)
from frontsim.subjects.correct import StockBySum, levels_json
from frontsim.subjects.inbound import RawRequest
from tests.subjects.pure import booked, example, opened, request

pytestmark = pytest.mark.anyio


def movement(number: int, **fields: Any) -> RawRequest:
    """One piece more in the same stock item; a later number is a later movement."""
    at = f"2026-08-01T12:00:0{number}"
    values = {"movementId": number, "createdDateTime": at, "quantity": 1, "stockLevel": number, **fields}
    body = example("StockMovementCreated", stockId=3, gtin="704", **values)
    return request(body, type_="StockMovementCreated", event_id=f"movement-{number}")


def level(receiver: StockBySum) -> float | None:
    found = json.loads(levels_json(receiver.bookings))
    return found[0]["level"] if found else None


async def test_a_repeat_counts_again(tmp_path: Path) -> None:
    async with opened(LevelCountsRepeats, tmp_path) as receiver:
        for _ in range(2):
            assert 200 == await receiver.receive(movement(1))
        assert (["movement-1"], 2) == (booked(receiver), level(receiver))


async def test_of_two_updates_at_once_one_is_lost(tmp_path: Path) -> None:
    async with opened(LevelLosesUpdates, tmp_path) as receiver:
        await asyncio.gather(receiver.receive(movement(1)), receiver.receive(movement(2)))
        assert (["movement-1", "movement-2"], 1) == (booked(receiver), level(receiver))
        await receiver.receive(movement(3))
        assert 2 == level(receiver)


@pytest.mark.parametrize("kind", [LevelInAnotherTransaction, SlowLevelInAnotherTransaction])
async def test_one_that_ends_between_its_commits_never_changes_the_level(
    kind: type[LevelInAnotherTransaction], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the resend for done."""
    monkeypatch.setattr(kind, "BEFORE", 0)
    monkeypatch.setattr(kind, "SECONDS", 3600)
    async with opened(kind, tmp_path) as receiver:
        task = asyncio.create_task(receiver.receive(movement(1)))
        while not booked(receiver):
            await receiver.bookings.transact(lambda _: None)
        task.cancel()
        monkeypatch.setattr(kind, "AFTER", 0)
        assert 200 == await receiver.receive(movement(1))
        assert (["movement-1"], None) == (booked(receiver), level(receiver))


async def test_the_last_level_to_arrive_stands(tmp_path: Path) -> None:
    async with opened(LastLevelWins, tmp_path) as receiver:
        for number in (2, 1):
            await receiver.receive(movement(number))
        assert 1 == level(receiver)
