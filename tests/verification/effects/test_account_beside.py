"""How many effects beside its own an event leaves is learned from clean single deliveries."""

from dataclasses import replace

import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.account import by_type, clean_singles, least_beside, most_beside, samples, units_of
from frontsim.verification.effects.correlate import Correlation, EventGroup
from frontsim.verification.effects.history import Effect, Entity, EventFact, Expect, History, Run


def run(at_ms=0, code=200, **others):
    return Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", code, at_ms, duration_ms=5, **others)


def event(name, *runs, kind="SaleCreated", about="", **others):
    return EventFact("w", name, kind, runs or (run(),), entity=Entity("saleId", about or name), **others)


ONE = event("one")


@pytest.mark.parametrize(
    ("wrong", "is_clean"),
    [
        (ONE, True),
        (event("one", run(), run(50)), False),
        (event("one", run(code=500)), False),
        (event("one", run(faulted=True)), False),
        (event("one", run(mutated=True)), False),
        (replace(ONE, altered=True), False),
        (replace(ONE, expect=Expect.EITHER), False),
        (replace(ONE, runs=()), False),
    ],
)
def test_a_clean_event_arrived_once_and_nothing_broke_it(wrong, is_clean):
    assert is_clean is bool(clean_singles(History("steady", (wrong,))))
    assert [] == clean_singles(History("steady", (wrong,), marks=((1, "receiver killed"),)))


def test_an_event_in_a_crowd_may_be_booked_twice():
    """Five at a time are few; six of one type are a race, and of two types they are none."""
    assert 5 == len(clean_singles(History("steady", tuple(event(f"{n}") for n in range(5)))))
    assert 0 == len(clean_singles(History("steady", tuple(event(f"{n}") for n in range(6)))))
    assert 6 == len(clean_singles(History("steady", tuple(event(f"{n}", run(n * 6)) for n in range(6)))))
    assert 6 == len(clean_singles(History("steady", tuple(event(f"{n}", kind=f"{n % 2}") for n in range(6)))))


def test_an_event_is_clean_with_all_that_are_about_the_same():
    """Of a creation and an update that was resent, the rows may be of either; and of two of one type that are clean."""
    creation, twin = (event(name, about="x", kind="CustomerCreated") for name in ("a", "c"))
    update, resent = (event("b", *runs, about="x", kind="CustomerUpdated") for runs in ((), (run(), run())))
    assert [creation, update] == clean_singles(History("steady", (creation, update)))
    assert [] == clean_singles(History("steady", (creation, resent)))
    assert [] == clean_singles(History("two-webhooks", (creation, twin)))


def test_samples_count_what_stands_beside():
    """Those about one thing share all of it."""
    creation, update, other = event("a", about="x"), event("b", about="x"), event("c")
    beside = [(creation, Effect(None)), (update, Effect(None))]
    assert ((creation, 2), (update, 2), (other, 0)) == samples([creation, update, other], beside)


def sale(lines=0, payments=1):
    return event(
        f"sale of {lines} and {payments}", payload={"lines": [{}] * lines, "payments": [{}] * payments, "a": 1}
    )


@pytest.mark.parametrize(
    ("known", "asked", "most"),
    [
        ([(sale(2), 0), (sale(3), 0)], sale(9), 0),
        ([(sale(2), 1), (sale(3), 1)], sale(9), 1),
        ([(sale(2), 2), (sale(3), 3)], sale(9), 9),
        ([(sale(2), 3), (sale(3), 4)], sale(9), 10),
        ([(sale(2, 1), 1), (sale(3, 2), 2), (sale(5, 1), 1)], sale(9, 4), 4),
        ([(sale(2), 2)], sale(9), 9),  # two for each sale, one for each line, or one more than payments
        ([(sale(2), 2), (sale(2), 5)], sale(2), 5),  # nothing explains both
        ([(event("a"), 2)], event("b"), 2),
        ([(sale(1), 1), (sale(2), 2)], sale(0), 1),  # what leaves some is accused of nothing
        ([(sale(3), 1), (sale(4), 2)], sale(1), 2),  # fewer than a list has is no rule
        ([(sale(3), 1), (sale(5), 5)], sale(7), 7),  # a row for some of the lines
    ],
)
def test_the_number_is_one_for_all_or_follows_a_list(known, asked, most):
    """With few samples several rules fit, and the largest number counts."""
    assert most == most_beside([asked], by_type(known))


@pytest.mark.parametrize(
    ("known", "asked", "least"),
    [
        ([(sale(n), n) for n in range(1, 6)], sale(9), 9),
        ([(sale(n), n) for n in range(1, 5)], sale(9), 0),  # four may be chance
        ([(sale(2), 2)] * 5, sale(9), 2),  # two for each sale, or one for each line
        ([(sale(n), n) for n in range(1, 6)] + [(sale(3), 2)], sale(9), 0),
        ([(sale(n), 0) for n in range(1, 6)], sale(9), 0),
    ],
)
def test_what_is_owed_is_the_least_by_the_rules_that_fit(known, asked, least):
    assert least == least_beside(asked, known)


def test_a_type_without_samples_is_not_known():
    assert None is most_beside([ONE, event("b", kind="OwnType")], by_type([(ONE, 1)]))
    assert 2 == most_beside([ONE, event("b")], by_type([(ONE, 1)]))


def test_a_unit_is_all_about_one_thing():
    """An event without own effects may have one under another key: that is none too many."""
    creation, update, other = event("a", about="x"), event("b", about="x"), replace(ONE, entity=None)
    groups = [EventGroup((each,), (Effect(each.webhook_event_id),), 1, 1) for each in (creation, update)]
    row = Effect(None)
    found = units_of(Correlation((*groups, EventGroup((other,), (), 1, 1)), ((update, row), (other, row))))
    assert [((creation, update), 2, ((update, row),)), ((other,), 0, ((other, row),))] == [
        (unit.events, unit.own, unit.beside) for unit in found
    ]
    assert [1, 0] == [unit.surplus(0) for unit in found]
    assert [0, -1] == [unit.surplus(1) for unit in found]
