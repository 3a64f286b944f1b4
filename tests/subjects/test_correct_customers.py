"""A receiver that keeps customers reads events; the matrix proves that its rows are right."""

import pytest

from frontsim.subjects.correct import customer_row
from frontsim.subjects.inbound import ReceivedEvent

WHOLE = {
    "customerId": 7, "firstName": " Ola ", "lastName": "Nordmann", "email": "Ola@Example.com", "address1": "Storgata 1",
    "postalCode": "0150", "city": "Oslo", "createdDateTime": "2026-08-01T12:00:00", "updatedDateTime": None,
}  # fmt: skip


def read(event="CustomerUpdated", **changes):
    payload = {**WHOLE, **changes}
    return customer_row(ReceivedEvent(event_id="e", webhook_id="w", type=event, payload=payload, body=b"{}"))


def test_a_customer_is_kept_in_forms_of_its_own():
    """A whole name and address, e-mail in lower case; what is not there leaves no gap."""
    address = "Storgata 1, 0150, Oslo"
    row = {"id": 7, "name": "Ola Nordmann", "email": "ola@example.com", "address": address}
    assert {**row, "moment": "2026-08-01T12:00:00"} == read("customercreated")
    assert {**row, "name": "Nordmann", "moment": "2026-08-02"} == read(firstName=None, updatedDateTime="2026-08-02")


@pytest.mark.parametrize(("event", "changes"), [("SaleCreated", {}), ("CustomerUpdated", {"customerId": None})])
def test_an_event_that_tells_of_no_customer_keeps_none(event, changes):
    """A receiver must take it all the same."""
    assert read(event, **changes) is None
    assert read(customerId=2**70) is None
