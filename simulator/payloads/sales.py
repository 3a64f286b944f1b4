"""Sales: POS sales and returns, invoice sales, sales added from outside.

Invariants, to the cent: price = fullPrice - discount; a line's vat is that of quantity * price; total is the
sum of quantity * price; vatTotal is the sum of vat; the payments add up to the total. On a return quantities,
vat, payments and totals are negative while prices stay positive (seen in live data).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from simulator.payloads.assortment import Size
from simulator.payloads.chain import Store, Terminal
from simulator.payloads.countries import Country
from simulator.payloads.customers import Customer
from simulator.payloads.draw import Dice
from simulator.payloads.moments import Ticks, text
from simulator.payloads.money import Ore, amount, fraction, share, vat_in
from simulator.payloads.payments import Payment, payment_json
from simulator.payloads.world import World

_DISCOUNTS = (0,) * 20 + (10, 15, 20, 25, 30, 33, 40, 50, 70, 100)
_BASKETS = (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 7)
_PIECES = (1,) * 14 + (2, 3)
CHANNELS = ("POS", "POS", "POS", "POS", "Mobile POS", "Self checkout", "Pop-up", None)
WEB_CHANNELS = ("Web", "Web", "Web", "App", "Marketplace", None)


class Line(NamedTuple):
    """One line of a sale or order. `size` None: an open item, typed in at the till. Unit prices in oere."""

    size: Size | None
    label: str | None
    quantity: int
    full: Ore
    discount: Ore
    rate: int
    stock_id: int | None
    row_id: str | None
    total: Ore
    """quantity * (full - discount), VAT included; negative on a return."""
    vat: Ore
    """The VAT in it."""


def make_line(
    size: Size | None,
    label: str | None,
    quantity: int,
    *,
    full: Ore,
    discount: Ore,
    rate: int,
    stock_id: int | None,
    row_id: str | None,
) -> Line:
    """A line with its sums; `rate` is the VAT in percent."""
    total = quantity * (full - discount)
    return Line(size, label, quantity, full, discount, rate, stock_id, row_id, total, vat_in(total, rate))


HIDDEN = ("saleGuid", "receiptNo", "store", "paymentLines")
"""What a payload leaves null once in a while, though the sale has it."""


class Sale(NamedTuple):
    """One completed sale, with everything that its payload shows; `hidden` is one of `HIDDEN`."""

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
    channel: str | None
    comment: str | None
    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]
    total: Ore
    vat_total: Ore
    hidden: str | None


def basket(
    dice: Dice, world: World, store: Store, *, row: int, choose: Callable[[Size, int], Size] | None = None
) -> tuple[Line, ...]:
    """What somebody puts on the counter: a line or two, mostly at full price; now and then an open item.

    Args:
        dice: decide it.
        world: has the assortment.
        store: sells it, at its country's prices.
        row: the first line's row id; the lines count on from it.
        choose: given a size and how many pieces, the size that is bought instead, if that is not at hand.
    """
    sizes, country = world.sizes, store.country
    lines = []
    for place in range(dice.pick(_BASKETS)):
        odds = dice.below(64)
        if odds == 0:
            lines.append(_open_item(dice, country, row + place))
            continue
        size, pieces = dice.pick(sizes), dice.pick(_PIECES)
        if choose is not None:
            size = choose(size, pieces)
        full = size.price[country.currency]
        percent = dice.pick(_DISCOUNTS)
        lines.append(
            make_line(
                size,
                None if odds == 1 else size.label,
                pieces,
                full=full,
                discount=share(full, percent) if percent else 0,
                rate=country.vat[size.group],
                stock_id=store.stock.id,
                row_id=None if odds == 2 else str(row + place),
            )
        )
    return tuple(lines)


def _open_item(dice: Dice, country: Country, row: int) -> Line:
    label, group = dice.pick(
        (("Bærepose", "goods"), ("Gavekort / gift card", "voucher"), ("Hemming / oppsying", "goods"))
    )
    full, rate = dice.between(1, 60) * 2500 - 5, country.vat[group]
    return make_line(None, label, 1, full=full, discount=0, rate=rate, stock_id=None, row_id=str(row))


def reversed_line(line: Line) -> Line:
    """The line that takes the goods back."""
    return line._replace(quantity=-line.quantity, total=-line.total, vat=-line.vat)


def receipt_no(terminal: Terminal, count: int) -> int:
    """The `count`th receipt of a terminal: 9 digits."""
    return 480_000_000 + terminal.number % 200 * 1_000_000 + count % 1_000_000


def sale_json(sale: Sale) -> dict[str, Any]:
    """The payload of SaleCreated, InvoiceCreated and SaleExternalCreated."""
    currency = sale.store.country.currency
    when = text(sale.at)
    receipt = sale.receipt_no
    odd = sale.id & 15
    body = {
        "saleId": sale.id,
        "saleGuid": sale.guid,
        "extId": sale.ext_id,
        "receiptNo": None if receipt is None else str(receipt),
        "receiptFormatted": when.replace("T", " ")[:19] if odd < 3 else None,
        "receiptUrl": _receipt_url(receipt or sale.id) if (receipt and odd > 3) or odd == 7 else None,
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
        "salesLines": [line_json(line, currency) for line in sale.lines],
        "paymentLines": [payment_json(paid) for paid in sale.payments],
        "vatTotal": amount(sale.vat_total),
        "total": amount(sale.total),
    }
    if sale.hidden is not None:
        body[sale.hidden] = None
    return body


def _receipt_url(number: int) -> str:
    return f"https://example.com/receipts/{number}"


def line_json(line: Line, currency: str) -> dict[str, Any]:
    """One of `salesLines`."""
    size = line.size
    cost = None if size is None else size.cost[currency]
    return {
        "rowId": line.row_id,
        "productId": None if size is None else size.product_id,
        "identity": None if size is None else size.identity,
        "gtin": None if size is None else size.gtin,
        "externalSKU": None if size is None else size.sku,
        "receiptLabel": line.label,
        "sizeText": None if size is None else size.text,
        "quantity": line.quantity,
        "price": amount(line.full - line.discount),
        "fullPrice": amount(line.full),
        "discount": amount(line.discount),
        "discountPercent": fraction(line.discount, line.full),
        "vat": amount(line.vat),
        "vatPercent": line.rate / 100,
        "cost": None if cost is None else amount(cost),
        "stockId": line.stock_id,
    }
