"""Starting afresh: what a reset forgets, and what it does not."""

import asyncio
from uuid import UUID

import pytest

from frontsim.errors import StoreFailed, UnknownEvent
from tests.store.shop import NOT_FOUND, OK, StoreDriver

pytestmark = pytest.mark.anyio


async def test_reset_forgets_everything_but_numbers_its_changes_on(shop: StoreDriver) -> None:
    """A delivery that was under way ends without a trace, and a caller that waits for a resend gets an answer."""
    await shop.subscribes()
    [raised] = await shop.sells()
    old = await shop.sent()
    waiting = asyncio.ensure_future(shop.store.resend(UUID(raised.webhook_id), raised.webhook_event_id))
    await shop.sent()
    before = shop.store.changes.sequence

    await shop.store.reset()
    shop.ends(old, OK)
    await shop.store.idle()

    assert {0} == set((await shop.reader.counts()).values())
    assert before < shop.store.changes.sequence
    with pytest.raises(UnknownEvent):
        await waiting


async def test_a_reset_hides_no_change_of_its_own_commit(shop: StoreDriver) -> None:
    """Followers are told what was done just before it, too."""
    await shop.settles()
    before = shop.store.changes.sequence
    await asyncio.gather(shop.subscribes(), shop.store.reset())

    changes = shop.store.changes.after(before, most=10)
    assert ["webhook.created", "reset"] == [kind for kind, _ in changes]


async def test_copies_of_what_a_reset_has_dropped(shop: StoreDriver) -> None:
    """They are none, and touch no event that has the same number now."""
    await shop.subscribes()
    await shop.sells()
    old = await shop.sent()
    resetting = asyncio.ensure_future(shop.store.reset())
    await resetting
    await shop.subscribes()
    [raised] = await shop.sells()
    new = await shop.sent()
    assert old.event_number == new.event_number

    assert [] == await shop.store.copy(old, 2)
    shop.ends(new, NOT_FOUND)
    await shop.store.idle()

    entry = await shop.entry(raised)
    assert (404, 1) == (entry.status_code, entry.runs_counter)


async def test_a_reset_that_fails(shop: StoreDriver) -> None:
    """Earlier events are there, and new events get numbers of their own."""
    await shop.subscribes()
    await shop.sells(3)
    await shop.statement("CREATE TEMP TRIGGER full BEFORE DELETE ON webhooks BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(StoreFailed, match="full"):
        await shop.store.reset()
    await shop.sells(3)
    assert 6 == (await shop.reader.counts())["events"]
