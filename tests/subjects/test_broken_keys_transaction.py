"""Key and effect in two commits: what an error between them leaves."""

import asyncio
from pathlib import Path

import pytest

from frontsim.subjects.broken_keys import BatchLosesGoodOnes, DedupeInAnotherTransaction, EffectThen500, IdBeforeWork
from frontsim.subjects.reference import Receiver, WorkFailed
from tests.subjects.pure import booked, opened, sale

pytestmark = pytest.mark.anyio

MOST = 4
"""The system behind each of them takes so many at once; one more fails."""


@pytest.mark.parametrize(
    ("kind", "effects"),
    [(IdBeforeWork, 0), (DedupeInAnotherTransaction, 2), (EffectThen500, 2)],
    ids=lambda it: str(it),
)
async def test_after_an_error_the_resend_books_nothing_or_twice(
    kind: type[Receiver], effects: int, tmp_path: Path
) -> None:
    """Nothing if the key came first, twice if the effect did. The others of the volley are booked once."""
    async with opened(kind, tmp_path) as receiver:
        sent = [sale(number) for number in range(MOST + 1)]
        answers = await asyncio.gather(*map(receiver.receive, sent), return_exceptions=True)
        assert [200] * MOST == answers[:MOST]
        assert isinstance(answers[MOST], WorkFailed)
        assert 200 == await receiver.receive(sent[MOST])
        assert [1] * MOST + [effects] == [booked(receiver).count(each.event_id) for each in sent]


async def test_one_duplicate_rolls_a_batch_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BatchLosesGoodOnes, "SECONDS", 0)
    async with opened(BatchLosesGoodOnes, tmp_path) as receiver:
        assert [200] * 2 == await asyncio.gather(receiver.receive(sale(1)), receiver.receive(sale(2)))
        assert [200] * 2 == await asyncio.gather(receiver.receive(sale(2)), receiver.receive(sale(3)))
        assert ["sale-1", "sale-2"] == booked(receiver)
