"""An observer that never answered is not waited for at each look; no look takes more than the budget leaves."""

import threading
import time
from dataclasses import replace

import pytest

from frontsim.hosting.serving import run_in_thread
from frontsim.verification.effects import observers
from frontsim.verification.effects.observers import ObserverFailed, ObserverHung, SharedObserver
from frontsim.verification.effects.settle import EffectReader
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario import scenario
from tests.verification.laboratory import CONTRACT, HASTY, PATIENCE_S


class Hangs:
    """Takes all of its time, and gives nothing but the answers that it is made with."""

    name = "hangs"

    def __init__(self, clock, *answers):
        self._clock, self._answers, self.limits_s = clock, list(answers), []

    def read(self, limit_s):
        self.limits_s.append(limit_s)
        if self._answers:
            return self._answers.pop()
        self._clock.append(limit_s)
        raise ObserverFailed(f"hangs: expected rows within {limit_s:g} s, got none")

    def close(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    """The times that have passed."""
    passed = []
    monkeypatch.setattr(observers, "stopwatch", lambda: sum(passed))
    return passed


def looks(shared, number):
    for _ in range(number):
        with pytest.raises(ObserverFailed, match="expected rows within"):
            shared.read()


def test_one_that_never_answered_is_asked_once(clock):
    """Then each look fails at once, and says so: nothing is missing that might come with the first event."""
    hangs = Hangs(clock)
    shared = SharedObserver(hangs, pause=lambda _: pytest.fail("waited"), longest_s=5.0)
    looks(shared, 3)
    assert [5.0] == hangs.limits_s
    with pytest.raises(ObserverHung, match="hangs: expected rows within 5 s"):
        shared.read()
    reader = EffectReader(shared, "id", pause=lambda _: None)
    reader.take_baseline()
    assert not reader.is_absent


def test_one_that_has_answered_is_asked_at_each_look(clock):
    """A look after one that took too long may take less; one that succeeds makes it long again."""
    hangs = Hangs(clock, [])
    shared = SharedObserver(hangs, pause=lambda _: pytest.fail("waited"))
    assert [] == shared.read()
    clock.append(0.001)
    looks(shared, 2)
    hangs._answers.append([])
    assert [] == shared.read()
    clock.append(0.001)
    looks(shared, 1)
    assert [20.0, 20.0, 2.0, 2.0, 20.0] == hangs.limits_s
    assert not shared.given_up


def test_a_look_takes_what_the_budget_leaves(clock):
    """Of 9 s, 7 are left after 2; over the end each look gets a moment, and none waits for a restart."""
    hangs = Hangs(clock, [])
    shared = SharedObserver(hangs, pause=lambda _: pytest.fail("waited"), patience_s=60.0, ends_s=9.0)
    shared.read()
    clock.append(2.0)
    looks(shared, 2)
    assert [9.0, 7.0, 2.0] == hangs.limits_s


@pytest.mark.slow
def test_a_run_ends_with_the_first_look_that_hangs(shop, requested):
    """No type is tried, no key is looked for, and no scenario is played."""
    ends, asked = threading.Event(), []
    shop.shows = lambda: (asked.append(1), ends.wait(PATIENCE_S), (200, b"[]"))[-1]
    request = requested(shop.url, limits=replace(HASTY, timeout_s=0.2))
    with open_run(request, 1, simulators=run_in_thread, pause=time.sleep, tries_types=True) as opened:
        (played,) = play_all(scenario.chosen(["steady"]), opened, CONTRACT)
        ends.set()
    assert [1] == asked
    assert played.judgement.reason.startswith("not tried: GET ")
    assert not shop.bodies
