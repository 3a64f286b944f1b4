"""The rows of runs that are over, and what the event's row shows of them."""

import sqlite3

import pytest

from frontsim.domain.model import ChangedRequest, Delivery, Finished, Outcome, Result, Trigger
from frontsim.store.rows import insert_finished, insert_interrupted
from tests.store.shop import NOT_FOUND, OK


@pytest.fixture
def events(tables: sqlite3.Connection) -> sqlite3.Connection:
    for number in (1, 2, 3):
        tables.execute(
            "INSERT INTO events VALUES (?, ?, 1, ?, 0, 9, 0, 0, NULL, 'Pending', NULL, NULL)",
            (number, bytes([number]), number),
        )
    return tables


def over(event: int, run: int, result: Result, **more: object) -> Finished:
    trigger = Trigger.RESEND if run > 1 else Trigger.ORIGINAL
    delivery = Delivery(0, event, run, 1, trigger, "w", "e", "SaleCreated", "http://a.example/", b"{}", 0, None)
    return Finished(delivery, result, 1_000 * run)._replace(**more)


def shown(events: sqlite3.Connection, event: int) -> tuple[object, ...]:
    (row,) = events.execute(
        "SELECT runs, newest, status, status_code, success, updated_at FROM events WHERE number = ?", (event,)
    ).fetchall()
    return tuple(row)


def test_an_event_shows_its_newest_run(events: sqlite3.Connection) -> None:
    """Of several that are over together too; `updated_at` is set with the second."""
    insert_finished(events, [over(1, 1, NOT_FOUND), over(2, 1, OK)], 50)
    assert (1, 1, "Not found", 404, 0, None) == shown(events, 1)
    assert (1, 1, "OK", 200, 1, None) == shown(events, 2)
    insert_finished(events, [over(1, 2, OK)], 60)
    assert (2, 2, "OK", 200, 1, 60) == shown(events, 1)
    assert (0, 0, "Pending", None, None, None) == shown(events, 3)


def test_a_run_that_ends_after_a_newer_one_overwrites_nothing(events: sqlite3.Connection) -> None:
    """It is counted, and has its row."""
    insert_finished(events, [over(1, 2, OK)], 50)
    insert_finished(events, [over(1, 1, NOT_FOUND)], 60)
    assert (2, 2, "OK", 200, 1, 50) == shown(events, 1)
    assert [(1, 404), (2, 200)] == events.execute("SELECT run, status_code FROM runs ORDER BY run").fetchall()


def test_what_a_fault_changed_and_what_a_refusal_said_are_kept(events: sqlite3.Connection) -> None:
    """Only of the runs that have it."""
    refusal = Result(Outcome.ANSWERED, "Not found", 404, 3, b"no such shop", b"server: nginx")
    changed = ChangedRequest(b"content-type: text/plain", b"{", 1, 2)
    insert_finished(events, [over(1, 1, refusal), over(2, 1, OK, fault="truncated-json", changed=changed)], 50)
    assert [(1, 1, b"server: nginx")] == events.execute("SELECT * FROM answer_heads").fetchall()
    assert [(2, 1, *changed)] == events.execute("SELECT * FROM changed").fetchall()
    assert [
        (1, "", "answered", "Not found", 404, 3, b"no such shop", 1_000),
        (2, "truncated-json", "answered", "OK", 200, 1, b"", 1_000),
    ] == events.execute(
        "SELECT event, fault, outcome, status, status_code, duration_ms, answer, created_at FROM runs"
    ).fetchall()


def test_what_a_crash_interrupted_is_unknown_or_not_sent(events: sqlite3.Connection) -> None:
    """Unknown, if it had begun, at the moment when it did; not sent, now, if it had not."""
    insert_interrupted(events, [(1, 1, "Original", "http://a.example/", 700), (2, 2, "Resend", "", None)], 900)
    assert [(1, "unknown", "Unknown", 700), (2, "not sent", "Not sent", 900)] == events.execute(
        "SELECT event, outcome, status, created_at FROM runs"
    ).fetchall()
    assert (1, 1, "Unknown", None, 0, None) == shown(events, 1)
