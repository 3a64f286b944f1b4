"""The demo is the first command that most users run: its verdict must be true, and able to be no."""

import json
import sys
from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from frontsim.cli.commands import demo
from frontsim.cli.commands.demo import DemoCounts
from frontsim.verification.result import result_of
from tests.support.forked import run
from tests.support.patience import PATIENCE_S
from tests.verification.reports import by_hand

DEMO = [sys.executable, "-m", "frontsim.cli.main", "demo", "--count", "1"]


@pytest.mark.slow
def test_the_demo_ends_with_a_verdict_from_real_effects() -> None:
    """All 21 types, three scenarios, one event each: two thirds had to be resent."""
    done = run(DEMO, text=True, timeout=PATIENCE_S)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "All is well:" in done.stdout
    assert 2 == done.stdout.count("21 listed as failed, 21 resent, 0 left.")
    assert "events have exactly one effect." in done.stdout
    assert "" == done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.slow
def test_the_demo_for_programs() -> None:
    """JSON on standard output, the story on standard error."""
    done = run([*DEMO, "--json"], text=True, timeout=PATIENCE_S)
    assert 0 == done.returncode, done.stderr
    shown = json.loads(done.stdout)
    assert ("verified", 21, 0, 0) == (shown["verdict"], len(shown["types"]), shown["left"], shown["unexplained"])
    assert "Subscribed to all 21 event types." in done.stderr


def test_a_demo_that_goes_wrong_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict, the story and the exit code are those of verify."""
    wrong = by_hand()
    monkeypatch.setattr(demo, "_receiver", lambda: nullcontext(("http://shop/hook", "http://shop/effects")))
    monkeypatch.setattr(demo, "run", lambda *_, **__: wrong)
    done = CliRunner().invoke(demo.demo, standalone_mode=False)
    assert 1 == done.return_value
    assert "VIOLATED: " in done.stdout
    assert result_of(wrong).verdict == "violated"


def test_counts_are_of_one_type_or_of_all() -> None:
    """Of a report made by hand."""
    played = by_hand().played
    every = DemoCounts.of(played)
    types = {fact.event for each in played for fact in each.history.events}
    assert every.raised == sum(DemoCounts.of(played, event).raised for event in types)
    assert every.raised == len(every.effects)
