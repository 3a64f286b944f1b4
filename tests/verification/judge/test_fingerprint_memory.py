"""How long a receiver remembers, by what it booked of events that were resent after a wait."""

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.judge.fingerprint import memory

SENT = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0)
RESENT = Run(2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 90_000)
RESENT_IN_VAIN = Run(2, Trigger.RESEND, Outcome.ANSWERED, "Not found", 404, 90_000)
BEYOND = "(longer was not tested; --memory SECONDS and --time-travel DAYS test it)"


def history(*runs, waited_s=42.4):
    return History("long-memory", (EventFact("w", "e", "SaleCreated", runs),), waited_s=waited_s)


@pytest.mark.parametrize(
    ("waited_s", "effects", "said"),
    [
        (42.4, 1, f"remembers an event for at least 42 s {BEYOND}"),
        (42.4, 2, "has forgotten an event after 42 s"),
        (86_399, 1, f"remembers an event for at least 86399 s {BEYOND}"),
        (86_400, 1, f"remembers an event for at least 1 day {BEYOND}"),
        (2 * 86_400, 1, f"remembers an event for at least 2 days {BEYOND}"),
        (8 * 86_400 + 42, 1, f"remembers an event for at least 8 days {BEYOND}"),
        (42.4, 0, ""),
        (0, 1, ""),
    ],
)
def test_the_wait_is_what_it_remembers_at_least(waited_s, effects, said):
    """A scenario that has not waited, or an event that is lost, says nothing."""
    assert said == memory(history(SENT, RESENT, waited_s=waited_s), {"e": effects})


def test_an_event_without_an_effect_has_none():
    """It is not among the effects at all: that says nothing about a memory."""
    assert "" == memory(history(SENT, RESENT), {})


@pytest.mark.parametrize("runs", [(SENT,), (SENT, RESENT_IN_VAIN)])
def test_what_was_not_resent_and_acknowledged_says_nothing(runs):
    assert "" == memory(history(*runs), {"e": 1})


def test_one_event_that_was_booked_again_is_enough():
    """Others were remembered: it forgets some."""
    events = tuple(EventFact("w", name, "SaleCreated", (SENT, RESENT)) for name in "ab")
    assert "has forgotten an event after 5 s" == memory(History("m", events, waited_s=5.0), {"a": 1, "b": 2})
