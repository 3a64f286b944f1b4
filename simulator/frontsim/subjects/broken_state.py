"""Wrong content, order, levels and customers."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from frontsim.subjects.correct import (
    OVERWRITE_CUSTOMER,
    CustomerRow,
    CustomerTable,
    NewestState,
    ParksUpdates,
    StockBySum,
    StockChange,
    change_of,
    customer_row,
)
from frontsim.subjects.inbound import EntityState, RawRequest, ReceivedEvent
from frontsim.subjects.reference import Receiver, Variant


class DropsNonAscii(Receiver):
    """It drops every letter outside ASCII."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(event.payload).decode().encode("ascii", "ignore")


class RoundsDecimals(Receiver):
    """It keeps amounts as whole numbers."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(
            _changed(event.payload, lambda _, value: round(value) if isinstance(value, float) else value)
        )


class CutsCents(Receiver):
    """It multiplies a binary float by 100 and cuts off the rest: 19.99 becomes 19.98."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(_changed(event.payload, _hundredths))


class ReturnsAsSales(Receiver):
    """It drops the sign of amounts."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(_changed(event.payload, lambda _, value: abs(value) if _is_number(value) else value))


class IgnoresQuantity(Receiver):
    """It keeps one unit of each line of a sale, whatever its quantity."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        lines = [
            {**line, "quantity": max(-1, min(1, line["quantity"]))} if "quantity" in line else line
            for line in event.payload.get("salesLines") or ()
        ]
        return orjson.dumps({**event.payload, "salesLines": lines} if lines else event.payload)


class CutsTexts(Receiver):
    """It keeps texts in columns of 24 and 255 characters, which cut off longer ones silently."""

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        return orjson.dumps(_changed(event.payload, _cut))


class TruncatesLargeBodies(Receiver):
    """It keeps the first 65,535 bytes of a payload."""

    WIDTH = 65_535

    def kept_payload(self, event: ReceivedEvent) -> bytes:
        """The payload. One that was cut is not JSON any more, so it is kept as text."""
        if len(event.body) <= self.WIDTH:
            return event.body
        return orjson.dumps(event.body[: self.WIDTH].decode("utf-8", "ignore"))


def _changed(value: Any, change: Callable[[str, Any], Any], name: str = "") -> Any:
    """The value with each single value in it changed; `change` gets the name of its field, too."""
    if isinstance(value, Mapping):
        return {key: _changed(each, change, key) for key, each in value.items()}
    return [_changed(each, change, name) for each in value] if isinstance(value, list) else change(name, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _hundredths(_: str, value: Any) -> Any:
    return int(value * 100) / 100 if isinstance(value, float) else value


def _cut(name: str, value: Any) -> Any:
    return value[: 24 if name.endswith("Name") else 255] if isinstance(value, str) else value


_OVERWRITE_STATE = "INSERT OR REPLACE INTO states (entity, moment, rank, effect) VALUES (?, ?, ?, ?)"


class LastWriterWins(Receiver):
    """It lets an older state overwrite a newer one."""

    def update(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        db.execute(_OVERWRITE_STATE, (state.entity, state.moment, state.rank, effect))


class ForgetsDeletions(NewestState):
    """It deletes a deleted customer's row and all memory of it, so that an older update brings the customer back."""

    def forget(self, db: sqlite3.Connection, state: EntityState) -> None:
        db.execute("DELETE FROM states WHERE entity = ?", (state.entity,))


class OverwritesRows(NewestState):
    """It keeps one row for each customer and order, and the last event to arrive overwrites it."""

    def note(self, db: sqlite3.Connection, state: EntityState, effect: int) -> None:
        db.execute(_OVERWRITE_STATE, (state.entity, state.moment, state.rank, effect))


class DropsEarlyUpdates(ParksUpdates):
    """It acknowledges an update of a customer or order that it does not know yet, and drops it."""

    def park(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        """Keeps nothing."""


class LastCustomerWins(CustomerTable):
    """It takes over what the last event to arrive says of a customer."""

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        db.execute(OVERWRITE_CUSTOMER, row)


class CustomerByAnOldRead(CustomerTable):
    """It reads how old the customer's row is and then writes, over what another worker wrote meanwhile."""

    SECONDS = 0.01

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        row = customer_row(event)
        moment = await self.bookings.transact(lambda db: _moment(db, row)) if row else ""
        await asyncio.sleep(self.SECONDS)
        is_new = await self.bookings.transact(lambda db: self.book(db, event))
        if row and is_new and str(row["moment"]) >= moment:
            await self.bookings.transact(lambda db: db.execute(OVERWRITE_CUSTOMER, row))
        return self.SUCCESS

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        """Done by what was read before."""


def _moment(db: sqlite3.Connection, row: CustomerRow) -> str:
    found = db.execute("SELECT moment FROM customers WHERE id = ?", (row["id"],)).fetchone()
    return str(found[0]) if found else ""


class CustomerAfterTheAnswer(CustomerTable):
    """It answers and changes the customer a moment later."""

    SECONDS = 0.03

    async def start(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        is_new = await self.bookings.transact(lambda db: self.book(db, event))
        row = customer_row(event) if is_new else None
        if row is not None:
            task = asyncio.create_task(self._keep_later(row))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self.SUCCESS

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        """Done later."""

    async def _keep_later(self, row: CustomerRow) -> None:
        await asyncio.sleep(self.SECONDS)
        await self.bookings.transact(lambda db: super(CustomerAfterTheAnswer, self).keep(db, row))


_READ = "SELECT level FROM levels WHERE stock = ? AND gtin = ?"
_OVERWRITE_LEVEL = "INSERT OR REPLACE INTO levels (stock, gtin, level) VALUES (?, ?, ?)"


class LevelCountsRepeats(StockBySum):
    """It books a repeat once, and changes the stock level again."""

    def book(self, db: sqlite3.Connection, event: ReceivedEvent) -> bool:
        if (change := change_of(event)) is not None:
            super().move(db, change)
        return super().book(db, event)

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Done before."""


class LevelLosesUpdates(StockBySum):
    """It reads the stock level, adds to it and writes it, while another worker does the same."""

    SECONDS = 0.01

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        change = change_of(event)
        if change is not None:
            level = await self.bookings.transact(lambda db: _level(db, change))
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(lambda db: self._book(db, event, change, level + change.quantity))
            return self.SUCCESS
        return await super().receive(request)

    def _book(self, db: sqlite3.Connection, event: ReceivedEvent, change: StockChange, level: float) -> None:
        if self.book(db, event):
            db.execute(_OVERWRITE_LEVEL, (change.stock, change.gtin, level))

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Done with the level that was read before."""


class LevelInAnotherTransaction(StockBySum):
    """It books the event and changes the stock level in a second transaction."""

    BEFORE, SECONDS, AFTER = 0.0, 0.5, 0.0

    async def receive(self, request: RawRequest) -> int:
        event = self.read(request)
        await asyncio.sleep(self.BEFORE)
        is_new = await self.bookings.transact(lambda db: self.book(db, event))
        change = change_of(event) if is_new else None
        if change is not None:
            await asyncio.sleep(self.SECONDS)
            await self.bookings.transact(lambda db: StockBySum.move(self, db, change))
        await asyncio.sleep(self.AFTER)
        return self.SUCCESS

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        """Done in the second transaction."""


class SlowLevelInAnotherTransaction(LevelInAnotherTransaction):
    """It does the same, but its first commit comes a quarter of a second after the request."""

    BEFORE, SECONDS, AFTER = 0.25, 0.1, 0.2


class LastLevelWins(StockBySum):
    """It takes over the stock level of the last movement to arrive."""

    def move(self, db: sqlite3.Connection, change: StockChange) -> None:
        db.execute(_OVERWRITE_LEVEL, (change.stock, change.gtin, change.level))


def _level(db: sqlite3.Connection, change: StockChange) -> float:
    row = db.execute(_READ, (change.stock, change.gtin)).fetchone()
    return float(row[0]) if row else 0.0


_STALE = frozenset({"stale"})
_WRONG_STATE = frozenset({"wrong-state"})

DERIVED = (
    Variant(
        "level-counts-repeats", LevelCountsRepeats, _WRONG_STATE, ("stock-levels", "lost-response"), state="/levels"
    ),
    Variant("level-loses-updates", LevelLosesUpdates, _WRONG_STATE, ("stock-levels",), state="/levels"),
    Variant("last-level-wins", LastLevelWins, _STALE, ("stock-levels",), state="/levels"),
    Variant(
        "level-in-another-transaction",
        LevelInAnotherTransaction,
        _WRONG_STATE,
        ("crash-matrix",),
        needs_process_control=True,
        state="/levels",
    ),
    Variant(
        "slow-level-in-another-transaction",
        SlowLevelInAnotherTransaction,
        _WRONG_STATE,
        ("crash-matrix",),
        needs_process_control=True,
        state="/levels",
    ),
    Variant("last-customer-wins", LastCustomerWins, _STALE, ("out-of-order",), state="/customers"),
    Variant("customer-by-an-old-read", CustomerByAnOldRead, _STALE, ("out-of-order",), state="/customers"),
    Variant(
        "customer-after-the-answer",
        CustomerAfterTheAnswer,
        _WRONG_STATE,
        ("crash-after-ack",),
        needs_process_control=True,
        state="/customers",
    ),
)
