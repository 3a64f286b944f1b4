from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.explore.search import is_near_miss, why_not_tried
from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import UNSEEN, Class
from frontsim.verification.effects.history import EventFact, FaultFact, History, Run
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
