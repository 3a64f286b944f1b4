import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.classes import Class, Classified
from frontsim.verification.facts.correlate import correlate
from frontsim.verification.facts.history import Effect, EventFact, Expect, History, Observation, Run
from frontsim.verification.judge.rules import Evidence, Opinion, changing_effects_prove_little, opinion_on

ACKNOWLEDGED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5)
BROKEN_BODY = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5, faulted=True)


def event(name, *runs, **others):
    return EventFact("w", name, "SaleCreated", runs, **others)


def accusations(*events, shown=(), doubt="", **others):
    history = History("steady", events, final=Observation(9, tuple(map(Effect, shown))), **others)
    opinion = opinion_on(Evidence(history, correlate(history, history.final), doubt))
    return [(each.event.webhook_event_id, each.class_) for each in opinion.accused], opinion.unknown


def test_a_doubt_takes_back_what_is_missing_and_nothing_else():
    """What the answers prove stands: the rule about doubts comes before they are added."""
    broken = event("broken", BROKEN_BODY, expect=Expect.REFUSED)
    lost = event("lost", ACKNOWLEDGED)
    both = [("broken", Class.LOST_AFTER_ACK), ("lost", Class.LOST_AFTER_ACK)]
    assert (both, "") == accusations(broken, lost, shown=["broken"])
    assert (both[:1], "a page") == accusations(broken, lost, shown=["broken"], doubt="a page")
    assert (both[:1], "") == accusations(broken, lost, shown=["broken", "lost"], doubt="a page")


@pytest.mark.parametrize(
    ("class_", "expected"), [(Class.DUPLICATED, Class.DUPLICATED), (Class.LOST_AFTER_ACK, Class.UNSETTLED)]
)
def test_of_effects_that_change_only_what_time_cannot_undo_stands(class_, expected):
    """One rule alone: it needs nothing of the others."""
    sale = event("sale", ACKNOWLEDGED)
    history = History("steady", (sale,), final=Observation(9, ()), settled=False)
    evidence = Evidence(history, correlate(history, history.final))
    opinion = changing_effects_prove_little(evidence, Opinion((Classified(sale, class_),)))
    assert [expected] == [each.class_ for each in opinion.accused]
    assert opinion.unknown == "the effects were still changing when time ran out"
