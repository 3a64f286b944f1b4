from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.explore import search
from frontsim.explore.search import Tries, is_near_miss, why_not_tried
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import UNSEEN, Class
from frontsim.verification.effects.history import EventFact, FaultFact, History, Run
from frontsim.verification.first_passes import FirstPass
from frontsim.verification.judge.checks import Finding, Judgement
from frontsim.verification.played import Played
from frontsim.verification.scenario.scenario import bundled_scenarios

QUICK = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, at_ms=0, duration_ms=4)
FINDING = Finding(Class.LOST, "c", "SaleCreated", "1", "gone")


def history(*runs, faults=()):
    return History("s", (EventFact("w", "e", "SaleCreated", runs),), faults=faults)


def played(verdict, *, reason="", findings=(), faults=()):
    return Played(bundled_scenarios()[0], history(QUICK, faults=faults), Judgement(verdict, reason, findings))


@pytest.mark.parametrize(
    ("why", "each"),
    [
        ("", played(Verdict.VERIFIED)),
        ("", played(Verdict.VERIFIED, faults=(FaultFact("refuse", 1, 2, hits=3), FaultFact("dependency", 1, 2)))),
        ("refuse broke nothing", played(Verdict.VERIFIED, faults=(FaultFact("refuse", 1, 2, hits=0),))),
        ("too late", played(Verdict.UNKNOWN, reason="too late")),
        ("", played(Verdict.SKIPPED, reason=UNSEEN)),
        ("no shop", played(Verdict.SKIPPED, reason="no shop")),
        ("", played(Verdict.VIOLATED, findings=(FINDING,), faults=(FaultFact("refuse", 1, 2, hits=0),))),
    ],
)
def test_a_schedule_counts_when_it_was_judged_and_its_faults_happened(why, each):
    """A violation stands in any case."""
    assert why == why_not_tried(each)


@pytest.mark.parametrize(
    ("is_near", "run"),
    [
        (False, QUICK),
        (True, replace(QUICK, status_code=503)),
        (False, replace(QUICK, status_code=503, faulted=True)),
        (True, replace(QUICK, duration_ms=900)),
        (False, replace(QUICK, duration_ms=90)),
    ],
)
def test_a_receiver_that_falters_by_itself_is_near_to_a_mistake(is_near, run):
    """A fault of ours says nothing about it."""
    assert is_near == is_near_miss(history(QUICK, QUICK, QUICK, run))


class _Open:
    """A run that is open."""

    given = harness = None


@pytest.fixture
def first(monkeypatch):
    """Plays schedules of which each lacks an effect; `is_late` once it was missing for long. `sent` has their names."""
    is_late, sent = [False], []

    class First(FirstPass):
        is_due = property(lambda self: is_late[0] and not self.lacks_something)

    class Passes:
        def __init__(self, *_):
            pass

        def play(self, schedules, *, ends_run):
            sent.extend(each.name for each in schedules)
            late = played(Verdict.VIOLATED, findings=(FINDING,))
            lacking = [each for each in schedules if not ends_run and each.name != "clean event"]
            return iter([First(replace(late, scenario=each), is_open=True) for each in lacking])

    def last_looks(waiting, number, _contract, *, is_end):
        if not is_end:
            waiting[:] = [replace(each, lacks_something=True) for each in waiting]
            return
        while waiting:
            yield waiting.pop(0)

    monkeypatch.setattr(search, "FirstPasses", Passes)
    monkeypatch.setattr(search, "last_looks", last_looks)
    return Tries(_Open, None, None), is_late, sent


def scenario_that(tells):
    return next(each for each in bundled_scenarios() if tells(each))


def names(found):
    return [each.scenario.name for each in found]


def test_what_is_missing_is_judged_when_its_time_is_over(first):
    """Not at the end of the search, where a clean event is sent: a worker that books it has passed over others."""
    tries, is_late, sent = first
    schedule = scenario_that(lambda each: each.name == "short-outage")
    assert [] == names(tries.play([schedule]))
    is_late[0] = True
    assert ["short-outage"] * 2 == names(tries.play([schedule]))
    assert [] == names(tries.rest())
    is_late[0] = False
    assert [] == names(tries.play([schedule]))
    assert ["short-outage"] == names(tries.rest())
    assert [*["short-outage"] * 3, "clean event"] == sent


@pytest.mark.parametrize(
    "breaks",
    [
        lambda each: each.needs_process_control,
        lambda each: each.needs_dependency,
        lambda each: each.name == "webhook-then-read",
    ],
)
def test_what_is_missing_after_trouble_of_the_receiver_has_until_the_end(breaks, first):
    """A queue tries the job of a dead worker again after a minute, and a call that failed as late."""
    tries, is_late, _ = first
    schedule = scenario_that(breaks)
    is_late[0] = True
    assert ([], True) == (names(tries.play([schedule])), tries.has_suspect)
    assert [] == names(tries.play([]))
    assert ([schedule.name], False) == (names(tries.rest()), tries.has_suspect)
