"""A receiver's customers as rows: which column has the customer's id, and which have fields of the payload. Pure.

{"id": 3012659, "name": "Ola Testersen", "mail": "OLA@EXAMPLE.COM"}
    --> CustomerField("3012659", "name"): "Ola Testersen" ...

Texts are compared by their letters and digits alone, because a receiver may trim them, write e-mail in lower case, put
spaces into a number, write ASCII, or cut what is too long for a column. A column may hold several fields, such as a
whole name or address.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from frontsim.verification.facts import lookup

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
        """What rows show of each customer."""
        found: dict[CustomerField, Any] = {}
        for row in map(flat, rows):
            customer = lookup.normalised(row.get(self.id))
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
        inner = lookup.parsed(value)
        if isinstance(inner, Mapping):
            yield from _values(inner, f"{path}{name}.")
        elif not isinstance(inner, list):
            yield f"{path}{name}", value


def folded(value: Any) -> str:
    """The letters and digits of a text, in one case and without accents; digits alone without leading zeros."""
    plain = unicodedata.normalize("NFKD", lookup.normalised(value) or "").casefold().translate(_IN_ASCII)
    text = "".join(letter for letter in plain if letter.isalnum())
    return (text.lstrip("0") or text) if text.isdecimal() else text


def holds(shown: Any, paths: Sequence[str], payload: Any) -> bool:
    """Whether a column that holds these fields shows them as a payload has them."""
    kept, parts = folded(shown), [folded(lookup.find(payload, path)) for path in paths]
    if len(parts) == 1:
        [part] = parts
        if kept == part or (len(kept) >= _SHORTEST_CUT and part.startswith(kept)):
            return True
    return any(parts) and all(part in kept for part in parts)
