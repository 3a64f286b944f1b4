"""The page's rows, as its script reads them."""

from zoneinfo import ZoneInfo

import orjson

from frontsim.clock import WireTime
from frontsim.pages.site import json, row_json
from frontsim.store.log_pages import LogRow

ROW = LogRow(
    number=3, webhook_event_id="e", webhook_id="w", event="SaleCreated", url="http://a.example/", is_deleted=False,
    store_id=None, created_at=1_639_036_246_020, status="Pending", status_code=None, success=None, runs=0, outcome=None,
    duration_ms=None, fault="",
)  # fmt: skip


def test_a_moment_is_written_as_the_vendor_does_and_no_fault_is_null() -> None:
    """An event whose first run is not over has no outcome yet."""
    row = row_json(ROW, WireTime(ZoneInfo("Europe/Oslo")))
    assert ("2021-12-09T08:50:46.02", None, None) == (row["createdDateTime"], row["fault"], row["success"])
    failed = row_json(ROW._replace(fault="refuse", success=False), WireTime(ZoneInfo("Europe/Oslo")))
    assert ("refuse", False) == (failed["fault"], failed["success"])


def test_no_cache_keeps_an_answer() -> None:
    answer = json({"a": 1})
    assert {"a": 1} == orjson.loads(bytes(answer.body))
    assert ("no-store", "application/json; charset=utf-8") == (
        answer.headers["cache-control"], answer.headers["content-type"]
    )  # fmt: skip
