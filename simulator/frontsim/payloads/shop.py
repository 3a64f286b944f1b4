"""Business acts: what happens in a store, and every event that it causes.

    act("order-refund") -> OmniChannelOrderRefundUpdated, and a StockMovementCreated per line that comes back

Invariants, over all acts of one shop: an event names only what an earlier event created, or master data (stores,
products); per stock and size, each movement's levels are those of the movement before, changed by its quantity and
by the reservations and releases since; moments never go back. The same acts with the same numbers, in the same
order, give the same bytes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput
from frontsim.payloads.acts import counter, customer, order, stock
from frontsim.payloads.acts.shop_state import ShopState
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import Ticks, next_opening, of_number
from frontsim.user_input.near import not_among


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of business act: a sentence about it, and the function that does it."""

    description: str
    do: Callable[[ShopState], None]


_ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "sale": Act("A POS sale, its stock movements, perhaps a new customer.", counter.sale),
        "return": Act("Goods of an earlier sale come back and are refunded.", counter.returned),
        "invoice-sale": Act("A POS sale on invoice: SaleCreated and InvoiceCreated.", counter.invoice_sale),
        "online-sale": Act("A sale of the web shop, added from outside.", counter.online_sale),
        "delivery": Act("Goods ordered and received, in parts until the delivery is completed.", stock.delivery),
        "transfer": Act("Goods sent from one stock to another, and received.", stock.transfer),
        "virtual-transfer": Act("Goods sent to or from a virtual stock, and received.", stock.virtual_transfer),
        "stock-count": Act("A stock count whose differences are booked.", stock.stock_count),
        "adjustment": Act("A stock adjustment and its movements.", stock.adjustment),
        "reservation": Act("Goods are reserved for a customer.", order.reservation),
        "reservation-expiry": Act("A reservation runs out, or is released.", order.reservation_expiry),
        "endless-aisle-order": Act("An order from the web shop, paid in the POS.", order.endless_aisle_order),
        "order-update": Act("An order's lines are accepted or rejected.", order.order_update),
        "order-fulfilment": Act("An accepted order is picked or shipped.", order.order_fulfilment),
        "order-refund": Act("An order is refunded, in whole or in part.", order.order_refund),
        "settlement": Act("A Z report: the sums of a terminal since its last one.", counter.settlement),
        "new-customer": Act("A customer is registered.", customer.new_customer),
        "customer-update": Act("A registered customer is changed.", customer.customer_update),
    }
)

ACTS: Mapping[str, str] = MappingProxyType({name: act.description for name, act in _ACTS.items()})
"""Every act with its sentence."""


class Shop:
    """A chain of stores in business. An act that needs something first (an order to refund) makes it.

    Args:
        seed: decides everything; the stores and products are those of `Payloads` with the same seed.
        in_profile: turns the events, which are typical, into another payload profile; gets the act's number, too.
    """

    def __init__(self, *, seed: int, in_profile: Callable[[Occurrence, int], Occurrence] | None = None) -> None:
        self._in_profile = in_profile
        self._state = ShopState(World(seed))

    def reset(self) -> None:
        """Forget all acts and the time; acts may be numbered from 0 again."""
        self._state = ShopState(self._state.world)

    def next_opening(self) -> Ticks:
        """The start of the next trading day after all acts so far, from which `day` counts its seconds."""
        return next_opening(self._state.now)

    def act(self, what: str, *, number: int, at: Ticks | None = None) -> list[Occurrence]:
        """Do one business act; returns every event that it causes, in causal order.

        Args:
            what: one of `ACTS`.
            number: counts the acts of this shop, from 0. Ids follow from it, so it must count on when a new `Shop`
                continues an old log.
            at: the moment (see `moments.of`); by default `moments.of_number` of the number. A moment before the
                last event becomes the moment just after it.

        Raises:
            BadInput: no such act, or a negative number.
        """
        act = _ACTS.get(what)
        if act is None:
            text = not_among(_ACTS, what, expected="an act")
            raise BadInput(text, {"what": [text]})
        if number < 0:
            raise BadInput(f"expected an act's number from 0 on, got {number}", {"number": ["expected 0 or more"]})
        self._state.begin(what, number, of_number(number) if at is None else at)
        act.do(self._state)
        caused = self._state.close()
        return caused if self._in_profile is None else [self._in_profile(item, number) for item in caused]
