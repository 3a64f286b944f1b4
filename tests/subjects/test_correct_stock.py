"""A receiver that keeps levels reads events; the registry's trials prove that the levels are right."""

import pytest

from frontsim.subjects.correct import change_of
from frontsim.subjects.inbound import ReceivedEvent

WHOLE = {
    "stockId": 3044, "gtin": "704", "quantity": -1, "stockLevel": 9, "movementId": 5,
    "createdDateTime": "2026-08-01T12:00:00",
}  # fmt: skip


def read(event="StockMovementCreated", **changes):
    payload = {**WHOLE, **changes}
    return change_of(ReceivedEvent(event_id="e", webhook_id="w", type=event, payload=payload, body=b"{}"))


def test_a_movement_changes_a_level():
    """By its difference, and by the level after it."""
    assert (-1, 9) == (read().quantity, read().level)


@pytest.mark.parametrize(
    "changes", [{"gtin": None}, {"stockId": "x"}, {"quantity": "1"}, {"stockLevel": 2**70}, {"createdDateTime": None}]
)
def test_an_event_that_does_not_say_enough_changes_none(changes):
    """A receiver must take it all the same."""
    assert read(**changes) is None


def test_an_event_of_another_type_changes_none():
    """Its fields may have the same names."""
    assert read("SaleCreated") is None
