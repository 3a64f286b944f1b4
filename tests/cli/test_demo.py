"""The demo is the first thing that anybody runs: it must be true, and able to say no."""

import subprocess
import sys
from collections import Counter

import pytest

from simulator.answers import RaisedEvent
from simulator.cli.demo import VERIFIED, VIOLATED, Tale, _judge


def tale(*ids: str, left: int = 0) -> Tale:
    return Tale(events=[RaisedEvent("w", event_id, "SaleCreated") for event_id in ids], left=left)


def test_the_demo_ends_with_a_verdict_from_real_effects() -> None:
    """All 21 types, three phases, one event each: 63 events, of which two thirds had to be resent."""
    done = subprocess.run(
        [sys.executable, "-m", "simulator.cli.main", "demo", "--count", "1"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "42 listed as failed, 42 resent, 0 left" in done.stdout  # 2 of 3 phases x 21 types
    assert "VERIFIED: 63 of 63 events have exactly one effect." in done.stdout
    assert "" == done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 95


@pytest.mark.parametrize(
    ("effects", "left", "verdict"),
    [
        ({"a": 1, "b": 1}, 0, VERIFIED),
        ({"a": 1}, 0, VIOLATED),  # b is lost
        ({"a": 1, "b": 2}, 0, VIOLATED),  # b is doubled
        ({"a": 1, "b": 1, "c": 1}, 0, VIOLATED),  # nobody raised c
        ({"a": 1, "b": 1}, 1, VIOLATED),  # one event is still failed
    ],
)
def test_only_exactly_one_effect_each_is_verified(effects: dict[str, int], left: int, verdict: int) -> None:
    """Lost, doubled, unexplained, or still failed: each is enough for a no."""
    assert verdict == _judge(tale("a", "b", left=left), Counter(effects))


def test_nothing_raised_proves_nothing() -> None:
    """An empty demo is no success."""
    assert VIOLATED == _judge(tale(), Counter())
