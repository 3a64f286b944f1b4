"""Standalone movements, adjustments and counts, by the draws alone."""

from typing import Any

import orjson
import pytest

from frontsim.payloads.documents.stock import draw_adjustment, draw_count, draw_movement
from frontsim.payloads.world.moments import HOUR
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import World

WORLD = World(3)
STORE = WORLD.stores[0]
AT = 900 * HOUR
SIGNS = {
    "PurchaseOrderReceived": {1},
    "Bestilling": {0},
    "PurchaseOrderOrdered": {0},
    "Cancelled": {0, 1},
}
"""Of the quantity; a movement of another kind may go both ways."""


def drawn(draw: Any, number: int) -> dict[str, Any]:
    return draw(SeededDraws(3, "stock", number), WORLD, STORE, number=number, at=AT)


def test_a_movement_leaves_a_level_that_can_be() -> None:
    """Never below zero, never below what came in, and no more reserved than there is."""
    for number in range(400):
        movement = drawn(draw_movement, number)
        quantity, level, reserved = movement["quantity"], movement["stockLevel"], movement["reservedLevel"]
        assert max(quantity, 0) <= level
        assert 0 <= reserved <= level
        assert level - reserved == movement["availableLevel"]
        assert STORE.stock.id == movement["stockId"]
        sign = (quantity > 0) - (quantity < 0)
        assert sign in SIGNS.get(movement["type"], {-1, 1})


@pytest.mark.parametrize(("draw", "most"), [(draw_adjustment, 5), (draw_count, 8)])
def test_they_list_up_to_so_many_sizes_each_once(draw: Any, most: int) -> None:
    """And sometimes none."""
    lists = [orjson.loads(orjson.dumps(drawn(draw, number)["items"])) for number in range(200)]
    assert (0, most) == (min(map(len, lists)), max(map(len, lists)))
    for items in lists:
        gtins = [item["gtin"] for item in items]
        assert len(gtins) == len(set(gtins))
