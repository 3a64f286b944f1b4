import time
from dataclasses import replace

import pytest

from frontsim.clock import stopwatch
from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import EventFact, History, Observation, Run
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.settle import EffectReader, Settled
from frontsim.verification.patience import Patience, ReceiverLatency, TimeLimits
from frontsim.verification.play import runner
from frontsim.verification.play.runner import LastLook, take_all


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
def played():
    """A history of three events, of which the observer showed two; with its last look and the observer."""

    def make(*, changed_s=None, **others):
        observer = Shown()
        key = others.get("observer_key", "webhookEventId")
        reader = EffectReader(observer, key, pause=time.sleep)
        everything, observer.ids = observer.ids, observer.ids[:1]
        reader.take_baseline()
        observer.ids = everything
        new = reader.read_new()
        events = tuple(EventFact("w", each, "SaleCreated", ()) for each in ("control", "a", "b"))
        now = stopwatch()
        settled = Settled(
            new, is_quiet=True, began_s=now, changed_s=now if changed_s is None else changed_s, ended_s=now
        )
        last_look = LastLook(
            reader,
            settled,
            patience=Patience(TimeLimits(settle_s=0.05, last_s=0.1), ReceiverLatency()),
            preflight_event_id="control",
        )
        return History("steady", events, final=Observation(9, new), **others), last_look, observer

    return make


def test_a_later_look_counts(played):
    """Effects that came since belong to the history; others' earlier bookings are kept, their later ones not."""
    history, last_look, observer = played()
    observer.ids += ["b", "a", "later stranger"]
    later = last_look.take(history)
    assert ["control", "a", "b", "a", "stranger"] == [effect.key for effect in later.final.effects]
    assert (later.settled, last_look.settled.change) == (True, "the effect of a was there once, then twice")


def test_a_later_look_that_fails_leaves_the_history(played):
    """The observer died meanwhile: why is the doubt about what is missing."""
    history, last_look, observer = played()
    observer.ids = None
    assert last_look.take(history) is history
    assert last_look.doubt(history, {"b"}) == "it is gone"


def test_one_more_look_is_due_when_the_wait_is_over(played):
    """It is by the time since the effects changed."""
    history, last_look, _ = played(changed_s=stopwatch() + 60)
    assert not last_look.is_due(history)
    history, last_look, _ = played(changed_s=-100.0)
    assert last_look.is_due(history)


def test_what_is_not_shown_any_more_is_a_doubt(played):
    """A record from before the scenario, and one that was seen in it."""
    history, last_look, observer = played()
    assert last_look.doubt(history, {"b"}) == ""
    observer.ids = ["a", "b", "stranger"]
    expected = "the observer no longer shows 2 records that it showed before; it must show all"
    assert last_look.doubt(history, {"b"}) == expected


def test_the_clean_event_was_seen_before(played):
    """If even that is missing now, the observer showed it before."""
    history, last_look, _ = played(observer_key="business")
    assert "no longer shows 1 record " in last_look.doubt(history, {"control"})


@pytest.mark.parametrize(("marks", "killed_since"), [(((5, "receiver killed"),), False), ((), True)])
def test_after_a_kill_the_receiver_may_have_lost_it(played, marks, killed_since):
    """Effects that a killed receiver has lost, in the scenario or since, are no fault of the observer."""
    history, last_look, observer = played(marks=marks)
    observer.ids = []
    assert last_look.doubt(history, {"control"}, killed_since=killed_since) == ""


def test_a_worker_that_has_booked_what_was_sent_later_has_passed_over_what_is_missing(played):
    """Its next batch is not awaited for 450 s: a clean event of a later scenario is booked."""
    history, _, observer = played()
    runs = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 100),)
    history = replace(history, events=tuple(replace(each, runs=runs) for each in history.events))
    now, latency = stopwatch(), ReceiverLatency()
    last_look = LastLook(
        EffectReader(observer, "webhookEventId", pause=time.sleep),
        Settled((), is_quiet=True, began_s=now - 200, changed_s=now - 200, ended_s=now),
        patience=Patience(TimeLimits(last_s=100.0), latency),
        preflight_event_id="control",
    )
    before = last_look.is_due(history)
    latency.note_booked(sent_s=now)
    assert (False, True) == (before, last_look.is_due(history))


def complete(history):
    """The history without the event that lacks its effect."""
    return replace(history, events=history.events[:2])


def test_what_lacked_nothing_is_owed_a_window(played):
    """Unchanged for less than that, it is looked at once more; after a whole one it is not."""
    history, last_look, _ = played()
    assert last_look.is_owed(complete(history))
    _, rested, _ = played(changed_s=stopwatch() - 1)
    assert not rested.is_owed(complete(history))


def test_a_window_adds_a_second_effect_and_takes_nothing_away(played):
    """A later scenario may rightly have replaced a row; a duplicate that came since is one."""
    history, last_look, observer = played()
    observer.ids.remove("a")
    assert complete(history).final == last_look.take(complete(history)).final
    history, last_look, observer = played()
    observer.ids.append("a")
    assert ["control", "a", "a", "stranger"] == [each.key for each in last_look.take(complete(history)).final.effects]


@pytest.mark.slow
def test_effects_that_never_rest_are_known_to_others(played):
    """The next look has less time for them."""
    history, last_look, observer = played()
    last_look._patience = Patience(TimeLimits(settle_s=0.05, last_s=0.01, timeout_s=0.1))
    ids, numbers = observer.ids, iter(range(1, 1_000_000))
    observer.read = lambda: [*ids, *["a"] * next(numbers)]
    assert not last_look.take(complete(history)).settled
    assert last_look._patience.latency.never_settles


def test_the_first_scenario_sees_whether_effects_come_to_rest(played):
    """One that has seen it is enough. What others book in the window is strange, and does not count."""
    history, last_look, observer = played()
    observer.ids.append("key probe")
    rested = last_look.see_rest(complete(history))
    assert (True, complete(history).final) == (rested.settled, rested.final)
    assert last_look.settled.watched_s >= 0.05
    assert last_look._patience.latency.settles
    observer.ids = None  # another look would fail
    assert last_look.see_rest(rested) is rested


def test_a_second_effect_in_the_first_window_counts(played):
    history, last_look, observer = played()
    observer.ids += ["a", "key probe"]
    rested = last_look.see_rest(complete(history))
    assert ["control", "a", "a", "stranger"] == [each.key for each in rested.final.effects]


def test_an_observer_that_dies_in_the_first_window_shows_nothing(played):
    """No effect can be judged then."""
    history, last_look, observer = played()
    observer.ids = None
    rested = last_look.see_rest(complete(history))
    assert (None, True) == (rested.final, "it is gone" in rested.observer_failure)
    assert not last_look._patience.latency.settles


def test_what_was_waited_for_in_vain_has_come_to_rest(played):
    """The scenario has waited for longer than the window."""
    history, last_look, observer = played()
    observer.ids = None
    assert last_look.see_rest(history) is history
    assert last_look._patience.latency.settles


@pytest.mark.slow
def test_effects_that_never_rest_are_known_after_the_first_window(played):
    history, last_look, observer = played()
    last_look._patience = Patience(TimeLimits(settle_s=0.05, last_s=0.01, timeout_s=0.1))
    ids, numbers = observer.ids, iter(range(1, 1_000_000))
    observer.read = lambda: [*ids, *["a"] * next(numbers)]
    assert not last_look.see_rest(complete(history)).settled
    assert (False, True) == (last_look._patience.latency.settles, last_look._patience.latency.never_settles)


def test_a_history_is_compared_with_a_look_once(played, monkeypatch):
    """A long run asks after each of its scenarios whether the look at another one is due."""
    history, last_look, _ = played()
    whole, compared = complete(history), []
    monkeypatch.setattr(runner, "is_complete", lambda *both: compared.append(both) or True)
    monkeypatch.setattr(runner, "may_await_next_batch", lambda _: pytest.fail("nothing is missing"))
    assert [False] * 3 == [last_look.is_due(whole) for _ in range(3)]
    assert last_look.is_owed(whole)
    assert [(whole, last_look.settled.effects)] == compared
    assert not last_look.is_owed(last_look.take(whole))
    assert 2 == len(compared)


def test_all_that_wait_share_each_look(played):
    """Three scenarios of one observer, each owed a window: the window's end is one look at it."""
    looks = [played() for _ in range(3)]
    for _, _, other in looks[1:]:
        other.ids = None  # a look of its own would fail
    reads, observer = [], looks[0][2]
    read = observer.read
    observer.read = lambda: reads.append(1) or read()
    taken = take_all([(look, complete(history)) for history, look, _ in looks])
    assert [True] * 3 == [each.settled for each in taken]
    assert reads
    assert not any(look.is_owed(history) for (_, look, _), history in zip(looks, taken, strict=True))
