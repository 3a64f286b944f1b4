"""A write is in the log with its events, or not at all."""

import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.neighbours.shopping import Shopping, shopping
from tests.support.child import Child


def adjusted(level: float, shop: Shopping) -> dict[str, Any]:
    return {"stockId": shop.stock_id, "items": [{"gtin": shop.gtin, "quantity": level}]}


def test_a_write_that_the_log_refuses_has_done_nothing() -> None:
    """More events than may wait: the next write begins where the last one that was taken ended."""
    with shopping(max_waiting=1) as shop:
        assert 400 == shop.sim.api("POST", "Stock/adjust", json=adjusted(5, shop)).status_code
        assert (shop.level, shop.level) == (shop.quantity(), shop.quantity(free=True))


def test_writes_at_once_are_made_one_after_another(shop: Shopping) -> None:
    """Of two callers who want the last pieces, one gets them."""
    shop.calls("POST", "Stock/adjust", adjusted(3, shop))
    body = {"stockId": shop.stock_id, "items": [{"gtin": shop.gtin, "quantity": 2}]}
    answers: list[int] = []
    callers = [
        threading.Thread(target=lambda: answers.append(shop.sim.api("POST", "Stockreservation", json=body).status_code))
        for _ in range(4)
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [200, 400, 400, 400] == sorted(answers)
    assert 1 == shop.quantity(free=True)


@pytest.mark.slow
def test_kill_9_loses_a_write_and_its_events_or_neither(tmp_path: Path) -> None:
    """After a restart the reads show every acknowledged write, with its events, and a reservation still runs out."""
    log = tmp_path / "shop.db"
    with Child(log) as child:
        shop = Shopping(child.sim)
        items = [{"gtin": shop.last["id"], "quantity": 1}]
        stock_id = shop.last["stockId"]
        [held] = shop.calls("POST", "Stockreservation", {"stockId": stock_id, "items": items, "extId": "R"})
        acknowledged = 0
        done = threading.Event()

        def writes() -> None:
            nonlocal acknowledged
            for level in range(1_000, 10_000):
                try:
                    if 200 == child.sim.api("POST", "Stock/adjust", json=adjusted(level, shop)).status_code:
                        acknowledged = level
                        if level == 1_005:
                            done.set()
                except httpx.TransportError:
                    return

        writer = threading.Thread(target=writes)
        writer.start()
        assert done.wait(60)
        child.kills()
        writer.join()
    with Child(log) as child:
        again = Shopping.__new__(Shopping)
        again.__dict__.update(shop.__dict__, sim=child.sim)
        level = again.quantity()
        assert level in (acknowledged, acknowledged + 1)
        events = again.raised()
        counted = [body["items"][0]["countedQuantity"] for name, body in events if name == "StockCountReconciled"]
        moved = [body["stockLevel"] for name, body in events if name == "StockMovementCreated"]
        assert counted == moved == list(range(1_000, int(level) + 1))
        assert [held] == again.calls("POST", "Stockreservation", {"stockId": stock_id, "items": items, "extId": "R"})
        child.sim.does("clock", {"advanceS": 73 * 3600})
        assert [("StockReservationExpired", held["id"])] == [(name, body["id"]) for name, body in again.raised()]
