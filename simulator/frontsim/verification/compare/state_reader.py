"""Reads a receiver's derived state from where the user said.

a run        RunState: the observer, and the shapes of its rows, which a probe finds out
    a scenario   StateReader: the rows before it, and those at its end, read until they are right or at rest

Two scenarios that move the same stock item cannot tell whose movement a level shows, so each claims its items.
"""

import re
import ssl
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from threading import Lock
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from frontsim.errors import BadInput
from frontsim.masking import masked
from frontsim.verification.compare.state_events import customer_changes, movements
from frontsim.verification.compare.wrong_state import check_state
from frontsim.verification.effects.changes import Effects
from frontsim.verification.effects.history import Effect, History
from frontsim.verification.effects.look import Block, Blocks
from frontsim.verification.effects.observers import Observer, ObserverFailed, UrlObserver, sql_observer
from frontsim.verification.effects.settle import Settled, read_patiently, wait_until_settled
from frontsim.verification.effects.state_shape import (
    Cell,
    CustomerField,
    CustomerFields,
    CustomerShape,
    Levels,
    StateFacts,
    StateShape,
    StockItem,
    Trait,
)
from frontsim.verification.patience import READ_S, WaitLimits

Claimed = TypeVar("Claimed", bound=Hashable)


class RunState:
    """The derived state of a run's receiver.

    Args:
        observer: reads its rows.
        named: what the user says that a column holds.

    Attributes:
        shape: how rows are read as levels; None where they show none.
        customers: how rows are read as customers; None where they show none.
        kept: what customers have that the receiver is known to keep.
        failure: why neither shape is known.
    """

    def __init__(self, observer: Observer, named: Mapping[str, str] = MappingProxyType({})) -> None:
        self.observer = observer
        self.named = named
        self.shape: StateShape | None = None
        self.customers: CustomerShape | None = None
        self.kept: frozenset[Trait] = frozenset()
        self.failure = "frontsim did not read the receiver's state before the first scenario"
        self._lock = Lock()
        self._claims: dict[Hashable, set[object]] = {}
        self._parts: Mapping[int, _Part] = {}

    @property
    def name(self) -> str:
        """How it is read, for people."""
        return f"state by {self.observer.name}"

    def rows(self) -> Sequence[Any]:
        """All rows now. Raises ObserverFailed."""
        return self.observer.read()

    def shown(self) -> Effects:
        """Reads the rows that count now, in the form in which waiting compares looks. Raises ObserverFailed.

        A block of rows that is the same as in the last look is not read again.
        """
        rows, before = self.rows(), self._parts
        blocks = rows.blocks if isinstance(rows, Blocks) else (Block(rows, list, len(rows)),)
        now = {id(block): before.get(id(block)) or _Part.of(block, self) for block in blocks}
        self._parts = now
        if len(set().union(*(part.places for part in now.values()))) == sum(len(part.effects) for part in now.values()):
            return tuple(chain.from_iterable(part.effects for part in now.values()))
        return _effects(rows, self)  # a stock item or a customer has several rows

    def claim(self, items: Collection[Claimed], who: object) -> frozenset[Claimed]:
        """Claim these stock items or customers for `who`; returns those that others have claimed, too."""
        with self._lock:
            for item in items:
                self._claims.setdefault(item, set()).add(who)
            return frozenset(item for item in items if len(self._claims[item]) > 1)


class StateReader:
    """Reads the rows for one scenario, before its first event and at its end.

    Args:
        run: of the run.
        pause: waits so many seconds.
    """

    def __init__(self, run: RunState, *, pause: Callable[[float], None]) -> None:
        self._run = run
        self._pause = pause
        self._before: Effects = ()
        self._failure = "" if run.shape or run.customers else run.failure
        self.settled: Settled | None = None

    def take_baseline(self) -> None:
        """Remember the rows before the scenario."""
        try:
            if not self._failure:
                self._before = read_patiently(self._run.shown, self._pause)
        except ObserverFailed as error:
            self._failure = str(error)

    def facts(self) -> StateFacts:
        """Collects what is known before the end."""
        return StateFacts(
            self._run.name,
            self._run.shape,
            _levels(self._before),
            failure=self._failure,
            customers=self._run.customers,
            customers_before=_customers(self._before),
            kept=self._run.kept,
        )

    def wait(self, history: History, limits: WaitLimits) -> StateFacts:
        """The rows once they are right, or have been wrong for as long as effects must be missing.

        A second wait goes on with the first.
        """
        if self._failure:
            return self.facts()
        items, customers = self._claimed_by(history)
        self.settled = wait_until_settled(
            self._run.shown,
            relevant=lambda seen: _about(seen, items | customers),
            is_complete=lambda seen: not check_state(replace(history, state=self._facts(seen))).wrong,
            limits=limits,
            pause=self._pause,
            before=self.settled,
        )
        if self.settled.failure:
            return replace(self.facts(), failure=self.settled.failure)
        return replace(
            self._facts(_about(self.settled.effects, items | customers)),
            settled=self.settled.is_quiet,
            shared=self._run.claim(items, self),
            shared_customers=self._run.claim(customers, self),
        )

    def _claimed_by(self, history: History) -> tuple[set[StockItem], set[str]]:
        """The stock items and customers that the scenario's events are about."""
        shape = self._run.shape
        moved = movements(history.events) if shape else []
        items = {about for each in moved if shape and (about := each.about(shape))}
        return items, {each.customer for each in customer_changes(history.events)}

    def _facts(self, seen: Effects) -> StateFacts:
        return replace(self.facts(), after=_levels(seen), customers_after=_customers(seen))


class _At(NamedTuple):
    """A place of the state, what it shows, and what it is about."""

    about: StockItem | str
    place: Cell | CustomerField
    shows: Any


class _Part(NamedTuple):
    """A block of rows, and the places and effects that it shows."""

    block: Block[Any]
    places: AbstractSet[Cell | CustomerField]
    effects: Effects

    @classmethod
    def of(cls, block: Block[Any], run: RunState) -> "_Part":
        effects = _effects(block.values, run)
        return cls(block, {each.value.place for each in effects}, effects)


def _effects(rows: Sequence[Any], run: RunState) -> Effects:
    levels = run.shape.levels(rows) if run.shape else {}
    fields = run.customers.fields(rows) if run.customers else {}
    return (
        *(Effect(f"{at.about} {at.column}: {shows}", _At(at.about, at, shows)) for at, shows in levels.items()),
        *(Effect(f"{at.customer} {at.column}: {shows}", _At(at.customer, at, shows)) for at, shows in fields.items()),
    )


def _about(seen: Effects, wanted: AbstractSet[StockItem | str]) -> Effects:
    return tuple(each for each in seen if each.value.about in wanted)


def _levels(seen: Effects) -> Levels:
    return {each.value.place: each.value.shows for each in seen if isinstance(each.value.place, Cell)}


def _customers(seen: Effects) -> CustomerFields:
    return {each.value.place: each.value.shows for each in seen if isinstance(each.value.place, CustomerField)}


OPTION = "--observe-state"
_QUERY = re.compile(r"\s*(?:select|with|values|table)\b", re.IGNORECASE)
_EXPECTED = (
    "a URL, a query for the database of --observe-sql, or 'DSN QUERY' such as "
    "'sqlite:///shop.db SELECT stock_id, gtin, level FROM stock'"
)
_OTHER_OPTIONS = re.compile(r"^--observe-(?:url|sql)(?=:)")


def state_observer(
    source: str,
    *,
    dsn: str = "",
    tls: ssl.SSLContext | None = None,
    start_s: float = READ_S,
    is_discreet: bool = False,
) -> Observer:
    """Reads a URL that answers with a JSON list of objects, or the rows of a query.

    Args:
        source: a URL, `DSN QUERY`, or a query alone.
        dsn: of `--observe-sql`, where a query alone is run.
        tls: for a URL.
        start_s: as a `ProcessObserver` takes it.
        is_discreet: as a `UrlObserver` takes it.

    Raises:
        BadInput: it is none of these.
    """
    try:
        if source.startswith(("http://", "https://")) and " " not in source:
            return UrlObserver(source, tls=tls, is_discreet=is_discreet)
        if _QUERY.match(source):
            return sql_observer(_named(dsn), source, start_s=start_s)
        first, _, query = source.strip().partition(" ")
        if "://" not in first or not query.strip():
            raise BadInput(f"{OPTION}: expected {_EXPECTED}, got {masked(source)!r:.200}")
        return sql_observer(first, query, start_s=start_s)
    except BadInput as error:
        raise BadInput(_OTHER_OPTIONS.sub(OPTION, str(error))) from error


def _named(dsn: str) -> str:
    if not dsn:
        raise BadInput(f"{OPTION}: expected 'DSN QUERY', because a query alone needs --observe-sql for its database")
    return dsn
