"""Which requests each of these refuses, fails at, or accepts although they are no events."""

import orjson
import pytest

from frontsim.subjects.broken_answers import (
    AcceptsGarbage,
    CrashOnGarbage,
    CrashOnNull,
    RejectsLarge,
    RejectsUnknownFields,
    RejectsUnknownTypes,
)
from frontsim.subjects.inbound import Refused
from frontsim.subjects.reference import Receiver, WorkFailed
from tests.subjects.pure import example, made, request

SALE, GARBAGE = example("SaleCreated"), b'{"saleId": '


@pytest.mark.parametrize(
    "kind", [RejectsUnknownFields, RejectsUnknownTypes, CrashOnNull, CrashOnGarbage, AcceptsGarbage, RejectsLarge]
)
def test_a_clean_event_is_read_as_by_the_reference(kind: type[Receiver]) -> None:
    assert made(Receiver).read(request(SALE)) == made(kind).read(request(SALE))


@pytest.mark.parametrize(
    ("kind", "body", "type_", "status"),
    [
        (RejectsUnknownFields, example("SaleCreated", vip=True), "SaleCreated", 422),
        (RejectsUnknownTypes, b"{}", "GiftCardIssued", 500),
        (CrashOnNull, example("SaleCreated", saleGuid=None), "SaleCreated", 500),
        (RejectsLarge, example("SaleCreated", comment="x" * 100_000), "SaleCreated", 413),
    ],
)
def test_a_valid_event_is_refused_or_fails(kind: type[Receiver], body: bytes, type_: str, status: int) -> None:
    """The reference takes it."""
    made(Receiver).read(request(body, type_=type_))
    with pytest.raises((Refused, WorkFailed)) as told:
        made(kind).read(request(body, type_=type_))
    assert status == told.value.status


def test_an_unknown_field_is_found_in_a_list() -> None:
    """A type that it does not know has no fields that it does not know."""
    sale = orjson.loads(SALE)
    sale["salesLines"][0]["vip"] = True
    with pytest.raises(Refused, match="salesLines"):
        made(RejectsUnknownFields).read(request(orjson.dumps(sale)))
    made(RejectsUnknownFields).read(request(b'{"vip": 1}', type_="GiftCardIssued"))


def test_after_garbage_its_parser_is_dead() -> None:
    broken = made(CrashOnGarbage)
    with pytest.raises(WorkFailed, match="the parser's thread dies"):
        broken.read(request(GARBAGE))
    with pytest.raises(WorkFailed, match="has died"):
        broken.read(request(SALE))


def test_garbage_becomes_an_event() -> None:
    """Not without an event id."""
    event = made(AcceptsGarbage).read(request(GARBAGE))
    assert ("id", "SaleCreated", {}, GARBAGE.decode()) == (
        event.event_id,
        event.type,
        event.payload,
        orjson.loads(event.body),
    )
    with pytest.raises(Refused):
        made(AcceptsGarbage).read(request(GARBAGE, event_id=""))
