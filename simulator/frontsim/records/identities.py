"""Fresh identities for recorded events, and payloads that are drawn from a record.

What was one thing stays one thing, and is none that a receiver has seen:

    125086012            ──▶ 125086012 + offset                     a whole number that is an id
    "WEB-100123"         ──▶ "WEB-" + (100123 + offset)             the last digits of a text
    "9c7656c4-ae4b-..."  ──▶ uuid5(namespace, "9c7656c4-ae4b-...")  a UUID

Every id is renewed by its value alone, whatever field holds it, so references between events survive. One offset for
all whole numbers keeps their order, and ids that count on from each other still do.

A field holds an id if it is the identity of a type in the catalogue, or is named in `COMPANIONS`. Stores, stocks,
products and people of the staff stay: a receiver knows them beforehand.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid5

import orjson

from frontsim.catalog import Catalog, EventType
from frontsim.domain.model import Occurrence
from frontsim.errors import BadInput, UnknownEventType
from frontsim.records.record import RecordReader
from frontsim.user_input.fields import found, overridden

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


MOST_BODIES = 2_000
"""Bodies of one type that are drawn from; of a longer record the first ones."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
_TIMES = ("saleDateTime", "createdDateTime", "settlementTimeStamp", "countedDateTime", "ins")
_NAMESPACE = UUID("5a4ed5a4-8d0c-4a55-a0a7-21ab4f0e2b3c")


class RecordedBodies:
    """The bodies of a record, by type, of which each number of a simulator gets one.

    Each draw is a thing of its own: it has the identity and the time that the simulator's own payload of that number
    has, and every other id and time of the body moves along. So no receiver takes it for one that it knows.

    Args:
        file: a record; a body that its type's schema refuses, and an event of an unknown type, are not drawn.
        catalog: the types.

    Raises:
        BadInput, Unusable: the file cannot be read.
    """

    def __init__(self, file: Path, catalog: Catalog) -> None:
        self._file = file
        self._catalog = catalog
        self._names = identity_fields(catalog)
        self._bodies: dict[str, list[Any]] = {}
        self._left_out: Counter[str] = Counter()
        with RecordReader(file) as reader:
            for event in reader.events():
                self._keep(event.event or "", event.body)
        if not self._bodies:
            raise BadInput(f"{file}: expected a record with a body that its type's schema allows, got {self.story}")

    @property
    def story(self) -> str:
        """Says how many bodies there are of which types, and what is made up or left out."""
        there = ", ".join(f"{name} ({len(bodies)})" for name, bodies in sorted(self._bodies.items()))
        lacking = [kind.name for kind in self._catalog if kind.name not in self._bodies]
        left_out = ", ".join(f"{count} {why}" for why, count in sorted(self._left_out.items()))
        return (
            f"bodies from {self._file}: {there or 'none'}; made up, because it has none: {', '.join(lacking) or 'none'}"
            f"{f'; left out: {left_out}' if left_out else ''}"
        )

    def draw(self, made: Occurrence, number: int, store_id: int | None) -> Occurrence | None:
        """The recorded body of a number, in place of the typical one; None if the record has none of its type."""
        bodies = self._bodies.get(made.event)
        if bodies is None:
            return None
        kind, body, ours = self._catalog.find(made.event), bodies[number % len(bodies)], orjson.loads(made.body)
        renewed = _later(self._renewal(kind, body, ours).body(body), _time_between(kind, body, ours))
        if store_id is not None and kind.store is not None and found(renewed, kind.store) is not None:
            renewed = overridden(renewed, {kind.store: store_id})
        text = orjson.dumps(renewed)
        if not self._catalog.is_valid(kind.name, text):
            return None
        store = None if kind.store is None else found(renewed, kind.store)
        return Occurrence(kind.name, text, store[0] if store and isinstance(store[0], int) else made.store_id)

    def _keep(self, event: str, body: Any) -> None:
        try:
            kind = self._catalog.find(event)
        except UnknownEventType:
            self._left_out["of unknown types"] += 1
            return
        needed = [path for path in (kind.identity, kind.store, *kind.version) if path]
        if not isinstance(body, dict) or not self._catalog.is_valid(kind.name, orjson.dumps(body)):
            self._left_out[f"{kind.name} that its schema refuses"] += 1
        elif missing := [path for path in needed if found(body, path) is None]:
            self._left_out[f"{kind.name} without {missing[0]}"] += 1
        elif len(bodies := self._bodies.setdefault(kind.name, [])) < MOST_BODIES:
            bodies.append(body)

    def _renewal(self, kind: EventType, body: Any, ours: Any) -> Renewal:
        """Turns the body's identity into ours."""
        theirs, own = (found(value, kind.identity) if kind.identity else None for value in (body, ours))
        before, after = (theirs or [None])[0], (own or [None])[0]
        namespace = uuid5(_NAMESPACE, f"{kind.name}/{after}")
        if isinstance(before, int) and isinstance(after, int):
            return Renewal(self._names, (after - before) % _MOST, namespace)
        return Renewal(self._names, namespace.int % 10**9, namespace, {before: after})


@lru_cache(maxsize=2)
def recorded_bodies(file: Path, catalog: Catalog) -> RecordedBodies:
    """The bodies of a file, read once for all simulators of a process that share a catalogue."""
    return RecordedBodies(file, catalog)


def _time_between(kind: EventType, body: Any, ours: Any) -> timedelta:
    """From the body's time to ours, by the first of the type's time fields that both have."""
    for path in (*kind.version, *kind.since, *_TIMES):
        texts = [str((found(value, path) or [None])[0]) for value in (body, ours)]
        if all(map(_MOMENT.fullmatch, texts)):
            return datetime.fromisoformat(texts[1]) - datetime.fromisoformat(texts[0])
    return timedelta()


def _later(value: Any, by: timedelta, name: str = "") -> Any:
    """A body with all its times moved, but for birthdays."""
    if isinstance(value, dict):
        return {key: _later(item, by, key) for key, item in value.items()}
    if isinstance(value, list):
        return [_later(item, by, name) for item in value]
    if not isinstance(value, str) or name == "birthday" or not _MOMENT.fullmatch(value):
        return value
    try:
        text = (datetime.fromisoformat(value) + by).isoformat(timespec="milliseconds")
    except OverflowError:
        return value
    return text.rstrip("0").rstrip(".")
