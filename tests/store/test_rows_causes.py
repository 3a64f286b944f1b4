"""The log keeps what raised its events."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from frontsim.domain.model import Occurrence, RaisedBy
from frontsim.store.rows import CauseDetail
from tests.store.shop import StoreDriver

pytestmark = pytest.mark.anyio


async def acts(shop: StoreDriver, events: list[str], causes: list[RaisedBy]) -> list[str]:
    """The ids of the events that acts raised."""
    first = shop.store.take_numbers(len(events))
    raised = await shop.store.accept([Occurrence(event, b"{}", None) for event in events], first, causes)
    return [each.webhook_event_id for each in raised]


async def cause_of(shop: StoreDriver, event: str) -> CauseDetail | None:
    return (await shop.reader.event_detail(UUID(event))).cause


async def test_each_event_knows_its_act(tmp_path: Path):
    """And what else the act raised, for whatever webhook; what no webhook matched is counted."""
    async with StoreDriver(tmp_path / "log.db") as shop:
        await shop.subscribes("SaleCreated")
        await shop.subscribes("SaleCreated")
        await shop.subscribes("StockMovementCreated")
        sale = ["SaleCreated", "StockMovementCreated", "CustomerCreated"]
        ids = await acts(shop, ["CustomerCreated", *sale, *sale[1:]], [
            RaisedBy("new-customer", 1, 1), RaisedBy("sale", 2, 3), RaisedBy("return", 2, 2)
        ])  # fmt: skip
        assert 4 == len(ids)  # two of the first sale, as it has two webhooks, then a movement of each act
        first, twin, movement, other = [await cause_of(shop, each) for each in ids]
        assert first is not None
        assert other is not None
        assert twin is not None
        assert ("sale", 2, 2, 1) == (first.what, first.asked, first.others_count, first.unmatched)
        assert [ids[1], ids[2]] == [each.webhook_event_id for each in first.others]
        assert [ids[0], ids[2]] == [each.webhook_event_id for each in twin.others]
        assert movement is not None
        assert ids[:2] == [each.webhook_event_id for each in movement.others]
        assert CauseDetail("return", 2, [], 0, 1) == other
        alone, _ = [each.webhook_event_id for each in await shop.sells()]
        assert None is await cause_of(shop, alone)


async def test_a_file_of_format_1(tmp_path: Path):
    """It is opened, its events have no cause, and new ones have."""
    path = tmp_path / "log.db"
    async with StoreDriver(path) as shop:
        await shop.subscribes()
        (old,) = await shop.sells()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "DROP TABLE causes; DROP TABLE changed; DROP TABLE answer_heads; DROP TABLE seconds; DROP TABLE shop;"
            "PRAGMA user_version = 1;"
        )
    async with StoreDriver(path) as shop:
        (new,) = await acts(shop, ["SaleCreated"], [RaisedBy("sale", 1, 1)])
        assert None is await cause_of(shop, old.webhook_event_id)
        assert CauseDetail("sale", 1, [], 0, 0) == await cause_of(shop, new)
    with closing(sqlite3.connect(path)) as db:
        assert (5,) == db.execute("PRAGMA user_version").fetchone()
    async with StoreDriver(path):  # and once more, as it is now
        pass


async def test_a_reset_forgets_the_causes(tmp_path: Path):
    async with StoreDriver(tmp_path / "log.db") as shop:
        await shop.subscribes()
        await acts(shop, ["SaleCreated"] * 3, [RaisedBy("trigger", 3, 3)])
        await shop.store.reset()
        await shop.subscribes()
        (raised,) = await shop.sells()
        assert None is await cause_of(shop, raised.webhook_event_id)
