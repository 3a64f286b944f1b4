"""The journal of each is right, and its customers are not."""

import json
from pathlib import Path

import pytest

from frontsim.subjects.broken_state import CustomerAfterTheAnswer, LastCustomerWins
from frontsim.subjects.correct import CustomerTable, customers_json
from frontsim.subjects.inbound import RawRequest
from tests.subjects.pure import booked, example, opened, request

pytestmark = pytest.mark.anyio


def update(day: int) -> RawRequest:
    """A customer who has moved, as of a day."""
    values = {"customerId": 7, "updatedDateTime": f"2026-08-0{day}T12:00:00", "email": f"day-{day}@example.com"}
    body = example("CustomerUpdated", **values)
    return request(body, type_="CustomerUpdated", event_id=f"update-{day}")


def emails(receiver: CustomerTable) -> list[str]:
    return [row["email"] for row in json.loads(customers_json(receiver.bookings))]


async def test_the_last_to_arrive_stands(tmp_path: Path) -> None:
    async with opened(LastCustomerWins, tmp_path) as receiver:
        for day in (2, 1):
            assert 200 == await receiver.receive(update(day))
        assert (["update-1", "update-2"], ["day-1@example.com"]) == (booked(receiver), emails(receiver))


async def test_the_row_comes_after_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So one that ends before has the event and no row, and its resend is a copy."""
    monkeypatch.setattr(CustomerAfterTheAnswer, "SECONDS", 3600)
    async with opened(CustomerAfterTheAnswer, tmp_path) as receiver:
        for _ in range(2):
            assert 200 == await receiver.receive(update(1))
        assert (["update-1"], []) == (booked(receiver), emails(receiver))
