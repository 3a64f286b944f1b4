"""Right receivers that differ from the reference: with rows of customers or stock, or with calls to the vendor's API.

CustomerTable   the newest state, by the vendor's own time: a whole name, a whole address, e-mail in lower case

`GET /customers` shows the rows: the journal may be right while they are not.

StockBySum      level = level + quantity, in the transaction that takes the event's id
    NewestLevel     level = that of the newest movement, by its own time and number

`GET /levels` shows them: the journal may be right while they are not.

Enriches        event ──▶ call ──▶ one transaction: key and effect ──▶ 2xx
                           │ 429, 500, no answer: again, a few times ──▶ 503: the event comes again

It calls at FRONTSIM_BASE_URL, with the keys beside it, as every receiver under `verify --receiver-cmd` can. Without it
it makes no calls.
"""

import asyncio
import itertools
import os
import random
import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import orjson

from frontsim.errors import UnknownEventType
from frontsim.subjects import inbound
from frontsim.subjects.bookings import Bookings
from frontsim.subjects.inbound import CUSTOMER, EntityState, RawRequest, ReceivedEvent, Refused, state_of, value_at
from frontsim.subjects.reference import Receiver, WorkFailed, all_waiting, done, identity

_TYPES = ("CustomerCreated", "CustomerUpdated")
OVERWRITE_CUSTOMER = """
INSERT INTO customers (id, name, email, address, moment) VALUES (:id, :name, :email, :address, :moment)
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, email = excluded.email, address = excluded.address, moment = excluded.moment
"""
_SET_CUSTOMER = f"{OVERWRITE_CUSTOMER} WHERE excluded.moment >= customers.moment"
CustomerRow = Mapping[str, Any]


def customer_row(event: ReceivedEvent) -> CustomerRow | None:
    """The row that an event makes of its customer; None if it tells of none."""
    kind = next((each for each in _TYPES if each.lower() == event.type.lower()), "")
    state, number = state_of(kind, event), value_at(event.payload, *CUSTOMER.keys)
    if state is None or not isinstance(number, int) or abs(number) >= 2**63:
        return None
    return {
        "id": number,
        "name": _joined(event, " ", "firstName", "lastName"),
        "email": _joined(event, "", "email").lower(),
        "address": _joined(event, ", ", "address1", "postalCode", "city"),
        "moment": state.moment,
    }


def _joined(event: ReceivedEvent, between: str, *paths: str) -> str:
    values = [value_at(event.payload, path) for path in paths]
    return between.join(text for value in values if isinstance(value, str) and (text := value.strip()))


def customers_json(bookings: Bookings) -> bytes:
    """The row of each customer, as an observer reads them."""
    rows = bookings.read("SELECT id, name, email, address FROM customers")
    return orjson.dumps([dict(zip(("id", "name", "email", "address"), row, strict=True)) for row in rows])


class CustomerTable(Receiver):
    """Keeps a row for each customer: whole name and address, e-mail in lower case, of the newest event."""

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        super().process(db, event)
        if (row := customer_row(event)) is not None:
            self.keep(db, row)

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        """Change the customer's row, unless a newer state is there."""
        db.execute(_SET_CUSTOMER, row)


MOVEMENT = "StockMovementCreated"
_ADD = """
INSERT INTO levels (stock, gtin, level) VALUES (:stock, :gtin, :quantity)
ON CONFLICT (stock, gtin) DO UPDATE SET level = level + excluded.level
"""
_SET_IF_NEWER = """
INSERT INTO levels (stock, gtin, level, moment, number) VALUES (:stock, :gtin, :level, :moment, :number)
ON CONFLICT (stock, gtin) DO UPDATE SET level = excluded.level, moment = excluded.moment, number = excluded.number
WHERE (excluded.moment, excluded.number) >= (levels.moment, levels.number)
"""


@dataclass(frozen=True, slots=True)
class StockChange:
    """A movement's change of a stock item."""

    stock: Any
    gtin: Any
    quantity: float
    level: float
    moment: str
    number: int


def change_of(event: ReceivedEvent) -> StockChange | None:
    """The movement in an event; None if it is none, or does not say which stock item and how much."""
    if event.type.lower() != MOVEMENT.lower():
        return None
    stock, gtin, moment = (value_at(event.payload, path) for path in ("stockId", "gtin", "createdDateTime"))
    quantity, level, number = (_amount(event, path) for path in ("quantity", "stockLevel", "movementId"))
    if None in (quantity, level, number) or not isinstance(moment, str):
        return None
    if not isinstance(gtin, str) or not isinstance(stock, int):
        return None
    return StockChange(stock, gtin, quantity or 0, level or 0, moment, int(number or 0))


def _amount(event: ReceivedEvent, path: str) -> float | None:
    """A number that SQLite can hold."""
    found = value_at(event.payload, path)
    return found if isinstance(found, int | float) and abs(found) < 2**63 else None


def levels_json(bookings: Bookings) -> bytes:
    """The level of each stock item, as an observer reads them."""
    rows = bookings.read("SELECT stock, gtin, level FROM levels")
    return orjson.dumps([{"stockId": stock, "gtin": gtin, "level": level} for stock, gtin, level in rows])


class StockBySum(Receiver):
    """Adds each movement to a stock level, in the transaction that takes the key."""

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        super().process(db, event)
        if (change := change_of(event)) is not None:
            self.move(db, change)

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Change the level of the stock item."""
        db.execute(_ADD, asdict(change))


class NewestLevel(StockBySum):
    """Keeps the level of the newest movement of each stock item."""

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        db.execute(_SET_IF_NEWER, asdict(change))


_HALF_A_CENT = 0.005
_REMOVE = "DELETE FROM effects WHERE entity = ? AND json_extract(CAST(payload AS TEXT), '$.deleted')"
_OTHER_EFFECT = """
INSERT INTO effects (event_id, webhook_id, event, identity, payload, at) VALUES (?, ?, ?, '{}', ?, ?)
"""


class BusinessKey(Receiver):
    """Its key is what the event is about (saleId ...), not the event's id.

    It also recognises one occurrence that comes through two webhooks. For an event that does not say what it is
    about, its key is the event's id.
    """

    def key(self, event: ReceivedEvent) -> str:
        try:
            kind = self.catalog.find(event.type)
        except UnknownEventType:
            return event.event_id
        values = identity(kind, event).values()
        if not values or None in values:
            return event.event_id
        return ":".join([kind.name, *map(str, values)])


class NewestState(Receiver):
    """Keeps one row for each customer, order and stock item: the newest state.

    A state that comes late is dropped, and so is the row of a customer who is deleted. Sales and all else that
    happens once keep a row each, and so does an event of a type that it does not know.
    """

    DROP_OLDER = (
        "DELETE FROM effects WHERE entity = :entity AND number != (SELECT effect FROM states WHERE entity = :entity)"
    )

    def update(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        self.note(db, state, effect)
        db.execute(self.DROP_OLDER, {"entity": state.entity})
        if db.execute(_REMOVE, (state.entity,)).rowcount:
            self.forget(db, state)

    def forget(self, db: sqlite3.Connection, state: EntityState) -> None:
        """Keep since when nothing is kept, so that an older state that comes late brings no deleted customer back."""
        db.execute("UPDATE states SET effect = 0 WHERE entity = ?", (state.entity,))

    def note(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        """Note which effect shows the newest state."""
        super().update(db, state, effect)

    def ignore(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        row = (event.event_id, event.webhook_id, event.type, event.body, self.clock.now())
        db.execute(_OTHER_EFFECT, row)


class KeepsCreations(NewestState):
    """Keeps the creation of a customer or order in one row, and the newest of its updates in another.

    A deletion is an update like others.
    """

    DROP_OLDER = f"{NewestState.DROP_OLDER} AND event NOT IN ('CustomerCreated', 'OmniChannelOrderCreated')"

    def update(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        self.note(db, state, effect)
        db.execute(self.DROP_OLDER, {"entity": state.entity})


class ParksUpdates(Receiver):
    """Holds back an update of a customer or order that it does not know yet.

    The catalogue says which type comes first. An update that overtakes the creation waits in the inbox, and is
    booked with the creation, in one commit.
    """

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        if self._waits_for_its_past(db, event):
            self.park(db, event)
            return
        super().process(db, event)
        for number, parked in all_waiting(db):
            if not self._waits_for_its_past(db, parked):
                super().process(db, parked)
                done(db, number)

    def park(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        row = (event.event_id, event.webhook_id, event.type, event.body)
        db.execute("INSERT INTO inbox (event_id, webhook_id, event, payload) VALUES (?, ?, ?, ?)", row)

    def _waits_for_its_past(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        try:
            kind = self.catalog.find(event.type)
        except UnknownEventType:
            return False
        about = value_at(event.payload, kind.identity) if kind.past else None
        if about is None:
            return False
        told = "SELECT 1 FROM effects WHERE event = ? AND json_extract(CAST(identity AS TEXT), ?) = ?"
        return db.execute(told, (kind.past, f"$.{kind.identity}", about)).fetchone() is None


class BalancesSales(Receiver):
    """Refuses a sale whose lines or payments do not add up to its total, as an accounting system does.

    It also refuses a line whose number it has had before.
    """

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        sale = event.payload
        lines = [(each.get("quantity"), each.get("price")) for each in _objects(sale.get("salesLines"))]
        payments = [(1, each.get("amount")) for each in _objects(sale.get("paymentLines"))]
        if not all(_add_up(amounts, sale.get("total")) for amounts in (lines, payments)):
            raise Refused(422, f"expected lines and payments that add up to {sale['total']}")
        return event

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        for line in _objects(event.payload.get("salesLines")):
            if line.get("rowId") and not inbound.take(db, f"{event.webhook_id} {event.type} {line['rowId']}"):
                raise WorkFailed(f"expected a line of its own, got {line['rowId']} again")
        super().process(db, event)


def _add(row: tuple[Any, ...], db: sqlite3.Connection) -> None:
    db.execute(_OTHER_EFFECT, row)


class KeepsLedger(Receiver):
    """Shows a ledger row beside each event's own row, and one for each line of a sale, without the event's id."""

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        super().process(db, event)
        for row in (event.payload, *_objects(event.payload.get("salesLines"))):
            kept = {"of": event.payload.get("saleId"), **without_nulls(row)}
            _add(("", "", event.type, orjson.dumps(kept), self.clock.now()), db)


class DropsNulls(Receiver):
    """Keeps payloads without their nulls."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(without_nulls(event.payload))


def without_nulls(value: Any) -> Any:
    """The value without nulls in objects, at any depth."""
    if isinstance(value, list):
        return list(map(without_nulls, value))
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(each) for name, each in value.items() if each is not None}


class SharesItsTable(Receiver):
    """Books in a table into which a web shop writes, too."""

    SECONDS = 0.25

    async def start(self) -> None:
        self._shop = asyncio.create_task(self._sell())

    async def stop(self) -> None:
        self._shop.cancel()
        with suppress(asyncio.CancelledError):
            await self._shop

    async def _sell(self) -> None:
        for number in itertools.count(1):
            row = ("", "", "shop", orjson.dumps({"saleId": number}), self.clock.now())
            await self.bookings.transact(partial(_add, row))
            await asyncio.sleep(self.SECONDS)


class Answers202(Receiver):
    """Answers 202 instead of 200."""

    SUCCESS = 202


class Answers204(Receiver):
    """Answers 204, without a body."""

    SUCCESS = 204


class Slow(Receiver):
    """Takes 0.3 s for every request."""

    SECONDS = 0.3

    async def receive(self, request: RawRequest) -> int:
        await asyncio.sleep(self.SECONDS)
        return await super().receive(request)


class Flaky(Receiver):
    """Answers one good request in four with 503, before it stores anything."""

    SEED = 1
    SHARE = 0.25

    async def start(self) -> None:
        self._random = random.Random(self.SEED)  # noqa: S311 - not a secret

    def read(self, request: RawRequest) -> ReceivedEvent:
        event = super().read(request)
        if self._random.random() < self.SHARE:
            raise WorkFailed("busy: nothing was stored, send it again", status=503)
        return event


class LimitsRate(Receiver):
    """Takes ten requests a second, and answers others with 429 and Retry-After."""

    PER_S = 10

    async def start(self) -> None:
        self._taken: deque[float] = deque(maxlen=self.PER_S)

    def read(self, request: RawRequest) -> ReceivedEvent:
        now_ms = self.clock.now()
        if len(self._taken) == self.PER_S and now_ms - self._taken[0] < 1000:
            raise Refused(429, f"expected at most {self.PER_S} requests a second", retry_after_s=1)
        self._taken.append(now_ms)
        return super().read(request)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _add_up(amounts: Sequence[tuple[Any, Any]], total: Any) -> bool:
    """Amounts add up if they come to the total, to the cent, or a number is missing."""
    numbers = [total, *(value for pair in amounts for value in pair)]
    if not amounts or not all(isinstance(each, int | float) for each in numbers):
        return True
    return bool(abs(sum(number * price for number, price in amounts) - total) < _HALF_A_CENT)


_PAUSES_S = (0.05, 0.1, 0.2, 0.4)
"""Between the tries of a call."""
_LONGEST_PAUSE_S = 2.0
_NOT_FOUND, _TOO_MANY = 404, 429
_OURS = "crm-"
"""How the references begin that this receiver gives to customers."""


class Enriches(Receiver):
    """Reads each event's product from the API before it books, and tries again."""

    PAUSES_S: tuple[float, ...] = _PAUSES_S

    async def start(self) -> None:
        said = os.environ
        keys = {
            "x-api-key": said.get("FRONTSIM_API_KEY", ""),
            "Ocp-Apim-Subscription-Key": said.get("FRONTSIM_SUBSCRIPTION_KEY", ""),
        }
        base_url = said.get("FRONTSIM_BASE_URL", "")
        import httpx  # noqa: PLC0415 - see jobs.py

        self._failure = httpx.HTTPError
        self._http = httpx.AsyncClient(base_url=base_url, headers=keys, trust_env=False) if base_url else None

    async def stop(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        if not await self.bookings.transact(lambda db: inbound.is_taken(db, self.key(event))):
            await self.call_for(event)
        await self.bookings.transact(lambda db: self.book(db, event))
        return self.SUCCESS

    async def call_for(self, event: ReceivedEvent) -> None:
        """Make the calls that an event asks for. Raises WorkFailed."""
        if gtin := _gtin(event.payload):
            await self.call("GET", f"/api/Product/gtin/{gtin}")

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Make a call that may be repeated. Raises WorkFailed."""
        for pause_s in (*self.PAUSES_S, None):
            try:
                answer = await self._http.request(method, path, json=body) if self._http else None
            except self._failure:  # it may have been made: to make it again does no harm
                asked_s = 0.0
            else:
                if answer is None or answer.is_success or answer.status_code == _NOT_FOUND:
                    return
                asked_s = float(answer.headers.get("Retry-After", 0))
            if pause_s is not None:
                await asyncio.sleep(min(max(pause_s, asked_s), _LONGEST_PAUSE_S))
        raise WorkFailed(f"{method} {path} failed", status=503)


def _gtin(payload: Mapping[str, Any]) -> str:
    """The first GTIN of an event, of its lines or items where it has no own."""
    lists = (value for value in payload.values() if isinstance(value, list))
    entries = (entry for entries in lists for entry in entries if isinstance(entry, dict))
    found = (value_at(each, "gtin") for each in (payload, *entries))
    return next((each for each in found if isinstance(each, str) and each.isdecimal()), "")


class WritesBack(Enriches):
    """Gives customers its own reference through the API, and knows its own echo."""

    async def call_for(self, event: ReceivedEvent) -> None:
        number = value_at(event.payload, "customerId")
        if event.type.startswith("Customer") and isinstance(number, int) and not self.is_echo(event, number):
            await self.call("PUT", "/api/Customer", {"customerid": number, "extId": f"{_OURS}{number}"})

    def is_echo(self, event: ReceivedEvent, number: int) -> bool:
        """Tells whether the customer has our reference already."""
        return value_at(event.payload, "customerExtId") == f"{_OURS}{number}"
