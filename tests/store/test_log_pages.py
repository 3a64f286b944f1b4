"""The log page by page: bounded steps, and a cursor that loses and doubles nothing."""

from pathlib import Path

import pytest

from frontsim.store import log_pages
from frontsim.store.log_file import open_reader
from frontsim.store.log_pages import LogPageQuery, count_log, read_log_page
from tests.store.shop import NOT_FOUND, OK, StoreDriver

pytestmark = pytest.mark.anyio


async def test_a_filter_that_matches_little_is_answered_in_steps(
    shop: StoreDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each answer says where the next begins, and together they are what one long query would find."""
    monkeypatch.setattr(log_pages, "_STEP", 7)
    monkeypatch.setattr(log_pages, "_BUDGET_S", 0.0)  # one step an answer
    await shop.subscribes()
    raised = await shop.sells(50)
    for number in range(50):
        await shop.delivers(NOT_FOUND if number % 10 == 0 else OK)
    failed = [raised[number].webhook_event_id for number in range(0, 50, 10)]
    reader = open_reader(tmp_path / "log.db")
    try:
        for direction, wanted in (("before", failed[::-1]), ("after", failed)):
            found: list[str] = []
            cursor: int | None = None if direction == "before" else 0
            answers = 0
            while answers == 0 or cursor is not None:
                page = read_log_page(reader, LogPageQuery(outcome="failed", limit=2, **{direction: cursor}))
                ids = [row.webhook_event_id for row in page.rows]
                found += ids if direction == "before" else ids[::-1]
                cursor, answers = page.more_from, answers + 1
            assert wanted == found
            assert answers >= 50 // 7
        counts = [count_log(reader, LogPageQuery(outcome="failed", before=edge)) for edge in (None, *range(44, 0, -7))]
        assert [44, 37, 30, 23, 16, 9, 2, None] == [more_from for _, more_from in counts]
        assert len(failed) == sum(count for count, _ in counts)
    finally:
        reader.close()


async def test_no_query_sorts_or_scans(tmp_path: Path, shop: StoreDriver):
    """The primary keys serve each step, so its time does not depend on how long the log is."""
    reader = open_reader(tmp_path / "log.db")
    statements: list[str] = []
    try:
        await shop.subscribes()
        await shop.sells()
        await shop.delivers()
        reader.set_trace_callback(statements.append)
        for query in (LogPageQuery(), LogPageQuery(outcome="failed"), LogPageQuery(text="x"), LogPageQuery(after=0)):
            read_log_page(reader, query)
            count_log(reader, query)
        reader.set_trace_callback(None)
        pages = [each for each in statements if "FROM events e" in each]
        assert 8 == len(pages)
        plans = [row[3] for each in pages for row in reader.execute(f"EXPLAIN QUERY PLAN {each}")]
    finally:
        reader.close()
    assert [] == [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan]
