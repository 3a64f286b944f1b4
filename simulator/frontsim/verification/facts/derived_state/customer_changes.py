"""What events say of customers: pure.

A CustomerCreated, and each CustomerUpdated, gives the customer's state from that moment on: so their published triggers
say. The vendor publishes no event for a merge or a deletion; that `deleted` may become true is inferred.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from frontsim.verification.facts import lookup
from frontsim.verification.facts.customer_shape import Trait
from frontsim.verification.facts.history import EventFact
from frontsim.verification.facts.obligations import is_owed

CREATED, UPDATED = "CustomerCreated", "CustomerUpdated"
CUSTOMER_EVENTS = (CREATED, UPDATED)


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """A customer's state from a moment on, as the vendor gives it.

    Attributes:
        customer: the customerId.
        since: when the customer was changed, else created; "" where the event does not say.
    """

    event: EventFact
    customer: str
    since: str

    @property
    def is_deletion(self) -> bool:
        return bool(lookup.find(self.event.payload, "deleted"))


def customer_changes(events: Iterable[EventFact]) -> list[CustomerChange]:
    """The changes of customers among some events; one that names no customer is left out."""
    found = [
        (event, lookup.normalised(lookup.find(event.payload, "customerId")))
        for event in events
        if event.event in CUSTOMER_EVENTS and isinstance(event.payload, dict)
    ]
    return [CustomerChange(event, customer, _since(event)) for event, customer in found if customer]


def _since(event: EventFact) -> str:
    moments = (lookup.find(event.payload, path) for path in ("updatedDateTime", "createdDateTime"))
    return next((str(each) for each in moments if each), "")


def traits(changes: Sequence[CustomerChange]) -> Iterator[Trait]:
    """By what a receiver may choose whom it keeps: types of events, flags, the country, and fields without a text."""
    yield "type of event", frozenset(each.event.event for each in changes if is_owed(each.event))
    for change in changes:
        for path, value in change.event.payload.items():
            if isinstance(value, bool) or path == "countryCode":
                yield path, str(value).lower()
            elif not value:
                yield path, None
