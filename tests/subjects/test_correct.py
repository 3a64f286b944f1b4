"""In what the right receivers differ from the reference; that they are right, the matrix proves."""

import asyncio
from pathlib import Path

import orjson
import pytest

from frontsim.subjects.correct import (
    Answers202,
    Answers204,
    BalancesSales,
    BusinessKey,
    DropsNulls,
    Flaky,
    KeepsLedger,
    ParksUpdates,
    SharesItsTable,
)
from frontsim.subjects.inbound import Refused
from frontsim.subjects.reference import Receiver, WorkFailed
from tests.subjects.pure import booked, event, example, made, opened, request, sale

pytestmark = pytest.mark.anyio


def test_a_business_key_is_what_an_event_is_about() -> None:
    """One occurrence through two webhooks has one key; what does not say what it is about is known by its id."""
    key = made(BusinessKey).key
    assert key(event({"saleId": 7}, event_id="a")) == key(event({"saleId": 7}, event_id="b", webhook_id="other"))
    assert key(event({"saleId": 7})) != key(event({"saleId": 8}))
    assert ["id", "id"] == [key(event({})), key(event({"saleId": 7}, type_="GiftCardIssued"))]


async def test_an_update_waits_for_its_customer(tmp_path: Path) -> None:
    """Both are booked with the creation, which may come by an other webhook."""
    async with opened(ParksUpdates, tmp_path) as receiver:
        values = {"customerId": 7, "createdDateTime": "2026-08-01T12:00:00"}
        created = request(example("CustomerCreated", **values), type_="CustomerCreated", event_id="created")
        updated = request(example("CustomerUpdated", **values), type_="CustomerUpdated", event_id="updated")
        assert (200, []) == (await receiver.receive(updated), booked(receiver))
        assert (200, ["created", "updated"]) == (await receiver.receive(created), booked(receiver))


def test_a_sale_must_balance() -> None:
    """To the cent; what has no amounts has nothing to balance."""
    whole = orjson.loads(example("SaleCreated"))
    read = made(BalancesSales).read
    read(request(orjson.dumps(whole)))
    read(request(b"{}"))
    with pytest.raises(Refused) as refused:
        read(request(orjson.dumps({**whole, "total": whole["total"] + 0.01})))
    assert 422 == refused.value.status


async def test_a_line_has_a_number_of_its_own(tmp_path: Path) -> None:
    async with opened(BalancesSales, tmp_path) as receiver:
        await receiver.receive(sale(1))
        with pytest.raises(WorkFailed, match="a line of its own"):
            await receiver.receive(sale(2))


@pytest.mark.parametrize(("kind", "status"), [(Receiver, 200), (Answers202, 202), (Answers204, 204)])
async def test_every_2xx_counts(kind: type[Receiver], status: int, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as receiver:
        assert (status, ["sale-1"]) == (await receiver.receive(sale()), booked(receiver))


async def test_a_busy_one_stores_nothing_and_takes_the_resend(tmp_path: Path) -> None:
    """About one in four; the same ones each time."""
    async with opened(Flaky, tmp_path) as receiver:
        sent = [sale(number) for number in range(10, 50)]
        answers = await asyncio.gather(*map(receiver.receive, sent), return_exceptions=True)
        refused = [answer for answer in answers if answer != 200]
        assert {503} == {answer.status for answer in refused if isinstance(answer, WorkFailed)}
        assert 4 <= len(refused) <= 16
        assert [each.event_id for each, answer in zip(sent, answers, strict=True) if answer == 200] == booked(receiver)


async def test_a_ledger_has_a_row_for_the_event_and_one_for_each_line(tmp_path: Path) -> None:
    """They have no event's id; a repeat adds none."""
    async with opened(KeepsLedger, tmp_path) as receiver:
        lines = len(orjson.loads(example("SaleCreated"))["salesLines"])
        for _ in range(2):
            assert 200 == await receiver.receive(sale())
        assert ["", *[""] * lines, "sale-1"] == booked(receiver)


async def test_nulls_are_dropped_at_any_depth(tmp_path: Path) -> None:
    async with opened(DropsNulls, tmp_path) as receiver:
        body = orjson.dumps({"saleId": 1, "note": None, "lines": [{"gtin": None, "price": 0}]})
        await receiver.receive(request(body))
        [(payload,)] = receiver.bookings.read("SELECT payload FROM effects")
        assert {"saleId": 1, "lines": [{"price": 0}]} == orjson.loads(payload)


async def test_a_web_shop_writes_into_the_same_table(tmp_path: Path) -> None:
    async with opened(SharesItsTable, tmp_path) as receiver:
        await receiver.receive(sale())
        assert ["", "sale-1"] == booked(receiver)
