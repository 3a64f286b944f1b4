import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.correlate import EventGroup
from frontsim.verification.effects.history import Effect, EventFact, Expect, History, Observation, Run
from frontsim.verification.judge.rules import booked_early, shown_by_entry, wrong_in

RUN = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5)


def sale(effects, *, runs=1, siblings=1, event="SaleCreated", **payload):
    events = tuple(EventFact("w", str(n), event, (RUN,) * runs, payload=payload) for n in range(siblings))
    return EventGroup(events, (Effect(None),) * effects, 1, 1)


def alone(group):
    return group.events[0], group.effects


def test_a_row_for_each_entry_of_a_list():
    """The list that fits all events of the type, however many rows that are; an event without a row tells nothing."""
    groups = [sale(1, pay=[1], lines=[1]), sale(3, pay=[1], lines=[1, 2, 3]), sale(0, pay=[], lines=[1])]
    assert {"SaleCreated": "lines"} == shown_by_entry(map(alone, groups))
    assert {"SaleCreated": "lines"} == shown_by_entry(map(alone, [*groups, sale(2, event="InvoiceCreated", lines=[1])]))
    assert {"SaleCreated": "lines"} == shown_by_entry([alone(sale(3, lines=[1, 2, 3], runs=2))])


@pytest.mark.parametrize(
    "groups",
    [
        [],
        [sale(1, lines=[1])],
        [sale(2, lines=[1, 2], runs=2)],
        [sale(2, lines=[1, 2]), sale(2, lines=[1])],
        [sale(2, lines=[1, 2]), sale(1, lines="a")],
        [sale(2, lines="ab")],
        [sale(2)],
    ],
)
def test_what_may_be_a_second_booking(groups):
    """No more rows than runs, as many whatever the list has, no list."""
    assert {} == shown_by_entry(map(alone, groups))


def test_a_payload_that_is_no_object_has_no_list():
    event = EventFact("w", "1", "SaleCreated", (RUN,), payload=[1, 2])
    assert {} == shown_by_entry([(event, (Effect(None),) * 2)])


def test_one_of_siblings_stands_for_an_effect_too_many():
    """Three effects of two siblings that may have two; of one effect too few, each is accused."""
    assert ["0"] == [each.event.webhook_event_id for each in wrong_in(sale(3, siblings=2))]
    too_few = EventGroup(sale(0, siblings=2).events, (), 1, 2)
    assert ["0", "1"] == [each.event.webhook_event_id for each in wrong_in(too_few)]
    assert [] == wrong_in(sale(1))


def test_what_is_booked_of_a_broken_body():
    """Only an event whose first run had to be refused, and that has an effect before the sound resend."""
    broken, other, sound = (
        EventFact("w", name, "SaleCreated", (RUN,), expect=expect)
        for name, expect in (("broken", Expect.REFUSED), ("other", Expect.REFUSED), ("sound", Expect.ONCE))
    )
    shown = Observation(1, (Effect("broken"), Effect("broken"), Effect("sound")))
    (found,) = booked_early(History("malformed", (broken, other, sound), checkpoint=shown))
    told = (found.event, found.class_, found.reason)
    assert (broken, Class.UNEXPECTED, "expected no effect before a whole body had arrived, got 2") == told
