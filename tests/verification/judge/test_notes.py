"""What is worth saying without an accusation."""

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.correlate import correlate
from frontsim.verification.facts.history import Effect, EventFact, FaultFact, History, Observation, Run
from frontsim.verification.judge.notes import sentences

COPIES = FaultFact("duplicate", 10, 20, "copies=4 apart=simultaneous")


def event(name, at_ms):
    return EventFact("w", name, "SaleCreated", (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, at_ms),))


def said(*faults):
    events = (event("control", 5), event("a", 12), event("b", 13))
    final = Observation(99, tuple(Effect(each.webhook_event_id) for each in events))
    history = History("duplicate-race", events, faults=faults, final=final)
    return list(sentences(history, correlate(history, final), replaced=frozenset()))


def test_the_tries_of_a_race_are_counted():
    """The control was sent before the copies."""
    assert ["2 events arrived as several copies at once: so many tries of a race"] == said(COPIES)


def test_a_storm_is_about_more_than_a_race():
    assert [] == said(COPIES, FaultFact("refuse", 10, 20))
    assert [] == said()
