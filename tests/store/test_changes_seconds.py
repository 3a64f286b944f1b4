"""Counts of each second."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.domain.model import Finished, Outcome, Result
from frontsim.store.changes import percentile_ms, read_seconds
from tests.store.shop import ALWAYS, NOT_FOUND, OK, StoreDriver

pytestmark = pytest.mark.anyio


async def test_what_a_second_contains(tmp_path: Path):
    """Raised, over, failed, the faults, and how long it took; a restart keeps it, a reset forgets it."""
    path = tmp_path / "log.db"
    async with StoreDriver(path) as shop:
        await shop.subscribes()
        await shop.sells(3)
        await shop.delivers(OK)
        await shop.delivers(NOT_FOUND)
        delivery = await shop.sent()
        took = Result(Outcome.UNKNOWN, "Timeout", None, 5_000)
        shop.store.finish(Finished(delivery, took, shop.clock.now(), "lost-response"))
        await shop.settles()
        rows = await shop.reader.seconds(0)
    async with StoreDriver(path) as shop:
        assert rows == await shop.reader.seconds(0)
        await shop.sells(2)
        assert 5 == sum(row.raised for row in await shop.reader.seconds(0))
        await shop.store.reset()
        assert [] == await shop.reader.seconds(0)
    assert (3, 3, 2, 0) == tuple(sum(row[column] for row in rows) for column in range(1, 5))
    assert 0 == rows[-1].waiting
    assert ["lost-response"] == rows[-1].faults
    assert 4_500 < (rows[-1].latency_ms(1) or 0) < 5_500


async def test_only_the_last_minutes_are_kept(tmp_path: Path):
    async with StoreDriver(tmp_path / "log.db") as shop:
        await shop.subscribes()
        await shop.sells()
        (first,) = {row.second for row in await shop.reader.seconds(0)} or {0}
        shop.clock.advance(10_000_000)
        await shop.sells()
        assert [first] != [row.second for row in await shop.reader.seconds(0)]
        assert [1] == [row.raised for row in await shop.reader.seconds(0)]
        assert [] == await shop.reader.seconds(ALWAYS)


async def test_what_was_rolled_back_is_not_counted(tmp_path: Path):
    async with StoreDriver(tmp_path / "log.db") as shop:
        await shop.subscribes()
        shop.store._log_writer._seconds.add(raised=7)
        shop.store._log_writer.load()
        await shop.sells()
        assert 1 == sum(row.raised for row in await shop.reader.seconds(0))
    with closing(sqlite3.connect(tmp_path / "log.db")) as db:
        assert 1 == sum(row.raised for row in read_seconds(db, 0))


def test_percentiles():
    """Within a tenth, from counts by bucket."""
    assert None is percentile_ms(Counter(), 0.5)
    took = Counter({0: 90, 26: 9, 40: 1})
    assert 0 == percentile_ms(took, 0.5)
    assert 81 < (percentile_ms(took, 0.99) or 0) < 100
    assert 900 < (percentile_ms(took, 1) or 0) < 1_100
