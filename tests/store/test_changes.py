"""Followers of the log get its changes."""

import pytest

from frontsim.domain.model import Finished, Occurrence
from tests.store.shop import StoreDriver

pytestmark = pytest.mark.anyio


async def test_changes_are_followed_from_any_point(shop: StoreDriver) -> None:
    """Each has the next number; a follower gets those behind the one that it knows."""
    await shop.subscribes()
    start = shop.store.changes.sequence
    await shop.sells()
    await shop.delivers()

    followed = await first_changes(shop, start, 2)

    assert [(start + 1, "event.raised"), (start + 2, "run.over")] == [(number, kind) for number, kind, _ in followed]
    assert followed[1:] == await first_changes(shop, start + 1, 1)


async def test_changes_keep_no_large_body(shop: StoreDriver) -> None:
    """Thousands of changes are kept: they must not hold thousands of megabytes. The log itself holds the body."""
    await shop.subscribes()
    start = shop.store.changes.sequence
    shop.store.take_numbers(1)
    [raised] = await shop.store.accept([Occurrence("SaleCreated", b"x" * 100_000, 1)], 1)
    delivery = await shop.delivers()

    changes = await first_changes(shop, start, 2)

    assert [b""] == [about.delivery.body for _, _, about in changes if isinstance(about, Finished)]
    assert 100_000 == len(delivery.body) == len((await shop.entry(raised)).payload or b"")


async def first_changes(shop: StoreDriver, after: int, count: int) -> list[tuple[int, str, object]]:
    """The first changes behind one, each with its number."""
    await shop.store.changes.wait(after + count - 1)
    found = shop.store.changes.after(after, most=count)
    return [(number, *change) for number, change in enumerate(found, after + 1)]
