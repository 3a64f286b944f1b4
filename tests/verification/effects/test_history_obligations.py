"""A right receiver's answers say what it has done with an event."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import EventFact, Expect, Run, first_ms, is_owed, last_ms, may_apply


def run(status=200, outcome=Outcome.ANSWERED, at_ms=0, duration_ms=0):
    return Run(1, Trigger.ORIGINAL, outcome, "", status, at_ms, duration_ms=duration_ms)


@pytest.mark.parametrize(
    ("runs", "expect", "owed", "may"),
    [
        ([run()], Expect.ONCE, True, True),
        ([run()], Expect.EITHER, False, True),
        ([run(422)], Expect.ONCE, False, False),
        ([run(422), run()], Expect.ONCE, True, True),
        ([run(500)], Expect.ONCE, False, True),
        ([run(499)], Expect.ONCE, False, False),
        ([run(400)], Expect.ONCE, False, False),
        ([run(399)], Expect.ONCE, False, True),
        ([run(422), run(500)], Expect.ONCE, False, True),
        ([run(None, Outcome.UNKNOWN)], Expect.ONCE, False, True),
        ([run(422), run(None, Outcome.NOT_SENT)], Expect.ONCE, False, False),
    ],
)
def test_what_is_owed_and_what_is_possible(runs, expect, owed, may):
    """An acknowledged event is owed; one that was refused with a 4xx every time is not there."""
    event = EventFact("w", "e", "SaleCreated", tuple(runs), expect)
    assert (owed, may) == (is_owed(event), may_apply(event))


def test_when_it_came():
    """From the start of the first run to the end of the last."""
    event = EventFact("w", "e", "SaleCreated", (run(at_ms=5), run(at_ms=20, duration_ms=3)))
    assert (5, 23) == (first_ms(event), last_ms(event))
