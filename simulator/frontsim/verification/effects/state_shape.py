"""Derived state as rows: stock items and customers.

{"id": 3012659, "name": "Ola Testersen", "mail": "OLA@EXAMPLE.COM"}
    --> CustomerField("3012659", "name"): "Ola Testersen" ...

Texts are compared by their letters and digits alone, because a receiver may trim them, write e-mail in lower case, put
spaces into a number, write ASCII, or cut what is too long for a column. A column may hold several fields, such as a
whole name or address.

{"stock_id": 3044, "gtin": "7033146460004", "on_hand": 7}   -->   Cell("3044", "7033146460004", "on_hand"): 7
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from frontsim.verification.effects import content

_SHORTEST_CUT = 8
"""A text may be cut to so many letters; a shorter one is another text."""
_IN_ASCII = str.maketrans({"æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "þ": "th"})
SEVERAL = "several rows"
"""In place of a value, where rows of one customer disagree."""


class CustomerField(NamedTuple):
    """A column of the row of a customer, who goes by the vendor's customerId."""

    customer: str
    column: str


CustomerFields = Mapping[CustomerField, Any]
Trait = tuple[str, object]
"""Something that a receiver may choose its customers by, such as a flag."""


@dataclass(frozen=True, slots=True)
class CustomerShape:
    """How to read rows of customers.

    Attributes:
        id: the column with the customerId.
        columns: the fields of the payload that each column holds: one, or the parts of a text put together.
    """

    id: str
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def fields(self, rows: Iterable[Any]) -> CustomerFields:
        """Reads what rows show of each customer."""
        found: dict[CustomerField, Any] = {}
        for row in map(flat, rows):
            customer = content.normalised(row.get(self.id))
            if customer is None:
                continue
            for column in self.columns:
                place, value = CustomerField(customer, column), row.get(column)
                found[place] = value if found.get(place, value) == value else SEVERAL
        return found

    def __str__(self) -> str:
        columns = ", ".join(f"{column} -> {' and '.join(paths)}" for column, paths in self.columns.items())
        return f"{columns} (a row for each {self.id})"


def flat(row: Any) -> Mapping[str, Any]:
    """The single values of a row by dotted path, also those of objects within it; empty where it is not an object."""
    return dict(_values(row, "")) if isinstance(row, Mapping) else {}


def _values(row: Mapping[Any, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        inner = content.parsed(value)
        if isinstance(inner, Mapping):
            yield from _values(inner, f"{path}{name}.")
        elif not isinstance(inner, list):
            yield f"{path}{name}", value


def folded(value: Any) -> str:
    """The letters and digits of a text, in one case and without accents; digits alone without leading zeros."""
    plain = unicodedata.normalize("NFKD", content.normalised(value) or "").casefold().translate(_IN_ASCII)
    text = "".join(letter for letter in plain if letter.isalnum())
    return (text.lstrip("0") or text) if text.isdecimal() else text


def holds(shown: Any, paths: Sequence[str], payload: Any) -> bool:
    """A column that holds these fields shows them as a payload has them."""
    kept, parts = folded(shown), [folded(content.find(payload, path)) for path in paths]
    if len(parts) == 1:
        [part] = parts
        if kept == part or (len(kept) >= _SHORTEST_CUT and part.startswith(kept)):
            return True
    return any(parts) and all(part in kept for part in parts)


Row = Mapping[str, Any]


class StockItem(NamedTuple):
    """An article in a stock; `stock` is "" in a table that keeps no stocks apart."""

    stock: str
    item: str

    def __str__(self) -> str:
        return f"{self.item} in stock {self.stock}" if self.stock else self.item


class Cell(NamedTuple):
    """One level that a receiver shows: a column of the row of a stock item."""

    about: StockItem
    column: str


Levels = Mapping[Cell, Decimal | None]
"""Each cell shows a level: None where that is not a single number."""


@dataclass(frozen=True, slots=True)
class StateShape:
    """How to read the rows of a receiver's state.

    Attributes:
        item: the column that names the article, by what the movement has at `item_path` (gtin or sku).
        stock: the column with the movement's stockId, "" where no column has it.
        columns: what each column of levels holds: a field of the movement, or the sum of the quantities.
        clamps: a sum does not go below zero.
    """

    item: str
    item_path: str
    stock: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    clamps: bool = False

    def about(self, row: Row) -> StockItem | None:
        """Names the stock item of a row; None where the row does not say."""
        item = item_text(row.get(self.item))
        stock = content.normalised(row.get(self.stock)) if self.stock else ""
        return None if item is None or stock is None else StockItem(stock, item)

    def levels(self, rows: Iterable[Any]) -> Levels:
        """The levels that rows show; of a stock item with several rows none is known."""
        found: dict[Cell, Decimal | None] = {}
        for row in rows:
            about = self.about(row) if isinstance(row, Mapping) else None
            if about is None:
                continue
            for column in self.columns:
                cell = Cell(about, column)
                found[cell] = None if cell in found else number(row.get(column))
        return found

    def __str__(self) -> str:
        kept = f"{self.item} and {self.stock}" if self.stock else self.item
        columns = ", ".join(f"{column} -> {holds}" for column, holds in self.columns.items())
        return f"{columns} (a row for each {kept})"


@dataclass(frozen=True, slots=True)
class StateFacts:
    """A scenario's record of the receiver's state.

    Attributes:
        observer: how it was read.
        shape: how its rows are read as levels; None where they show none. Where they show no customers either,
            `failure` says why.
        before: the levels before the scenario's first event.
        after: those at its end; None when the rows were not read.
        customers: how its rows are read as customers; None where they show none.
        customers_before, customers_after: what was shown of them.
        kept: what customers have that the receiver is known to keep.
        settled: all was at rest.
        shared, shared_customers: what events of other scenarios of the run are about too.
    """

    observer: str
    shape: StateShape | None = None
    before: Levels = field(default_factory=dict)
    after: Levels | None = None
    failure: str = ""
    settled: bool = True
    shared: frozenset[StockItem] = frozenset()
    customers: CustomerShape | None = None
    customers_before: CustomerFields = field(default_factory=dict)
    customers_after: CustomerFields = field(default_factory=dict)
    shared_customers: frozenset[str] = frozenset()
    kept: frozenset[Trait] = frozenset()


def item_text(value: Any) -> str | None:
    """The name of an article in the form that all ways to keep it share: a GTIN as a number has no leading zeros."""
    text = content.normalised(value)
    return (text.lstrip("0") or text) if text and text.isdigit() else text


def number(value: Any) -> Decimal | None:
    """A level as a number, also where it is kept as a text; None for what is none."""
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
