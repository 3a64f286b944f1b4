"""A disk on which each flush takes long: commits are shared, and nothing is told before its own is done."""

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.store.shop import OK, StoreDriver
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.anyio


class SlowDisk:
    """A connection whose COMMIT waits until the disk is let go on; it counts them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.flushes = 0
        self.goes_on = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            self.flushes += 1
            assert self.goes_on.wait(PATIENCE_S)
        return self._connection.execute(sql, *values)


async def test_calls_that_come_during_a_flush_share_the_next(tmp_path: Path) -> None:
    """A hundred accepts wait behind one flush; they take one more, not a hundred, and none is answered before."""
    shop = StoreDriver(tmp_path / "log.db", concurrency=1000)
    disk = SlowDisk(shop.store._db)
    shop.store._group_commit._db = disk  # type: ignore[assignment]
    shop.store.start(shop.hands_out)
    first = asyncio.ensure_future(shop.subscribes())
    await asyncio.to_thread(lambda: _until(lambda: disk.flushes == 1))

    accepts = [asyncio.ensure_future(shop.sells()) for _ in range(100)]
    await asyncio.sleep(0)
    assert not first.done()
    assert shop.out.empty()
    disk.goes_on.set()
    raised = [event for each in await asyncio.gather(*accepts) for event in each]

    assert 100 == len({event.webhook_event_id for event in raised})
    assert disk.flushes <= 3  # the webhook's, the hundred's, and one more if they were split by a moment
    for _ in range(100):
        shop.ends(await shop.sent(), OK)
    await shop.store.idle()
    assert 100 == (await shop.reader.counts())["runs"]
    await shop.store.close()
    await shop.reader.close()


def _until(true: Any) -> None:
    """Spin in a separate thread until something is so."""
    waiting = threading.Event()
    for _ in range(1000):
        if true():
            return
        waiting.wait(0.005)
    raise AssertionError("it did not come to pass")
