"""What happens at the counter: sales, returns, invoices, online sales, Z reports."""

from collections.abc import Callable
from dataclasses import replace

from frontsim.payloads.acts.customer import buyer, still_known
from frontsim.payloads.acts.shop_state import ShopState, Till
from frontsim.payloads.documents.payments import (
    Payment,
    pay_at_till,
    pay_by_invoice,
    pay_online,
    pay_refund,
)
from frontsim.payloads.documents.sales import CHANNELS, WEB_CHANNELS, Line, Sale, basket, reversed_line, sale_json, sums
from frontsim.payloads.documents.settlements import SettlementTotals, draw_cash_drawer, settlement_json
from frontsim.payloads.master_data.chain import Store, View
from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.master_data.customers import Customer
from frontsim.payloads.values.moments import MINUTE, SECOND
from frontsim.payloads.values.money import Ore
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS

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
    _register(state, back)
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
        due = _idle_till(state)
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


def _idle_till(state: ShopState) -> Till:
    tills = (state.till(store, terminal) for store in state.world.shops for terminal in store.terminals)
    return min(tills, key=lambda till: till.settled)


def _sell(state: ShopState, store: Store, who: Customer | None, *, by_invoice: bool = False) -> Sale:
    sale_id = state.world.id("sale", 3 * state.next("sale"))
    lines = _basket(state, store, sale_id)
    view = state.draws.pick(store.views)
    sold = _sale(state, store, view, sale_id, lines, who, state.draws.pick(CHANNELS))
    sold = _register(state, replace(sold, payments=_paid(state, sold, pay_by_invoice if by_invoice else pay_at_till)))
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


def _register(state: ShopState, sold: Sale) -> Sale:
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
