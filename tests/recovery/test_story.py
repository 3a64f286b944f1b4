"""One event's way through a case, line by line."""

from dataclasses import replace

from frontsim.recovery.case import PastState, StartEnding
from frontsim.recovery.story import story
from tests.recovery.histories import event, history, listed, resent, start


def test_an_event_is_told_from_its_creation_to_its_end() -> None:
    """What was special about it, the calls that are about it, each resend, each start with the last that it printed."""
    told = replace(event(503, 500, 200), about="at the end of the month")
    other = event(503, id_="e2")
    calls = [listed(retry_after_s=2), resent("e2"), resent(status=None), resent(at_s=3.5)]
    lines = story(history(told, other, calls=calls, starts=[start(output="resent 1\ndone\n")]), "e1")
    assert [
        "SaleCreated created 2026-08-01T10:00:00 (at the end of the month) for webhook 6f0e",
        f"its first delivery: {told.runs[0].outcome}",
        "   0.00 s  start 1: GET /api/webhooksevents/6f0e from=2026-07-01 to=2026-08-02 -> 200, Retry-After 2",
        "   1.00 s  start 1: POST /api/webhooksevents/6f0e/deliver/e1  -> the connection was cut",
        "   3.50 s  start 1: POST /api/webhooksevents/6f0e/deliver/e1  -> 200",
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


def test_of_many_calls_the_first_are_told() -> None:
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
