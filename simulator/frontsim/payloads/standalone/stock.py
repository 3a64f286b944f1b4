"""Standalone stock movements, adjustments and counts."""

from typing import Any

from frontsim.payloads.documents.stock import (
    MOVEMENT_TYPES,
    CountedItem,
    Item,
    Level,
    adjustment_json,
    count_json,
    movement_json,
    some_sizes,
)
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import HOUR, SECOND, Ticks
from frontsim.payloads.values.seeded_draws import SeededDraws

_TYPES = ("Sale",) * 9 + MOVEMENT_TYPES[1:]


_DELTAS = {
    "Sale": (-1, -1, -1, -1, -2, -3, 1, -1),
    "Manual": (-2, -1, -1, 1, 1, 2, 5, -4),
    "PurchaseOrderReceived": (1, 2, 4, 5, 6, 10, 12, 24),
    "Relocation": (-4, -2, -1, -1, 1, 1, 2, 4),
    "Reconciliation": (-5, -3, -1, -1, 1, 1, 2, 4),
    "Bestilling": (0,),
    "Cancelled": (0, 0, 1, 1),
    "PurchaseOrderOrdered": (0,),
}


def draw_movement(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A movement in the store's stock."""
    kind = draws.pick(_TYPES)
    quantity = draws.pick(_DELTAS[kind])
    drawn = draws.below(24 * 8 * 16)  # the level, its reserved part, and the user, from one draw
    on_hand = drawn % 24 + max(quantity, 0)
    reserved = min(on_hand, max(0, drawn // 24 % 8 - 4))
    return movement_json(
        movement_id=world.id("movement", number),
        kind=kind,
        size=draws.pick(world.sizes),
        quantity=quantity,
        level=Level(on_hand, reserved),
        stock_id=store.stock.id,
        user=store.users[drawn // 192 % len(store.users)],
        at=at,
    )


def draw_adjustment(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """An adjustment of up to five sizes; the API also takes an adjustment without any."""
    items = tuple(
        Item(size, draws.pick((-3, -2, -1, -1, 1, 1, 2, 6))) for size in some_sizes(draws, world, draws.below(6))
    )
    return adjustment_json(draws, world, store, number=number, at=at, items=items)


def draw_count(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A count: the level afterwards is the counted quantity; without differences the list is empty."""
    items = []
    for place, size in enumerate(some_sizes(draws, world, draws.below(9))):
        counted = draws.below(30)
        movement_id = world.id("movement", 700_000_000 + number * 16 + place)
        difference = draws.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3))
        items.append(CountedItem(size, difference, counted=counted, movement_id=movement_id))
    counted_at = at - draws.below(5 * HOUR) - SECOND
    return count_json(draws, world, store, number=number, counted=counted_at, at=at, items=tuple(items))
