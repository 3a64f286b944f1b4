import time
from dataclasses import replace
from datetime import datetime

import pytest

from frontsim.clock import stopwatch
from frontsim.verification.facts.baseline import Baseline
from frontsim.verification.facts.history import EventFact, History, Observation
from frontsim.verification.observe.observers import ObserverFailed, effects
from frontsim.verification.observe.settle import Settled
from frontsim.verification.play.harness import Harness, TimeLimits
from frontsim.verification.play.runner import Recording
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario import scenario


class Shown:
    """An observer whose list can be set."""

    name = "a list"

    def __init__(self):
        self.ids = ["past", "control", "a", "stranger"]

    def read(self):
        if self.ids is None:
            raise ObserverFailed("it is gone")
        return self.ids

    def close(self):
        pass


@pytest.fixture
def recorded():
    """Makes a recording of three events, of which the observer showed two, with the observer."""

    def make(**others):
        observer = Shown()
        key = others.get("observer_key", "webhookEventId")
        seen = effects(observer, key)
        baseline = Baseline.of(seen[:1])
        new = baseline.new_in(seen)
        events = tuple(EventFact("w", each, "SaleCreated", ()) for each in ("control", "a", "b"))
        limits = TimeLimits(settle_s=0.05, last_s=0.1)
        harness = Harness(None, None, "", None, time.sleep, observer=observer, observer_key=key, limits=limits)
        state = ScenarioState(
            scenario.chosen(["steady"])[0],
            harness,
            harness.wait_limits,
            datetime(2026, 8, 1),  # noqa: DTZ001 - as the vendor's times
            baseline=baseline,
        )
        rest = Settled(new, settled=True, began=stopwatch(), since=stopwatch(), ended=stopwatch())
        return Recording(
            History("steady", events, final=Observation(9, new), **others), state, rest, "control"
        ), observer

    return make


def test_a_later_look_counts(recorded):
    """What came since belongs to the history; what others booked before is kept, and what they booked since is not."""
    recording, observer = recorded()
    observer.ids += ["b", "a", "later stranger"]
    later = recording.watched_on()
    assert ["control", "a", "b", "a", "stranger"] == [effect.key for effect in later.history.final.effects]
    assert (later.history.settled, later.rest.change) == (True, "the effect of a was there once, then 2 times")


def test_a_later_look_that_fails_leaves_the_history(recorded):
    """The observer died meanwhile: what it said is in the rest."""
    recording, observer = recorded()
    observer.ids = None
    later = recording.watched_on()
    assert (later.history, later.rest.failure) == (recording.history, "it is gone")


def test_one_more_look_is_due_when_patience_is_over(recorded):
    """It is by the time since the effects changed."""
    recording, _ = recorded()
    assert not recording.is_due
    assert replace(recording, rest=replace(recording.rest, since=-100.0)).is_due


def test_what_is_not_shown_any_more_is_counted(recorded):
    """A record from before the scenario, and one that was seen in it."""
    recording, observer = recorded()
    assert recording.not_shown_any_more({"b"}) == 0
    observer.ids = ["a", "b", "stranger"]
    assert recording.not_shown_any_more({"b"}) == 2


def test_the_clean_event_was_seen_before(recorded):
    """If even that is missing now, the observer showed it before."""
    recording, _ = recorded(observer_key="business")
    assert recording.not_shown_any_more({"control"}) == 1


def test_after_a_kill_the_receiver_may_have_lost_it(recorded):
    """What is gone when the receiver was killed is no fault of the observer."""
    recording, observer = recorded(marks=((5, "receiver killed"),))
    observer.ids = []
    assert recording.not_shown_any_more({"control"}) == 0
