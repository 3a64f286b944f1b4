"""Sales by themselves: sale, invoice and external sale `n` of a seed."""

from simulator.payloads.chain import Store
from simulator.payloads.customers import Customer
from simulator.payloads.draw import Dice
from simulator.payloads.moments import MINUTE, SECOND, Ticks
from simulator.payloads.payments import Payment, invoice, online, refund, till
from simulator.payloads.sales import CHANNELS, HIDDEN, WEB_CHANNELS, Line, Sale, basket, receipt_no, reversed_line
from simulator.payloads.texts import COMMENTS
from simulator.payloads.world import REGULARS, World


def draw_sale(dice: Dice, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A POS sale by itself; one in twelve is a return."""
    lines = basket(dice, world, store, row=sale_id * 8)
    returned = dice.one_in(12)
    if returned:
        lines = tuple(reversed_line(line) for line in lines)
    total = sum(line.total for line in lines)
    known = dice.below(REGULARS * 5 // 2)
    return _by_itself(
        dice,
        store,
        number=number,
        sale_id=sale_id,
        at=at,
        lines=lines,
        customer=world.customer(known) if known < REGULARS else None,
        payments=(refund if returned else till)(dice, total, store.country),
        channel=dice.pick(CHANNELS),
        ext_id=f"MPOS-{number}" if number % 7 == 3 else None,
    )


def draw_invoice(dice: Dice, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A POS sale that is paid by invoice: somebody is known, one payment of type invoice."""
    lines = basket(dice, world, store, row=sale_id * 8)
    return _by_itself(
        dice,
        store,
        number=number,
        sale_id=sale_id,
        at=at,
        lines=lines,
        customer=world.customer(dice.below(REGULARS)),
        payments=invoice(dice, sum(line.total for line in lines), store.country),
        channel=dice.pick(CHANNELS),
        ext_id=f"PO-{number}" if number % 3 == 1 else None,
    )


def draw_external(dice: Dice, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A sale added from outside: it bears the web shop's reference and no receipt number, with few exceptions."""
    lines = basket(dice, world, store, row=sale_id * 8)
    known = dice.below(REGULARS * 8 // 7)
    sold = _by_itself(
        dice,
        store,
        number=number,
        sale_id=sale_id,
        at=at,
        lines=lines,
        customer=world.customer(known) if known < REGULARS else None,
        payments=online(dice, sum(line.total for line in lines), store.country),
        channel=dice.pick(WEB_CHANNELS),
        ext_id=f"WEB-{100_000 + number}",
    )
    return sold if number % 32 == 9 else sold._replace(receipt_no=None)


def _by_itself(
    dice: Dice,
    store: Store,
    *,
    number: int,
    sale_id: int,
    at: Ticks,
    lines: tuple[Line, ...],
    customer: Customer | None,
    payments: tuple[Payment, ...],
    channel: str | None,
    ext_id: str | None,
) -> Sale:
    """A sale whose payload lacks this or that, once in a while."""
    view, variety = dice.pick(store.views), dice.below(64)
    return Sale(
        id=sale_id,
        guid=dice.uuid(),
        ext_id=ext_id,
        receipt_no=receipt_no(view.terminal, number),
        store=store,
        terminal=view.terminal,
        store_json=view.json,
        customer=customer,
        at=at,
        created=at + variety // 2,
        updated=at + MINUTE + variety * SECOND if variety % 16 == 4 else None,
        channel=channel,
        comment=dice.pick(COMMENTS),
        lines=lines,
        payments=payments,
        total=sum(line.total for line in lines),
        vat_total=sum(line.vat for line in lines),
        hidden=HIDDEN[variety] if variety < len(HIDDEN) else None,
    )
