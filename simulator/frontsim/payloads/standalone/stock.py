"""Stock movements, adjustments and counts that stand alone."""

from typing import Any

from frontsim.payloads.documents.stock import (
    HIDDEN,
    MOVEMENT_TYPES,
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
    """A movement by itself, in the store's stock."""
    kind = draws.pick(_TYPES)
    quantity = draws.pick(_DELTAS[kind])
    drawn = draws.below(24 * 8 * 16)  # the level, what is reserved of it, and who did it, from one draw
    on_hand = drawn % 24 + max(quantity, 0)
    reserved = min(on_hand, max(0, drawn // 24 % 8 - 4))
    user = drawn // 192
    return movement_json(
        movement_id=world.id("movement", number),
        kind=kind,
        size=draws.pick(world.sizes),
        quantity=quantity,
        level=Level(on_hand, reserved),
        stock_id=store.stock.id,
        user=store.users[user % len(store.users)] if user else None,
        at=at,
    )


def draw_adjustment(
    draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks, central: bool
) -> dict[str, Any]:
    """An adjustment by itself: a handful of sizes, or (for an API call that named none) an empty list."""
    items = tuple(
        Item(size, draws.pick((-3, -2, -1, -1, 1, 1, 2, 6)), hidden=draws.pick(HIDDEN))
        for size in some_sizes(draws, world, draws.below(6))
    )
    return adjustment_json(draws, world, store, number=number, at=at, items=items, central=central)


def draw_count(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> dict[str, Any]:
    """A count by itself: what was counted is the level afterwards; without differences the list is empty."""
    items = []
    for place, size in enumerate(some_sizes(draws, world, draws.below(9))):
        counted = draws.below(30)
        odd = draws.below(24)
        items.append(
            Item(
                size,
                draws.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3)),
                None if odd == 0 else counted,
                None if odd == 1 else counted,
                None if odd == 2 else world.id("movement", 700_000_000 + number * 16 + place),
                "cost" if odd == 3 else None,
            )
        )
    counted_at = at - draws.below(5 * HOUR) - SECOND
    return count_json(draws, world, store, number=number, counted=counted_at, at=at, items=tuple(items))
