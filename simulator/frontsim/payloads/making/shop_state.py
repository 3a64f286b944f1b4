"""The memory of a shop between two acts: events, levels.

A level that has not changed yet follows from the seed; a changed one is the log's, once it is there. Only changed
levels take memory, at most one per stock and size.

Ids follow from the act's number, so acts that count on after a restart get new ids. The memory is bounded, so a
shop may trade for weeks.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import orjson

from frontsim.domain.model import Occurrence
from frontsim.payloads.documents.orders import Order, Reservation
from frontsim.payloads.documents.sales import Sale, receipt_no
from frontsim.payloads.documents.settlements import SettlementTotals
from frontsim.payloads.documents.stock import GoodsDelivery, Level, Transfer, movement_json
from frontsim.payloads.world.moments import SECOND, Ticks
from frontsim.payloads.world.people import Customer
from frontsim.payloads.world.prices import ADDED, Ore, Size
from frontsim.payloads.world.seeded_draws import SeededDraws, spread
from frontsim.payloads.world.world import FIRST_ACT_NUMBER, Store, Terminal, World

_FIRST_LEAST, _FIRST_SPAN = 6, 30


Known = tuple[int, Level]
"""A level, and the number of the occurrence after which it holds."""


class StockLevels:
    """The pieces on hand, and how many of them are reserved.

    Two sources know a level that has changed, and the higher occurrence number is right: the acts, from the moment in
    which they are made, and the log (`logged`, by stock and GTIN), which also has what was triggered.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._acted: dict[tuple[int, str], Known] = {}
        self.logged: dict[tuple[int, str], Known] = {}

    def of(self, stock_id: int, size: Size) -> Level:
        """The current level."""
        key = (stock_id, size.gtin)
        acted, logged = self._acted.get(key), self.logged.get(key)
        if acted is None or (logged is not None and logged[0] > acted[0]):
            return self.first(stock_id, size) if logged is None else logged[1]
        return acted[1]

    def available(self, stock_id: int, size: Size) -> int:
        """Pieces that are on hand and not reserved."""
        level = self.of(stock_id, size)
        return level.on_hand - level.reserved

    def change(self, stock_id: int, size: Size, *, number: int, on_hand: int = 0, reserved: int = 0) -> Level:
        """Move pieces in or out, reserve or release them, by the occurrence of a number; returns the level after it."""
        level = self.of(stock_id, size)
        changed = Level(level.on_hand + on_hand, level.reserved + reserved)
        self._acted[stock_id, size.gtin] = number, changed
        return changed

    def forget(self, first: int, count: int) -> None:
        """Undo the changes by occurrences that the log has refused."""
        self._acted = {key: known for key, known in self._acted.items() if not first <= known[0] < first + count}

    def first(self, stock_id: int, size: Size) -> Level:
        """The level before the first change."""
        if size.number >= ADDED:
            return Level(0, 0)
        return _first_level(self._seed, stock_id, size.number)


@lru_cache(maxsize=8192)
def _first_level(seed: int, stock_id: int, size: int) -> Level:
    """A draw takes 2 us, and a product is shown with the levels of its sizes in each stock."""
    return Level(_FIRST_LEAST + spread(seed, f"level {stock_id}/{size}", _FIRST_SPAN), 0)


REMEMBERED = 500
"""The most sales, orders, reservations ... that are kept; the oldest are dropped."""

_ROUND = 50_000_000
"""Ids repeat after so many acts, because they have 32 bits."""

_SLOTS = {"movement": 256}
_SLOTS_ELSE = 8
"""The most ids of one kind that one act may use."""


@dataclass(slots=True)
class Till:
    """A terminal in use: its totals since its last Z report, and the cash in the drawer at that time."""

    store: Store
    terminal: Terminal
    batch: int
    receipts: int
    opening: Ore = 0
    settled: Ticks = -1
    totals: SettlementTotals = field(default_factory=SettlementTotals)


@dataclass(slots=True)
class OpenOrder:
    """An order and its reservations, by the position of the line."""

    order: Order
    reservations: dict[int, Reservation]


class ShopState:
    """The state of one chain of stores."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.levels = StockLevels(world.seed)
        self.tills: dict[int, Till] = {}
        self.sales: deque[Sale] = deque(maxlen=REMEMBERED)
        self.customers: OrderedDict[int, tuple[Customer, Mapping[str, Any]]] = OrderedDict()
        self.new_orders: deque[OpenOrder] = deque(maxlen=REMEMBERED)
        self.accepted_orders: deque[OpenOrder] = deque(maxlen=REMEMBERED)
        self.done_orders: deque[OpenOrder] = deque(maxlen=REMEMBERED)
        self.reservations: deque[Reservation] = deque(maxlen=REMEMBERED)
        self.deliveries: deque[GoodsDelivery] = deque(maxlen=REMEMBERED)
        self.transfers: dict[bool, deque[Transfer]] = {virtual: deque(maxlen=REMEMBERED) for virtual in (False, True)}
        self.now: Ticks = 0
        self._until: Ticks | None = None
        self.draws = SeededDraws(world.seed, "shop", 0)
        self._number = self._first = 0
        self._used: dict[str, int] = {}
        self._journal: list[Occurrence] = []

    def begin(self, what: str, number: int, at: Ticks, until: Ticks | None = None) -> None:
        """Start an act. Time never goes back: an earlier `at` becomes just after the last event.

        `until` is the moment behind which its pauses do not lead, if there was time before it.
        """
        self._until = until
        self.draws = SeededDraws(self.world.seed, f"act {what}", number)
        self.now = max(at, self.now + 1)
        self._number, self._first = number % _ROUND, number
        self._used = {}
        self._journal = []

    def close(self) -> list[Occurrence]:
        """The events of the act, in order."""
        return self._journal

    @property
    def occurrence(self) -> int:
        """The number of the event that is written next: acts are numbered as their first event is."""
        return self._first + len(self._journal)

    def reserve(self, stock_id: int, size: Size, pieces: int) -> None:
        """Reserve pieces, or release them, by the event that is written next."""
        self.levels.change(stock_id, size, number=self.occurrence, reserved=pieces)

    def wait(self, least: Ticks, most: Ticks) -> Ticks:
        """Advance the time, by one tick if the act has no more time; returns the new moment."""
        self._pause(least, most, out_of_time=1)
        return self.now

    def _pause(self, least: Ticks, most: Ticks, *, out_of_time: Ticks) -> None:
        then = self.now + self.draws.between(least, most)
        self.now = then if self._until is None else min(then, max(self._until, self.now + out_of_time))

    def next(self, kind: str) -> int:
        """The number from which the next id of that kind is made."""
        used = self._used.get(kind, 0)
        self._used[kind] = used + 1
        slots = _SLOTS.get(kind, _SLOTS_ELSE)
        assert used < slots or kind == "movement", kind  # each is an event with a number: a long act takes many numbers
        return FIRST_ACT_NUMBER + self._number * slots + used

    def write(self, event: str, body: Mapping[str, Any], store_id: int | None) -> None:
        """Add an event; the next one happens a little later, or at once if the act has no more time."""
        self._journal.append(Occurrence(event, orjson.dumps(body), store_id))
        self._pause(1, SECOND, out_of_time=0)

    def move(
        self,
        kind: str,
        store: Store,
        stock_id: int,
        size: Size,
        *,
        pieces: int,
        reserved: int = 0,
        id_: int | None = None,
    ) -> None:
        """Move pieces of a size, in or out, and add the movement's event with the levels after it."""
        level = self.levels.change(stock_id, size, number=self.occurrence, on_hand=pieces, reserved=reserved)
        body = movement_json(
            movement_id=self.world.id("movement", self.next("movement")) if id_ is None else id_,
            kind=kind,
            size=size,
            quantity=pieces,
            level=level,
            stock_id=stock_id,
            user=self.draws.pick(store.users),
            at=self.now,
        )
        self.write("StockMovementCreated", body, store.id)

    def stocked(self, stock_id: int, size: Size, pieces: int, *, but: Set[int] = frozenset()) -> Size:
        """The first size from `size` on of which enough pieces are free; `size` itself if there is none.

        `but` are the numbers of sizes to leave out.
        """
        sizes = self.world.sizes
        for step in range(len(sizes)):
            other = sizes[(size.number + step) % len(sizes)]
            if other.number not in but and self.levels.available(stock_id, other) >= pieces:
                return other
        return size

    def shelf(self, stock_id: int) -> Callable[[Size, int], Size]:
        """Chooses the sizes of one basket from a stock: `stocked`, and no size twice."""
        taken: set[int] = set()

        def choose(size: Size, pieces: int) -> Size:
            chosen = self.stocked(stock_id, size, pieces, but=taken)
            taken.add(chosen.number)
            return chosen

        return choose

    def till(self, store: Store, terminal: Terminal) -> Till:
        """The terminal's till. Its first receipt and batch numbers follow from the act that first uses it."""
        known = self.tills.get(terminal.id)
        if known is None:
            first = 500_000 + self._number * 4 % 400_000
            known = self.tills[terminal.id] = Till(store, terminal, batch=1 + self._number, receipts=first)
        return known

    def receipt(self, till: Till) -> int:
        """The till's next receipt number."""
        till.receipts += 1
        return receipt_no(till.terminal, till.receipts)
