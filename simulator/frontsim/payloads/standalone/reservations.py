"""Standalone reservations."""

from frontsim.payloads.documents.reservations import DEFAULT_HOURS, Reservation
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import REGULAR_CUSTOMERS, World
from frontsim.payloads.values.moments import HOUR, Ticks
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


def draw_reservation(draws: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> Reservation:
    """A reservation that is made at `at`."""
    hours = draws.pick((DEFAULT_HOURS, DEFAULT_HOURS, DEFAULT_HOURS, 24, 48, 168))
    return Reservation(
        id=draws.uuid(),
        stock_id=store.stock.id,
        customer_id=world.customer(draws.below(REGULAR_CUSTOMERS)).id if draws.one_in(2) else None,
        sale_id=world.id("sale", 3 * number) if draws.one_in(4) else None,
        ext_id=f"RES-{number}",
        comment=draws.pick(COMMENTS),
        made=at,
        expires=at + hours * HOUR,
        quantity=draws.pick((1, 1, 1, 1, 1, 1, 2, 3)),
        size=draws.pick(world.sizes),
    )


def ended(draws: SeededDraws, reserved: Reservation) -> tuple[Reservation, bool]:
    """The reservation after its end, and whether it was released: half run out, half are released before."""
    if draws.one_in(2):
        return reserved, False
    return reserved._replace(expires=reserved.made + draws.below(reserved.expires - reserved.made)), True
