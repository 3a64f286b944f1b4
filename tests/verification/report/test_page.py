"""What the HTML page shows, and how much of it: the first of each group, with what is left out counted."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import Effect, EventFact, History, Observation, Run
from frontsim.verification.judge.checks import judge
from frontsim.verification.played import Played, Report
from frontsim.verification.report.page import (
    MOST_CHARACTERS,
    MOST_PAYLOADS,
    MOST_RIGHT,
    MOST_WRONG,
    causes_shown,
    classes_in,
    scenarios_shown,
)
from frontsim.verification.scenario.scenario import Scenario
from tests.verification.laboratory import CONTRACT

ANSWERED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5, duration_ms=1200)
LOST = Run(1, Trigger.ORIGINAL, Outcome.UNKNOWN, "Timeout", None, 5)
RESENT = Run(2, Trigger.RESEND, Outcome.ANSWERED, "Internal Server Error", 500, 9, at="2026-08-01T12:00:00")


def report(*, right=0, twice=0, payload=None, runs=(ANSWERED,)):
    """A run of one scenario with so many events that were booked once, and so many that were booked twice."""
    events = tuple(
        EventFact("w", f"e{number}", "SaleCreated", runs, payload=payload or {"n": number})
        for number in range(right + twice)
    )
    booked = [Effect(event.webhook_event_id) for event in (*events, *events[right:])]
    history = History("storm", events, observer="a list", final=Observation(9, tuple(booked)))
    played = Played(Scenario("storm", "All.", "Nothing.", ()), history, judge(history, CONTRACT))
    return Report("http://shop/hook", 7, [played], CONTRACT)


def test_the_first_of_a_group_are_shown_and_the_rest_is_counted():
    """And only a few of them with their payload."""
    [shown] = scenarios_shown(report(right=MOST_RIGHT + 2, twice=MOST_WRONG + 3))["violated"]
    [group] = shown.groups
    assert ("duplicated", MOST_WRONG + 3, 3) == (group.class_, group.number, group.left_out)
    assert MOST_PAYLOADS == sum(event.payload != "" for event in group.events)
    assert (MOST_RIGHT, 2) == (len(shown.right), shown.right_left_out)
    assert ["duplicated", "ok"] == classes_in([shown])


def test_nothing_is_left_out_of_a_few():
    [shown] = scenarios_shown(report(right=2))["verified"]
    assert ((), 2, 0) == (shown.groups, len(shown.right), shown.right_left_out)
    assert not any(event.wrong or event.runs for event in shown.right)


def test_a_cause_has_the_first_event_that_shows_it():
    [cause] = causes_shown(report(right=1, twice=2))
    assert ("e1", "storm", True) == (cause.example.id, cause.scenario.scenario.name, cause.example.wrong)


def test_each_run_is_a_row():
    """When, what came back, how long it took, and whether it counts."""
    [cause] = causes_shown(report(twice=1, runs=(LOST, RESENT)))
    assert [
        (1, "sent", "+5 ms", "", "open"),
        (2, "resent", "2026-08-01T12:00:00", "", "bad"),
    ] == [(run.number, run.verb, run.at, run.took, run.kind) for run in cause.example.runs]
    [cause] = causes_shown(report(twice=1))
    assert [("good", "1,200 ms")] == [(run.kind, run.took) for run in cause.example.runs]


@pytest.mark.parametrize(("length", "more"), [(10, False), (MOST_CHARACTERS, True)])
def test_a_long_payload_is_cut(length, more):
    [cause] = causes_shown(report(twice=1, payload={"comment": "x" * length}))
    assert more == cause.example.payload.endswith("more characters")
    assert len(cause.example.payload) < MOST_CHARACTERS + 40
