"""The rows of events: one occurrence for all its webhooks, and which run comes next."""

import sqlite3
from uuid import UUID

import pytest

from frontsim.domain.model import Occurrence, Webhook
from frontsim.errors import UnknownEvent
from frontsim.store.rows import WebhookRow, add_attempts, add_resend, insert_events, take_failed

SALE = Occurrence("SaleCreated", b"{}", 7)
FIRST, SECOND = [
    WebhookRow(number, Webhook(UUID(int=number), "SaleCreated", "http://a.example/", None), 1, str(UUID(int=number)))
    for number in (1, 2)
]
IDS = [bytes(15) + bytes([number]) for number in (1, 2, 3)]


@pytest.fixture
def events(tables: sqlite3.Connection) -> sqlite3.Connection:
    """Two occurrences; two webhooks match the first, one the second. No run is over."""
    for row in (FIRST, SECOND):
        tables.execute("INSERT INTO webhooks VALUES (?, ?, '', '', NULL, NULL)", (row.number, row.webhook.id.bytes))
    insert_events(tables, [(5, SALE, FIRST), (5, SALE, SECOND), (6, SALE, FIRST)], IDS, 11, 1_000)
    return tables


def fail(tables: sqlite3.Connection, *events: int) -> None:
    """The run of each is over, and failed."""
    for event in events:
        tables.execute("UPDATE events SET runs = attempts, success = 0 WHERE number = ?", (event,))


def test_an_occurrence_has_one_row_however_many_webhooks_match(events: sqlite3.Connection) -> None:
    """And an event for each of them, pending, with its first run to come."""
    assert [(5,), (6,)] == events.execute("SELECT number FROM occurrences").fetchall()
    rows = events.execute("SELECT number, webhook, occurrence, attempts, runs, newest, status, success FROM events")
    assert [
        (11, 1, 5, 1, 0, 0, "Pending", None),
        (12, 2, 5, 1, 0, 0, "Pending", None),
        (13, 1, 6, 1, 0, 0, "Pending", None),
    ] == rows.fetchall()


def test_further_runs_are_numbered_on(events: sqlite3.Connection) -> None:
    assert 2 == add_attempts(events, 11, 3)  # runs 2, 3 and 4
    assert (11, 5) == add_resend(events, FIRST, str(UUID(bytes=IDS[0])))
    assert (13, 2) == add_resend(events, FIRST, str(UUID(bytes=IDS[2])))


def test_an_event_of_another_webhook_is_unknown(events: sqlite3.Connection) -> None:
    with pytest.raises(UnknownEvent, match=f"GET /api/WebhooksEvents/{SECOND.id_text} lists them"):
        add_resend(events, SECOND, str(UUID(bytes=IDS[0])))


def test_failed_events_are_taken_once_and_oldest_first(events: sqlite3.Connection) -> None:
    """An event with a run in the queue is not taken, nor is one of a deleted webhook."""
    fail(events, 11, 12, 13)
    assert [(11, 2, 1), (12, 2, 2)] == take_failed(events, 2)
    assert [(13, 2, 1)] == take_failed(events, 2)
    fail(events, 11, 12)
    events.execute("UPDATE webhooks SET deleted_at = 1 WHERE number = 1")
    assert [(12, 3, 2)] == take_failed(events, 2)
