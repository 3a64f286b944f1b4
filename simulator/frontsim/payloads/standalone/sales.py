"""Standalone sales: sale, invoice and external sale `n` of a seed."""

from collections.abc import Callable, Sequence

from frontsim.payloads.documents.payments import Payment, pay_at_till, pay_by_invoice, pay_online, pay_refund
from frontsim.payloads.documents.sales import (
    CHANNELS,
    WEB_CHANNELS,
    Line,
    Sale,
    basket,
    receipt_no,
    reversed_line,
    sums,
)
from frontsim.payloads.master_data.chain import Store
from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.master_data.customers import Customer
from frontsim.payloads.master_data.world import REGULAR_CUSTOMERS, World
from frontsim.payloads.values.moments import Ticks
from frontsim.payloads.values.money import Ore
from frontsim.payloads.values.seeded_draws import SeededDraws
from frontsim.payloads.values.texts import COMMENTS


def draw_sale(draws: SeededDraws, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A POS sale; one in twelve is a return."""
    lines = basket(draws, world, store, row=sale_id * 8)
    pay = pay_at_till
    if draws.one_in(12):
        lines, pay = tuple([reversed_line(line) for line in lines]), pay_refund
    known = draws.below(REGULAR_CUSTOMERS * 5 // 2)
    return _sale(
        draws,
        store,
        CHANNELS,
        pay,
        number=number,
        sale_id=sale_id,
        at=at,
        lines=lines,
        customer=world.customer(known) if known < REGULAR_CUSTOMERS else None,
        ext_id=f"MPOS-{number}" if number % 7 == 3 else None,
        receipt=True,
    )


def draw_invoice(draws: SeededDraws, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A POS sale on invoice: a known customer, and one payment of type invoice."""
    lines = basket(draws, world, store, row=sale_id * 8)
    return _sale(
        draws,
        store,
        CHANNELS,
        pay_by_invoice,
        number=number,
        sale_id=sale_id,
        at=at,
        lines=lines,
        customer=world.customer(draws.below(REGULAR_CUSTOMERS)),
        ext_id=f"PO-{number}" if number % 3 == 1 else None,
        receipt=True,
    )


def draw_external(draws: SeededDraws, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A sale added from outside: it has the web shop's reference and, with few exceptions, no receipt number."""
    lines = basket(draws, world, store, row=sale_id * 8)
    known = draws.below(REGULAR_CUSTOMERS * 8 // 7)
    return _sale(
        draws,
        store,
        WEB_CHANNELS,
        pay_online,
        number=number,
        sale_id=sale_id,
        at=at,
        lines=lines,
        customer=world.customer(known) if known < REGULAR_CUSTOMERS else None,
        ext_id=f"WEB-{100_000 + number}",
        receipt=number % 32 == 9,
    )


def _sale(
    draws: SeededDraws,
    store: Store,
    channels: Sequence[str],
    pay: Callable[[SeededDraws, Ore, Country], tuple[Payment, ...]],
    *,
    number: int,
    sale_id: int,
    at: Ticks,
    lines: tuple[Line, ...],
    customer: Customer | None,
    ext_id: str | None,
    receipt: bool,
) -> Sale:
    total, vat_total = sums(lines)
    payments = pay(draws, total, store.country)
    channel, view, variety = draws.pick(channels), draws.pick(store.views), draws.below(64)
    terminal = view.terminal
    return Sale(
        sale_id,
        draws.uuid(),
        ext_id,
        receipt_no(terminal, number) if receipt else None,
        store,
        terminal,
        view.json,
        customer,
        at,
        at + variety // 2,
        at + variety if variety % 16 == 4 else None,
        channel,
        draws.pick(COMMENTS),
        lines,
        payments,
        total,
        vat_total,
    )
