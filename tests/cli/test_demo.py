"""The demo is the first thing that anybody runs: it must be true, and able to say no."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from frontsim.cli.demo import Tale, judge
from frontsim.client.models import RaisedEvent


def tale(*ids: str, left: int = 0) -> Tale:
    return Tale(events=[RaisedEvent("w", event_id, "SaleCreated") for event_id in ids], left=left)


def test_the_demo_ends_with_a_verdict_from_real_effects() -> None:
    """All 21 types, three phases, one event each: 63 events, of which two thirds had to be resent."""
    done = subprocess.run(
        [sys.executable, "-m", "frontsim.cli.main", "demo", "--count", "1"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "42 listed as failed, 42 resent, 0 left" in done.stdout  # 2 of 3 phases x 21 types
    assert "VERIFIED: 63 of 63 events have exactly one effect." in done.stdout
    assert "" == done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 95


@pytest.mark.parametrize(
    ("effects", "left", "good"),
    [
        ({"a": 1, "b": 1}, 0, True),
        ({"a": 1}, 0, False),  # b is lost
        ({"a": 1, "b": 2}, 0, False),  # b is doubled
        ({"a": 1, "b": 1, "c": 1}, 0, False),  # nobody raised c
        ({"a": 1, "b": 1}, 1, False),  # one event is still failed
    ],
)
def test_only_exactly_one_effect_each_is_verified(effects: dict[str, int], left: int, good: bool) -> None:
    """Lost, doubled, unexplained, or still failed: each is enough for a no."""
    assert good == judge(tale("a", "b", left=left), Counter(effects)).good


def test_nothing_raised_proves_nothing() -> None:
    """An empty demo is no success."""
    assert not judge(tale(), Counter()).good


def test_the_demo_for_programs() -> None:
    """JSON on standard output, the story on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "frontsim.cli.main", "demo", "--count", "1", "--json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert ("verified", 21, 0) == (told["verdict"], len(told["types"]), told["left"])
    assert "Subscribed to all 21 event types." in done.stderr
