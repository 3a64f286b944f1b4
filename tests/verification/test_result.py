"""How a run becomes the model of a report: stories, faults beside runs, and words without secrets."""

import dataclasses

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verdicts import Verdict
from frontsim.verification.effects.history import EventFact, FaultFact, History, Run
from frontsim.verification.judge.checks import Judgement
from frontsim.verification.result import fault_of, story, without_secrets


def shown(history, effects):
    """The story of the first event."""
    return story(history.events[0], history, effects)


@pytest.fixture
def killed_often():
    """An event that was sent and resent while the receiver was killed and started for others all the time."""
    sent = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 1_000, at="23:59:59.500+02:00")
    resent = Run(2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 9_000, at="00:00:07.500+02:00")
    marks = tuple((at_ms, f"receiver {'killed' if at_ms % 1000 else 'started'}") for at_ms in range(500, 8_500, 500))
    return History("crash-after-ack", (EventFact("w", "mine", "SaleCreated", (sent, resent)),), marks=marks)


def test_a_story_has_a_line_for_each_run_and_kill(report):
    """When it was sent, what came back and what was broken; kills in their place; the effects at the end."""
    assert shown(report.played[0].history, 2) == [
        "sent 12:00:01.12 run 1 -> no answer (Timeout) (it may have arrived) [fault on: lost-response]",
        "12:00:01.500 receiver killed",
        "resent 12:00:01.9 run 2 -> 200 OK",
        "effects: 2",
    ]


def test_a_story_shows_only_the_kills_around_its_own_runs(killed_often):
    """With their times, past midnight too; those for other events are counted."""
    assert shown(killed_often, 1) == [
        "sent 23:59:59.500+02:00 run 1 -> 200 OK",
        "23:59:59.500+02:00 receiver started",
        "00:00:00.000+02:00 receiver killed",
        "... 13 more kills and starts ...",
        "resent 00:00:07.500+02:00 run 2 -> 200 OK",
        "effects: 1",
    ]


def test_without_a_clock_the_scenario_counts(killed_often):
    """A log without times: ms from the scenario's start."""
    (event,) = killed_often.events
    timeless = dataclasses.replace(event, runs=(dataclasses.replace(event.runs[0], at=""),))
    lines = shown(dataclasses.replace(killed_often, events=(timeless,)), 1)
    marks = ["+1000 ms receiver started", "+1500 ms receiver killed"]  # those after it are not its own
    assert ["sent +1000 ms run 1 -> 200 OK", *marks, "effects: 1"] == lines


def test_unseen_effects_are_not_counted(report):
    """Without an observer the story says so, and gives no number."""
    assert shown(report.played[0].history, None)[-1] == "effects: could not be seen"


def test_a_fault_on_the_api_stands_beside_no_run():
    """It broke no delivery."""
    run = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, at_ms=5)
    faults = (FaultFact("refuse", 0, 9), FaultFact("api-error", 0, 9, on_api=True), FaultFact("delay", 6, 9))
    assert "refuse" == fault_of(run, faults)


def test_a_judgement_is_masked_in_its_words():
    """The reason and the notes; its verdict and its counts are what they were."""
    judgement = Judgement(Verdict.UNKNOWN, "http://a:hunter2@x", notes=("http://b:hunter2@y",), counts={"events": 1})
    assert Judgement(Verdict.UNKNOWN, "http://***@x", notes=("http://***@y",), counts={"events": 1}) == without_secrets(
        judgement
    )
