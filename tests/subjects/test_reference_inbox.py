import sqlite3

import pytest

from frontsim.subjects.reference import Inbox


@pytest.mark.anyio
async def test_what_was_stored_is_processed_after_a_restart(open_driver, example, monkeypatch):
    """The worker of the last process left an event: the next one's begins with it."""

    async def no_work(self):
        return False

    with monkeypatch.context() as patch:
        patch.setattr(Inbox, "work_once", no_work)
        shop = await open_driver("inbox")
        assert 200 == await shop.sends("SaleCreated", example("SaleCreated"), "id-1")
        assert 1 == (await shop.web.get(f"{shop.url}/health")).json()["waiting"]
        await shop.closes()
    await shop.opens()
    assert ["id-1"] == [effect["webhookEventId"] for effect in await shop.effects()]


@pytest.mark.anyio
async def test_the_worker_outlives_a_failure(open_driver, example, monkeypatch, caplog):
    """A file that cannot be written for a moment makes the inbox wait, and leaves a line in the log."""
    monkeypatch.setattr("frontsim.subjects.reference.PAUSE_S", 0)
    work_once, failures = Inbox.work_once, [sqlite3.OperationalError("disk is full")]

    async def fail_once(self):
        if failures:
            raise failures.pop()
        return await work_once(self)

    monkeypatch.setattr(Inbox, "work_once", fail_once)
    shop = await open_driver("inbox")
    await shop.sends("SaleCreated", example("SaleCreated"), "id-1")
    assert 1 == len(await shop.effects())
    assert "the inbox waits: disk is full" in caplog.text


@pytest.mark.anyio
async def test_books_in_the_order_of_arrival(open_driver, example):
    """First come, first booked."""
    shop = await open_driver("inbox")
    for number in range(5):
        await shop.sends("SaleCreated", example("SaleCreated"), f"id-{number}")
    assert [f"id-{number}" for number in range(5)] == [e["webhookEventId"] for e in await shop.effects()]
