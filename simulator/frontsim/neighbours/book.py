"""The shop as the log tells it: products, customers, reservations, orders, counts, Z reports and stock levels.

    log ── occurrences that were committed since ──▶ fold, by number ──▶ the newest of each thing

Whoever reads first calls `catch_up`, so a read shows every event that was acknowledged before it began, and none that
is not in the log: nothing else is kept between two starts. What no event holds (an article, an e-mail consent, that a
call was made before) is a note, which is logged in the commit of the events that it belongs to.

Occurrences are logged out of order where several callers raise them, so each thing remembers the number of the
occurrence that it shows, and a lower number changes nothing. A payload that breaks its schema is not read.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from frontsim.clock import WireTime
from frontsim.neighbours.operations import LAST, NEVER, wrong
from frontsim.payloads.documents.stock import Level
from frontsim.payloads.making.shop import Shop
from frontsim.payloads.making.shop_state import Known, StockLevels
from frontsim.payloads.world.assortment import Size, added_size
from frontsim.payloads.world.world import Stock, Store, World
from frontsim.store.event_log import EventLog
from frontsim.store.reader import Reader

ROWS = 500
"""Occurrences that are read at a time; other calls get their turn in between."""
MOST_KEPT = 20_000
"""Customers, orders, reservations, counts, Z reports ... of each of which so many are kept; the oldest are dropped."""
PRODUCT, CUSTOMER, RESERVATION, ARRIVAL, ANSWER = (
    "note/product", "note/customer", "note/reservation", "note/arrival", "note/answer",
)  # fmt: skip
"""The notes: an article, a customer, when a reservation runs out, goods on their way, the answer to a call."""
_MOVED = ("StockMovementCreated", "StockReservationCreated", "StockReservationExpired")


class Things:
    """The newest state of each thing of a kind, by its id."""

    def __init__(self) -> None:
        self._by_id: dict[Any, tuple[int, dict[str, Any]]] = {}

    def put(self, id_: Any, number: int, value: Mapping[str, Any]) -> None:
        """Lay values over what is known, unless that is newer."""
        known = self._by_id.pop(id_, (number, {}))
        self._by_id[id_] = (number, {**known[1], **value}) if known[0] <= number else known
        if len(self._by_id) > MOST_KEPT:
            del self._by_id[next(iter(self._by_id))]

    def get(self, id_: Any) -> dict[str, Any] | None:
        return self._by_id.get(id_, (0, None))[1]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The things, by the number of their newest occurrence."""
        return (value for _, value in sorted(self._by_id.values(), key=lambda known: known[0]))

    def __len__(self) -> int:
        return len(self._by_id)


class Book:
    """The shop as the log tells it.

    Args:
        shop: its levels get those of the log.
        log: says that there is something new.
        reader: reads it.
        wire_time: reads what callers write as a moment.
    """

    def __init__(self, *, shop: Shop, log: EventLog, reader: Reader, wire_time: WireTime) -> None:
        self._shop = shop
        self._time = wire_time
        self._log = log
        self._reader = reader
        self._reading = asyncio.Lock()
        self._folds: Mapping[str, Callable[[int, dict[str, Any]], None]] = {
            "StockMovementCreated": self._moved,
            "CustomerCreated": self._customer,
            "CustomerUpdated": self._customer,
            "StockReservationCreated": self._reserved,
            "StockReservationExpired": self._reserved,
            "OmniChannelEndlessAisleOrderCreated": self._order,
            "OmniChannelOrderFulfilled": self._order,
            "OmniChannelOrderRefundUpdated": self._order,
            "OmniChannelOrderUpdated": self._order,
            "StockCountReconciled": lambda number, body: self.counts.put(body["stockCountId"], number, body),
            "POSSettlementCreated": lambda number, body: self.settlements.put(body["settlementId"], number, body),
            PRODUCT: self._product,
            CUSTOMER: lambda number, body: self.customers.put(body["customerId"], number, body),
            RESERVATION: self._reservation_noted,
            ARRIVAL: lambda number, body: self.arrivals.put((body["kind"], body["id"]), number, body),
            ANSWER: lambda number, body: self.answers.put(body["call"], number, body),
        }
        self._clear()

    def forget(self) -> None:
        """Forget all: the log was reset."""
        self._clear()
        self._log.mark_unread(1)  # what was logged since the reset may have been read already

    def _clear(self) -> None:
        self._era = object()
        self.version = object()
        """Another one after each change."""
        self.customers, self.reservations, self.orders = Things(), Things(), Things()
        self.counts, self.settlements, self.arrivals, self.answers = Things(), Things(), Things(), Things()
        self.products: dict[int, dict[str, Any]] = {}
        self.added: dict[str, Size] = {}
        self.moved_at: dict[tuple[int, str], str] = {}
        self.other_stores: dict[int, Store] = {}
        self._by_code: dict[str, Size] = {}

    @property
    def world(self) -> World:
        return self._shop.state.world

    @property
    def levels(self) -> StockLevels:
        return self._shop.state.levels

    @property
    def stores(self) -> tuple[Store, ...]:
        """All stores: those of the chain, and others that events name."""
        return (*self.world.stores, *self.other_stores.values())

    @property
    def stocks(self) -> tuple[Stock, ...]:
        """All stocks, those in transit included."""
        return (*self.world.stocks, *self.world.transit, *(store.stock for store in self.other_stores.values()))

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The assortment, and what was added to it."""
        return (*self.world.sizes, *self.added.values()) if self.added else self.world.sizes

    def size(self, code: str | None) -> Size | None:
        """The size of a GTIN, an identity or an external SKU."""
        if not self._by_code:
            for size in self.world.sizes:
                self._index(size)
        return None if code is None else self._by_code.get(code.strip().lower())

    def by_stock(self, size: Size) -> Iterator[tuple[int, Level]]:
        """The pieces of a size in each stock, as the log has them."""
        logged, first = self.levels.logged, self.levels.first
        for stock in self.stocks:
            known = logged.get((stock.id, size.gtin))
            yield stock.id, first(stock.id, size) if known is None else known[1]

    async def catch_up(self) -> None:
        """Read what was logged since the last time. Raises StoreFailed."""
        if not self._log.has_unread and not self._reading.locked():
            return
        async with self._reading:
            while (since := self._log.take_unread()) is not None:
                era = self._era
                try:
                    async for row in self._rows(since, tuple(name for name in self._folds if "/" not in name)):
                        if era is not self._era:
                            break
                        self.fold(*row)
                except BaseException:
                    self._log.mark_unread(since)
                    raise

    async def levels_at(self, moment: str) -> Mapping[tuple[int, str], Known]:
        """The levels that had changed by a moment, in the vendor's local form."""
        then: dict[tuple[int, str], Known] = {}
        async for number, event, _, raw in self._rows(1, _MOVED):
            if event in _MOVED and (body := _readable(raw)) is not None and _happened(event, body) <= moment:
                self._move(then, number, event, body)
        return then

    async def _rows(self, since: int, events: tuple[str, ...]) -> Any:
        stores = tuple(store.id for store in self.world.stores)
        while rows := await self._reader.shop(since, events, stores, most=ROWS):
            for row in rows:
                yield row
            if len(rows) < ROWS:
                return
            since = rows[-1][0] + 1
            await asyncio.sleep(0)

    def fold(self, number: int, event: str, store_id: int | None, raw: bytes) -> None:
        """Lay one occurrence over what is known."""
        self.version = object()
        if store_id is not None and store_id not in self.other_stores:
            store = self.world.store(store_id)
            if store.number >= len(self.world.stores):
                self.other_stores[store_id] = store
        fold, body = self._folds.get(event), _readable(raw)
        if fold is not None and body is not None:
            try:
                fold(number, body)
            except (AttributeError, KeyError, TypeError, ValueError):
                return  # a payload that breaks its schema, as a user may ask for: it says nothing of the shop
            if event in _MOVED:
                self._move(self.levels.logged, number, event, body)

    def _moved(self, _: int, body: dict[str, Any]) -> None:
        size = self._size_of(body)
        self.moved_at[body["stockId"], size.gtin if size else body["gtin"]] = body["createdDateTime"]

    def _size_of(self, body: Mapping[str, Any]) -> Size | None:
        return self.size(body["gtin"]) or self.size(body.get("sku") or body.get("externalSKU"))

    def _move(self, levels: dict[tuple[int, str], Known], number: int, event: str, body: Mapping[str, Any]) -> None:
        """A movement says the levels; a reservation changes how much is reserved, and its end changes it back."""
        if event != "StockMovementCreated":
            self._shift(levels, number, body, body["quantity"] * (1 if event == "StockReservationCreated" else -1))
            return
        size = self._size_of(body)
        key = (body["stockId"], body["gtin"] if size is None else size.gtin)
        if levels.get(key, (0,))[0] < number:
            levels[key] = number, Level(body["stockLevel"], body["reservedLevel"])

    def _shift(self, levels: dict[tuple[int, str], Known], number: int, body: Mapping[str, Any], more: int) -> None:
        """Reserve more pieces, or fewer."""
        size = self._size_of(body)
        if size is not None:
            before, level = levels.get((body["stockId"], size.gtin), (0, self.levels.first(body["stockId"], size)))
            if before < number:
                levels[body["stockId"], size.gtin] = number, Level(level.on_hand, level.reserved + more)

    def _customer(self, number: int, body: dict[str, Any]) -> None:
        self.customers.put(body["customerId"], number, body)

    def _reserved(self, number: int, body: dict[str, Any]) -> None:
        self.reservations.put(body["id"], number, {**body, "live": "isReleased" not in body})

    def _reservation_noted(self, number: int, body: dict[str, Any]) -> None:
        self.reservations.put(body["id"], number, body)
        if body.get("more"):
            self._shift(self.levels.logged, number, body, body["more"])

    def _order(self, number: int, body: dict[str, Any]) -> None:
        self.orders.put(body["orderNo"], number, body)
        if body["status"] in ("Shipped", "Picked", "Rejected"):  # what was reserved for it has left, or is free
            for held in self.held_for(body["orderNo"]):
                self.reservations.put(held["id"], number, {"live": False})

    def held_for(self, order_no: str) -> list[dict[str, Any]]:
        """The reservations of an order that are neither used up nor over."""
        return [held for held in self.reservations if held.get("extId") == order_no and held["live"]]

    def _product(self, number: int, body: dict[str, Any]) -> None:
        known = self.products.get(body["productid"])
        if known is not None and known["_number"] > number:
            return
        self.products[body["productid"]] = {**body, "_number": number}
        for item in body["productSizes"]:
            old = self.size(item["gtin"])
            if old is None or old.gtin in self.added:
                size = added_size(
                    body["productid"],
                    (item["identity"], item["gtin"], item["externalSKU"]),
                    (body["name"], item["label"] or ""),
                    round(body["price"] * 100),
                    round(body["cost"] * 100),
                )
                self.added[size.gtin] = size
                self._index(size)

    def _index(self, size: Size) -> None:
        self._by_code.update(dict.fromkeys((size.gtin, size.identity.lower(), size.sku.lower()), size))

    def moment(self, field: str, text: str | None, *, upper: bool = False) -> str | None:
        """A moment that a caller wrote, in the vendor's local form. Raises BadInput."""
        if text is None:
            return None
        try:
            moment = self._time.read(text, upper=upper)
            return WireTime(self._time.zone).write(moment)
        except OverflowError:  # .NET's first or last moment, beyond what local time can say
            return NEVER if moment < 0 else LAST
        except ValueError as error:
            raise wrong(field, str(error)) from None


def _readable(raw: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:  # an integer of more than 64 bits, as a user's schema may ask for
        return None
    return body if isinstance(body, dict) else None


def _happened(event: str, body: Mapping[str, Any]) -> str:
    names = {"StockMovementCreated": "createdDateTime", "StockReservationCreated": "ins"}
    return str(body.get(names.get(event, "expirationDateTime")))
