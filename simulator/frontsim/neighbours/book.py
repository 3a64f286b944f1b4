"""The shop as the log tells it: products, customers, reservations, orders, counts, Z reports and stock levels.

    log ── occurrences that were committed since ──▶ fold, by number ──▶ the newest of each thing

Whoever reads first calls `catch_up`, so a read shows every event that was acknowledged before it began, and none that
is not in the log: nothing else is kept between two starts. What no event holds (an article, an e-mail consent, that a
call was made before) is a note, which is logged in the commit of the events that it belongs to.

Occurrences are logged out of order where several callers raise them, so each thing remembers the number of the
occurrence that it shows, and a lower number changes nothing. A payload that breaks its bundled schema says nothing of
the shop, but that there is a product of each GTIN in it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from zlib import crc32

import orjson

from frontsim import catalog
from frontsim.clock import WireTime
from frontsim.neighbours.operations import LAST, NEVER, filled, wrong
from frontsim.payloads.documents.stock import Level
from frontsim.payloads.making.shop import Shop
from frontsim.payloads.making.shop_state import Known, StockLevels
from frontsim.payloads.world.prices import COLOURS, Size, added_size, amount
from frontsim.payloads.world.seeded_draws import SeededDraws
from frontsim.payloads.world.world import BRAND, Stock, Store, World
from frontsim.store.event_log import EventLog, Fresh
from frontsim.store.reader import Reader
from frontsim.store.rows import ShopRow

ROWS = 500
"""Occurrences that are read at a time; other calls get their turn in between."""
SINCE = "2026-01-01T00:00:00"
"""When the assortment was written, and the price lists (ours)."""
PRICE_LISTS = ((1, "Retail NOK", "NOK"), (2, "Retail SEK", "SEK"), (3, "Retail DKK", "DKK"))
"""A price list for each currency: its id, its name, the currency."""
MOST_KEPT = 20_000
"""Customers, orders, reservations, counts, Z reports ... of each of which so many are kept; the oldest are dropped."""
PRODUCT, CUSTOMER, RESERVATION, ARRIVAL, ANSWER = (
    "note/product", "note/customer", "note/reservation", "note/arrival", "note/answer",
)  # fmt: skip
"""The notes: an article, a customer, when a reservation runs out, goods on their way, the answer to a call."""
MOST_NAMED = 1_000
"""Sizes that are known by events alone, of which so many are kept, because each has a level in each stock."""
_LONGEST_CODE = 200
_NOTHING = 2**63 - 1
_FIRST_NAMED, _SPAN_NAMED = 1_000_000_000, 1_000_000_000
"""The ids of products that only a GTIN is known of; those that callers add are lower."""
_GTIN = re.compile(rb'"gtin"\s*:\s*("(?:[^"\\]|\\.)*")')
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
        self._published = catalog.load()
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
        self._known_stores: set[int] = set()
        self._named: dict[str, int] = {}
        self._names_since = 1
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
        return None if code is None else self._by_code.get(code) or self._by_code.get(code.strip().lower())

    @property
    def every_product(self) -> Mapping[int, dict[str, Any]]:
        """All products by id, as they were written."""
        return {**assortment_json(self.world), **self.products}

    def product(self, product_id: int) -> dict[str, Any] | None:
        """A product as it was written; None if there is none of that id."""
        return self.products.get(product_id) or assortment_json(self.world).get(product_id)

    def is_named_only(self, size: Size) -> bool:
        """Tells whether events alone say that there is a size: its codes are free for a caller who writes a product."""
        return size.gtin in self._named

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
            while self._log.has_unread:
                since, fresh = self._log.take_unread()
                first, era = min([since or _NOTHING, *[number for number, _ in fresh]]), self._era
                self._names_since = min(first, self._names_since)
                try:
                    async for row in self._new_rows(since, fresh):
                        if era is not self._era:
                            break
                        self.fold(*row)
                except BaseException:
                    self._log.mark_unread(first)
                    raise

    async def look_for_names(self) -> bool:
        """Add the sizes that are known by events alone, in the newest 20,000 occurrences, and tell whether one is new.

        Who asks for a code that no size has calls this, and who lists sizes: to read every sale would cost deliveries
        a third of their rate. Raises StoreFailed.
        """
        async with self._reading:
            since, self._names_since, era, before = self._names_since, _NOTHING, self._era, len(self._by_code)
            try:
                async for _, event, _, raw in self._rows(max(since, self._log.next_occurrence - MOST_KEPT), every=True):
                    if era is self._era:
                        self._name_all(event, raw)
            except BaseException:
                self._names_since = min(since, self._names_since)
                raise
            return len(self._by_code) > before

    async def levels_at(self, moment: str) -> Mapping[tuple[int, str], Known]:
        """The levels that had changed by a moment, in the vendor's local form."""
        then: dict[tuple[int, str], Known] = {}
        async for number, event, _, raw in self._rows(1, _MOVED):
            if event in _MOVED and (body := self._read(event, raw)) is not None and _happened(event, body) <= moment:
                self._level(then, number, body, None if event == "StockMovementCreated" else _more_reserved(body))
        return then

    async def _new_rows(self, since: int | None, fresh: Iterable[Fresh]) -> AsyncIterator[ShopRow]:
        for first, occurrences in fresh:
            for number, (event, body, store_id) in enumerate(occurrences, first):
                yield number, event, store_id, body
                if number % ROWS == 0:
                    await asyncio.sleep(0)
        if since is not None:
            async for row in self._rows(since, tuple(name for name in self._folds if "/" not in name)):
                yield row

    async def _rows(self, since: int, events: tuple[str, ...] = (), *, every: bool = False) -> AsyncIterator[ShopRow]:
        stores = () if every else tuple(store.id for store in self.world.stores)
        while rows := await self._reader.shop(since, events, stores, most=ROWS):
            for row in rows:
                yield row
            if len(rows) < ROWS:
                return
            since = rows[-1][0] + 1
            await asyncio.sleep(0)

    def fold(self, number: int, event: str, store_id: int | None, raw: bytes) -> None:
        """Lay one occurrence over what is known."""
        if store_id is not None and store_id not in self._known_stores:
            self._known_stores.add(store_id)
            store = self.world.store(store_id)
            if store.number >= len(self.world.stores):
                self.version, self.other_stores[store_id] = object(), store
        fold = self._folds.get(event)
        if fold is not None and (body := self._read(event, raw)) is not None:
            self.version = object()
            if event in _MOVED and body["gtin"] not in self._by_code:
                self._name(body)
            fold(number, body)

    def _read(self, event: str, raw: bytes) -> dict[str, Any] | None:
        """The payload, or the note, if it is as it must be."""
        body: dict[str, Any] = _parsed(raw)
        return body if "/" in event or self._published.fits(event, body) else None

    def _name_all(self, event: str, raw: bytes) -> None:
        """Add the sizes that a payload names and that are new. Most name none, and are not read."""
        if "/" not in event and any(self._is_new(_parsed(gtin)) for gtin in _GTIN.findall(raw)):
            self.version = object()
            for line in _lines(_parsed(raw)):
                self._name(line)

    def _is_new(self, code: object) -> bool:
        """Tells whether a text may become a GTIN: no size has it, or only as another code that an event made up."""
        if not isinstance(code, str) or not 0 < len(code.strip()) <= _LONGEST_CODE:
            return False
        size = self.size(code)
        return size is None or (self.is_named_only(size) and size.gtin.strip().lower() != code.strip().lower())

    def _name(self, line: Mapping[str, Any]) -> None:
        """Add the size that a line names, if it is new, to the product that the line names, so that reads find it."""
        gtin, id_, price = line.get("gtin"), line.get("productId"), line.get("price")
        if not self._is_new(gtin):
            return
        assert isinstance(gtin, str)
        if type(id_) is not int or not 0 < id_ < 2**31:
            id_ = _FIRST_NAMED + crc32(gtin.encode()) % _SPAN_NAMED
        identity, sku = (
            str(code) if self._is_new(code := line.get(name)) else gtin for name in ("identity", "externalSKU")
        )
        label, text = (str(line.get(name) or gtin)[:_LONGEST_CODE] for name in ("receiptLabel", "sizeText"))
        size = added_size(id_, (identity, gtin, sku), (label, text), _ore(price), 0)
        product = self.product(id_) or _product_of(self.world, size)
        self.products[id_] = {**product, "productSizes": [*product["productSizes"], _variant(size)]}
        self.added[gtin], self._named[gtin] = size, id_
        self._index(size)
        if len(self._named) > MOST_NAMED:
            self._forget_named(next(iter(self._named)))

    def _forget_named(self, gtin: str) -> None:
        """Drop a size that is known by events alone, and a product without another."""
        id_ = self._named.pop(gtin)
        sizes = [item for item in self.products[id_]["productSizes"] if item["gtin"] != gtin]
        self.products[id_] = {**self.products[id_], "productSizes": sizes}
        if not sizes:
            del self.products[id_]
        size = self.added.pop(gtin)
        for code in _codes(size):
            if self._by_code.get(code) is size:
                del self._by_code[code]

    def _moved(self, number: int, body: dict[str, Any]) -> None:
        self.moved_at[self._level(self.levels.logged, number, body)] = body["createdDateTime"]

    def _level(
        self, levels: dict[tuple[int, str], Known], number: int, body: Mapping[str, Any], more: int | None = None
    ) -> tuple[int, str]:
        """A movement says the level after it; for a reservation, `more` pieces are reserved.

        Returns of which stock and size.
        """
        gtin, stock_id = body["gtin"], body["stockId"]
        size = self._by_code.get(gtin) or self.size(gtin) or self.size(body.get("sku") or body.get("externalSKU"))
        key = (stock_id, gtin if size is None else size.gtin)
        known = levels.get(key)
        if known is not None and known[0] >= number:
            return key
        if more is None:
            levels[key] = number, Level(body["stockLevel"], body["reservedLevel"])
        elif size is not None and stock_id is not None:
            level = self.levels.first(stock_id, size) if known is None else known[1]
            levels[key] = number, Level(level.on_hand, level.reserved + more)
        return key

    def _customer(self, number: int, body: dict[str, Any]) -> None:
        self.customers.put(body["customerId"], number, body)

    def _reserved(self, number: int, body: dict[str, Any]) -> None:
        self._level(self.levels.logged, number, body, _more_reserved(body))
        if body["id"] is not None and body["stockId"] is not None:
            self.reservations.put(body["id"], number, {**body, "live": "isReleased" not in body})

    def _reservation_noted(self, number: int, body: dict[str, Any]) -> None:
        self.reservations.put(body["id"], number, body)
        if body.get("more"):
            self._level(self.levels.logged, number, body, body["more"])

    def _order(self, number: int, body: dict[str, Any]) -> None:
        lists = {name: [each for each in body[name] or () if each] for name in ("orderLines", "orderEvents")}
        self.orders.put(body["orderNo"] or body["orderId"], number, {**body, **lists})
        if body["status"] in ("Shipped", "Picked", "Rejected"):  # what was reserved for it has left, or is free
            for held in self.held_for(body["orderNo"]):
                self.reservations.put(held["id"], number, {"live": False})

    def held_for(self, order_no: str) -> list[dict[str, Any]]:
        """The reservations of an order that are neither used up nor over."""
        return [held for held in self.reservations if held.get("extId") == order_no and held.get("live")]

    def _product(self, number: int, body: dict[str, Any]) -> None:
        id_ = body["productid"]
        known = self.product(id_) or {"productSizes": ()}
        if known.get("_number", 0) > number:
            return
        for item in body["productSizes"]:
            if item["gtin"] in self._named:
                self._forget_named(item["gtin"])
        named = [item for item in known["productSizes"] if item["gtin"] in self._named]
        self.products[id_] = {**body, "_number": number, "productSizes": [*body["productSizes"], *named]}
        for item in body["productSizes"]:
            old = self.size(item["gtin"])
            if old is None or old.gtin in self.added:
                codes = (item["identity"], item["gtin"], item["externalSKU"])
                price, cost = _ore(body["price"]), _ore(body["cost"])
                size = added_size(id_, codes, (body["name"], item["label"] or ""), price, cost)
                self.added[size.gtin] = size
                self._index(size)

    def _index(self, size: Size) -> None:
        self._by_code.update(dict.fromkeys(_codes(size), size))

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


def _ore(price: object) -> int:
    """An amount in oere; 0 for what no price can be, which an event or an older log may have."""
    return round(price * 100) if isinstance(price, int | float) and 0 <= price <= 1e9 else 0


def _more_reserved(body: Mapping[str, Any]) -> int:
    """The end of a reservation frees its pieces."""
    pieces: int = body["quantity"]
    return -pieces if "isReleased" in body else pieces


def _codes(size: Size) -> set[str]:
    return {code.strip().lower() for code in (size.gtin, size.identity, size.sku)}


def _lines(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object in a payload."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _lines(each)


def _parsed(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:  # an integer of more than 64 bits, as a user's schema may ask for
        return None


def _happened(event: str, body: Mapping[str, Any]) -> str:
    names = {"StockMovementCreated": "createdDateTime", "StockReservationCreated": "ins"}
    return str(body.get(names.get(event, "expirationDateTime")))


@lru_cache(maxsize=4)
def assortment_json(world: World) -> Mapping[int, dict[str, Any]]:
    """The products of the world, by id, as they would have been written."""
    found: dict[int, dict[str, Any]] = {}
    for size in world.sizes:
        each = found.get(size.product_id) or _product_of(world, size)
        each["productSizes"].append(_variant(size))
        found[size.product_id] = each
    return found


def _product_of(world: World, size: Size) -> dict[str, Any]:
    colour = next((each for each in COLOURS if size.label.endswith(f" {each}")), "")
    draws = SeededDraws(world.seed, "product guid", size.product_id)
    return new_product(
        id=draws.uuid(), productid=size.product_id, name=size.label, number=str(size.product_id % 100_000),
        variant=colour, groupName=size.group.capitalize(), color=colour, season="AW26", brand=BRAND, gender="Unisex",
        price=amount(size.price["NOK"]), cost=amount(size.cost["NOK"]), ins=SINCE, upt=SINCE,
    )  # fmt: skip


def new_product(**known: Any) -> dict[str, Any]:
    """A WebUpdateableProduct of which no more is known; its texts are those of a Product, which are never null."""
    flags = {"isStockProduct": True, "isWebAvailable": True, "isNoLabel": False}
    return filled("WebUpdateableProduct", {**filled("Product", {}), **flags, "ins": NEVER, "upt": NEVER, **known})


def _variant(size: Size) -> dict[str, Any]:
    listed = [(id_, name, currency, amount(size.price[currency])) for id_, name, currency in PRICE_LISTS]
    return {
        "identity": size.identity,
        "gtin": size.gtin,
        "label": size.text,
        "stockQty": [],
        "externalSKU": size.sku,
        "pricelists": [
            {"pricelistId": id_, "pricelistName": name, "currency": currency, "price": price}
            for id_, name, currency, price in listed
        ],
        "labelSortIndex": None,
        "identifiers": [{"id": size.sku, "type": "externalSKU"}],
    }
