"""Events say how customers are, and since when."""

from dataclasses import replace

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import customer_changes, traits
from frontsim.verification.effects.history import EventFact, Run


def event(payload, name="CustomerUpdated"):
    return EventFact("w", "e", name, (), payload=payload)


def test_a_change_holds_since_the_update_or_the_creation():
    """By the vendor's own time."""
    updated = event({"customerId": 7, "createdDateTime": "2026-08-01", "updatedDateTime": "2026-08-02"})
    created = event({"customerId": 7, "createdDateTime": "2026-08-01", "updatedDateTime": None}, "CustomerCreated")
    silent = event({"customerId": "7"})
    found = customer_changes([updated, created, silent])
    assert [("7", "2026-08-02"), ("7", "2026-08-01"), ("7", "")] == [(each.customer, each.since) for each in found]


def test_other_events_tell_of_no_customer():
    """Nor do those that name none."""
    others = [
        event({"customerId": 7}, "SaleCreated"),
        event({"customerId": None}),
        event('{"customerId": 7}'),
        event(None),
    ]
    assert [] == customer_changes(others)


def test_a_deletion_is_known_by_its_flag():
    """The vendor's payload has one."""
    deleted, kept = customer_changes([event({"customerId": 1, "deleted": True}), event({"customerId": 2})])
    assert (True, False) == (deleted.is_deletion, kept.is_deletion)


def test_what_a_receiver_may_choose_by():
    """Flags, the country, fields without a text, and by which events it was told."""
    change = customer_changes(
        [event({"customerId": 7, "isEmployee": True, "countryCode": "NO", "email": "", "city": "A"})]
    )
    expected = {("type of event", frozenset()), ("isEmployee", "true"), ("countryCode", "no"), ("email", None)}
    assert expected == set(traits(change))


def test_a_receiver_may_choose_by_the_events_that_it_took():
    """Those that it acknowledged."""
    taken = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0),)
    both = [replace(event({"customerId": 7}), runs=taken), event({"customerId": 7}, "CustomerCreated")]
    assert {("type of event", frozenset({"CustomerUpdated"}))} == set(traits(customer_changes(both)))
