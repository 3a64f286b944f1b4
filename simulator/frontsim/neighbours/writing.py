"""A write that is being made: the book that it is checked by, the state that it changes, and how its lines are read.

    call ──▶ checks, by the book (BadInput, NotFound: nothing has changed) ──▶ events and notes ──▶ one commit

A write that was made before, by its own reference, answers as it did then and does nothing.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple

from frontsim.neighbours.book import ANSWER, Book
from frontsim.neighbours.operations import NEVER, VendorCall, wrong
from frontsim.neighbours.reads import stock_of
from frontsim.neighbours.views import customer_of
from frontsim.payloads.documents.orders import DEFAULT_HOURS
from frontsim.payloads.making.shop_state import ShopState
from frontsim.payloads.world.moments import Ticks, of
from frontsim.payloads.world.prices import Ore, Size
from frontsim.payloads.world.world import Stock, Store

MOST_LINES = 2_000
"""Lines of a write."""
MOST_PAID = 1_000_000_000
"""The highest price or payment."""


@dataclass(slots=True)
class Writing:
    """A write that is being made: the book that it is checked by, the state that it changes, and its notes."""

    book: Book
    state: ShopState
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, kind: str, body: dict[str, Any]) -> None:
        self.notes.append((kind, body))

    def before(self, what: str, *references: object) -> Any:
        """The answer to the call that had one of these references before; None for none."""
        for reference in references:
            known = self.book.answers.get(f"{what} {reference}") if reference else None
            if known is not None:
                return known["answer"]
        return None

    def answer(self, what: str, answer: Any, *references: object) -> Any:
        """Note the answer under each reference."""
        for reference in references:
            if reference:
                self.note(ANSWER, {"call": f"{what} {reference}", "answer": answer})
        return answer

    def store(self, stock: Stock) -> Store:
        """The store on which the movements of a stock are booked."""
        return self.book.world.store(stock.store_id)

    def refuse_more_than(self, wanted: Iterable[tuple["WrittenLine", int]]) -> None:
        """Raises BadInput: a line wants more pieces than are free in the stock of the id beside it."""
        left: dict[tuple[int, str], int] = {}
        for line, stock_id in wanted:
            free = left.get((stock_id, line.size.gtin), self.state.levels.available(stock_id, line.size))
            if line.pieces > max(0, free):
                raise wrong(
                    line.pieces_at,
                    f"expected at most {max(0, free)} pieces, which stock {stock_id} has free, got {line.pieces}",
                )
            left[stock_id, line.size.gtin] = free - max(0, line.pieces)


Write = Callable[[Writing, VendorCall], Any]


def once(what: str, *fields: str) -> Callable[[Write], Write]:
    """A write that answers as before, and does nothing, if a call had one of its references before."""

    def of_references(write: Write) -> Write:
        @wraps(write)
        def do(writing: Writing, call: VendorCall) -> Any:
            references = [call.body.get(name) for name in fields]
            known = writing.before(what, *references)
            return writing.answer(what, write(writing, call), *references) if known is None else known

        return do

    return of_references


class WrittenLine(NamedTuple):
    """A line of a write: its path, what it says, its size, its pieces, and the path of the field that has them."""

    at: str
    given: Mapping[str, Any]
    size: Size
    pieces: int
    pieces_at: str


def lines_of(writing: Writing, call: VendorCall, name: str, *, least: int | None = None) -> list[WrittenLine]:
    """The lines of a write. Raises BadInput, which names fields that a line has."""
    lines = call.body.get(name, ())
    if not 1 <= len(lines) <= MOST_LINES:
        raise wrong(name, f"expected 1 to {MOST_LINES:,} lines, got {len(lines):,}")
    fields = call.line_fields(name)
    found = []
    for place, line in enumerate(lines):
        at = f"{name}[{place}]"
        found.append(
            WrittenLine(at, line, _size_of(writing, line, at, fields), *pieces_of(line, at, fields, least=least))
        )
    return found


def _size_of(writing: Writing, line: Mapping[str, Any], at: str, fields: Container[str]) -> Size:
    """The size that a line names, by whatever code. Raises BadInput."""
    names = [name for name in ("gtin", "identity", "externalSKU") if name in fields]
    given = [name for name in names if line.get(name)]
    for name in given:
        if (size := writing.book.size(line[name])) is not None:
            return size
    got = line[given[0]][:100] if given else "nothing"
    raise wrong(f"{at}.{(given or names)[0]}", f"expected the GTIN, identity or external SKU of a product, got {got}")


def pieces_of(line: Mapping[str, Any], at: str, fields: Container[str], *, least: int | None = None) -> tuple[int, str]:
    """The whole number of pieces, not 0 unless `least` says what is allowed, and its path. Raises BadInput."""
    names = [name for name in ("quantity", "qty") if name in fields]
    name = next((name for name in names if line.get(name)), names[0])
    pieces, path = line.get(name, 0), f"{at}.{name}" if at else name
    if pieces != int(pieces) or abs(pieces) >= 2**31 or (pieces == 0 if least is None else pieces < least):
        expected = "a whole number of pieces" + (", not 0" if least is None else f", {least} or more")
        raise wrong(path, f"expected {expected}, got {pieces}")
    return int(pieces), path


def ore_of(line: Mapping[str, Any], name: str, at: str, *, least: int = 0) -> Ore:
    """The amount in a field, 0 for none. Raises BadInput."""
    amount: float = line.get(name, 0)
    if not least <= amount <= MOST_PAID:
        raise wrong(f"{at}.{name}" if at else name, f"expected an amount from {least:,} to {MOST_PAID:,}, got {amount}")
    return round(amount * 100)


def hours_of(hours: int | None) -> int:
    """How long a reservation holds. Raises BadInput."""
    hours = hours or DEFAULT_HOURS
    if not 1 <= hours <= 24 * 366:
        raise wrong("reservationLengthInHours", f"expected 1 to {24 * 366:,} hours, got {hours}")
    return hours


def whole(value: str | None, name: str) -> int | None:
    """The id of a stock in a header of text. Raises BadInput."""
    if value is not None and not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise wrong(name, f"expected the id of a stock, got {value[:100]}")
    return None if value is None else int(value)


def stock_in(writing: Writing, body: Mapping[str, Any], ext_field: str = "") -> Stock:
    """The stock of a write, by its id or its external id."""
    ext_id = body.get(ext_field)
    if not body.get("stockId") and ext_id:
        for stock in writing.book.stocks:
            if stock.ext_id == ext_id:
                return stock
        raise wrong(ext_field, f"expected the external id of a stock, got {ext_id[:100]}")
    return stock_of(writing.book, "stockId", body.get("stockId"))


def store_in(writing: Writing, store_id: int | None, stock_id: int | None) -> Store:
    """The store of an id, else that of a stock, else the first web shop."""
    stores = writing.book.stores
    if store_id is not None:
        for store in stores:
            if store.id == store_id:
                return store
        raise wrong("x-storeId", f"expected the id of a store (GET /api/Stores lists them), got {store_id}")
    return next((store for store in stores if store.stock.id == stock_id), writing.state.world.web_shops[0])


def ticks_of(writing: Writing, name: str, body: Mapping[str, Any]) -> Ticks | None:
    """The moment in a field; None for none. Raises BadInput."""
    moment = writing.book.moment(name, body.get(name))
    return None if moment is None or moment <= NEVER else of(datetime.fromisoformat(moment))


def known_customer(writing: Writing, name: str, customer_id: int | None) -> dict[str, Any] | None:
    """The customer of an id; None for 0 or none. Raises BadInput."""
    if not customer_id:
        return None
    known = customer_of(writing.book, customer_id)
    if known is None:
        raise wrong(name, f"expected the id of a customer, or 0, got {customer_id}")
    return known
