"""A receiver's input: the request, the event, its key and its entity.

The receiver answers 4xx only to what it can never process: no event id, no type, no JSON, not an object. It takes
everything else: unknown fields, nulls, new types. A refused event stays refused however often it is resent, so a
receiver refuses as little as it can.

Customers, orders and stock levels change, and a newer event can overtake an older one (a resend comes hours
later), so an older state must not overwrite a newer. Sales, transfers and the rest happen once and have no state.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from frontsim.errors import BadInput

BOM = b"\xef\xbb\xbf"
LONGEST_ID = 200
_HEADER = re.compile(r"[0-9A-Za-z!#$%&'*+.^_`|~-]+")


class Refused(Exception):
    """The request can never be processed, or not before `retry_after_s`. The answer is `status`; nothing is stored."""

    def __init__(self, status: int, message: str, *, retry_after_s: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class EventHeaders:
    """The headers that carry what a delivery's body does not say. The vendor does not publish their names.

    Raises:
        BadInput: not the name of a header.
    """

    event_id: str = "X-Webhook-Event-Id"
    webhook_id: str = "X-Webhook-Id"
    event: str = "X-Webhook-Event"

    def __post_init__(self) -> None:
        for name in (self.event_id, self.webhook_id, self.event):
            if not _HEADER.fullmatch(name):
                raise BadInput(f"expected the name of a header such as X-Webhook-Event-Id, got {name[:100]!r}")


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request before it is read. `path_type` is the type in the URL (`/hook/SaleCreated`), or empty."""

    event_id: str
    webhook_id: str
    event: str
    path_type: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event as the receiver has read it. `body` holds the bytes of its payload."""

    event_id: str
    webhook_id: str
    type: str
    payload: Mapping[str, Any]
    body: bytes


def read_event(request: RawRequest) -> ReceivedEvent:
    """Read the event out of a request.

    Raises:
        Refused: 400 if the event id or the type is missing, or the body is not a JSON object; 415 if the content
            type is not JSON in UTF-8.
    """
    if not request.event_id or len(request.event_id) > LONGEST_ID:
        raise Refused(400, f"expected a header with the event's id of 1 to {LONGEST_ID} characters")
    event_type = request.event or request.path_type
    if not event_type:
        raise Refused(400, "expected the event's type in a header or in the URL (/hook/SaleCreated)")
    check_content_type(request.content_type)
    body = request.body.removeprefix(BOM)
    return ReceivedEvent(request.event_id, request.webhook_id, event_type, read_object(body), body)


def check_content_type(content_type: str) -> None:
    """Refuse, with 415, a content type other than JSON, or a character set other than UTF-8."""
    kind, *parameters = content_type.lower().split(";")
    if kind.strip() != "application/json" and not kind.strip().endswith("+json"):
        raise Refused(415, f"expected Content-Type: application/json, got {content_type[:100]!r}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in ("utf-8", "utf8", "us-ascii"):
            raise Refused(415, f"expected JSON in UTF-8, got {content_type[:100]!r}")


def read_object(body: bytes) -> Mapping[str, Any]:
    """Parse a payload; refuse, with 400, what is not a JSON object."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"expected JSON, got {error}") from None
    if not isinstance(payload, dict):
        raise Refused(400, f"expected a JSON object, got {type(payload).__name__}")
    return payload


def value_at(payload: Mapping[str, Any], path: str) -> str | int | float | None:
    """The text or number at a dotted path; None if there is none, whatever the payload looks like."""
    value: Any = payload
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float) else None


@dataclass(frozen=True, slots=True)
class EntityRule:
    """Which fields of an event type say what it is about (`keys`) and since when (the first of `moments` that is set).

    `rank` names a number that grows: it orders two states of one moment.
    """

    kind: str
    keys: Sequence[str]
    moments: Sequence[str]
    rank: str = ""


CUSTOMER = EntityRule("customer", ("customerId",), ("updatedDateTime", "createdDateTime"))
ORDER = EntityRule("order", ("orderId",), ("updatedDateTime", "createdDateTime"))
STOCK = EntityRule("stock", ("stockId", "sku", "gtin"), ("createdDateTime",), rank="movementId")

RULES: Mapping[str, EntityRule] = {
    "CustomerCreated": CUSTOMER,
    "CustomerUpdated": CUSTOMER,
    "OmniChannelEndlessAisleOrderCreated": ORDER,
    "OmniChannelOrderFulfilled": ORDER,
    "OmniChannelOrderRefundUpdated": ORDER,
    "OmniChannelOrderUpdated": ORDER,
    "StockMovementCreated": STOCK,
}


@dataclass(frozen=True, slots=True)
class EntityState:
    """The state of `entity` since `moment`. Moments compare as text, because the vendor writes them in one form."""

    entity: str
    moment: str
    rank: int


def state_of(event_type: str, event: ReceivedEvent) -> EntityState | None:
    """The state in this event; None if events of its type hold no state, or if it does not say what it is about."""
    rule = RULES.get(event_type)
    if rule is None:
        return None
    keys = [value_at(event.payload, key) for key in rule.keys]
    if all(key is None for key in keys):
        return None
    rank = value_at(event.payload, rule.rank) if rule.rank else 0
    ranked = isinstance(rank, int) and abs(rank) < 2**63  # what SQLite can hold
    found = (value_at(event.payload, path) for path in rule.moments)
    return EntityState(
        ":".join([rule.kind, *map(str, keys)]),
        next((moment for moment in found if isinstance(moment, str)), ""),
        int(rank or 0) if ranked else 0,
    )


def take(db: sqlite3.Connection, key: str) -> bool:
    """Take a key; returns whether it was free. Looking and taking are one statement, so they are atomic."""
    return db.execute("INSERT OR IGNORE INTO keys (key) VALUES (?)", (key,)).rowcount == 1


def is_taken(db: sqlite3.Connection, key: str) -> bool:
    """A key is taken if it is in the table. The answer may be out of date by the time the caller acts on it."""
    return db.execute("SELECT 1 FROM keys WHERE key = ?", (key,)).fetchone() is not None


def give_back(db: sqlite3.Connection, key: str) -> None:
    """Free the key: the next `take` succeeds."""
    db.execute("DELETE FROM keys WHERE key = ?", (key,))


def keep_newest(db: sqlite3.Connection, count: int) -> None:
    """Forget all but the newest keys."""
    db.execute("DELETE FROM keys WHERE number <= (SELECT max(number) FROM keys) - ?", (count,))
