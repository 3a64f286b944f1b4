"""What happens to orders and reservations.

    placed -> handled (accepted, rejected) -> fulfilled -> refunded

Each act takes the oldest order that has come so far, and first makes one where there is none. A reservation
that is made with an order goes with it: released with a rejected line, used up by the fulfilment.
"""

from dataclasses import replace

from frontsim.payloads.acts.customer import buyer
from frontsim.payloads.acts.shop_state import LiveOrder, ShopState
from frontsim.payloads.documents.order_draws import draw_order, drawn_statuses
from frontsim.payloads.documents.orders import fulfilled, handled, order_json, refunded
from frontsim.payloads.documents.payments import all_known, online, till
from frontsim.payloads.documents.reservations import DEFAULT_HOURS, Reservation, reservation_json
from frontsim.payloads.documents.sales import sums
from frontsim.payloads.values.moments import HOUR, MINUTE, SECOND, Ticks
from frontsim.payloads.values.texts import COMMENTS

_LENGTHS: tuple[Ticks, ...] = (DEFAULT_HOURS * HOUR, DEFAULT_HOURS * HOUR, 24 * HOUR, 15 * MINUTE, 5 * MINUTE)


def reservation(books: ShopState) -> None:
    """Somebody has goods kept, in the shop or by the API."""
    dice, store = books.dice, books.dice.pick(books.world.shops)
    who = buyer(books, store) if dice.one_in(2) else None
    pieces = dice.pick((1, 1, 1, 2))
    size = books.stocked(store.stock.id, dice.pick(books.world.sizes), pieces)
    kept = Reservation(
        id=dice.uuid(),
        stock_id=store.stock.id,
        customer_id=None if who is None else who.id,
        sale_id=None,
        ext_id=f"RES-{books.next('reservation')}" if dice.one_in(2) else None,
        comment=dice.pick(COMMENTS),
        made=books.now,
        expires=books.now + dice.pick(_LENGTHS),
        quantity=pieces,
        size=size,
    )
    books.levels.change(store.stock.id, size, reserved=pieces)
    books.write("StockReservationCreated", reservation_json(kept), store.id)
    books.reservations.append(kept)


def reservation_expiry(books: ShopState) -> None:
    """A reservation ends: one whose time is over, else the oldest is released by hand."""
    if not books.reservations:
        reservation(books)
        books.wait(SECOND, MINUTE)
    over = [kept for kept in books.reservations if kept.expires is not None and kept.expires <= books.now]
    kept = over[0] if over else books.reservations[0]
    books.reservations.remove(kept)
    _end(books, kept, _store_of(books, kept), released=not over)


def _store_of(books: ShopState, kept: Reservation) -> int:
    return next(store.id for store in books.world.stores if store.stock.id == kept.stock_id)


def _end(books: ShopState, kept: Reservation, store_id: int, *, released: bool) -> None:
    """Give the pieces free again; a release ends the reservation now."""
    assert kept.stock_id is not None
    books.levels.change(kept.stock_id, kept.size, reserved=-kept.quantity)
    ended = kept._replace(expires=books.now) if released else kept
    books.write("StockReservationExpired", {**reservation_json(ended), "isReleased": released}, store_id)


def endless_aisle_order(books: ShopState) -> None:
    """A shop orders from the web shop's stock what it has not; the customer pays at the till."""
    live = _place(books, endless=True)
    books.write("OmniChannelEndlessAisleOrderCreated", order_json(live.order), live.order.placed.store.id)
    _reserve(books, live)


def _web_order(books: ShopState) -> None:
    """An order comes in from the web shop (the vendor's guide has that raise OmniChannelOrderUpdated)."""
    live = _place(books, endless=False)
    books.write("OmniChannelOrderUpdated", order_json(live.order), live.order.placed.store.id)
    _reserve(books, live)


def _place(books: ShopState, *, endless: bool) -> LiveOrder:
    dice, world = books.dice, books.world
    store = dice.pick(world.shops)
    who = buyer(books, store)
    stock = world.web_stock(store) if endless else store.stock
    number = books.next("order")
    drawn = draw_order(
        dice,
        world,
        store,
        number=number,
        at=books.now,
        endless=endless,
        choose=books.shelf(stock.id),
    )
    total, _ = sums(drawn.lines)
    order = drawn._replace(
        placed=replace(drawn.placed, customer=who, hidden=None),
        kind="BOPIS" if drawn.kind == "Return" else drawn.kind,
        payments=all_known((till if endless else online)(dice, total, store.country), store.country),
    )
    live = LiveOrder(order, {})
    books.new_orders.append(live)
    return live


def _reserve(books: ShopState, live: LiveOrder) -> None:
    """Reserve the goods of each line."""
    order = live.order
    for place, line in enumerate(order.lines):
        size, quantity = line.goods.size, line.deal.quantity
        if size is None:
            continue
        kept = Reservation(
            id=books.dice.uuid(),
            stock_id=order.placed.stock.id,
            customer_id=order.placed.customer.id,
            sale_id=None,
            ext_id=order.placed.no,
            comment=None,
            made=books.now,
            expires=books.now + (order.placed.hours or DEFAULT_HOURS) * HOUR,
            quantity=quantity,
            size=size,
        )
        live.kept[place] = kept
        books.write("StockReservationCreated", reservation_json(kept), order.placed.store.id)
        books.move("Bestilling", order.placed.store, order.placed.stock.id, size, pieces=0, reserved=quantity)


def order_update(books: ShopState) -> None:
    """A shop accepts and rejects the lines of an order."""
    if not books.new_orders:
        _web_order(books)
    live = books.new_orders.popleft()
    _handle(books, live, drawn_statuses(books.dice, len(live.order.lines)))


def _handle(books: ShopState, live: LiveOrder, drawn: tuple[str, ...]) -> None:
    """Decide about the lines (all of them); what is rejected is given free."""
    statuses = tuple("Rejected" if status == "Rejected" else "Accepted" for status in drawn)
    live.order = order = handled(live.order, statuses, books.wait(SECOND, 10 * MINUTE))
    books.write("OmniChannelOrderUpdated", order_json(order), order.placed.store.id)
    for place, status in enumerate(statuses):
        if status == "Rejected" and place in live.kept:
            kept = live.kept.pop(place)
            _end(books, kept, order.placed.store.id, released=True)
            books.move("Cancelled", order.placed.store, order.placed.stock.id, kept.size, pieces=0)
    (books.accepted_orders if "Accepted" in statuses else books.done_orders).append(live)


def order_fulfilment(books: ShopState) -> None:
    """A shop picks or ships what it has accepted."""
    if not books.accepted_orders:
        if not books.new_orders:
            _web_order(books)
        live = books.new_orders.popleft()
        _handle(books, live, ("Accepted",) * len(live.order.lines))
    live = books.accepted_orders.popleft()
    live.order = order = fulfilled(live.order, books.wait(SECOND, 10 * MINUTE))
    books.write("OmniChannelOrderFulfilled", order_json(order), order.placed.store.id)
    for kept in live.kept.values():
        books.move(
            "Sale", order.placed.store, order.placed.stock.id, kept.size, pieces=-kept.quantity, reserved=-kept.quantity
        )
    books.done_orders.append(live)


def order_refund(books: ShopState) -> None:
    """Lines of an order that was fulfilled, or rejected, are paid back; goods that had left come back."""
    if not books.done_orders:
        order_fulfilment(books)
    live = books.done_orders.popleft()
    order = live.order
    count = len(order.lines) if order.status == "Rejected" else books.dice.between(1, len(order.lines))
    back = refunded(books.dice, order, books.wait(SECOND, 10 * MINUTE), tuple(range(count)))
    books.write("OmniChannelOrderRefundUpdated", order_json(back), order.placed.store.id)
    for place, kept in live.kept.items():
        if place < count:
            books.move("Sale", order.placed.store, order.placed.stock.id, kept.size, pieces=kept.quantity)
