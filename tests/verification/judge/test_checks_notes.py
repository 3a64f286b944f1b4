"""Notes are worth saying, and accuse no receiver."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import StateCheck
from frontsim.verification.effects.correlate import BUSINESS, Correlation, EventGroup, correlate
from frontsim.verification.effects.history import Effect, Entity, EventFact, FaultFact, History, Observation, Run
from frontsim.verification.judge import checks as judge_notes
from frontsim.verification.judge.checks import sentences

COPIES = FaultFact("duplicate", 10, 20, "copies=4 apart=simultaneous")


def event(name, at_ms):
    return EventFact("w", name, "SaleCreated", (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, at_ms),))


def said(*faults):
    events = (event("control", 5), event("a", 12), event("b", 13))
    final = Observation(99, tuple(Effect(each.webhook_event_id) for each in events))
    history = History("duplicate-race", events, faults=faults, final=final)
    return list(sentences(history, correlate(history, final), replaced=frozenset(), orders={}))


def test_the_tries_of_a_race_are_counted():
    """The control was sent before the copies."""
    chances = "events that arrived as several copies at once, a chance for a race each"
    assert [f"{chances}: 2 of SaleCreated"] == said(COPIES)


def test_a_storm_is_about_more_than_a_race():
    assert [] == said(COPIES, FaultFact("refuse", 10, 20))
    assert [] == said()


def notes(*groups, replaced=(), orders=MappingProxyType({}), **facts):
    events = tuple(event for group in groups for event in group.events)
    history = History("steady", events, **facts)
    return list(sentences(history, Correlation(groups), replaced=frozenset(replaced), orders=orders))


def group(*events, effects=1, ambiguous=False):
    return EventGroup(events, (Effect(None),) * effects, 1, len(events), ambiguous)


SALE = Entity("saleId", "7")


def fact(webhook, name, entity=SALE):
    return EventFact(webhook, name, "SaleCreated", (), entity=entity)


TWIN = (
    "two webhooks reported {}, and the receiver booked each once per webhook: two event ids, so no violation, "
    "but the business may see them twice"
)


def test_what_two_webhooks_report_may_be_booked_twice():
    """One occurrence that was booked for each of them; not two things, or two events of one webhook."""
    one, other = fact("w1", "a"), fact("w2", "b")
    assert [TWIN.format("1 occurrence")] == notes(group(one, other, effects=2))
    assert [TWIN.format("2 occurrences")] == notes(group(one, other, effects=2), group(one, other, effects=2))
    assert [] == notes(group(one, other, effects=1))
    assert [] == notes(group(one, fact("w1", "b"), effects=2))
    assert [] == notes(group(one, fact("w2", "b", Entity("saleId", "8")), effects=2))
    assert [] == notes(group(one, effects=2))


def test_what_no_effect_tells_apart_is_counted():
    one, other = fact("w1", "a"), fact("w1", "b")
    assert ["2 entities had several events that no effect tells apart: one effect or more is right"] == notes(
        group(one, other, ambiguous=True), group(one, other, ambiguous=True), group(one)
    )


def test_older_states_without_an_effect_are_counted():
    """Those in whose place a newer one is shown, which has its own."""
    old, new = event("old", 1), event("new", 2)
    (note,) = notes(group(old, effects=0), group(new), replaced=["old", "new"])
    assert note.startswith("1 older state has no effect: the effects keep one row for each customer, ")
    assert [] == notes(group(old, effects=0), replaced=["new"])
    (note,) = notes(group(old, effects=0), group(new, effects=0), replaced=["old", "new"])
    assert note.startswith("2 older states have no effect: ")


def test_an_older_state_that_was_never_acknowledged_is_none():
    """That the receiver has no effect of it needs no explanation."""
    refused = replace(event("old", 1), runs=())
    assert [] == notes(group(refused, effects=0), replaced=["old"])


def test_an_unseen_order_gets_a_note_where_another_was_seen():
    """Where none was seen, that is the reason of the verdict."""
    (told,) = notes(orders={"CustomerUpdated": True, "StockMovementCreated": False, "OrderUpdated": False})
    assert told == (
        "the order of OrderUpdated, StockMovementCreated could not be seen: no effect shows which of two states counts"
    )
    assert [] == notes(orders={"CustomerUpdated": True})
    assert [] == notes(orders={"CustomerUpdated": False, "StockMovementCreated": False})


def test_types_without_an_identity_get_a_note_where_effects_are_found_by_it():
    """The types, each once, in the order of the alphabet."""
    unnamed = [EventFact("w", f"{n}", f"Type{name}", ()) for n, name in enumerate("EDCBAA")]
    said = "not judged, because the catalogue knows no identity: TypeA, TypeB, TypeC, TypeD, TypeE"
    assert [said] == notes(*map(group, unnamed), group(fact("w", "x")), observer_key=BUSINESS)
    assert [] == notes(*map(group, unnamed))
    assert [] == notes(group(fact("w", "x")), observer_key=BUSINESS)


def test_the_limit_of_bodies_gets_a_note():
    assert ["takes bodies up to 1 MiB"] == notes(limit="takes bodies up to 1 MiB")


@pytest.mark.parametrize(("at_ms", "is_try"), [(9, False), (10, True), (20, True), (21, False)])
def test_a_try_began_while_copies_were_sent(at_ms, is_try):
    """One run of several is enough."""
    late = EventFact("w", "a", "SaleCreated", (*event("a", at_ms).runs, *event("a", 99).runs))
    assert is_try is bool(notes(group(late), faults=(COPIES,)))


def test_derived_state_that_proves_nothing_is_said(monkeypatch):
    """Levels and customers apart, with the reason."""
    unclear = (StateCheck(unclear={"one row is missing": 2}), StateCheck(unclear={"two agree": 1}))
    monkeypatch.setattr(judge_notes, "checks", lambda _: unclear)
    assert [
        "the levels of 2 stock items differ from the events, but prove nothing: one row is missing",
        "the rows of 1 customer differ from the events, but prove nothing: two agree",
    ] == notes()
