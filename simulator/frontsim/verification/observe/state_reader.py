"""Reading a receiver's derived state: the levels that it keeps of each stock item.

    a run        RunState: the observer, and the shape of its rows, which a probe finds out
    a scenario   StateReader: the levels before it, and those at its end, read until they are right or at rest

Two scenarios that move the same stock item cannot tell whose movement a level shows, so each claims its items.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from types import MappingProxyType
from typing import Any

from frontsim.verification.facts.history import Effect, History
from frontsim.verification.facts.state_shape import Levels, StateFacts, StateShape, StockItem
from frontsim.verification.facts.stock_levels import check_stock
from frontsim.verification.facts.stock_movements import movements
from frontsim.verification.observe.changes import Effects
from frontsim.verification.observe.observers import Observer, ObserverFailed
from frontsim.verification.observe.settle import Settled, WaitLimits, read_patiently, wait_until_settled


class RunState:
    """The derived state of a run's receiver.

    Args:
        observer: reads its rows.
        named: what the user says that a column holds.

    Attributes:
        shape: how rows are read; None until it is known, and `failure` says why it is not.
    """

    def __init__(self, observer: Observer, named: Mapping[str, str] = MappingProxyType({})) -> None:
        self.observer = observer
        self.named = named
        self.shape: StateShape | None = None
        self.failure = "the receiver's state was not looked at before the first scenario"
        self._lock = Lock()
        self._claims: dict[StockItem, set[object]] = {}

    @property
    def name(self) -> str:
        """How it is read, for people."""
        return f"state by {self.observer.name}"

    def rows(self) -> Sequence[Any]:
        """All rows now. Raises ObserverFailed."""
        return self.observer.read()

    def claim(self, items: Collection[StockItem], who: object) -> frozenset[StockItem]:
        """Note that `who` moves these stock items; gives those that others have claimed too."""
        with self._lock:
            for item in items:
                self._claims.setdefault(item, set()).add(who)
            return frozenset(item for item in items if len(self._claims[item]) > 1)


class StateReader:
    """Reads the levels for one scenario, before its first event and at its end.

    Args:
        run: of the run.
        pause: waits so many seconds.
    """

    def __init__(self, run: RunState, *, pause: Callable[[float], None]) -> None:
        self._run = run
        self._pause = pause
        self._before: Levels = {}
        self._failure = "" if run.shape else run.failure
        self.settled: Settled | None = None

    def take_baseline(self) -> None:
        """Remember the levels before the scenario."""
        try:
            if not self._failure:
                self._before = {effect.value["cell"]: effect.value["level"] for effect in self._patiently()}
        except ObserverFailed as error:
            self._failure = str(error)

    def facts(self) -> StateFacts:
        """What is known before the end."""
        return StateFacts(self._run.name, self._run.shape, self._before, failure=self._failure)

    def wait(self, history: History, limits: WaitLimits) -> StateFacts:
        """The levels once they are right, or have been wrong for as long as effects must be missing.

        A second wait goes on with the first.
        """
        shape = self._run.shape
        if self._failure or shape is None:
            return self.facts()
        items = {about for each in movements(history.events) if (about := each.about(shape))}
        self.settled = wait_until_settled(
            self._levels,
            relevant=lambda seen: tuple(each for each in seen if each.value["cell"].about in items),
            is_complete=lambda seen: not check_stock(replace(history, state=self._facts(seen))).wrong,
            limits=limits,
            pause=self._pause,
            before=self.settled,
        )
        if self.settled.failure:
            return replace(self.facts(), failure=self.settled.failure)
        found = self._facts(tuple(each for each in self.settled.effects if each.value["cell"].about in items))
        return replace(found, settled=self.settled.is_quiet, shared=self._run.claim(items, self))

    def _facts(self, seen: Effects) -> StateFacts:
        return replace(self.facts(), after={each.value["cell"]: each.value["level"] for each in seen})

    def _patiently(self) -> Effects:
        return read_patiently(self._levels, self._pause)

    def _levels(self) -> Effects:
        """The levels now, in the form in which waiting compares looks. Raises ObserverFailed."""
        assert self._run.shape is not None
        levels = self._run.shape.levels(self._run.rows())
        return tuple(
            Effect(f"{cell.about} {cell.column}: {level}", {"cell": cell, "level": level})
            for cell, level in levels.items()
        )
