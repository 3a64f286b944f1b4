"""A right receiver that keeps a row for each customer, in forms of its own, beside the journal of effects.

    CustomerTable   the newest state, by the vendor's own time: a whole name, a whole address, e-mail in lower case

`GET /customers` shows the rows: the journal may be right while they are not.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

import orjson

from frontsim.receivers.bookings import Bookings
from frontsim.receivers.entity import CUSTOMER, state_of
from frontsim.receivers.inbound import ReceivedEvent, value_at
from frontsim.receivers.reference import Receiver

_TYPES = ("CustomerCreated", "CustomerUpdated")
_SET = """
INSERT INTO customers (id, name, email, address, moment) VALUES (:id, :name, :email, :address, :moment)
ON CONFLICT (id) DO UPDATE
SET name = excluded.name, email = excluded.email, address = excluded.address, moment = excluded.moment
"""
_IF_NEWER = "WHERE excluded.moment >= customers.moment"
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
    """Takes over what the newest event says of a customer, in the transaction that takes the event's id."""

    def process(self, db: sqlite3.Connection, event: ReceivedEvent) -> None:
        super().process(db, event)
        if (row := customer_row(event)) is not None:
            self.keep(db, row)

    def keep(self, db: sqlite3.Connection, row: CustomerRow) -> None:
        """Change the customer's row, unless a newer state is there."""
        db.execute(_SET + _IF_NEWER, row)


def overwrite(db: sqlite3.Connection, row: CustomerRow) -> None:
    """Change it whatever is there."""
    db.execute(_SET, row)
