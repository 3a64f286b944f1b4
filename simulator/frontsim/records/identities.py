"""Fresh identities for recorded events: what was one thing stays one thing, and is none that a receiver has seen.

    125086012            ──▶ 125086012 + offset                     a whole number that is an id
    "WEB-100123"         ──▶ "WEB-" + (100123 + offset)             the last digits of a text
    "9c7656c4-ae4b-..."  ──▶ uuid5(namespace, "9c7656c4-ae4b-...")  a UUID

Every id is renewed by its value alone, whatever field holds it, so references between events survive. One offset for
all whole numbers keeps their order, and ids that count on from each other still do.

A field holds an id if it is the identity of a type in the catalogue, or is named in `COMPANIONS`. Stores, stocks,
products and people of the staff stay: a receiver knows them beforehand.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid5

from frontsim.catalog import Catalog

COMPANIONS = frozenset(
    {
        "customerExtId", "customerGuid", "extId", "extRef", "orderNo", "receiptNo", "receiptNoFrom", "receiptNoTo",
        "rowId", "saleGuid", "txRef",
    }
)  # fmt: skip
"""Fields that name a document beside its own id."""

_MOST = 2**31 - 1
"""The vendor's ids have 32 bits."""
_LAST_DIGITS = re.compile(r"(\d+)(\D*)$")


def identity_fields(catalog: Catalog) -> frozenset[str]:
    """The names of fields that hold ids."""
    return COMPANIONS | {kind.identity.rpartition(".")[2].removesuffix("[]") for kind in catalog if kind.identity}


@dataclass(frozen=True, slots=True)
class Renewal:
    """Renews ids; `exact` names the new ones of some values, which wins over the rule."""

    names: Collection[str]
    offset: int
    namespace: UUID
    exact: Mapping[Any, Any] = field(default_factory=dict)

    @classmethod
    def drawn(cls, names: Collection[str], rng: Random) -> "Renewal":
        """One that no other replay has."""
        return cls(names, rng.randrange(10**8, 10**9), UUID(int=rng.getrandbits(128), version=4))

    def body(self, value: Any) -> Any:
        """A body with fresh ids."""
        if isinstance(value, dict):
            return {
                name: self._id(item) if name in self.names and not isinstance(item, dict | list) else self.body(item)
                for name, item in value.items()
            }
        return [self.body(item) for item in value] if isinstance(value, list) else value

    def _id(self, value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        if value in self.exact:
            return self.exact[value]
        if isinstance(value, int):
            return self._number(value)
        return self._text(value) if isinstance(value, str) else value

    def _number(self, value: int) -> int:
        """Zero and negative numbers say that there is none."""
        if value <= 0:
            return value
        return value + self.offset if value > _MOST else (value + self.offset - 1) % _MOST + 1

    def _text(self, value: str) -> str:
        try:
            return str(uuid5(self.namespace, str(UUID(value))))
        except ValueError:
            return _LAST_DIGITS.sub(self._digits, value, count=1)

    def _digits(self, found: re.Match[str]) -> str:
        return str(self._number(int(found[1]))).zfill(len(found[1])) + found[2]
