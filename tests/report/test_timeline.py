import dataclasses
from itertools import pairwise

from frontsim.report.timeline import FaultSpan, ShownEvent, TimeSpan, timeline
from frontsim.verification.effects.history import Effect, Observation
from frontsim.verification.result import result_of


def first(report, **changes):
    """The first finding's event of a scenario, and the time in which it was played."""
    played = report.played[0]
    history = dataclasses.replace(played.history, **changes)
    trial = result_of(dataclasses.replace(report, played=[dataclasses.replace(played, history=history)])).trials[0]
    return trial.findings[0].shown, trial.span


def drawn(report, **changes):
    return timeline(*first(report, **changes), wrong=True)


def test_a_timeline_shows_runs_faults_kills_and_effects(report):
    """First run and resend, each by its answer; the fault by name; the kill; the effects."""
    line = drawn(report)
    assert ["original open", "resend good"] == [mark.kind for mark in line.runs]
    assert "Run 1, sent 12:00:01.12: no answer (Timeout), while lost-response was on" == line.runs[0].text
    assert ["lost-response"] == [band.name for band in line.bands]
    assert ["receiver killed"] == [mark.text for mark in line.kills]
    assert (2, "0.8 s") == (line.effects, line.duration)  # from the fault at 100 ms to the last run at 900 ms
    assert "run 1: no answer (Timeout); run 2: 200 OK; effects: 2" == line.spoken


def test_marks_stand_in_the_order_of_time(report):
    """Everything is inside, and what came later stands further right."""
    line = drawn(report)
    places = [line.bands[0].x, line.runs[0].x, line.kills[0].x, line.runs[1].x]
    assert sorted(places) == places
    assert 0 < places[0] < places[-1] < 100


def test_copies_that_left_at_once_have_separate_marks(report):
    """Each has a mark that can be seen, in the order of the runs."""
    event, span = first(report)
    copies = tuple(dataclasses.replace(event.runs[0], number=each) for each in range(1, 5))
    places = [mark.x for mark in timeline(dataclasses.replace(event, runs=copies), span).runs]
    assert all(after - before >= 1.29 for before, after in pairwise(places))


def test_faults_that_overlap_have_rows_of_their_own():
    """Names never lie on each other; a name may run on until the next band of its lane."""
    spans = (("refuse", 100, 500), ("answer", 200, 300), ("delay", 600, 1 << 40))
    faults = tuple(FaultSpan(name, name, from_ms, to_ms) for name, from_ms, to_ms in spans)
    line = timeline(ShownEvent("SaleCreated", "x"), TimeSpan(100, 900, faults))
    bands = {band.name: band for band in line.bands}
    assert {"refuse": 0, "answer": 1, "delay": 0} == {name: band.lane for name, band in bands.items()}
    assert bands["refuse"].x + bands["refuse"].room == bands["delay"].x
    assert bands["delay"].x + bands["delay"].width <= 100


def test_what_was_booked_from_a_broken_body_is_on_the_line(report):
    """It was there at the checkpoint, before any whole body."""
    line = drawn(report, checkpoint=Observation(500, (Effect("0192-sale"),)))
    assert ["Effects when only a broken body had arrived: 1"] == [mark.text for mark in line.early]


def test_an_event_without_runs_has_a_line():
    """Nothing happened, and nothing divides by zero."""
    line = timeline(ShownEvent("SaleCreated", "x"), TimeSpan())
    assert ((), None, "effects could not be seen") == (line.runs, line.effects, line.spoken)
