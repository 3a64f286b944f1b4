import dataclasses

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.classes import GOOD, Class
from frontsim.verification.effects.history import (
    ContentCheck,
    Effect,
    EventFact,
    Expect,
    FaultFact,
    History,
    Liveness,
    Observation,
    Run,
)
from frontsim.verification.judge.checks import why_not_exercised
from tests.verification.laboratory import CONTRACT

CLAUSES = {clause.id: clause for clause in CONTRACT}
ACKNOWLEDGED = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 1)
UNANSWERED = dataclasses.replace(ACKNOWLEDGED, outcome=Outcome.UNKNOWN, status="Timeout", status_code=None)
NEVER_SENT = dataclasses.replace(UNANSWERED, outcome=Outcome.NOT_SENT, faulted=True)
RESENT = Run(2, Trigger.RESEND, Outcome.ANSWERED, "OK", 200, 5)
EVENT = EventFact("w", "x", "SaleCreated", (ACKNOWLEDGED,), payload={"saleId": 1})


def history(*runs, **fields):
    event = {name: fields.pop(name) for name in ("expect", "series", "rank") if name in fields}
    return History("steady", (dataclasses.replace(EVENT, runs=runs, **event),), **fields)


LOOKED = Observation(9, (Effect("x"),))
SHOWN = Observation(9, (Effect("x", {"number": 1}),))


@pytest.mark.parametrize(
    ("clause", "fitting", "wanting"),
    [
        ("books-what-it-acknowledges", history(ACKNOWLEDGED), history(UNANSWERED)),
        ("books-what-is-resent", history(UNANSWERED, RESENT), history(ACKNOWLEDGED, RESENT)),
        ("books-a-repeat-once", history(UNANSWERED, RESENT), history(NEVER_SENT, RESENT)),
        ("books-a-repeat-once", history(ACKNOWLEDGED, faults=(FaultFact("duplicate", 0, 9),)), history(ACKNOWLEDGED)),
        ("keeps-the-newest", history(ACKNOWLEDGED, series="customer 1", rank=1), history(ACKNOWLEDGED)),
        ("takes-valid-events", history(ACKNOWLEDGED), history(NEVER_SENT)),
        (
            "books-only-what-arrived-whole",
            history(ACKNOWLEDGED, expect=Expect.REFUSED, checkpoint=LOOKED),
            history(ACKNOWLEDGED, checkpoint=LOOKED),
        ),
        (
            "keeps-content",
            history(ACKNOWLEDGED, final=Observation(9, (Effect("x", {"payload": {"saleId": 1}}),))),
            history(ACKNOWLEDGED, final=LOOKED),
        ),
        ("stays-alive", history(ACKNOWLEDGED, liveness=Liveness()), history(ACKNOWLEDGED)),
        ("settles", history(ACKNOWLEDGED, final=LOOKED), history(ACKNOWLEDGED)),
    ],
)
def test_a_clause_needs_what_can_break_it(clause, fitting, wanting):
    """It is exercised when a wrong receiver could have been found out, and else there is a reason."""
    assert "" == why_not_exercised(CLAUSES[clause], fitting)
    assert why_not_exercised(CLAUSES[clause], wanting).startswith("not exercised by steady: ")


def test_every_clause_can_tell_why():
    """A scenario that never got anywhere exercises nothing."""
    assert all(why_not_exercised(clause, History("steady")) for clause in CONTRACT)


ALL_CLASSES = frozenset({"lost-after-ack", "unexpected", "stale", "crashed", "corrupt"})


def test_a_clause_of_several_classes_needs_one_of_them():
    """Where none was possible, each is named once, in one order."""
    clause = dataclasses.replace(CLAUSES["books-what-it-acknowledges"], classes=ALL_CLASSES)
    assert "" == why_not_exercised(clause, history(ACKNOWLEDGED))
    assert why_not_exercised(clause, history(UNANSWERED)) == (
        "not exercised by steady: no effect carries a payload or a named column and the receiver was not asked for a "
        "sign of life and no event was acknowledged and no older state arrived after a newer one and no broken body "
        "arrived"
    )


@pytest.mark.parametrize("class_", sorted(set(Class) - GOOD))
def test_each_class_has_a_reason_of_its_own(class_):
    """A sentence, where nothing has happened."""
    clause = dataclasses.replace(CLAUSES["books-what-it-acknowledges"], classes=frozenset({class_}))
    assert len(why_not_exercised(clause, History("steady")).partition(": ")[2]) > 10


@pytest.mark.parametrize(
    ("clause", "facts", "expected"),
    [
        ("books-what-is-resent", history(UNANSWERED, dataclasses.replace(RESENT, trigger=Trigger.ORIGINAL)), False),
        ("books-only-what-arrived-whole", history(ACKNOWLEDGED, expect=Expect.REFUSED), False),
        ("keeps-the-newest", history(ACKNOWLEDGED, series="customer 1"), False),
        ("keeps-the-newest", history(ACKNOWLEDGED, rank=1), False),
        ("keeps-content", history(ACKNOWLEDGED, final=SHOWN, column_map={"number": "saleId"}), True),
        ("keeps-content", history(ACKNOWLEDGED, final=SHOWN, column_map={"other": "saleId"}), False),
        ("keeps-content", history(ACKNOWLEDGED, final=SHOWN), False),
        ("keeps-content", history(ACKNOWLEDGED, final=Observation(9, (Effect("x", {"payload": {"own": 1}}),))), False),
        (
            "keeps-content",
            history(
                ACKNOWLEDGED,
                final=Observation(9, (Effect("x", {"payload": {"saleId": 1}}),)),
                check_content=ContentCheck.OFF,
            ),
            False,
        ),
    ],
)
def test_what_is_not_enough_for_a_clause(clause, facts, expected):
    """A copy is no resend; a broken body that was not looked for; one state alone; content that is not compared."""
    assert expected is ("" == why_not_exercised(CLAUSES[clause], facts))


def test_one_broken_body_among_sound_ones_is_enough():
    broken = dataclasses.replace(EVENT, expect=Expect.REFUSED)
    facts = History("steady", (EVENT, broken), checkpoint=LOOKED)
    assert "" == why_not_exercised(CLAUSES["books-only-what-arrived-whole"], facts)
