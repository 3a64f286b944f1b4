from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

Bodies = Callable[[str], Sequence[dict[str, Any]]]


def test_a_reservation_lasts_72_hours_by_default(bodies: Bodies) -> None:
    """The vendor's default (published); about half have it, the others are shorter or longer."""
    lengths = [
        datetime.fromisoformat(kept["expirationDateTime"]) - datetime.fromisoformat(kept["ins"])
        for kept in bodies("StockReservationCreated")
    ]

    assert {timedelta(hours=hours) for hours in (24, 48, 72, 168)} == set(lengths)
    assert 0.4 < lengths.count(timedelta(hours=72)) / len(lengths) < 0.6


def test_an_expiry_is_of_the_reservation_that_was_made(bodies: Bodies) -> None:
    """The same number is the same reservation; a release ends it at once, running out at its time."""
    ways: set[object] = set()
    for made, gone in zip(bodies("StockReservationCreated"), bodies("StockReservationExpired"), strict=True):
        ways.add(gone["isReleased"])
        for field in ("id", "stockId", "customerId", "quantity", "gtin", "ins"):
            assert made[field] == gone[field]
        if gone["isReleased"] is False:
            assert made["expirationDateTime"] == gone["expirationDateTime"]
        else:
            assert made["ins"] <= gone["expirationDateTime"] < made["expirationDateTime"]
    assert {True, False} == ways
