"""The log page by page, over all webhooks, newest first, for a reader who scrolls and filters.

A filter may match one event in a million, and no index can serve every filter, because each index would slow down every
delivery. So a page is read in steps of a bounded number of events, along the primary key, until it is full or its time
is up. It then says from which event to go on:

    events  1 ............ 880,000 ... 940,000 ... 1,000,000
                                  <── step 2 ─── step 1 ──┘      two matches, and `more_from` 880,000
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from frontsim.clock import Milliseconds, stopwatch, uuid_text
from frontsim.domain.model import ChangedRequest
from frontsim.store.rows import CauseDetail, read_cause

MOST = 500
"""Events of a page, at most."""
_BUDGET_S = 0.1
_STEP, _STEP_OF_TEXT = 20_000, 2_000  # events of a step: some 10 ms, also where each body is searched
_OUTCOMES = {
    "ok": "e.success = 1",
    "failed": "e.success = 0",
    "pending": "e.success IS NULL",
    "broken": "r.fault <> ''",
    "resent": "e.runs > 1",
}
OUTCOMES = tuple(_OUTCOMES)
"""A page narrows to one of these. `broken`: a fault applied to the newest run. `resent`: more than one run is over."""


@dataclass(frozen=True, slots=True)
class SameEntity:
    """Narrows a page to events of one entity: those of some types whose payloads hold these values, by dotted path."""

    events: Sequence[str]
    values: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPageQuery:
    """Which events of the log, from number `before` down (exclusive), or from number `after` up.

    `text` is looked for in the payload, whatever the case of ASCII letters; the id of an event finds that event.
    """

    before: int | None = None
    after: int | None = None
    limit: int = 100
    event: str | None = None
    webhook_id: UUID | None = None
    outcome: str | None = None
    text: str = ""
    since: Milliseconds | None = None
    until: Milliseconds | None = None
    same: SameEntity | None = None
    with_body: bool = False


class LogRow(NamedTuple):
    """An event with its newest run that is over. `success` None: no run is over; `body` None: not asked for."""

    number: int
    webhook_event_id: str
    webhook_id: str
    event: str
    url: str
    is_deleted: bool
    store_id: int | None
    created_at: Milliseconds
    status: str
    status_code: int | None
    success: bool | None
    runs: int
    outcome: str | None
    duration_ms: int | None
    fault: str | None
    body: bytes | None = None


class LogPage(NamedTuple):
    """Some events, newest first. `more_from` is the `before` (or `after`) of the next page; None: that was all.

    `newest` is the number of the newest event in the log, whether or not it matches.
    """

    rows: Sequence[LogRow]
    more_from: int | None
    newest: int


class RunDetail(NamedTuple):
    """A run that is over, with what the receiver answered."""

    run: int
    trigger: str
    url: str
    created_at: Milliseconds
    fault: str
    outcome: str
    status: str
    status_code: int | None
    duration_ms: int | None
    answer: bytes
    is_changed: bool
    answer_head: bytes


class EventDetail(NamedTuple):
    """Everything that the log knows of one event."""

    row: LogRow
    body: bytes
    runs: Sequence[RunDetail]
    cause: CauseDetail | None


class WebhookCounts(NamedTuple):
    """How the events of one webhook went. `waiting` counts events whose first run is not over."""

    events: int
    failed: int
    waiting: int


_COLUMNS = """
e.number, e.id, w.id, o.event, coalesce(r.url, w.url), w.deleted_at IS NOT NULL, o.store_id, e.created_at, e.status,
e.status_code, e.success, e.runs, r.outcome, r.duration_ms, r.fault
"""
_FROM = """
FROM events e
CROSS JOIN occurrences o ON o.number = e.occurrence
CROSS JOIN webhooks w ON w.number = e.webhook
LEFT JOIN runs r ON r.event = e.number AND r.run = e.newest
"""  # CROSS JOIN fixes the order: events by their number, and the others by their keys
_RUNS = """
SELECT run, trigger, url, created_at, fault, outcome, status, status_code, duration_ms, answer,
  EXISTS (SELECT 1 FROM changed c WHERE c.event = r.event AND c.run = r.run),
  coalesce((SELECT head FROM answer_heads a WHERE a.event = r.event AND a.run = r.run), x'')
FROM runs r WHERE r.event = ? ORDER BY run
"""
_COUNTS = """
SELECT w.id,
  (SELECT count(*) FROM events e WHERE e.webhook = w.number),
  (SELECT count(*) FROM events e WHERE e.webhook = w.number AND e.success = 0)
FROM webhooks w WHERE w.deleted_at IS NULL
"""
_WAITING = """
SELECT w.id, count(*) FROM queue q JOIN events e ON e.number = q.event JOIN webhooks w ON w.number = e.webhook
WHERE q.run = 1 GROUP BY w.id
"""


def read_log_page(db: sqlite3.Connection, query: LogPageQuery) -> LogPage:
    """One page: full, or as much as there is, or as much as was found in a tenth of a second."""
    (newest,) = db.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()
    conditions, values = _conditions(query)
    limit = max(1, min(query.limit, MOST))
    step = _STEP_OF_TEXT if query.text or query.same else _STEP
    columns = f"{_COLUMNS}, o.body" if query.with_body else _COLUMNS
    upward = query.after is not None
    at = query.after if query.after is not None else min(newest + 1, query.before or newest + 1)
    rows: list[LogRow] = []
    began = stopwatch()
    # stretches of events: each begins above its first number and ends with its second
    if upward:
        stretches = ((low, low + step) for low in range(at, newest, step))
    else:
        stretches = ((max(edge - 1 - step, 0), edge - 1) for edge in range(at, 1, -step))
    for low, high in stretches:
        found = db.execute(
            f"SELECT {columns} {_FROM} WHERE e.number > ? AND e.number <= ? {conditions} "
            f"ORDER BY e.number {'ASC' if upward else 'DESC'} LIMIT ?",
            (low, high, *values, limit - len(rows)),
        ).fetchall()
        rows += [_row(columns) for columns in found]
        is_full = len(rows) == limit
        edge = high if upward else low + 1
        at = rows[-1].number if is_full else edge
        if is_full or stopwatch() - began > _BUDGET_S:
            break
    is_more = at < newest if upward else at > 1
    return LogPage(rows[::-1] if upward else rows, at if is_more else None, newest)


def count_log(db: sqlite3.Connection, query: LogPageQuery) -> tuple[int, int | None]:
    """How many events match, down to the `before` of the next call; None: these were all."""
    (newest,) = db.execute("SELECT coalesce(max(number), 0) FROM events").fetchone()
    conditions, values = _conditions(query)
    step = _STEP_OF_TEXT if query.text else _STEP
    edge, count, began = min(newest + 1, query.before or newest + 1), 0, stopwatch()
    while edge > 1:
        low = max(edge - 1 - step, 0)
        counting = f"SELECT count(*) {_FROM} WHERE e.number > ? AND e.number < ? {conditions}"
        count += db.execute(counting, (low, edge, *values)).fetchone()[0]
        edge = low + 1
        if stopwatch() - began > _BUDGET_S:
            break
    return count, edge if edge > 1 else None


def read_event(db: sqlite3.Connection, webhook_event_id: UUID) -> EventDetail | None:
    """One event, or None."""
    found = db.execute(
        f"SELECT {_COLUMNS}, o.body {_FROM} WHERE e.id = ?",
        (webhook_event_id.bytes,),
    ).fetchone()
    if found is None:
        return None
    *columns, body = found
    row = _row(columns)
    runs = [RunDetail(*run) for run in db.execute(_RUNS, (row.number,))]
    return EventDetail(row, body, runs, read_cause(db, row.number))


def read_changed(db: sqlite3.Connection, webhook_event_id: UUID, run: int) -> ChangedRequest | None:
    """Reads a run's request as a fault made it; None if no fault changed it."""
    row = db.execute(
        "SELECT c.headers, c.body, c.size, c.content_length FROM events e JOIN changed c ON c.event = e.number "
        "WHERE e.id = ? AND c.run = ?",
        (webhook_event_id.bytes, run),
    ).fetchone()
    return None if row is None else ChangedRequest(*row)


def read_counts(db: sqlite3.Connection) -> dict[str, WebhookCounts]:
    """By webhook's id; deleted ones are left out."""
    waiting = dict(db.execute(_WAITING).fetchall())
    return {
        uuid_text(raw): WebhookCounts(events, failed, waiting.get(raw, 0))
        for raw, events, failed in db.execute(_COUNTS).fetchall()
    }


def _conditions(query: LogPageQuery) -> tuple[str, Sequence[object]]:
    """Translates the query's filters into SQL, and the values of its marks."""
    wanted: list[tuple[str, object]] = []
    if query.event is not None:
        wanted.append(("o.event = ?", query.event))
    if query.webhook_id is not None:
        wanted.append(("e.webhook = (SELECT number FROM webhooks WHERE id = ?)", query.webhook_id.bytes))
    if query.since is not None:
        wanted.append(("e.created_at >= ?", query.since))
    if query.until is not None:
        wanted.append(("e.created_at < ?", query.until))
    if query.text:
        wanted.append(_text_condition(query.text))
    if query.same is not None:
        wanted += _same_entity(query.same)
    clauses = [clause for clause, _ in wanted]
    if query.outcome is not None:
        clauses.append(_OUTCOMES[query.outcome])
    return "".join(f" AND {clause}" for clause in clauses), [
        each for _, value in wanted for each in (value if isinstance(value, tuple) else (value,))
    ]


def _same_entity(same: SameEntity) -> list[tuple[str, object]]:
    wanted: list[tuple[str, object]] = [(f"o.event IN ({', '.join('?' * len(same.events))})", tuple(same.events))]
    for path, value in same.values.items():
        place = "$" + "".join(f'."{name}"' for name in path.split("."))
        wanted += [
            ("instr(o.body, ?)", json.dumps(value, ensure_ascii=False).encode()),  # a hundred times as fast as to parse
            (f"iif(json_valid({_TEXT}), json_extract({_TEXT}, ?), NULL) = ?", (place, value)),
        ]
    return wanted


_TEXT = "CAST(o.body AS TEXT)"


def _text_condition(text: str) -> tuple[str, object]:
    try:
        return "e.id = ?", UUID(text).bytes
    except ValueError:
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"{_TEXT} LIKE ? ESCAPE '\\'", f"%{escaped}%"


def _row(columns: Sequence[Any]) -> LogRow:
    number, event_id, webhook_id, event, url, deleted, store_id, created, status, code, success, *rest = columns
    return LogRow(
        number, uuid_text(event_id), uuid_text(webhook_id), event, url, bool(deleted), store_id, created, status, code,
        None if success is None else success == 1, *rest,
    )  # fmt: skip
