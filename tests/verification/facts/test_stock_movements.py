import pytest

from frontsim.verification.facts.history import EventFact
from frontsim.verification.facts.stock_movements import movements

WHOLE = {
    "movementId": 1, "gtin": "0704", "sku": None, "stockId": 3044, "quantity": -1,
    "stockLevel": 9, "reservedLevel": 2, "availableLevel": 7, "createdDateTime": "2026-08-01T12:00:00",
}  # fmt: skip


def found(**changes):
    return movements([EventFact("w", "e", "StockMovementCreated", (), payload={**WHOLE, **changes})])


def test_a_movement_names_its_article_as_it_can():
    """A GTIN that is kept as a number has lost its zeros."""
    assert {"gtin": "704"} == found()[0].items
    assert {"sku": "S"} == found(gtin=None, sku="S")[0].items


@pytest.mark.parametrize("changes", [{"gtin": None}, {"quantity": None}, {"stockLevel": "x"}, {"stockId": None}])
def test_a_movement_that_does_not_say_enough_is_left_out(changes):
    """It can move no level that is compared."""
    assert [] == found(**changes)
