"""A receiver's effects as an observer reads them: a JSON list, in the order of booking.

One effect: `{"webhookEventId", "webhookId", "event", the type's identity fields ("saleId" ...), "at",
"current", "payload"}`. `current` says, for events that carry the state of something that changes (customers,
orders, stock levels), whether this effect is the state that the receiver holds now; null for all others.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from frontsim.receivers.bookings import Bookings

_QUERY = """
SELECT event_id, webhook_id, event, identity, {payload}, at, iif(effects.entity IS NULL, NULL, states.effect = number)
FROM effects LEFT JOIN states ON states.entity = effects.entity {where} ORDER BY number
"""
_COUNTS = """
SELECT (SELECT count(*) FROM effects), (SELECT count(*) FROM ignored), (SELECT count(*) FROM inbox WHERE NOT done)
"""


def effects_json(bookings: Bookings, *, payload: bool = True, since_ms: int = 0) -> bytes:
    """The effects that were booked since a moment (ms since 1970), with or without their payloads."""
    where = f"WHERE at >= {since_ms}" if since_ms else ""
    rows = bookings.read(_QUERY.format(payload="payload" if payload else "NULL", where=where))
    return orjson.dumps([_effect(*row) for row in rows])


def counts(bookings: Bookings) -> Mapping[str, int]:
    """The numbers of effects, of ignored events and of events that wait in an inbox."""
    effects, ignored, waiting = bookings.read(_COUNTS)[0]
    return {"effects": effects, "ignored": ignored, "waiting": waiting}


def _effect(
    event_id: str, webhook_id: str, event: str, identity: bytes, payload: bytes | None, at: int, current: int | None
) -> Mapping[str, Any]:
    effect = {
        **orjson.loads(identity),
        "webhookEventId": event_id,
        "webhookId": webhook_id,
        "event": event,
        "at": f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z",
        "current": None if current is None else bool(current),
    }
    return effect if payload is None else {**effect, "payload": orjson.Fragment(payload)}
