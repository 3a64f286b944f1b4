"""Reservations that stand alone."""

from frontsim.payloads.documents.reservations import DEFAULT_HOURS, Reservation
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import REGULAR_CUSTOMERS, World
from frontsim.payloads.values.moments import HOUR, Ticks
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


def draw_reservation(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> Reservation:
    """A reservation by itself."""
    hours = draws.pick((DEFAULT_HOURS, DEFAULT_HOURS, DEFAULT_HOURS, 24, 48, 168))
    sparse = draws.below(64)
    return Reservation(
        id=None if sparse == 0 else draws.uuid(),
        stock_id=None if sparse == 1 else store.stock.id,
        customer_id=world.customer(draws.below(REGULAR_CUSTOMERS)).id if draws.one_in(2) else None,
        sale_id=world.id("sale", 3 * number) if draws.one_in(4) else None,
        ext_id=f"RES-{number}" if draws.one_in(2) else None,
        comment=draws.pick(COMMENTS),
        made=None if sparse == 2 else at,
        expires=None if sparse == 3 else at + hours * HOUR,
        quantity=draws.pick((1, 1, 1, 1, 1, 1, 2, 3)),
        size=draws.pick(world.sizes),
    )


def ended(draws: SeededDraws, kept: Reservation, at: Ticks) -> tuple[Reservation, bool | None]:
    """How a reservation ends by itself: it runs out, or is released before; None: the payload does not say."""
    way = draws.below(8)
    if way < 4:
        return kept, None if way == 0 else False
    released = None if kept.expires is None else at + draws.below(kept.expires - at)
    return kept._replace(expires=released), None if way == 4 else True
