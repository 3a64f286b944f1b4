"""The rows of occurrences and of their events, and how many runs each event was given."""

import sqlite3
from collections.abc import Sequence
from uuid import UUID

from frontsim.clock import Milliseconds
from frontsim.domain.model import Occurrence
from frontsim.errors import UnknownEvent
from frontsim.store.bulk_sql import execute_bulk
from frontsim.store.webhook_rows import WebhookRow

PENDING = "Pending"
"""Status of an event whose first run is not over (open: our choice)."""

_INSERT_EVENTS = """
WITH new (number, id, webhook, occurrence) AS (VALUES {rows})
INSERT INTO events (number, id, webhook, occurrence, created_at, status, attempts, runs, newest)
SELECT new.*, ?, ?, 1, 0, 0 FROM new WHERE number > 0
"""
_TAKE_FAILED = """
UPDATE events SET attempts = attempts + 1 WHERE number IN (
  SELECT e.number FROM events e JOIN webhooks w ON w.number = e.webhook
  WHERE e.success = 0 AND e.attempts = e.runs AND w.deleted_at IS NULL ORDER BY e.number LIMIT ?
) RETURNING number, attempts, webhook
"""
Matched = tuple[int, Occurrence, WebhookRow]
"""An occurrence's number, the occurrence, and a webhook that it matches."""


def insert_events(
    db: sqlite3.Connection, matched: Sequence[Matched], ids: Sequence[bytes], first_event: int, now: Milliseconds
) -> None:
    """Insert occurrences, and an event with its first run to come for each webhook that one matches.

    Args:
        db: in a transaction.
        matched: an event each.
        ids: of the events.
        first_event: the number of the first.
        now: when they are created.
    """
    occurrences = {number: occurrence for number, occurrence, _ in matched}  # once, however many webhooks match
    execute_bulk(
        db,
        "INSERT INTO occurrences SELECT * FROM (VALUES {rows}) WHERE column1 > 0",
        [(number, item.event, item.store_id, bytearray(item.body)) for number, item in occurrences.items()],
    )
    execute_bulk(
        db,
        _INSERT_EVENTS,
        [
            (event, bytearray(raw), webhook.number, number)
            for event, (raw, (number, _, webhook)) in enumerate(zip(ids, matched, strict=True), first_event)
        ],
        now,
        PENDING,
    )


def add_attempts(db: sqlite3.Connection, event: int, count: int) -> int:
    """Count further runs of an event; returns which run the first of them is."""
    (attempts,) = db.execute(
        "UPDATE events SET attempts = attempts + ? WHERE number = ? RETURNING attempts", (count, event)
    ).fetchone()
    return int(attempts) - count + 1


def add_resend(db: sqlite3.Connection, webhook: WebhookRow, webhook_event_id: str) -> tuple[int, int]:
    """Count a further run of a webhook's event; returns the event's number, and which run it is.

    Raises:
        UnknownEvent: the webhook has no such event.
    """
    row: tuple[int, int] | None = db.execute(
        "UPDATE events SET attempts = attempts + 1 WHERE id = ? AND webhook = ? RETURNING number, attempts",
        (UUID(webhook_event_id).bytes, webhook.number),
    ).fetchone()
    if row is None:
        raise UnknownEvent(
            f"webhook {webhook.id_text} has no event {webhook_event_id}; "
            f"GET /api/WebhooksEvents/{webhook.id_text} lists them"
        )
    return row


def take_failed(db: sqlite3.Connection, most: int) -> list[tuple[int, int, int]]:
    """Count a further run of each failed event that has no run in the queue, oldest first.

    Returns:
        The number of each event, which run it is, and the number of its webhook.
    """
    return sorted(db.execute(_TAKE_FAILED, (most,)).fetchall())
