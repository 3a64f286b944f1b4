"""An older state that arrives late overwrites a newer one."""

from pathlib import Path

import pytest

from frontsim.subjects.broken_state import ForgetsDeletions, LastWriterWins, OverwritesRows
from frontsim.subjects.correct import NewestState
from frontsim.subjects.inbound import RawRequest
from frontsim.subjects.reference import Receiver
from tests.subjects.pure import booked, example, opened, request

pytestmark = pytest.mark.anyio


def update(day: int, *, deleted: bool = False) -> RawRequest:
    values = {"customerId": 7, "updatedDateTime": f"2026-08-0{day}T12:00:00", "deleted": deleted}
    body = example("CustomerUpdated", **values)
    return request(body, type_="CustomerUpdated", event_id=f"update-{day}")


def current(receiver: Receiver) -> list[str]:
    """The events whose effects show the state that counts."""
    query = "SELECT event_id FROM effects JOIN states ON states.effect = effects.number"
    return [event_id for (event_id,) in receiver.bookings.read(query)]


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        (Receiver, ["update-2"]),
        (NewestState, ["update-2"]),
        (LastWriterWins, ["update-1"]),
        (OverwritesRows, ["update-1"]),
    ],
)
async def test_the_state_that_counts(kind: type[Receiver], counts: list[str], tmp_path: Path) -> None:
    """Of two, of which the older one comes last."""
    async with opened(kind, tmp_path) as receiver:
        for day in (2, 1):
            assert 200 == await receiver.receive(update(day))
        assert counts == current(receiver)


@pytest.mark.parametrize(("kind", "rows"), [(NewestState, []), (ForgetsDeletions, ["update-1"])])
async def test_a_late_update_of_a_deleted_customer(kind: type[Receiver], rows: list[str], tmp_path: Path) -> None:
    """It brings nobody back, unless the receiver has forgotten when the customer was deleted."""
    async with opened(kind, tmp_path) as receiver:
        await receiver.receive(update(2, deleted=True))
        assert [] == booked(receiver)
        await receiver.receive(update(1))
        assert rows == booked(receiver)
