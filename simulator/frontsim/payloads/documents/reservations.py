"""Reservations: made, then expired or released.

The vendor's default length is 72 hours (published). How running out and a release by hand differ in the
payload is open: we tell them apart by `isReleased`, and by an expiry that is the moment of the release.
"""

from typing import Any, NamedTuple

from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.world import REGULARS, World
from frontsim.payloads.values.moments import HOUR, Ticks, text
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS

DEFAULT_HOURS = 72


class Reservation(NamedTuple):
    """Pieces of one size, kept for somebody until `expires`."""

    id: str | None
    stock_id: int | None
    customer_id: int | None
    sale_id: int | None
    ext_id: str | None
    comment: str | None
    made: Ticks | None
    expires: Ticks | None
    quantity: int
    size: Size


def draw_reservation(dice: SeededDraws, world: World, store: Store, *, number: int, at: Ticks) -> Reservation:
    """A reservation by itself."""
    hours = dice.pick((DEFAULT_HOURS, DEFAULT_HOURS, DEFAULT_HOURS, 24, 48, 168))
    sparse = dice.below(64)
    return Reservation(
        id=None if sparse == 0 else dice.uuid(),
        stock_id=None if sparse == 1 else store.stock.id,
        customer_id=world.customer(dice.below(REGULARS)).id if dice.one_in(2) else None,
        sale_id=world.id("sale", 3 * number) if dice.one_in(4) else None,
        ext_id=f"RES-{number}" if dice.one_in(2) else None,
        comment=dice.pick(COMMENTS),
        made=None if sparse == 2 else at,
        expires=None if sparse == 3 else at + hours * HOUR,
        quantity=dice.pick((1, 1, 1, 1, 1, 1, 2, 3)),
        size=dice.pick(world.sizes),
    )


def ended(dice: SeededDraws, kept: Reservation, at: Ticks) -> tuple[Reservation, bool | None]:
    """How a reservation ends by itself: it runs out, or is released before; None: the payload does not say."""
    way = dice.below(8)
    if way < 4:
        return kept, None if way == 0 else False
    released = None if kept.expires is None else at + dice.below(kept.expires - at)
    return kept._replace(expires=released), None if way == 4 else True


def reservation_json(kept: Reservation) -> dict[str, Any]:
    """The payload of StockReservationCreated; StockReservationExpired adds `isReleased`."""
    size = kept.size
    return {
        "stockId": kept.stock_id,
        "customerId": kept.customer_id,
        "saleId": kept.sale_id,
        "extId": kept.ext_id,
        "comment": kept.comment,
        "ins": None if kept.made is None else text(kept.made),
        "expirationDateTime": None if kept.expires is None else text(kept.expires),
        "quantity": kept.quantity,
        "id": kept.id,
        "gtin": size.gtin,
        "identity": size.identity,
        "externalSKU": size.sku,
    }
