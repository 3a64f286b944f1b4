"""How many events and effects a judgement counts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.verdicts import Verdict
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact
from tests.verification.judge.histories import booked, event, failed_then, lives, run, verdict_on


@given(st.lists(lives(), min_size=1, max_size=6), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_counts_add_up(all_runs, times):
    """Every event has one class, and the effects of all events are counted."""
    events = [event(*runs) for runs in all_runs]
    effects = [effect for each, number in zip(events, times, strict=False) for effect in booked(each, times=number)]
    counts = verdict_on(*events, effects=effects).counts
    assert len(events) == sum(counts.get(str(each), 0) for each in Class)
    assert len(effects) == counts["effects"]


@pytest.mark.parametrize(
    ("sale", "effects", "expected"),
    [
        (event(), 0, Class.LOST_AFTER_ACK),
        (event(), 2, Class.DUPLICATED),
        (failed_then(200), 0, Class.BURNED),
        (failed_then(200), 2, Class.DUPLICATED),
        (failed_then(500), 0, Class.REJECTED),
        (failed_then(500), 1, Class.REJECTED),
        (failed_then(422), 2, Class.DUPLICATED),
        (failed_then(None), 0, Class.LOST),
        (event(run(), run(409, number=2, resend=True)), 1, Class.REJECTED),
    ],
    ids=lambda value: str(value) if not isinstance(value, EventFact) else "",
)
def test_class_follows_from_acknowledgement_and_effects(sale, effects, expected):
    """(acknowledged? x effects) decides the class, and each of these is a violation."""
    found = verdict_on(sale, effects=booked(sale, times=effects))
    assert (found.verdict, [each.class_ for each in found.findings]) == (Verdict.VIOLATED, [expected])
    assert found.classes[sale.webhook_event_id] is expected


def test_resends_are_all_runs_after_the_first():
    """An event that was never tried has none."""
    events = [event(), failed_then(200), replace(event(), runs=()), event(run(500), run(500, number=2), run(number=3))]
    assert (4, 3, 3) == tuple(verdict_on(*events).counts[name] for name in ("events", "acknowledged", "resent"))
