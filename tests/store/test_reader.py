"""Queries on the log."""

import pytest

from frontsim.domain.model import Occurrence
from frontsim.store.reader import CHUNK, PAGE_BYTES, EventQuery
from tests.store.shop import ALWAYS, StoreDriver

pytestmark = pytest.mark.anyio


async def test_a_page_holds_few_large_payloads(shop: StoreDriver) -> None:
    """It ends with the payload that exceeds its bytes; the next page goes on behind it."""
    webhook = await shop.subscribes()
    large = b"x" * (PAGE_BYTES * 2 // 3)
    await shop.store.accept([Occurrence("SaleCreated", large, 1)] * 5, shop.store.take_numbers(5))
    query = EventQuery(webhook_id=webhook.id, since=0, until=ALWAYS, with_payload=True, with_runs=True)

    pages = [page async for page in shop.reader.events(query)]

    assert [2, 2, 1] == [len(page) for page in pages]
    assert [1, 2, 3, 4, 5] == [entry.number for page in pages for entry in page]


async def test_a_page_holds_no_more_than_so_many_events(shop: StoreDriver) -> None:
    """However small they are."""
    webhook = await shop.subscribes()
    await shop.sells(CHUNK)
    await shop.sells(1)
    query = EventQuery(webhook_id=webhook.id, since=0, until=ALWAYS)

    assert [CHUNK, 1] == [len(page) async for page in shop.reader.events(query)]
