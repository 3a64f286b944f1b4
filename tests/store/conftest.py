"""A store on a real file, whose deliveries are ended by the test; and the tables alone, in memory."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.store import log_file
from tests.store.shop import StoreDriver


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[StoreDriver]:
    async with StoreDriver(tmp_path / "log.db") as opened:
        yield opened


@pytest.fixture
def tables() -> Iterator[sqlite3.Connection]:
    """Every table of a log, empty. No step of the writer commits, and here none has to."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.executescript(Path(log_file.__file__).with_name("schema.sql").read_text())
        yield connection
