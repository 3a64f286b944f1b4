"""Totals of a standalone Z report: they add up to the cent, whatever is drawn."""

import pytest

from frontsim.payloads.documents.sales import ROUNDING
from frontsim.payloads.documents.settlements import SettlementTotals, draw_totals
from frontsim.payloads.world.moments import HOUR
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import World

AT = 900 * HOUR


def totals(number: int) -> SettlementTotals:
    world = World(3)
    store = world.stores[number % len(world.stores)]
    return draw_totals(SeededDraws(3, "z", number), store, store.terminals[0], number=number, at=AT)


@pytest.mark.parametrize("number", range(40))
def test_the_payments_add_up(number: int) -> None:
    """Sum of payments = gross - discount; rounding stays under a krone."""
    found = totals(number)
    assert found.gross - found.discount == sum(amount for _, amount in found.paid.values())
    rounded = [amount for (method, _), (_, amount) in found.paid.items() if method is ROUNDING]
    assert all(abs(amount) < 100 for amount in rounded)
    assert 0 <= found.discount <= found.gross


@pytest.mark.parametrize("number", range(40))
def test_the_days_receipts_are_a_range_of_one_day(number: int) -> None:
    """The first sale lies 8 to 12 hours back; receipts of two days do not overlap."""
    found, following = totals(number), totals(number + 1)
    first, last = found.receipts
    assert first <= last < first + 90
    assert found.first is not None
    assert 8 * HOUR <= AT - found.first <= 12 * HOUR
    assert len(found.vat) == len(set(found.vat)) >= 2
    assert following.receipts != found.receipts


def test_totals_follow_from_the_draws_alone() -> None:
    assert totals(7) == totals(7)
