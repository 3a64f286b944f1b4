"""Much of everything: many webhooks, many events that wait; memory and other receivers do not suffer."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support.child import Child
from tests.support.recorder import Recorder
from tests.support.simulation import simulation

pytestmark = pytest.mark.slow


def rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


@pytest.mark.long
def test_a_thousand_webhooks_on_one_type() -> None:
    """One occurrence makes a thousand events, each delivered once."""
    with Recorder() as receiver, simulation() as sim:
        for _ in range(1000):
            sim.subscribes(receiver.url)
        (*ids,) = sim.raises()
        sim.drains()
        assert 1000 == len(set(ids))
        assert Counter(ids) == Counter(receiver.event_ids)


@pytest.mark.long
def test_what_waits_is_on_the_disk(tmp_path: Path) -> None:
    """100,000 events wait for a receiver that never answers: memory does not grow with them, and another receiver
    is served as if they were not there."""
    with (
        Recorder(respond=lambda _: None) as silent,
        Recorder() as lively,
        Child(tmp_path / "log.db", "--concurrency", "4") as child,
    ):
        child.sim.subscribes(silent.url, "StockMovementCreated")
        child.sim.subscribes(lively.url, "CustomerCreated")
        child.sim.raises("StockMovementCreated", count=10_000)
        before_mb = rss_mb(child.pid)
        for _ in range(9):
            child.sim.raises("StockMovementCreated", count=10_000)
        assert rss_mb(child.pid) < before_mb + 30
        (event,) = child.sim.raises("CustomerCreated")
        lively.gets(1)
        assert [event] == lively.event_ids
        assert 99_996 == child.sim.does("stats", method="GET")["waiting"]  # 100,000 less the 4 slots
