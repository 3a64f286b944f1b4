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


def test_what_is_missing_is_judged_when_its_time_is_over(monkeypatch):
    """Not at the end of the search, where a clean event is sent: a worker that books it has passed over others."""
    late = played(Verdict.VIOLATED, findings=(FINDING,))
    sent, is_late = [], [False]

    class First(FirstPass):
        is_due = property(lambda _: is_late[0])

    class Passes:
        def __init__(self, *_):
            pass

        def play(self, schedules, *, ends_run):
            sent.extend(each.name for each in schedules)
            return iter([First(late, is_open=True)] * (not ends_run and schedules[0].name != "clean event"))

    monkeypatch.setattr(search, "FirstPasses", Passes)
    monkeypatch.setattr(search, "last_looks", lambda waiting, _number, _contract, *, is_end: waiting if is_end else [])
    tries, schedule = Tries(_Open, None, None), bundled_scenarios()[0]
    assert [] == list(tries.play([schedule]))
    is_late[0] = True
    assert [late, late] == list(tries.play([schedule]))
    assert [] == list(tries.rest())
    is_late[0] = False
    assert [] == list(tries.play([schedule]))
    assert [late] == list(tries.rest())
    assert [*[schedule.name] * 3, "clean event"] == sent
