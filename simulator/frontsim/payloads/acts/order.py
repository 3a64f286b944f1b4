"""Acts of orders and reservations.

    placed -> handled (accepted, rejected) -> fulfilled -> refunded

Each act takes the oldest order in the state that it needs, and first makes one if there is none. A reservation
that is made with an order ends with it: a rejected line releases it, a fulfilment uses it up.
"""

from dataclasses import replace

from frontsim.payloads.acts.customer import buyer
from frontsim.payloads.acts.shop_state import OpenOrder, ShopState
from frontsim.payloads.documents.orders import draw_order, drawn_statuses, fulfilled, handled, order_json, refunded
from frontsim.payloads.documents.payments import pay_at_till, pay_online
from frontsim.payloads.documents.reservations import DEFAULT_HOURS, Reservation, reservation_json
from frontsim.payloads.documents.sales import sums
from frontsim.payloads.values.moments import HOUR, MINUTE, SECOND, Ticks
from frontsim.payloads.values.texts import COMMENTS

_LENGTHS: tuple[Ticks, ...] = (DEFAULT_HOURS * HOUR, DEFAULT_HOURS * HOUR, 24 * HOUR, 15 * MINUTE, 5 * MINUTE)


def reservation(state: ShopState) -> None:
    """Goods are reserved, in the shop or through the API."""
    draws, store = state.draws, state.draws.pick(state.world.shops)
    who = buyer(state, store) if draws.one_in(2) else None
    pieces = draws.pick((1, 1, 1, 2))
    size = state.stocked(store.stock.id, draws.pick(state.world.sizes), pieces)
    reserved = Reservation(
        id=draws.uuid(),
        stock_id=store.stock.id,
        customer_id=None if who is None else who.id,
        sale_id=None,
        ext_id=f"RES-{state.next('reservation')}",
        comment=draws.pick(COMMENTS),
        made=state.now,
        expires=state.now + draws.pick(_LENGTHS),
        quantity=pieces,
        size=size,
    )
    state.levels.change(store.stock.id, size, reserved=pieces)
    state.write("StockReservationCreated", reservation_json(reserved), store.id)
    state.reservations.append(reserved)


def reservation_expiry(state: ShopState) -> None:
    """A reservation ends: one that has run out, else the oldest is released by hand."""
    if not state.reservations:
        reservation(state)
        state.wait(SECOND, MINUTE)
    over = [reserved for reserved in state.reservations if reserved.expires <= state.now]
    reserved = over[0] if over else state.reservations[0]
    state.reservations.remove(reserved)
    _end(state, reserved, _store_of(state, reserved), released=not over)


def _store_of(state: ShopState, reserved: Reservation) -> int:
    return next(store.id for store in state.world.stores if store.stock.id == reserved.stock_id)


def _end(state: ShopState, reserved: Reservation, store_id: int, *, released: bool) -> None:
    """Free the pieces. A release ends the reservation now."""
    state.levels.change(reserved.stock_id, reserved.size, reserved=-reserved.quantity)
    ended = reserved._replace(expires=state.now) if released else reserved
    state.write("StockReservationExpired", {**reservation_json(ended), "isReleased": released}, store_id)


def endless_aisle_order(state: ShopState) -> None:
    """A store orders from the web shop's stock what it lacks; the customer pays at the till."""
    live = _place(state, endless=True)
    state.write("OmniChannelEndlessAisleOrderCreated", order_json(live.order), live.order.placed.store.id)
    _reserve(state, live)


def _web_order(state: ShopState) -> None:
    """An order comes in from the web shop (the vendor's guide has that raise OmniChannelOrderUpdated)."""
    live = _place(state, endless=False)
    state.write("OmniChannelOrderUpdated", order_json(live.order), live.order.placed.store.id)
    _reserve(state, live)


def _place(state: ShopState, *, endless: bool) -> OpenOrder:
    draws, world = state.draws, state.world
    store = draws.pick(world.shops)
    who = buyer(state, store)
    stock = world.web_stock(store) if endless else store.stock
    number = state.next("order")
    drawn = draw_order(
        draws,
        world,
        store,
        number=number,
        at=state.now,
        endless=endless,
        choose=state.shelf(stock.id),
    )
    total, _ = sums(drawn.lines)
    order = drawn._replace(
        placed=replace(drawn.placed, customer=who),
        kind="BOPIS" if drawn.kind == "Return" else drawn.kind,
        payments=(pay_at_till if endless else pay_online)(draws, total, store.country),
    )
    live = OpenOrder(order, {})
    state.new_orders.append(live)
    return live


def _reserve(state: ShopState, live: OpenOrder) -> None:
    """Reserve the goods of each line."""
    order = live.order
    for place, line in enumerate(order.lines):
        size, quantity = line.article.size, line.price.quantity
        reserved = Reservation(
            id=state.draws.uuid(),
            stock_id=order.placed.stock.id,
            customer_id=order.placed.customer.id,
            sale_id=None,
            ext_id=order.placed.no,
            comment=None,
            made=state.now,
            expires=state.now + order.placed.hours * HOUR,
            quantity=quantity,
            size=size,
        )
        live.reservations[place] = reserved
        state.write("StockReservationCreated", reservation_json(reserved), order.placed.store.id)
        state.move("Bestilling", order.placed.store, order.placed.stock.id, size, pieces=0, reserved=quantity)


def order_update(state: ShopState) -> None:
    """A store accepts and rejects the lines of an order."""
    if not state.new_orders:
        _web_order(state)
    live = state.new_orders.popleft()
    _handle(state, live, drawn_statuses(state.draws, len(live.order.lines)))


def _handle(state: ShopState, live: OpenOrder, drawn: tuple[str, ...]) -> None:
    """Decide about the lines (all of them); what is rejected is given free."""
    statuses = tuple("Rejected" if status == "Rejected" else "Accepted" for status in drawn)
    live.order = order = handled(live.order, statuses, state.wait(SECOND, 10 * MINUTE))
    state.write("OmniChannelOrderUpdated", order_json(order), order.placed.store.id)
    for place, status in enumerate(statuses):
        if status == "Rejected" and place in live.reservations:
            reserved = live.reservations.pop(place)
            _end(state, reserved, order.placed.store.id, released=True)
            state.move("Cancelled", order.placed.store, order.placed.stock.id, reserved.size, pieces=0)
    (state.accepted_orders if "Accepted" in statuses else state.done_orders).append(live)


def order_fulfilment(state: ShopState) -> None:
    """A store picks or ships an accepted order."""
    if not state.accepted_orders:
        if not state.new_orders:
            _web_order(state)
        live = state.new_orders.popleft()
        _handle(state, live, ("Accepted",) * len(live.order.lines))
    live = state.accepted_orders.popleft()
    live.order = order = fulfilled(live.order, state.wait(SECOND, 10 * MINUTE))
    state.write("OmniChannelOrderFulfilled", order_json(order), order.placed.store.id)
    for reserved in live.reservations.values():
        state.move(
            "Sale",
            order.placed.store,
            order.placed.stock.id,
            reserved.size,
            pieces=-reserved.quantity,
            reserved=-reserved.quantity,
        )
    state.done_orders.append(live)


def order_refund(state: ShopState) -> None:
    """Lines of an order that was fulfilled, or rejected, are paid back; goods that had left come back."""
    if not state.done_orders:
        order_fulfilment(state)
    live = state.done_orders.popleft()
    order = live.order
    count = len(order.lines) if order.status == "Rejected" else state.draws.between(1, len(order.lines))
    back = refunded(state.draws, order, state.wait(SECOND, 10 * MINUTE), tuple(range(count)))
    state.write("OmniChannelOrderRefundUpdated", order_json(back), order.placed.store.id)
    for place, reserved in live.reservations.items():
        if place < count:
            state.move("Sale", order.placed.store, order.placed.stock.id, reserved.size, pieces=reserved.quantity)
