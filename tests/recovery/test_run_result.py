"""How a job's run becomes the model of a report: its verdict, its counts, and the story of an event."""

from dataclasses import replace

import orjson
import pytest

from frontsim.recovery.case import Case, PastState, StartEnding
from frontsim.recovery.run import JobReport, cases_as_json, counts, result_of, story
from frontsim.verdicts import Verdict
from tests.recovery.histories import event, history, listed, resent, start
from tests.recovery.reports import RIGHT, SKIPPED, UNPLAYED, WRONG, played, report


def test_calls_for_each_recovered_event_say_how_frugal_the_job_is() -> None:
    """Two calls brought one event home; without any there is no such number."""
    found = counts(played(history(event(503, 200), event(200, id_="e2"), calls=[listed(), resent()])))
    assert {"events": 2, "failed": 2, "recovered": 2, "resends": 1, "calls": 2, "callsPerRecovered": 1.0} == found
    assert "callsPerRecovered" not in counts(WRONG)
    assert 2 == counts(WRONG)["missed"]


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (report(RIGHT), Verdict.VERIFIED),
        (report(RIGHT, SKIPPED), Verdict.VERIFIED),
        (report(RIGHT, SKIPPED, strict=True), Verdict.UNKNOWN),
        (report(RIGHT, interrupted=True), Verdict.UNKNOWN),
        (report(RIGHT, UNPLAYED), Verdict.UNKNOWN),
        (report(RIGHT, UNPLAYED, WRONG), Verdict.VIOLATED),
        (report(WRONG, interrupted=True), Verdict.VIOLATED),
        (report(), Verdict.UNKNOWN),
    ],
)
def test_the_verdict_of_a_run(run: JobReport, verdict: Verdict) -> None:
    """A violation that was seen stands; what was not played, or with --strict was skipped, is unknown."""
    assert verdict is run.verdict is result_of(run).verdict


def test_the_list_of_cases_as_json() -> None:
    told = [Case("one", "It breaks.", "It holds.")]
    assert [{"name": "one", "breaks": "It breaks.", "holds": "It holds."}] == orjson.loads(cases_as_json(told))


def test_a_story_goes_from_the_events_creation_to_its_end() -> None:
    """The story has what was special about it, its calls, each resend, and each start with the last that it printed."""
    told = replace(event(503, 500, 200), about="at the end of the month")
    other = event(503, id_="e2")
    calls = [listed(retry_after_s=2), resent("e2"), resent(status=None), resent(at_s=3.5)]
    lines = story(history(told, other, calls=calls, starts=[start(output="resent 1\ndone\n")]), "e1")
    assert [
        "SaleCreated created 2026-08-01T10:00:00 (at the end of the month) for webhook 6f0e",
        f"its first delivery: {told.runs[0].outcome}",
        "   0.00 s  start 1: GET /api/webhooksevents/6f0e from=2026-07-01 to=2026-08-02 -> 200, Retry-After 2",
        "   1.00 s  start 1: POST /api/webhooksevents/6f0e/deliver/e1 -> the connection was cut",
        "   3.50 s  start 1: POST /api/webhooksevents/6f0e/deliver/e1 -> 200",
        f"resend 2: {told.runs[1].outcome}",
        f"resend 3: {told.runs[2].outcome}",
        "in the end it has arrived",
        "start 1 exited with 0 after 10.0 s",
        "  it printed last: done",
    ] == lines


def test_an_event_that_is_still_on_its_way_has_no_first_delivery() -> None:
    lines = story(history(event(None, state=PastState.PENDING)), "e1")
    assert "its first delivery is still on its way" == lines[1]
    assert "in the end it has not arrived" in lines


def test_a_story_shows_the_first_of_many_calls() -> None:
    """And how many more there were; what the case broke is named."""
    lines = story(history(event(503), calls=[listed(broken="garbage"), *[resent()] * 14]), "e1")
    assert lines[2].endswith("-> 200 [garbage]")
    assert 12 == sum(" start 1: " in line for line in lines)
    assert "           and 3 more calls" in lines


def test_a_finding_about_no_event_tells_all_calls_and_starts() -> None:
    """A job that was stopped has no exit code."""
    starts = [start(code=None, ending=StartEnding.ENDLESS)]
    lines = story(history(event(503), calls=[listed(), resent("e2")], starts=starts), "")
    assert 3 == len(lines)
    assert "start 1 stopped because it resent one event again and again after 10.0 s" == lines[2]
