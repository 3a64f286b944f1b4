"""The effects of a receiver as an observer reads them: a JSON list, in the order in which they were booked.

One effect: `{"webhookEventId", "webhookId", "event", the type's identity fields ("saleId" ...), "at",
"current", "payload"}`. `current` is for events that tell the state of something that changes (customers,
orders, stock levels): whether this effect is the state that the receiver holds now; null for all others.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from frontsim.receivers.bookings import Bookings

_QUERY = """
SELECT event_id, webhook_id, event, identity, {payload}, at, iif(effects.entity IS NULL, NULL, states.effect = number)
FROM effects LEFT JOIN states ON states.entity = effects.entity ORDER BY number
"""
_COUNTS = """
SELECT (SELECT count(*) FROM effects), (SELECT count(*) FROM ignored), (SELECT count(*) FROM inbox WHERE NOT done)
"""


def effects_json(books: Bookings, *, payload: bool = True) -> bytes:
    """All effects; without their payloads where those are not wanted."""
    rows = books.read(_QUERY.format(payload="payload" if payload else "NULL"))
    return orjson.dumps([_effect(*row) for row in rows])


def counts(books: Bookings) -> Mapping[str, int]:
    """How many effects are booked, events ignored, and events waiting in an inbox."""
    effects, ignored, waiting = books.read(_COUNTS)[0]
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
