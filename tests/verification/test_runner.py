from types import SimpleNamespace

import pytest

from simulator.verification.baseline import Baseline
from simulator.verification.history import EventFact, History
from simulator.verification.observers import effects
from simulator.verification.runner import Recording


class Shown:
    """An observer whose list can be set."""

    name = "a list"

    def __init__(self):
        self.ids = ["past", "control", "a"]

    def read(self):
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
        baseline.new_in(seen)
        events = tuple(EventFact("w", each, "SaleCreated", ()) for each in ("control", "a", "b"))
        stage = SimpleNamespace(baseline=baseline, bench=SimpleNamespace(observer=observer))
        return Recording(History("steady", events, **others), stage, seen="control"), observer

    return make


def test_what_was_booked_since_is_counted(recorded):
    """Of the missing events, those that have an effect now."""
    recording, observer = recorded()
    assert recording.booked_since({"b"}) == 0
    observer.ids.append("b")
    assert recording.booked_since({"b"}) == 1


def test_what_is_not_shown_any_more_is_counted(recorded):
    """A record from before the scenario, and one that was seen in it."""
    recording, observer = recorded()
    assert recording.not_shown_any_more({"b"}) == 0
    observer.ids = ["a", "b"]
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
