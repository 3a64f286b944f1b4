"""Sales and returns: POS, invoice, external, and how they are paid; drawn alone too.

Invariants, to the cent: price = fullPrice - discount; a line's vat is that of quantity * price; total is the
sum of quantity * price; vatTotal is the sum of vat; the payments add up to the total. On a return quantities,
vat, payments and totals are negative while prices stay positive (seen in live data).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from frontsim.payloads.world.moments import MINUTE, Ticks, text
from frontsim.payloads.world.people import Customer
from frontsim.payloads.world.prices import Article, Country, LinePrice, Ore, Size, amount, line_price, rounded_to, share
from frontsim.payloads.world.seeded_draws import COMMENTS, SeededDraws
from frontsim.payloads.world.world import REGULAR_CUSTOMERS, Store, Terminal, World


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment method. `id` is its number in a Z report; `type` and `sub_type` are free strings."""

    id: int
    type: str
    sub_type: str


CASH = PaymentMethod(1, "cash", "")
ROUNDING = PaymentMethod(2, "rounding", "")
VISA = PaymentMethod(3, "creditCard", "visa")
MASTERCARD = PaymentMethod(4, "creditCard", "mastercard")
GIFT_CARD = PaymentMethod(5, "giftCard", "")
INVOICE = PaymentMethod(6, "invoice", "")
E_INVOICE = PaymentMethod(6, "invoice", "ehf")
WALLETS = {
    "Vipps": PaymentMethod(10, "Vipps", ""),
    "Swish": PaymentMethod(30, "Swish", ""),
    "MobilePay": PaymentMethod(31, "MobilePay", ""),
}
KLARNA = PaymentMethod(124, "KlarnaFaktura", "")
CREDIT_NOTE = PaymentMethod(128, "creditNote", "")
BANK_AXEPT = PaymentMethod(10000, "debitCard", "bankAxept")
"""Numbers as far as they are published: 3 Visa, 4 ECMC, 10000 BankAxxess, 5 GiftCard, 6 Invoice, 10 Vipps,
124 KlarnaFaktura; 1 for cash and 3 for a Visa stand in the settlement's example. The rest is ours."""

_CARDS = (VISA, VISA, MASTERCARD, BANK_AXEPT)
_NOTES: tuple[Ore, ...] = (5_000, 10_000, 20_000, 50_000, 100_000)
_EURO_RATE = 1145
"""Oere for one euro's hundred cents, whatever the currency: only the sum in the store's currency is booked."""


@dataclass(slots=True)
class Payment:
    """One payment: `amount` in the store's currency, `tendered` in `currency`."""

    method: PaymentMethod
    amount: Ore
    currency: str
    tendered: Ore
    reference: str
    text: str | None
    row_id: str


def pay_at_till(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Splits a total into payments: card, wallet, cash with its rounding and change, gift card and the rest by card."""
    if total == 0:
        return ()
    way = draws.below(32)
    if way < 16:
        return (_plain(draws, draws.pick(_CARDS), total, country),)
    if way < 21:
        return (_plain(draws, WALLETS[country.wallet], total, country),)
    if way < 26:
        return pay_in_cash(draws, total, country)
    if way < 29:
        first = max(1, min(total - 1, draws.pick((10_000, 20_000, 50_000)))) if total > 1 else total
        card = _plain(draws, GIFT_CARD, first, country)
        return (card, _plain(draws, draws.pick(_CARDS), total - first, country)) if total > first else (card,)
    if way == 29:
        part = max(1, total * draws.between(20, 80) // 100)
        return tuple(
            _plain(draws, method, each, country) for method, each in ((VISA, part), (MASTERCARD, total - part)) if each
        )
    cents = (total * 100 + _EURO_RATE - 1) // _EURO_RATE
    return (_payment(draws, CASH, total, "EUR", cents, "EUR 11.45"),)


def pay_in_cash(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Cash: the sum that coins can pay, and what the rounding gives or takes."""
    paid = rounded_to(total, country.coin)
    notes = [note for note in _NOTES if note >= paid]
    tendered = notes[0] if notes and paid > 0 and draws.one_in(2) else paid
    lines = [_payment(draws, CASH, paid, country.currency, tendered, None)] if paid else []
    if paid != total:
        rest = total - paid
        lines.append(_payment(draws, ROUNDING, rest, country.currency, rest, "Øreavrunding"))
    return tuple(lines)


def pay_refund(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """A refund: to a card, in cash, or as a credit note; `total` is negative."""
    if total == 0:
        return ()
    way = draws.below(32)
    if way < 20:
        return (_plain(draws, draws.pick(_CARDS), total, country),)
    if way < 27:
        return pay_in_cash(draws, total, country)
    return (_payment(draws, CREDIT_NOTE, total, country.currency, total, "Tilgodelapp"),)


def pay_by_invoice(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """One payment of type invoice (inferred), for any sum, 0 included."""
    method = E_INVOICE if draws.one_in(4) else INVOICE
    return (_payment(draws, method, total, country.currency, total, draws.pick(("Net 14", "Net 30", None))),)


def pay_online(draws: SeededDraws, total: Ore, country: Country) -> tuple[Payment, ...]:
    """Payment in a web shop: gift card and card, a wallet, an invoice by Klarna, or a card."""
    if total == 0:
        return ()
    way = draws.below(16)
    if way < 3 and total > 2:
        part = max(1, total // 3)
        return (_plain(draws, GIFT_CARD, part, country), _plain(draws, VISA, total - part, country))
    method = (WALLETS[country.wallet], KLARNA, VISA, MASTERCARD)[way % 4]
    return (_plain(draws, method, total, country),)


def _plain(draws: SeededDraws, method: PaymentMethod, total: Ore, country: Country) -> Payment:
    return _payment(draws, method, total, country.currency, total, "Resten på kort" if draws.one_in(16) else None)


def _payment(
    draws: SeededDraws, method: PaymentMethod, paid: Ore, currency: str, tendered: Ore, note: str | None
) -> Payment:
    drawn = draws.below(10**9)  # both references from one draw, made unlike each other
    reference, row = str(drawn).zfill(9), str(drawn ^ 0x2A5F31).zfill(9)
    return Payment(method, paid, currency, tendered, f"TX{reference}", note, f"PAY{row}")


def payment_json(paid: Payment) -> dict[str, Any]:
    """One of `paymentLines`."""
    return {
        "type": paid.method.type,
        "subType": paid.method.sub_type,
        "currency": paid.currency,
        "currencyTendered": amount(paid.tendered),
        "txRef": paid.reference,
        "text": paid.text,
        "amount": amount(paid.amount),
        "rowId": paid.row_id,
    }


_DISCOUNTS = (0,) * 20 + (10, 15, 20, 25, 30, 33, 40, 50, 70, 100)
_BASKETS = (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 7)
_PIECES = (1,) * 14 + (2, 3)
_SEVERAL = 50
"""One sale in so many has lines of several units. In live rows each line has one, and two units are two lines with
consecutive ids (seen); whether the vendor ever sends more is open, so the strict profile never does."""
_MOST_LINES = 8
"""A sale's rows are numbered from eight times its id on."""
_SYNCED_LATE = 30
"""One sale in so many was made by a register that was offline: a later id with an earlier time (seen)."""
CHANNELS = ("POS", "POS", "POS", "POS", "Mobile POS", "Self checkout", "Pop-up", "POS")
WEB_CHANNELS = ("Web", "Web", "Web", "App", "Marketplace")


@dataclass(slots=True)
class Line:
    """One line of a sale or order: what, for how much, out of which stock."""

    article: Article
    price: LinePrice
    stock_id: int
    row_id: str


@dataclass(slots=True)
class Sale:
    """One completed sale."""

    id: int
    guid: str
    ext_id: str | None
    receipt_no: int | None
    store: Store
    terminal: Terminal
    store_json: orjson.Fragment
    customer: Customer | None
    at: Ticks
    created: Ticks
    updated: Ticks | None
    channel: str
    comment: str | None
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]
    total: Ore
    vat_total: Ore


def basket(
    draws: SeededDraws, world: World, store: Store, *, row: int, choose: Callable[[Size, int], Size] | None = None
) -> tuple[Line, ...]:
    """The lines of one sale: mostly one or two, mostly at full price.

    Args:
        draws: decide it.
        world: has the assortment.
        store: sells it, at its country's prices.
        row: the first line's row id; the lines count on from it.
        choose: returns the size to sell for a drawn size and a number of pieces, for a store that has limited stock.
    """
    country, stock_id, sizes, articles = store.country, store.stock.id, world.sizes, world.articles
    several = draws.one_in(_SEVERAL) and not world.is_strict
    lines: list[Line] = []
    for place in range(draws.pick(_BASKETS)):
        size, pieces = draws.pick(sizes), draws.pick(_PIECES)
        if several and place == 0:
            pieces = draws.between(2, 3)
        units = (pieces,) if several else (1,) * min(pieces, _MOST_LINES - len(lines))
        if choose is not None:
            size = choose(size, sum(units))
        full = size.price[country.currency]
        percent = draws.pick(_DISCOUNTS)
        for unit in units:
            price = line_price(unit, full, share(full, percent) if percent else 0, country.vat[size.group])
            lines.append(Line(articles[size.number], price, stock_id, str(row + len(lines))))
    return tuple(lines)


def register_time(draws: SeededDraws, world: World, at: Ticks, *, earliest: Ticks) -> Ticks:
    """When a sale was made that the vendor gets at `at`: mostly then, or earlier at a register that was offline."""
    late = draws.one_in(_SYNCED_LATE) and not world.is_strict
    return max(earliest, at - draws.between(5, 90) * MINUTE) if late else at


def reversed_line(line: Line) -> Line:
    """The line of a return."""
    sold = line.price
    return Line(
        line.article, line_price(-sold.quantity, sold.full, sold.discount, sold.rate), line.stock_id, line.row_id
    )


def sums(lines: Sequence[Line]) -> tuple[Ore, Ore]:
    """The sums over the lines: (total, the VAT in it)."""
    total = vat = 0
    for line in lines:
        sold = line.price
        total += sold.total
        vat += sold.vat
    return total, vat


def receipt_no(terminal: Terminal, count: int) -> int:
    """The `count`th receipt of a terminal: 9 digits."""
    return 480_000_000 + terminal.number % 200 * 1_000_000 + count % 1_000_000


def sale_json(sale: Sale) -> dict[str, Any]:
    """The payload of SaleCreated, InvoiceCreated and SaleExternalCreated."""
    when = text(sale.at)
    receipt = sale.receipt_no
    return {
        "saleId": sale.id,
        "saleGuid": sale.guid,
        "extId": sale.ext_id,
        "receiptNo": None if receipt is None else str(receipt),
        "receiptFormatted": when.replace("T", " ")[:19] if sale.id & 15 < 3 else None,
        "receiptUrl": _receipt_url(receipt or sale.id),
        "storeId": sale.store.id,
        "saleDateTime": when,
        "createdDateTime": when if sale.created == sale.at else text(sale.created),
        "updatedDateTime": None if sale.updated is None else text(sale.updated),
        "salesChannel": sale.channel,
        "isComplete": True,
        "isVoided": False,
        "comment": sale.comment,
        "store": sale.store_json,
        "customer": None if sale.customer is None else sale.customer.sale_json,
        "salesLines": _lines_json(sale),
        "paymentLines": [payment_json(paid) for paid in sale.payments],
        "vatTotal": amount(sale.vat_total),
        "total": amount(sale.total),
    }


def _receipt_url(number: int) -> str:
    return f"https://example.com/receipts/{number}"


def _lines_json(sale: Sale) -> orjson.Fragment:
    currency = sale.store.country.currency
    lines = []
    for line in sale.lines:
        what = line.article
        lines.append(
            f'{{"rowId":"{line.row_id}",{what.sale_json},{line.price.sale_json},'
            f'"cost":{what.cost_json[currency]},"stockId":{line.stock_id}}}'
        )
    return orjson.Fragment(f"[{','.join(lines)}]")


def draw_sale(draws: SeededDraws, world: World, store: Store, *, number: int, sale_id: int, at: Ticks) -> Sale:
    """A POS sale; one in twelve is a return."""
    lines = basket(draws, world, store, row=sale_id * 8)
    pay = pay_at_till
    if draws.one_in(12):
        lines, pay = tuple([reversed_line(line) for line in lines]), pay_refund
    known = draws.below(REGULAR_CUSTOMERS * 5 // 2)
    made = _sale(
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
    made.at = register_time(draws, world, at, earliest=0)
    return made


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
