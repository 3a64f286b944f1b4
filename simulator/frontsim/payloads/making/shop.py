"""Business acts by name, those in the stock room, and a trading day of them.

act("order-refund") -> OmniChannelOrderRefundUpdated, and a StockMovementCreated per line that comes back

Invariants, over all acts of one shop: an event names only what an earlier event created, or master data (stores,
products); per stock and size, each movement's levels are those of the movement before, changed by its quantity and
by the reservations and releases since; moments never go back. The same acts with the same numbers, in the same
order, give the same bytes.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput
from frontsim.payloads.documents.stock import (
    CountedItem,
    GoodsDelivery,
    Item,
    Transfer,
    adjustment_json,
    completed_json,
    count_json,
    draw_delivery,
    draw_transfer,
    is_complete,
    received,
    received_json,
    some_sizes,
    transfer_json,
)
from frontsim.payloads.making import sales_acts
from frontsim.payloads.making.shop_state import ShopState
from frontsim.payloads.world.moments import DAY, MINUTE, SECOND, Ticks, next_opening, of_number
from frontsim.payloads.world.prices import Size
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import Store, World
from frontsim.wording import not_among


def delivery(state: ShopState) -> None:
    """Goods arrive, at once or in parts; a delivery is completed when all of it has arrived."""
    if state.deliveries:
        _receive_delivery(state, state.deliveries.popleft(), whole=True)
    draws = state.draws
    store = draws.pick(state.world.shops)
    drawn = draw_delivery(draws, state.world, store, number=state.next("delivery"), at=state.now)
    expected = drawn._replace(created=state.now, ordered=state.now, expected=max(drawn.expected, state.now))
    for item in expected.items:
        state.move("PurchaseOrderOrdered", store, store.stock.id, item.size, pieces=0)
    way = draws.below(6)
    if way < 2:
        expected = _receive_delivery(state, expected, whole=False)
    if way == 0 and not is_complete(expected):
        state.deliveries.append(expected)
    elif not is_complete(expected):
        _receive_delivery(state, expected, whole=True)


def _receive_delivery(state: ShopState, expected: GoodsDelivery, *, whole: bool) -> GoodsDelivery:
    """Receive a part or the rest, and complete the delivery if nothing is open."""
    store = expected.store
    arrived = received(state.draws, expected, whole=whole)
    at = state.wait(SECOND, 5 * MINUTE)
    state.write("DeliveryItemsReceived", received_json(arrived, at), store.id)
    for item in arrived.items:
        if item.now:
            state.move("PurchaseOrderReceived", store, store.stock.id, item.size, pieces=item.now)
    if is_complete(arrived):
        state.write("DeliveryCompleted", completed_json(arrived, at, state.now), store.id)
    return arrived


def transfer(state: ShopState) -> None:
    """Goods go from one store's stock to another's."""
    _transfer(state, virtual=False)


def virtual_transfer(state: ShopState) -> None:
    """Goods go to or from a virtual stock."""
    _transfer(state, virtual=True)


def _transfer(state: ShopState, *, virtual: bool) -> None:
    waiting = state.transfers[virtual]
    if waiting:
        _receive_transfer(state, waiting.popleft())
    draws, store = state.draws, state.draws.pick(state.world.shops)
    sent = draw_transfer(draws, state.world, store, number=state.next("transfer"), at=state.now, virtual=virtual)
    sent = _from_stock(state, sent)
    state.write(_event(sent, "Created"), transfer_json(sent, None), store.id)
    for item in sent.items:
        state.move("Relocation", store, sent.source.id, item.size, pieces=-item.sent)
    if draws.one_in(3):
        waiting.append(sent)
    else:
        _receive_transfer(state, sent)


def _from_stock(state: ShopState, sent: Transfer) -> Transfer:
    """The transfer with sizes that the sender has in stock."""
    choose = state.shelf(sent.source.id)
    items = tuple(replace(item, size=choose(item.size, item.sent)) for item in sent.items)
    return sent._replace(items=items)


def _receive_transfer(state: ShopState, sent: Transfer) -> None:
    at = state.wait(SECOND, 5 * MINUTE)
    state.write(_event(sent, "Received"), transfer_json(sent, at), sent.store.id)
    for item in sent.items:
        state.move("Relocation", sent.store, sent.target.id, item.size, pieces=item.arrived)


def _event(sent: Transfer, stage: str) -> str:
    return f"ProductTransfer{'Virtual' if sent.virtual else ''}{stage}"


def stock_count(state: ShopState) -> None:
    """A part of the stock is counted; what differs is booked."""
    draws, store = state.draws, state.draws.pick(state.world.shops)
    stock_id = store.stock.id
    items = []
    for size in some_sizes(draws, state.world, draws.between(1, 8)):
        level = state.levels.of(stock_id, size).on_hand
        counted = max(0, level + draws.pick((-5, -3, -2, -1, -1, 1, 1, 2, 3)))
        movement_id = state.world.id("movement", state.next("movement"))
        items.append(CountedItem(size, counted - level, counted=counted, movement_id=movement_id))
    counted, number = state.now, state.next("count")
    at = state.wait(SECOND, 5 * MINUTE)
    body = count_json(draws, state.world, store, number=number, counted=counted, at=at, items=tuple(items))
    state.write("StockCountReconciled", body, store.id)
    for item in items:
        state.move("Reconciliation", store, stock_id, item.size, pieces=item.quantity, id_=item.movement_id)


def adjustment(state: ShopState) -> None:
    """Pieces are found, broken, given away."""
    draws, store = state.draws, state.draws.pick(state.world.shops)
    items = [
        Item(size, _at_most(state, store, size, draws.pick((-3, -2, -1, -1, 1, 1, 2, 6))))
        for size in some_sizes(draws, state.world, draws.between(1, 5))
    ]
    number = state.next("adjustment")
    state.write(
        "StockAdjustmentCreated",
        adjustment_json(draws, state.world, store, number=number, at=state.now, items=tuple(items)),
        store.id,
    )
    for item in items:
        state.move("Manual", store, store.stock.id, item.size, pieces=item.quantity)


def _at_most(state: ShopState, store: Store, size: Size, pieces: int) -> int:
    """`pieces`, or as many in the other direction if the stock does not have that many to lose."""
    return pieces if state.levels.available(store.stock.id, size) + pieces >= 0 else -pieces


@dataclass(frozen=True, slots=True)
class Act:
    """A kind of business act: a sentence about it, the function that does it, and how long it usually takes."""

    description: str
    do: Callable[[ShopState], None]
    lasts: Ticks = 5 * SECOND


_ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "sale": Act("A POS sale, its stock movements, perhaps a new customer.", sales_acts.sale),
        "return": Act("Goods of an earlier sale come back and are refunded.", sales_acts.returned),
        "invoice-sale": Act("A POS sale on invoice: SaleCreated and InvoiceCreated.", sales_acts.invoice_sale),
        "online-sale": Act("A sale of the web shop, added from outside.", sales_acts.online_sale),
        "delivery": Act("Goods ordered and received, in parts until the delivery is completed.", delivery, 5 * MINUTE),
        "transfer": Act("Goods sent from one stock to another, and received.", transfer, 5 * MINUTE),
        "virtual-transfer": Act("Goods sent to or from a virtual stock, and received.", virtual_transfer, 5 * MINUTE),
        "stock-count": Act("A stock count whose differences are booked.", stock_count, 5 * MINUTE),
        "adjustment": Act("A stock adjustment and its movements.", adjustment),
        "reservation": Act("Goods are reserved for a customer.", sales_acts.reservation),
        "reservation-expiry": Act("A reservation runs out, or is released.", sales_acts.reservation_expiry),
        "endless-aisle-order": Act("An order from the web shop, paid in the POS.", sales_acts.endless_aisle_order),
        "order-update": Act("An order's lines are accepted or rejected.", sales_acts.order_update, 10 * MINUTE),
        "order-fulfilment": Act("An accepted order is picked or shipped.", sales_acts.order_fulfilment, 10 * MINUTE),
        "order-refund": Act("An order is refunded, in whole or in part.", sales_acts.order_refund, 10 * MINUTE),
        "settlement": Act("A Z report: the sums of a terminal since its last one.", sales_acts.settlement, MINUTE),
        "new-customer": Act("A customer is registered.", sales_acts.new_customer),
        "customer-update": Act("A registered customer is changed.", sales_acts.customer_update, MINUTE),
    }
)

ACTS: Mapping[str, str] = MappingProxyType({name: act.description for name, act in _ACTS.items()})
"""Every act with its sentence."""


class Shop:
    """A chain of stores in business. An act that needs something first (an order to refund) makes it.

    Args:
        seed: decides everything; the stores and products are those of `Payloads` with the same seed.
        in_profile: turns the events, which are typical, into another payload profile; gets the act's number, too.
        is_strict: nothing happens that a receiver may not expect.
        home: as `World` has it.
    """

    def __init__(
        self,
        *,
        seed: int,
        in_profile: Callable[[Occurrence, int], Occurrence] | None = None,
        is_strict: bool = False,
        home: str = "",
    ) -> None:
        self._in_profile = in_profile
        self.state = ShopState(World(seed, is_strict=is_strict, home=home))

    def reset(self) -> None:
        """Forget all acts and the time; acts may be numbered from 0 again."""
        self.state = ShopState(self.state.world)

    def next_opening(self, now: Ticks) -> Ticks | None:
        """The start of the next trading day after all acts so far, from which `day` counts its seconds.

        None if that day is not over by now.
        """
        opening = next_opening(self.state.now)
        return opening if opening + DAY < now else None

    def ends(self, what: str, count: int, now: Ticks) -> Iterator[Ticks]:
        """When each of so many acts has ended, the last of them now: no payload is later than the clock.

        They share the time since the last event, where that is too short for all of them. Where it has less than two
        or three ticks for an act, as after thousands of acts a second, the moments run ahead of the clock.
        """
        step = min(_ACTS[what].lasts, max(1, (now - self.state.now) // count))
        return iter(range(now - (count - 1) * step, now + 1, step))

    def act(self, what: str, *, number: int, at: Ticks | None = None, until: Ticks | None = None) -> list[Occurrence]:
        """Do one business act; returns every event that it causes, in causal order.

        Args:
            what: one of `ACTS`.
            number: counts the acts of this shop, from 0. Ids follow from it, so it must count on when a new `Shop`
                continues an old log.
            at: the moment (see `moments.of`); by default `moments.of_number` of the number. A moment before the
                last event becomes the moment just after it.
            until: instead of `at`, the moment at which it should have ended.

        Raises:
            BadInput: no such act, or a negative number.
        """
        act = _ACTS.get(what)
        if act is None:
            text = not_among(_ACTS, what, expected="an act")
            raise BadInput(text, {"what": [text]})
        if number < 0:
            raise BadInput(f"expected an act's number from 0 on, got {number}", {"number": ["expected 0 or more"]})
        if until is not None:
            at = until - act.lasts
        return self.perform(what, act.do, number=number, at=of_number(number) if at is None else at, until=until)

    def undo_if_refused(self, logged: "asyncio.Future[Any]", first: int, count: int) -> None:
        """Change no levels by occurrences of these numbers, if the log refuses them."""

        def undo(done: "asyncio.Future[Any]") -> None:
            if done.cancelled() or done.exception() is not None:
                self.state.levels.forget(first, count)

        logged.add_done_callback(undo)

    def perform(
        self, what: str, do: Callable[[ShopState], None], *, number: int, at: Ticks, until: Ticks | None = None
    ) -> list[Occurrence]:
        """Do an act that has no name here, as `act` does."""
        self.state.begin(what, number, at, until)
        do(self.state)
        caused = self.state.close()
        return caused if self._in_profile is None else [self._in_profile(item, number) for item in caused]


OPEN_S = 12 * 3600
"""How long the shops are open."""

_HOURLY: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("sale", (18, 22, 34, 60, 56, 34, 30, 38, 54, 62, 40, 20)),
    ("return", (3, 3, 3, 4, 4, 2, 2, 3, 3, 3, 2, 1)),
    ("invoice-sale", (1, 2, 2, 2, 1, 2, 2, 1, 1, 0, 0, 0)),
    ("online-sale", (8, 8, 9, 14, 12, 8, 8, 10, 14, 18, 22, 20)),
    ("delivery", (4, 5, 3, 1, 0, 1, 1, 0, 0, 0, 0, 0)),
    ("transfer", (1, 2, 2, 0, 1, 2, 1, 0, 0, 0, 0, 0)),
    ("virtual-transfer", (1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0)),
    ("stock-count", (1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1)),
    ("adjustment", (1, 1, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0)),
    ("reservation", (3, 3, 4, 5, 5, 4, 4, 4, 5, 5, 3, 1)),
    ("reservation-expiry", (2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 3, 2)),
    ("endless-aisle-order", (1, 1, 2, 3, 3, 2, 2, 2, 3, 3, 2, 1)),
    ("order-update", (6, 5, 5, 5, 5, 5, 4, 4, 4, 4, 4, 2)),
    ("order-fulfilment", (3, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 2)),
    ("order-refund", (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0)),
    ("new-customer", (1, 1, 2, 3, 2, 2, 1, 2, 2, 3, 1, 0)),
    ("customer-update", (1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 0)),
)
"""How often each act happens in each hour after the opening: deliveries in the morning, peaks at lunch and in the
evening."""

_TERMINALS = 18
"""The terminals of the chain's stores (see `chain.py`): each has a Z report."""

_CLOSING_STEP_S = 20.0


def day(*, seed: int, number: int = 0) -> Iterator[tuple[float, str]]:
    """The timetable of trading day `number`: (seconds since the opening, act), in order.

    About 950 acts while the shops are open, and a settlement of every terminal after they have closed.
    """
    draws = SeededDraws(seed, "day", number)
    for hour in range(OPEN_S // 3600):
        acts = [
            (hour * 3600 + draws.below(3_600_000) / 1000, name) for name, counts in _HOURLY for _ in range(counts[hour])
        ]
        yield from sorted(acts)
    for terminal in range(_TERMINALS):
        yield OPEN_S + (terminal + 1) * _CLOSING_STEP_S, "settlement"
