"""Reservations: made, then expired or released.

The vendor's default length is 72 hours (published). How running out and a release by hand differ in the
payload is open: here a release sets `isReleased`, and the expiry to the moment of the release.
"""

from typing import Any, NamedTuple

from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.values.moments import Ticks, text

DEFAULT_HOURS = 72


class Reservation(NamedTuple):
    """Pieces of one size that are reserved until `expires`."""

    id: str
    stock_id: int
    customer_id: int | None
    sale_id: int | None
    ext_id: str
    comment: str | None
    made: Ticks
    expires: Ticks
    quantity: int
    size: Size


def moved(reservation: Reservation, by: Ticks) -> Reservation:
    """The same reservation at another time."""
    return reservation._replace(made=reservation.made + by, expires=reservation.expires + by)


def reservation_json(reserved: Reservation) -> dict[str, Any]:
    """The payload of StockReservationCreated; StockReservationExpired adds `isReleased`."""
    size = reserved.size
    return {
        "stockId": reserved.stock_id,
        "customerId": reserved.customer_id,
        "saleId": reserved.sale_id,
        "extId": reserved.ext_id,
        "comment": reserved.comment,
        "ins": text(reserved.made),
        "expirationDateTime": text(reserved.expires),
        "quantity": reserved.quantity,
        "id": reserved.id,
        "gtin": size.gtin,
        "identity": size.identity,
        "externalSKU": size.sku,
    }
