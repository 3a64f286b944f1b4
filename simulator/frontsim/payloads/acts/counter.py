"""What happens at the counter: sales, returns, invoices, online sales, Z reports."""

from collections.abc import Callable
from dataclasses import replace

from frontsim.payloads.acts.customer import buyer, still_known
from frontsim.payloads.acts.shop_state import ShopState, Till
from frontsim.payloads.documents.payments import Payment, all_known, invoice, online, refund, till
from frontsim.payloads.documents.sales import CHANNELS, WEB_CHANNELS, Line, Sale, basket, reversed_line, sale_json, sums
from frontsim.payloads.documents.settlements import Takings, draw_drawer, settlement_json
from frontsim.payloads.master_data.chain import Store, View
from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.master_data.customers import Customer
from frontsim.payloads.values.moments import MINUTE, SECOND
from frontsim.payloads.values.money import Ore
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS

_SALES_BEFORE_A_SETTLEMENT = 3


def sale(books: ShopState) -> None:
    """Somebody buys at a till."""
    store = books.dice.pick(books.world.shops)
    _sell(books, store, buyer(books, store) if books.dice.below(5) < 2 else None)


def invoice_sale(books: ShopState) -> None:
    """Somebody buys on invoice."""
    store = books.dice.pick(books.world.shops)
    sold = _sell(books, store, buyer(books, store), by_invoice=True)
    books.write("InvoiceCreated", sale_json(sold), store.id)


def returned(books: ShopState) -> None:
    """Somebody brings back what an earlier sale sold: a line of it, or all."""
    if not books.sales:
        sale(books)
    place = books.dice.below(len(books.sales))
    first = books.sales[place]
    del books.sales[place]
    count = books.dice.between(1, len(first.lines))
    sale_id = books.world.id("sale", 3 * books.next("sale"))
    lines = tuple(
        replace(reversed_line(line), row_id=str(sale_id * 8 + row)) for row, line in enumerate(first.lines[:count])
    )
    view = next(view for view in first.store.views if view.terminal is first.terminal)
    back = _sale(books, first.store, view, sale_id, lines, still_known(books, first.customer), CHANNELS[0])
    back = replace(back, payments=_paid(books, back, refund), comment=f"Retur av kvittering {first.receipt_no}")
    _register(books, back)
    if first.lines[count:]:
        books.sales.append(replace(first, lines=first.lines[count:]))


def online_sale(books: ShopState) -> None:
    """The web shop sells, and its sale is added from outside."""
    store = books.dice.pick(books.world.web_shops)
    who = buyer(books, store) if books.dice.below(8) else None
    number = books.next("sale")
    sale_id = books.world.id("sale", 3 * number + 2)
    lines = _basket(books, store, sale_id)
    sold = _sale(books, store, books.dice.pick(store.views), sale_id, lines, who, books.dice.pick(WEB_CHANNELS))
    sold = replace(sold, receipt_no=None, ext_id=f"WEB-{number}", payments=_paid(books, sold, online))
    books.write("SaleExternalCreated", sale_json(sold), store.id)
    _take_from_stock(books, sold)


def settlement(books: ShopState) -> None:
    """A Z report: of the till with the most sales since its last one, else of the one that has waited longest."""
    if not books.tills:
        for _ in range(_SALES_BEFORE_A_SETTLEMENT):
            sale(books)
    due = max(books.tills.values(), key=lambda till: len(till.takings.receipts))
    if not due.takings.receipts:
        due = _idle_till(books)
    at = books.wait(SECOND, MINUTE)
    drawer = draw_drawer(books.dice, due.opening, due.takings.cash)
    body = settlement_json(
        books.dice,
        books.world,
        due.store,
        due.terminal,
        due.takings,
        number=books.next("settlement"),
        batch=due.batch,
        drawer=drawer,
        at=at,
    )
    books.write("POSSettlementCreated", body, due.store.id)
    due.settled, due.opening, due.takings = at, drawer.closing(due.takings.cash), Takings()
    due.batch += 1


def _idle_till(books: ShopState) -> Till:
    tills = (books.till(store, terminal) for store in books.world.shops for terminal in store.terminals)
    return min(tills, key=lambda till: till.settled)


def _sell(books: ShopState, store: Store, who: Customer | None, *, by_invoice: bool = False) -> Sale:
    sale_id = books.world.id("sale", 3 * books.next("sale"))
    lines = _basket(books, store, sale_id)
    view = books.dice.pick(store.views)
    sold = _sale(books, store, view, sale_id, lines, who, books.dice.pick(CHANNELS))
    sold = _register(books, replace(sold, payments=_paid(books, sold, invoice if by_invoice else till)))
    books.sales.append(sold)
    return sold


def _basket(books: ShopState, store: Store, sale_id: int) -> tuple[Line, ...]:
    return basket(books.dice, books.world, store, row=sale_id * 8, choose=books.shelf(store.stock.id))


def _sale(
    books: ShopState,
    store: Store,
    view: View,
    sale_id: int,
    lines: tuple[Line, ...],
    who: Customer | None,
    channel: str | None,
) -> Sale:
    total, vat_total = sums(lines)
    return Sale(
        id=sale_id,
        guid=books.dice.uuid(),
        ext_id=None,
        receipt_no=0,
        store=store,
        terminal=view.terminal,
        store_json=view.json,
        customer=who,
        at=books.now,
        created=books.now,
        updated=None,
        channel=channel,
        comment=books.dice.pick(COMMENTS),
        lines=lines,
        payments=(),
        total=total,
        vat_total=vat_total,
        hidden=None,
    )


def _register(books: ShopState, sold: Sale) -> Sale:
    """Ring a sale up: it gets its receipt, its till takes it, the goods leave their stock, or come back."""
    drawer = books.till(sold.store, sold.terminal)
    sold = replace(sold, receipt_no=books.receipt(drawer))
    drawer.takings.add(sold)
    books.write("SaleCreated", sale_json(sold), sold.store.id)
    _take_from_stock(books, sold)
    return sold


def _take_from_stock(books: ShopState, sold: Sale) -> None:
    for line in sold.lines:
        size = line.goods.size
        if size is not None:
            books.move("Sale", sold.store, sold.store.stock.id, size, pieces=-line.deal.quantity)


def _paid(
    books: ShopState, sold: Sale, pay: Callable[[SeededDraws, Ore, Country], tuple[Payment, ...]]
) -> tuple[Payment, ...]:
    country = sold.store.country
    return all_known(pay(books.dice, sold.total, country), country)
