"""Sales: POS sales and returns, invoice sales, sales added from outside.

Invariants, to the cent: price = fullPrice - discount; a line's vat is that of quantity * price; total is the
sum of quantity * price; vatTotal is the sum of vat; the payments add up to the total. On a return quantities,
vat, payments and totals are negative while prices stay positive (seen in live data).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from frontsim.payloads.documents.payments import Payment, payment_json
from frontsim.payloads.master_data.assortment import Article, Size, open_item
from frontsim.payloads.master_data.chain import Store, Terminal
from frontsim.payloads.master_data.countries import Country
from frontsim.payloads.master_data.customers import Customer
from frontsim.payloads.master_data.world import World
from frontsim.payloads.values.moments import Ticks, text
from frontsim.payloads.values.money import LinePrice, Ore, amount, line_price, share
from frontsim.payloads.values.seeded_draws import SeededDraws

_DISCOUNTS = (0,) * 20 + (10, 15, 20, 25, 30, 33, 40, 50, 70, 100)
_BASKETS = (1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 7)
_PIECES = (1,) * 14 + (2, 3)
_OPEN_ITEMS = (
    (open_item("Bærepose"), "goods"),
    (open_item("Gavekort / gift card"), "voucher"),
    (open_item("Hemming / oppsying"), "goods"),
)
CHANNELS = ("POS", "POS", "POS", "POS", "Mobile POS", "Self checkout", "Pop-up", None)
WEB_CHANNELS = ("Web", "Web", "Web", "App", "Marketplace", None)


@dataclass(slots=True)
class Line:
    """One line of a sale or order: what, for how much, out of which stock."""

    article: Article
    price: LinePrice
    stock_id: int | None
    row_id: str | None


HIDDEN = ("saleGuid", "receiptNo", "store", "paymentLines")
"""What a payload leaves null once in a while, though the sale has it."""


@dataclass(slots=True)
class Sale:
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
    draws: SeededDraws, world: World, store: Store, *, row: int, choose: Callable[[Size, int], Size] | None = None
) -> tuple[Line, ...]:
    """What somebody puts on the counter: a line or two, mostly at full price; now and then an open item.

    Args:
        draws: decide it.
        world: has the assortment.
        store: sells it, at its country's prices.
        row: the first line's row id; the lines count on from it.
        choose: given a size and how many pieces, the size that is bought instead, if that is not at hand.
    """
    country, stock_id, sizes, labelled = store.country, store.stock.id, world.sizes, world.articles
    lines = []
    for row_id in range(row, row + draws.pick(_BASKETS)):
        odds = draws.below(64)
        if odds == 0:
            lines.append(_open_item(draws, country, row_id))
            continue
        size, pieces = draws.pick(sizes), draws.pick(_PIECES)
        if choose is not None:
            size = choose(size, pieces)
        full = size.price[country.currency]
        percent = draws.pick(_DISCOUNTS)
        sold = line_price(pieces, full, share(full, percent) if percent else 0, country.vat[size.group])
        what = (world.unlabelled_articles if odds == 1 else labelled)[size.number]
        lines.append(Line(what, sold, stock_id, None if odds == 2 else str(row_id)))
    return tuple(lines)


def _open_item(draws: SeededDraws, country: Country, row: int) -> Line:
    what, group = draws.pick(_OPEN_ITEMS)
    return Line(what, line_price(1, draws.between(1, 60) * 2500 - 5, 0, country.vat[group]), None, str(row))


def reversed_line(line: Line) -> Line:
    """The line that takes the goods back."""
    sold = line.price
    return Line(
        line.article, line_price(-sold.quantity, sold.full, sold.discount, sold.rate), line.stock_id, line.row_id
    )


def sums(lines: Sequence[Line]) -> tuple[Ore, Ore]:
    """What the lines come to: (total, the VAT in it)."""
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
        "salesLines": _lines_json(sale),
        "paymentLines": [payment_json(paid) for paid in sale.payments],
        "vatTotal": amount(sale.vat_total),
        "total": amount(sale.total),
    }
    if sale.hidden is not None:
        body[sale.hidden] = None
    return body


def _receipt_url(number: int) -> str:
    return f"https://example.com/receipts/{number}"


def _lines_json(sale: Sale) -> orjson.Fragment:
    currency = sale.store.country.currency
    lines = []
    for line in sale.lines:
        what, row = line.article, "null" if line.row_id is None else f'"{line.row_id}"'
        stock = "null" if line.stock_id is None else line.stock_id
        lines.append(
            f'{{"rowId":{row},{what.sale_json},{line.price.sale_json},'
            f'"cost":{what.cost_json[currency]},"stockId":{stock}}}'
        )
    return orjson.Fragment(f"[{','.join(lines)}]")
