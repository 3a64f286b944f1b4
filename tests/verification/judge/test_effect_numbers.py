import pytest

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.facts.correlate import EventGroup
from frontsim.verification.facts.history import Effect, EventFact, Run
from frontsim.verification.judge.effect_numbers import shown_by_entry

RUN = Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 5)


def sale(effects, *, runs=1, siblings=1, event="SaleCreated", **payload):
    events = tuple(EventFact("w", str(n), event, (RUN,) * runs, payload=payload) for n in range(siblings))
    return EventGroup(events, (Effect(None),) * effects, 1, 1)


def test_a_row_for_each_entry_of_a_list():
    """The list that fits all events of the type, however many rows that are; an event without a row tells nothing."""
    groups = [sale(1, pay=[1], lines=[1]), sale(3, pay=[1], lines=[1, 2, 3]), sale(0, pay=[], lines=[1])]
    assert {"SaleCreated": "lines"} == shown_by_entry(groups)
    assert {"SaleCreated": "lines"} == shown_by_entry([*groups, sale(2, event="InvoiceCreated", lines=[1])])
    assert {"SaleCreated": "lines"} == shown_by_entry([sale(3, lines=[1, 2, 3], runs=2)])


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
        [sale(3, lines=[1, 2, 3], siblings=2)],
    ],
)
def test_what_may_be_a_second_booking(groups):
    """No more rows than runs, as many whatever the list has, no list, and events that cannot be told apart."""
    assert {} == shown_by_entry(groups)


def test_a_payload_that_is_no_object_has_no_list():
    event = EventFact("w", "1", "SaleCreated", (RUN,), payload=[1, 2])
    assert {} == shown_by_entry([EventGroup((event,), (Effect(None),) * 2, 1, 1)])
