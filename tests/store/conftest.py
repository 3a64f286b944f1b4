"""A store on a real file, whose deliveries are ended by the test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.shop import Shop


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with Shop(tmp_path / "log.db") as opened:
        yield opened
