"""A receiver's derived state as rows: which columns say what a row is about, and which hold a level. Pure.

{"stock_id": 3044, "gtin": "7033146460004", "on_hand": 7}   -->   Cell("3044", "7033146460004", "on_hand"): 7
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from frontsim.verification.facts import lookup
from frontsim.verification.facts.customer_shape import CustomerFields, CustomerShape, Trait

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
"""What each cell shows: None where that is not a single number."""


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
        """What a row is about; None where it does not say."""
        item = item_text(row.get(self.item))
        stock = lookup.normalised(row.get(self.stock)) if self.stock else ""
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
    """What a scenario has seen of the receiver's state.

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
    text = lookup.normalised(value)
    return (text.lstrip("0") or text) if text and text.isdigit() else text


def number(value: Any) -> Decimal | None:
    """A level as a number, also where it is kept as a text; None for what is none."""
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
