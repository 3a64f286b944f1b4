"""Acts that sell: at the counter, by order, by reservation, and their customers.

placed -> handled (accepted, rejected) -> fulfilled -> refunded

Each act takes the oldest order in the state that it needs, and first makes one if there is none. A reservation
that is made with an order ends with it: a rejected line releases it, a fulfilment uses it up.
"""

from collections.abc import Callable
from dataclasses import replace

from frontsim.payloads.documents.orders import (
    DEFAULT_HOURS,
    Reservation,
    draw_order,
    drawn_statuses,
    fulfilled,
    handled,
    order_json,
    refunded,
    reservation_json,
)
from frontsim.payloads.documents.sales import (
    CHANNELS,
    WEB_CHANNELS,
    Line,
    Payment,
    Sale,
    basket,
    pay_at_till,
    pay_by_invoice,
    pay_online,
    pay_refund,
    register_time,
    reversed_line,
    sale_json,
    sums,
)
from frontsim.payloads.documents.settlements import SettlementTotals, draw_cash_drawer, settlement_json
from frontsim.payloads.making.shop_state import REMEMBERED, OpenOrder, ShopState
from frontsim.payloads.world.moments import HOUR, MINUTE, SECOND, Ticks, text
from frontsim.payloads.world.people import Customer, as_shown, created_json, updated_json
from frontsim.payloads.world.prices import Country, Ore
from frontsim.payloads.world.seeded_draws import COMMENTS, SeededDraws
from frontsim.payloads.world.world import Store, View


def new_customer(state: ShopState) -> None:
    """A customer registers."""
    _register_customer(state, state.draws.pick(state.world.shops))


def customer_update(state: ShopState) -> None:
    """A registered customer is changed; one that the update deletes buys no more."""
    if not state.customers:
        new_customer(state)
    number = state.draws.pick(tuple(state.customers))
    who, before = state.customers.pop(number)
    at = state.wait(SECOND, MINUTE)
    shown = {**updated_json(state.draws, who, before, at), "updatedDateTime": text(at)}
    state.write("CustomerUpdated", shown, shown["registeredStoreId"])
    if not shown["deleted"]:
        state.customers[number] = as_shown(who, shown), shown


def _register_customer(state: ShopState, store: Store) -> Customer:
    """Register a new customer in that store."""
    number = state.next("customer")
    who = state.world.customer(number)
    shown = created_json(state.draws, who, state.now, store.id)
    state.write("CustomerCreated", shown, store.id)
    state.customers[number] = who, shown
    if len(state.customers) > REMEMBERED:
        state.customers.popitem(last=False)
    return who


def buyer(state: ShopState, store: Store) -> Customer:
    """A customer who is registered already, or is registered now."""
    if not state.customers or state.draws.one_in(4):
        return _register_customer(state, store)
    return state.customers[state.draws.pick(tuple(state.customers))][0]


def still_known(state: ShopState, who: Customer | None) -> Customer | None:
    """The customer after all updates; None once deleted, or dropped from the state."""
    return None if who is None else state.customers.get(who.number, (None, None))[0]


_SALES_BEFORE_A_SETTLEMENT = 3


def sale(state: ShopState) -> None:
    """A sale at a till."""
    store = state.draws.pick(state.world.shops)
    _sell(state, store, buyer(state, store) if state.draws.below(5) < 2 else None)


def invoice_sale(state: ShopState) -> None:
    """A sale on invoice."""
    store = state.draws.pick(state.world.shops)
    sold = _sell(state, store, buyer(state, store), by_invoice=True)
    state.write("InvoiceCreated", sale_json(sold), store.id)


def returned(state: ShopState) -> None:
    """A return of some or all lines of an earlier sale."""
    if not state.sales:
        sale(state)
    place = state.draws.below(len(state.sales))
    first = state.sales[place]
    del state.sales[place]
    count = state.draws.between(1, len(first.lines))
    sale_id = state.world.id("sale", 3 * state.next("sale"))
    lines = tuple(
        replace(reversed_line(line), row_id=str(sale_id * 8 + row)) for row, line in enumerate(first.lines[:count])
    )
    view = next(view for view in first.store.views if view.terminal is first.terminal)
    back = _sale(state, first.store, view, sale_id, lines, still_known(state, first.customer), CHANNELS[0])
    back = replace(back, payments=_paid(state, back, pay_refund), comment=f"Retur av kvittering {first.receipt_no}")
    _register_sale(state, back)
    if first.lines[count:]:
        state.sales.append(replace(first, lines=first.lines[count:]))


def online_sale(state: ShopState) -> None:
    """A sale of the web shop, which is added from outside."""
    store = state.draws.pick(state.world.web_shops)
    who = buyer(state, store) if state.draws.below(8) else None
    number = state.next("sale")
    sale_id = state.world.id("sale", 3 * number + 2)
    lines = _basket(state, store, sale_id)
    sold = _sale(state, store, state.draws.pick(store.views), sale_id, lines, who, state.draws.pick(WEB_CHANNELS))
    sold = replace(sold, receipt_no=None, ext_id=f"WEB-{number}", payments=_paid(state, sold, pay_online))
    state.write("SaleExternalCreated", sale_json(sold), store.id)
    _take_from_stock(state, sold)


def settlement(state: ShopState) -> None:
    """A Z report of the till with the most sales since its last report; without sales, of the oldest report."""
    if not state.tills:
        for _ in range(_SALES_BEFORE_A_SETTLEMENT):
            sale(state)
    due = max(state.tills.values(), key=lambda till: len(till.totals.receipts))
    if not due.totals.receipts:
        tills = (state.till(store, terminal) for store in state.world.shops for terminal in store.terminals)
        due = min(tills, key=lambda till: till.settled)
    at = state.wait(SECOND, MINUTE)
    drawer = draw_cash_drawer(state.draws, due.opening, due.totals.cash)
    body = settlement_json(
        state.draws,
        state.world,
        due.store,
        due.terminal,
        due.totals,
        number=state.next("settlement"),
        batch=due.batch,
        drawer=drawer,
        at=at,
    )
    state.write("POSSettlementCreated", body, due.store.id)
    due.settled, due.opening, due.totals = at, drawer.closing(due.totals.cash), SettlementTotals()
    due.batch += 1


def _sell(state: ShopState, store: Store, who: Customer | None, *, by_invoice: bool = False) -> Sale:
    sale_id = state.world.id("sale", 3 * state.next("sale"))
    lines = _basket(state, store, sale_id)
    view = state.draws.pick(store.views)
    sold = _sale(state, store, view, sale_id, lines, who, state.draws.pick(CHANNELS))
    settled = state.till(store, view.terminal).settled
    sold.at = register_time(state.draws, state.world, sold.at, earliest=settled)
    sold = _register_sale(
        state, replace(sold, payments=_paid(state, sold, pay_by_invoice if by_invoice else pay_at_till))
    )
    state.sales.append(sold)
    return sold


def _basket(state: ShopState, store: Store, sale_id: int) -> tuple[Line, ...]:
    return basket(state.draws, state.world, store, row=sale_id * 8, choose=state.shelf(store.stock.id))


def _sale(
    state: ShopState,
    store: Store,
    view: View,
    sale_id: int,
    lines: tuple[Line, ...],
    who: Customer | None,
    channel: str,
) -> Sale:
    total, vat_total = sums(lines)
    return Sale(
        id=sale_id,
        guid=state.draws.uuid(),
        ext_id=None,
        receipt_no=0,
        store=store,
        terminal=view.terminal,
        store_json=view.json,
        customer=who,
        at=state.now,
        created=state.now,
        updated=None,
        channel=channel,
        comment=state.draws.pick(COMMENTS),
        lines=lines,
        payments=(),
        total=total,
        vat_total=vat_total,
    )


def _register_sale(state: ShopState, sold: Sale) -> Sale:
    """Record a sale: number its receipt, add it to the till's totals, move the goods out of stock or back in."""
    till = state.till(sold.store, sold.terminal)
    sold = replace(sold, receipt_no=state.receipt(till))
    till.totals.add(sold)
    state.write("SaleCreated", sale_json(sold), sold.store.id)
    _take_from_stock(state, sold)
    return sold


def _take_from_stock(state: ShopState, sold: Sale) -> None:
    for line in sold.lines:
        state.move("Sale", sold.store, sold.store.stock.id, line.article.size, pieces=-line.price.quantity)


def _paid(
    state: ShopState, sold: Sale, pay: Callable[[SeededDraws, Ore, Country], tuple[Payment, ...]]
) -> tuple[Payment, ...]:
    return pay(state.draws, sold.total, sold.store.country)


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
    state.reserve(store.stock.id, size, pieces)
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
    state.reserve(reserved.stock_id, reserved.size, -reserved.quantity)
    ended = reserved._replace(expires=state.now) if released else reserved
    state.write("StockReservationExpired", {**reservation_json(ended), "isReleased": released}, store_id)


def endless_aisle_order(state: ShopState) -> None:
    """A store orders from the web shop's stock what it lacks; the customer pays at the till."""
    live = _place(state, endless=True)
    state.write("OmniChannelEndlessAisleOrderCreated", order_json(live.order), live.order.placed.store.id)
    reserve_order(state, live)


def _web_order(state: ShopState) -> None:
    """An order comes in from the web shop (the vendor's guide has that raise OmniChannelOrderUpdated)."""
    live = _place(state, endless=False)
    state.write("OmniChannelOrderUpdated", order_json(live.order), live.order.placed.store.id)
    reserve_order(state, live)


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


def reserve_order(state: ShopState, live: OpenOrder) -> None:
    """Reserve the goods of each line."""
    order = live.order
    for place, line in enumerate(order.lines):
        size, quantity = line.article.size, line.price.quantity
        reserved = Reservation(
            id=state.draws.uuid(),
            stock_id=order.placed.stock.id,
            customer_id=order.placed.customer.id or None,
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
