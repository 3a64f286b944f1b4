"""Which events have one key by mistake, and which copies have two."""

from pathlib import Path

import pytest

from frontsim.subjects.broken_keys import (
    DedupeByEntity,
    DedupeByTimestamp,
    DedupeByWebhookId,
    ForgetsAtMidnight,
    KeyCutShort,
    NumbersRepeats,
    RepeatsUnderNewIds,
    RepeatsWithoutId,
)
from frontsim.subjects.reference import Receiver
from tests.subjects.pure import booked, event, made, opened, sale

SALE = {"saleId": 7, "saleDateTime": "2026-08-01T12:00:00"}
UPDATE = {"customerId": 7, "updatedDateTime": "2026-08-01T12:00:00"}
UUID = "01920000-0000-7000-8000-00000000000"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (DedupeByTimestamp, event(SALE, event_id="a"), event({**SALE, "saleId": 8}, event_id="b")),
        (DedupeByWebhookId, event(SALE, event_id="a"), event({**SALE, "saleId": 8}, event_id="b")),
        (
            DedupeByEntity,
            event(UPDATE, type_="CustomerUpdated", event_id="a"),
            event({**UPDATE, "updatedDateTime": "2026-08-02T12:00:00"}, type_="CustomerUpdated", event_id="b"),
        ),
        (KeyCutShort, event(SALE, event_id=f"{UUID}1"), event({**SALE, "saleId": 8}, event_id=f"{UUID}2")),
    ],
)
def test_two_events_have_one_key(kind: type[Receiver], one: object, other: object) -> None:
    """So the second is lost; the reference tells them apart."""
    broken, right = made(kind), made(Receiver)
    assert broken.key(one) == broken.key(other)
    assert right.key(one) != right.key(other)


def test_a_copy_of_another_day_has_another_key() -> None:
    """A day of a tenth of a second."""
    sale = event(SALE)
    keys = [made(ForgetsAtMidnight, now_s=now_s).key(sale) for now_s in (1_790_000_000.0, 1_790_000_000.05)]
    assert keys[0] == keys[1] != made(ForgetsAtMidnight, now_s=1_790_000_000.1).key(sale)


@pytest.mark.parametrize("kind", [DedupeByTimestamp, DedupeByEntity])
def test_without_what_it_goes_by_the_events_id_is_the_key(kind: type[Receiver]) -> None:
    broken = made(kind)
    keys = [broken.key(event({}, type_="GiftCardIssued", event_id=each)) for each in ("a", "b")]
    assert keys[0] != keys[1]


@pytest.mark.anyio
@pytest.mark.parametrize("kind", [RepeatsWithoutId, RepeatsUnderNewIds, NumbersRepeats])
async def test_a_repeat_is_booked_under_another_id(kind: type[Receiver], tmp_path: Path) -> None:
    """Each event is there once by its own id, and the content of the repeated one is there twice."""
    async with opened(kind, tmp_path) as receiver:
        for each in (sale(1), sale(2), sale(1)):
            assert 200 == await receiver.receive(each)
        ids = booked(receiver)
        assert [1, 1, 3] == [ids.count("sale-1"), ids.count("sale-2"), len(set(ids))]
        assert 2 == len({payload for (payload,) in receiver.bookings.read("SELECT payload FROM effects")})
