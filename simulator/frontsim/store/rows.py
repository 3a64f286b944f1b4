"""The rows of webhooks, occurrences, events, finished runs, and what raised them.

Events that are logged in one step have consecutive numbers, so a cause is a range of them: no event needs a column.
"""

import sqlite3
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import orjson

from frontsim.clock import Milliseconds, uuid_text
from frontsim.domain.delivery_request import parse_target
from frontsim.domain.model import INTERRUPTED, NOT_SENT, Finished, Occurrence, Raised, RaisedBy, Webhook, is_success
from frontsim.errors import BadInput, UnknownEvent, UnknownWebhook
from frontsim.store.log_file import execute_bulk
from frontsim.store.queue import InterruptedRun

_MOST_KEPT = 1_000  # pairs of an event type and a store, because callers may name any store


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """A webhook with the number of its row, and that of its destination."""

    number: int
    webhook: Webhook
    destination: int
    id_text: str


class WebhookRows:
    """Every webhook that is not deleted. Each change is a part of a transaction that the caller holds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self.load()

    def load(self) -> None:
        """Read the file again: at the start, and after a transaction that was rolled back."""
        self._destinations: dict[str, int] = dict(self._db.execute("SELECT origin, number FROM destinations"))
        self._ids: dict[int, str] = {}
        self._by_id: dict[UUID, WebhookRow] = {}
        self._matching: dict[tuple[str, int | None], list[WebhookRow]] = {}  # a cache, emptied by each change
        rows = self._db.execute("SELECT number, id, event, url, store_id, deleted_at FROM webhooks ORDER BY number")
        for number, raw, event, url, store_id, deleted_at in rows.fetchall():
            webhook = Webhook(UUID(bytes=raw), event, url, store_id)
            self._ids[number] = str(webhook.id)
            if deleted_at is None:
                self._by_id[webhook.id] = self._row(number, webhook)

    def id_of(self, number: int) -> str:
        """The id of the webhook in that row, deleted or not."""
        return self._ids[number]

    def url_of(self, number: int) -> str:
        """The URL of the webhook in that row, which must not be deleted."""
        return self._by_id[UUID(self._ids[number])].webhook.url

    def find(self, webhook_id: UUID) -> WebhookRow:
        """The row of the webhook of that id. Raises UnknownWebhook."""
        try:
            return self._by_id[webhook_id]
        except KeyError:
            raise UnknownWebhook(f"no webhook {webhook_id}; GET /api/Webhooks lists those that there are") from None

    def named(self, webhook_id: UUID) -> WebhookRow | None:
        """The webhook of that id; None if there never was one. Raises BadInput: it was deleted."""
        known = self._by_id.get(webhook_id)
        if known is None and str(webhook_id) in self._ids.values():
            text = f"expected the id of a webhook that is there or new, got {webhook_id}, which was deleted"
            raise BadInput(text, {"webhookId": [text]})
        return known

    def leading_to(self, event: str, url: str) -> WebhookRow | None:
        """The oldest webhook of that type and URL for all stores; None if there is none."""
        wanted = (event, url, None)
        each = (known for known in self._by_id.values() if _address(known.webhook) == wanted)
        return next(each, None)

    def matching(self, event: str, store_id: int | None) -> Sequence[WebhookRow]:
        """The webhooks that match an event of that type from that store, oldest first."""
        matching = self._matching.get((event, store_id))
        if matching is None:
            if len(self._matching) >= _MOST_KEPT:
                self._matching.clear()
            matching = self._matching[event, store_id] = [
                known
                for known in self._by_id.values()
                if known.webhook.event == event and known.webhook.store_id in (None, store_id)
            ]
        return matching

    def wanting(self, event: str) -> int:
        """How many webhooks match events of that type, from any store."""
        return sum(
            known.webhook.event == event for known in list(self._by_id.values())
        )  # a long step may change them meanwhile, in its thread

    def add(self, webhook: Webhook) -> None:
        number = self._db.execute(
            "INSERT INTO webhooks (id, event, url, store_id) VALUES (?, ?, ?, ?)",
            (webhook.id.bytes, webhook.event, webhook.url, webhook.store_id),
        ).lastrowid
        assert number is not None
        self._ids[number] = str(webhook.id)
        self._by_id[webhook.id] = self._row(number, webhook)
        self._matching.clear()

    def change(self, webhook: Webhook) -> None:
        """Replace a webhook. Raises UnknownWebhook."""
        known = self.find(webhook.id)
        self._db.execute(
            "UPDATE webhooks SET event = ?, url = ?, store_id = ? WHERE number = ?",
            (webhook.event, webhook.url, webhook.store_id, known.number),
        )
        self._by_id[webhook.id] = self._row(known.number, webhook)
        self._matching.clear()

    def end(self, webhook_id: UUID, moment: Milliseconds) -> Webhook:
        """End a webhook; its row stays for the events that refer to it. Raises UnknownWebhook."""
        known = self.find(webhook_id)
        self._db.execute("UPDATE webhooks SET deleted_at = ? WHERE number = ?", (moment, known.number))
        del self._by_id[webhook_id]
        self._matching.clear()
        return known.webhook

    def _row(self, number: int, webhook: Webhook) -> WebhookRow:
        return WebhookRow(number, webhook, self._destination(webhook.url), str(webhook.id))

    def _destination(self, url: str) -> int:
        origin = parse_target(url).origin
        number = self._destinations.get(origin)
        if number is None:
            number = self._db.execute("INSERT INTO destinations (origin) VALUES (?)", (origin,)).lastrowid
            assert number is not None
            self._destinations[origin] = number
        return number


def _address(webhook: Webhook) -> tuple[str, str, int | None]:
    return webhook.event, webhook.url, webhook.store_id


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


def webhook_of_event(db: sqlite3.Connection, event_id: UUID) -> int | None:
    """The number of the webhook that has the event of that id; None if none has."""
    row = db.execute("SELECT webhook FROM events WHERE id = ?", (event_id.bytes,)).fetchone()
    return None if row is None else int(row[0])


def insert_for_shop(db: sqlite3.Connection, occurrences: Sequence[Occurrence], first: int) -> None:
    """Insert those of the occurrences, numbered from `first`, that are not logged because no webhook matched them."""
    logged = db.execute(
        "SELECT number FROM occurrences WHERE number BETWEEN ? AND ?", (first, first + len(occurrences) - 1)
    )
    numbers = {number for (number,) in logged}
    execute_bulk(
        db,
        "INSERT INTO shop SELECT * FROM (VALUES {rows}) WHERE column1 > 0",
        [
            (number, item.event, item.store_id, bytearray(item.body))
            for number, item in enumerate(occurrences, first)
            if number not in numbers
        ],
    )


_SHOP = """
SELECT number, event, store_id, body FROM occurrences
WHERE number >= ? AND (event IN ({events}) OR store_id NOT IN ({stores}))
UNION ALL SELECT number, event, store_id, body FROM shop WHERE number >= ?
ORDER BY number LIMIT ?
"""
ShopRow = tuple[int, str, int | None, bytes]
"""An occurrence's number, its event type or the call that noted it, its store, and its body."""


def read_shop(
    db: sqlite3.Connection, since: int, events: Collection[str], stores: Collection[int], most: int
) -> list[ShopRow]:
    """The occurrences of these types, or from other stores than these, and all that calls noted, by number.

    Args:
        db: a connection.
        since: the lowest number.
        events: event types.
        stores: ids.
        most: rows, at most.
    """
    sql = _SHOP.format(events=", ".join("?" * len(events)), stores=", ".join("?" * len(stores)))
    return db.execute(sql, (since, *events, *stores, since, most)).fetchall()


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


_Shared = tuple[int, str, str, str, str, int | None]
"""Most runs of a commit have these in common: run, trigger, fault, outcome, status and code."""
_Own = tuple[int, str, Milliseconds, int | None, bytes | bytearray]
"""Each run has its own: event, URL, when it began, how long it took, and the answer."""
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


MOST = 50
"""Other events of a cause that are read."""
_CAUSE = """
SELECT first_event, last_event, what, asked, occurrences FROM causes
WHERE first_event <= ? ORDER BY first_event DESC LIMIT 1
"""
_OTHERS = """
SELECT w.id, e.id, o.event
FROM events e JOIN occurrences o ON o.number = e.occurrence JOIN webhooks w ON w.number = e.webhook
WHERE e.number BETWEEN ? AND ? AND e.number <> ? ORDER BY e.number LIMIT ?
"""


class CauseDetail(NamedTuple):
    """The cause of an event, and the other events that it raised: the first of them, and how many there are.

    `unmatched` counts the occurrences that no webhook matched.
    """

    what: str
    asked: int
    others: Sequence[Raised]
    others_count: int
    unmatched: int


def insert_causes(db: sqlite3.Connection, causes: Sequence[RaisedBy], places: Sequence[int], first_event: int) -> None:
    """Note which events each cause has; one without events is not noted.

    Args:
        db: in a transaction.
        causes: in the order of the occurrences that they raised.
        places: of each event, in order, which occurrence it is of, from 0.
        first_event: the number of the first event.
    """
    rows: list[tuple[int, int, str, int, int]] = []
    at, occurrences = 0, 0
    for cause in causes:
        begin, occurrences = at, occurrences + cause.occurrences
        at = bisect_left(places, occurrences, at)
        if at > begin:
            rows.append((first_event + begin, first_event + at - 1, *cause))
    execute_bulk(db, "INSERT INTO causes SELECT * FROM (VALUES {rows}) WHERE column1 > 0", rows)


def read_cause(db: sqlite3.Connection, event: int) -> CauseDetail | None:
    """Reads the cause of the event of a number; None if it was not noted."""
    row = db.execute(_CAUSE, (event,)).fetchone()
    if row is None or row[1] < event:
        return None
    first, last, what, asked, occurrences = row
    others = [
        Raised(uuid_text(a), uuid_text(b), name) for a, b, name in db.execute(_OTHERS, (first, last, event, MOST))
    ]
    (logged,) = db.execute(
        "SELECT count(DISTINCT occurrence) FROM events WHERE number BETWEEN ? AND ?", (first, last)
    ).fetchone()
    return CauseDetail(what, asked, others, last - first, occurrences - logged)
