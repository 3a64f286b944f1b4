"""Reservations: made, then expired or released.

The vendor's default length is 72 hours (published). How running out and a release by hand differ in the
payload is open: we tell them apart by `isReleased`, and by an expiry that is the moment of the release.
"""

from typing import Any, NamedTuple

from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.values.moments import Ticks, text

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
