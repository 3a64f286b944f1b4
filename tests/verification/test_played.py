from dataclasses import replace

import pytest

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import LASTING, Class
from frontsim.verification.effects.history import Effect, Observation, Strangers
from frontsim.verification.judge.checks import receiver_contract
from frontsim.verification.played import Report, weighed

CONTRACT = receiver_contract()
HIDDEN, OTHERS = Strangers(7, "{}", come_with_events=True), Strangers(1, "{}", come_with_events=False)


def test_an_interrupted_run_is_not_verified(report):
    """A scenario that was not played has not passed."""
    right = [each for each in report.played if each.judgement.verdict is Verdict.VERIFIED]
    assert Report("http://shop", 1, right, CONTRACT).verdict is Verdict.VERIFIED
    assert Report("http://shop", 1, right, CONTRACT, interrupted=True).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("class_", [each for each in Class if each not in (Class.OK, Class.RECOVERED)])
def test_of_an_interrupted_run_stands_what_no_later_look_could_undo(report, class_):
    """An effect that is missing may still come."""
    violated = next(each for each in report.played if each.judgement.verdict is Verdict.VIOLATED)
    finding = replace(violated.judgement.findings[0], class_=class_, clause=CONTRACT.broken_by(class_, "steady").id)
    played = [replace(violated, judgement=replace(violated.judgement, findings=(finding,)))]
    assert Verdict.VIOLATED is Report("http://shop", 1, played, CONTRACT).verdict
    verdict = Report("http://shop", 1, played, CONTRACT, interrupted=True).verdict
    assert (Verdict.VIOLATED if class_ in LASTING else Verdict.UNKNOWN) is verdict


def test_a_column_to_look_at_leaves_a_strict_run_unknown(report):
    """Until the user names it, or leaves it out."""
    right = next(each for each in report.played if each.judgement.verdict is Verdict.VERIFIED)
    event = replace(right.history.events[0], payload={"total": 1.5})
    final = Observation(9, (Effect(event.webhook_event_id, {"total": 1}),))
    for column_map, verdict in (({}, Verdict.UNKNOWN), ({"total": ""}, Verdict.VERIFIED)):
        history = replace(right.history, events=(event,), final=final, column_map=column_map)
        played = [replace(right, history=history)]
        assert verdict is Report("http://shop", 1, played, CONTRACT, strict=True).verdict
        assert Verdict.VERIFIED is Report("http://shop", 1, played, CONTRACT).verdict


def test_effects_of_no_event_that_come_with_events_leave_a_run_unknown(report):
    """A violation stands, and so does the first reason; what others write is a note."""

    def told(verdict, strangers, reason=""):
        played = next(each for each in report.played if each.judgement.verdict is verdict)
        judgement = replace(played.judgement, reason=reason, notes=("first",))
        history = replace(played.history, strangers=strangers)
        found = weighed(replace(played, history=history, judgement=judgement)).judgement
        return found.verdict, found.reason, found.notes

    verified, violated = Verdict.VERIFIED, Verdict.VIOLATED
    assert (verified, "", ("first",)) == told(verified, None)
    assert (Verdict.UNKNOWN, str(HIDDEN), ("first",)) == told(verified, HIDDEN)
    assert (violated, "killed", ("first",)) == told(violated, HIDDEN, "killed")
    assert (verified, "", ("first", str(OTHERS))) == told(verified, OTHERS)
    assert str(HIDDEN).startswith("7 new effects are of no event, such as {}, and they come only when events are sent")
    assert "1 new effect is of no event, such as {}: other systems write here, too" in str(OTHERS)


def test_effects_that_no_event_accounts_for_are_counted(report):
    """Once, though several scenarios are of one run; None where effects were not read."""
    first, *others = report.played
    seen = replace(first, history=replace(first.history, observer="a list", strangers=HIDDEN))
    assert 7 == replace(report, played=[seen, *others]).unaccounted
    right = replace(seen, history=replace(seen.history, strangers=None))
    assert 0 == replace(report, played=[right]).unaccounted
    blind = replace(right, history=replace(right.history, observer=""))
    assert replace(report, played=[blind]).unaccounted is None
