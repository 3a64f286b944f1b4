"""The rows of runs that are over; each brings its event's row to the newest run that is over."""

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence

import orjson

from frontsim.clock import Milliseconds
from frontsim.domain.model import INTERRUPTED, NOT_SENT, Finished, is_success
from frontsim.store.bulk_sql import execute_bulk
from frontsim.store.queue_rows import InterruptedRun

_Shared = tuple[int, str, str, str, str, int | None]
"""What most runs of a commit have in common: run, trigger, fault, outcome, status and code."""
_Own = tuple[int, str, Milliseconds, int | None, bytes | bytearray]
"""What they have not: event, URL, when it began, how long it took, and the answer."""
_INSERT_RUNS = """
WITH over (event, url, created_at, duration_ms, answer) AS (VALUES {rows})
INSERT INTO runs (run, trigger, fault, outcome, status, status_code, event, url, created_at, duration_ms, answer)
SELECT ?, ?, ?, ?, ?, ?, over.* FROM over WHERE event > 0
"""  # values that are bound once for many rows cost a third of what they cost in each
_UPDATE_EVENTS = """
UPDATE events SET runs = runs + 1,
  newest = max(newest, ?1),
  status = iif(newest < ?1, ?2, status),
  status_code = iif(newest < ?1, ?3, status_code),
  success = iif(newest < ?1, ?4, success),
  updated_at = iif(newest < ?1 AND ?1 > 1, ?5, updated_at)
WHERE number IN (SELECT value FROM json_each(?6))
"""  # a run that ends after a newer one does not overwrite what the newer one wrote


def insert_finished(connection: sqlite3.Connection, finished: Sequence[Finished], now: Milliseconds) -> None:
    """Insert runs with their outcomes, what a fault made of their requests, and the heads of their answers."""
    runs = defaultdict[_Shared, list[_Own]](list)
    for delivery, result, began_at, fault, _ in finished:
        outcome, status, code, duration_ms, answer, _ = result
        runs[delivery.run, delivery.trigger, fault, outcome, status, code].append(
            (delivery.event_number, delivery.url, began_at, duration_ms, bytearray(answer))
        )
    _insert(connection, runs, now)
    changed = [(item.delivery.event_number, item.delivery.run, *item.changed) for item in finished if item.changed]
    execute_bulk(connection, "INSERT INTO changed SELECT * FROM (VALUES {rows}) WHERE column1 > 0", changed)
    heads = [
        (item.delivery.event_number, item.delivery.run, bytearray(item.result.answer_head))
        for item in finished
        if item.result.answer_head
    ]
    execute_bulk(connection, "INSERT INTO answer_heads SELECT * FROM (VALUES {rows}) WHERE column1 > 0", heads)


def insert_interrupted(
    connection: sqlite3.Connection, interrupted: Sequence[InterruptedRun], now: Milliseconds
) -> None:
    """Insert runs that a crash interrupted: as unknown, and as not sent those that had not begun."""
    runs = defaultdict[_Shared, list[_Own]](list)
    for event, run, trigger, url, begun_at in interrupted:
        outcome, status, *_ = NOT_SENT if begun_at is None else INTERRUPTED
        runs[run, trigger, "", outcome, status, None].append((event, url, begun_at or now, None, b""))
    _insert(connection, runs, now)


def _insert(connection: sqlite3.Connection, runs: Mapping[_Shared, Sequence[_Own]], now: Milliseconds) -> None:
    for (run, trigger, fault, outcome, status, code), each in runs.items():
        execute_bulk(connection, _INSERT_RUNS, each, run, str(trigger), fault, str(outcome), status, code)
        events = orjson.dumps([own[0] for own in each]).decode()
        connection.execute(_UPDATE_EVENTS, (run, status, code, int(is_success(code)), now, events))
