"""The demo is the first command that most users run: its verdict must be true, and able to be no."""

import json
import sys
from collections.abc import Mapping

import pytest

from frontsim.cli.commands.demo import DemoVerdict, JobCounts, judge_demo
from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import Effect, EventFact, History, Observation, Run
from tests.support.forked import run
from tests.support.patience import PATIENCE_S

ACKNOWLEDGED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)

pytestmark = pytest.mark.slow

DEMO = [sys.executable, "-m", "frontsim.cli.main", "demo", "--count", "1"]


def verdict(*ids: str, effects: Mapping[str, int], left: int = 0) -> DemoVerdict:
    events = tuple(EventFact("w", event_id, "SaleCreated", (ACKNOWLEDGED,)) for event_id in ids)
    seen = tuple(Effect(event_id) for event_id, count in effects.items() for _ in range(count))
    return judge_demo(History("demo", events, final=Observation(0, seen)), JobCounts(left=left))


def test_the_demo_ends_with_a_verdict_from_real_effects() -> None:
    """All 21 types, three phases, one event each: 63 events, of which two thirds had to be resent."""
    done = run(DEMO, text=True, timeout=PATIENCE_S)
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
        ({"a": 1, "b": 1, "c": 1}, 0, False),  # c was never raised
        ({"a": 1, "b": 1}, 1, False),  # one event is still failed
    ],
)
def test_only_exactly_one_effect_each_is_verified(effects: dict[str, int], left: int, good: bool) -> None:
    """Lost, doubled, unexplained, or still failed: each is enough for a no."""
    assert good == verdict("a", "b", effects=effects, left=left).good


def test_nothing_raised_proves_nothing() -> None:
    """An empty demo is no success."""
    assert not verdict(effects={}).good


def test_the_demo_for_programs() -> None:
    """JSON on standard output, the story on standard error."""
    done = run([*DEMO, "--json"], text=True, timeout=PATIENCE_S)
    assert 0 == done.returncode, done.stderr
    shown = json.loads(done.stdout)
    assert ("verified", 21, 0) == (shown["verdict"], len(shown["types"]), shown["left"])
    assert "Subscribed to all 21 event types." in done.stderr
