"""What may be written to the log: each method is a step inside a transaction that its caller holds.

Nothing here waits, commits or knows of threads. Every step leaves the log true: an event exists together
with the run that is intended for it, a run leaves the queue in the step that writes its outcome, and the
event's row follows the newest run that is over. A step that refuses has written nothing.
"""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from frontsim.clock import Clock, Ids, Milliseconds, uuid_text
from frontsim.domain.model import (
    INTERRUPTED,
    NOT_SENT,
    Delivery,
    Finished,
    Occurrence,
    Raised,
    Trigger,
    Webhook,
    is_success,
)
from frontsim.errors import BadInput, Busy, UnknownEvent
from frontsim.store.bulk_sql import write
from frontsim.store.changes import Change
from frontsim.store.queue import LEASED, Queue
from frontsim.store.subscriptions import Subscriptions

_LARGE = 4_096  # bytes; most bodies are smaller, and copying a delivery costs more than it would save
PENDING = "Pending"
"""Status of an event whose first run is not over (open: our choice)."""

_RAISE = """
INSERT INTO events (number, id, webhook, occurrence, created_at, attempts, runs, newest, status)
SELECT * FROM (VALUES {rows}) WHERE column1 > 0
"""
_RESEND_FAILED = """
UPDATE events SET attempts = attempts + 1 WHERE number IN (
  SELECT e.number FROM events e JOIN webhooks w ON w.number = e.webhook
  WHERE e.success = 0 AND e.attempts = e.runs AND w.deleted_at IS NULL ORDER BY e.number LIMIT ?
) RETURNING number, attempts, webhook
"""
_Run = tuple[int, int, str, str, Milliseconds, str, str, str, int | None, int | None, bytes | bytearray]
"""A row of `runs`."""
_FOLLOW = """
WITH over (event, runs, run, status, code, success) AS (VALUES {rows})
UPDATE events AS e SET runs = e.runs + over.runs,
  newest = max(e.newest, over.run),
  status = iif(e.newest < over.run, over.status, e.status),
  status_code = iif(e.newest < over.run, over.code, e.status_code),
  success = iif(e.newest < over.run, over.success, e.success),
  updated_at = iif(e.newest < over.run AND over.run > 1, ?, e.updated_at)
FROM over WHERE e.number = over.event
"""  # when a later run was over first, the event goes on saying what that one said


class Ledger:
    """The writing side of a log.

    Args:
        connection: the one read-write connection.
        lanes: how many runs are sent at once to one destination.
        most_waiting: how many runs may wait or be under way, before more are refused.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, clock: Clock, ids: Ids, lanes: int, most_waiting: int
    ) -> None:
        self._db = connection
        self._most_waiting = most_waiting
        self._clock = clock
        self._ids = ids
        self.webhooks = Subscriptions(connection)
        self.queue = Queue(connection, lanes=lanes, webhook_id=self.webhooks.id_of)
        self.load()

    def load(self) -> None:
        """Read again what is kept in memory: at the start, and after a transaction that was undone."""
        self.webhooks.load()
        self.queue.load()
        (self.sequence,) = self._db.execute("SELECT sequence FROM log").fetchone()
        (self._next_event,) = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM events").fetchone()
        self.next_occurrence: int = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM occurrences").fetchone()[
            0
        ]
        self._changes: list[Change] = []

    def subscribe(self, event: str, url: str, store_id: int | None) -> Webhook:
        """Add a webhook."""
        webhook = Webhook(self._ids.webhook_id(), event, url, store_id)
        self.webhooks.add(webhook)
        self._changes.append(("webhook.created", webhook))
        return webhook

    def change(self, webhook: Webhook) -> Webhook:
        """Replace what a webhook says; runs that are already intended keep their URL. Raises UnknownWebhook."""
        self.webhooks.change(webhook)
        self._changes.append(("webhook.updated", webhook))
        return webhook

    def unsubscribe(self, webhook_id: UUID) -> None:
        """End a webhook: what was raised before is still delivered, and its log stays. Raises UnknownWebhook."""
        webhook = self.webhooks.end(webhook_id, self._clock.now())
        self._changes.append(("webhook.deleted", webhook))

    def accept(self, occurrences: Sequence[Occurrence], first: int) -> list[Raised]:
        """Log occurrences, numbered from `first`, each with an event and an intended run per webhook that matches.

        An occurrence that no webhook wants leaves no trace, as at the vendor (inferred).

        Raises:
            Busy: too much would wait.
        """
        raised, deliveries = self._raise(occurrences, first)
        self.queue.intend(deliveries)
        return raised

    @property
    def free(self) -> int:
        """How many more runs may wait."""
        return self._most_waiting - self.queue.length

    def refuse_if_full(self, more: int) -> None:
        """Refuse so many more runs, if more would wait than may.

        Raises:
            Busy: now.
            BadInput: always.
        """
        if more > self._most_waiting:
            wrong = f"expected at most {self._most_waiting} events at a time (--max-waiting), got {more}"
            raise BadInput(wrong, {"": [wrong]})
        if more > self.free:
            raise Busy(
                f"{self.queue.length} events wait to be sent, and at most {self._most_waiting} may (--max-waiting): "
                "try again when the receiver has caught up",
                retry_after_s=1,
            )

    def lease(self, occurrences: Sequence[Occurrence], first: int) -> list[Delivery]:
        """Log occurrences as `accept` does, and hand out their runs, begun, for somebody else to send."""
        _, deliveries = self._raise(occurrences, first, leased=True)
        self.queue.lease(deliveries, self._clock.now())
        return deliveries

    def lease_resends(self, count: int) -> list[Delivery]:
        """Begin a further run of each of up to `count` failed events that no run is intended for, oldest first."""
        failed = sorted(self._db.execute(_RESEND_FAILED, (count,)).fetchall())
        runs = [(event, run, self.webhooks.url_of(webhook)) for event, run, webhook in failed]
        return self.queue.lease_again(runs, self._clock.now())

    def copy(self, delivery: Delivery, copies: int) -> list[Delivery]:
        """Further runs of an event, with the same trigger and begun at once: a fault sends it several times.

        Empty if a reset came between: the event's number may be another's now.
        """
        if not self.queue.has_begun(delivery):
            return []
        row = self._db.execute(
            "UPDATE events SET attempts = attempts + ? WHERE number = ? RETURNING attempts",
            (copies, delivery.event_number),
        ).fetchone()
        numbers = self.queue.take_numbers(copies)
        first = row[0] - copies + 1
        made = [delivery._replace(run_id=number, run=first + index) for index, number in enumerate(numbers)]
        self.queue.lease(made, self._clock.now())
        return made

    def _raise(
        self, occurrences: Sequence[Occurrence], first: int, *, leased: bool = False
    ) -> tuple[list[Raised], list[Delivery]]:
        now = self._clock.now()
        matched = [
            (number, occurrence, subscription)
            for number, occurrence in enumerate(occurrences, first)
            for subscription in self.webhooks.matching(occurrence.event, occurrence.store_id)
        ]
        self.refuse_if_full(len(matched))
        wanted = {number: occurrence for number, occurrence, _ in matched}
        ids = self._ids.event_ids(len(matched))
        events = range(self._next_event, self._next_event + len(matched))
        self._next_event += len(matched)
        deliveries = [
            Delivery(
                run_id, event, 1, LEASED if leased else subscription.destination, Trigger.ORIGINAL,
                subscription.id_text, uuid_text(raw), occurrence.event, subscription.webhook.url, occurrence.body,
            )
            for run_id, event, raw, (_, occurrence, subscription) in zip(
                self.queue.take_numbers(len(matched)), events, ids, matched, strict=True
            )
        ]  # fmt: skip
        write(
            self._db,
            "INSERT INTO occurrences SELECT * FROM (VALUES {rows}) WHERE column1 > 0",
            [(number, item.event, item.store_id, bytearray(item.body)) for number, item in wanted.items()],
        )
        write(
            self._db,
            _RAISE,
            [
                (event, bytearray(raw), subscription.number, number, now, 1, 0, 0, PENDING)
                for event, raw, (number, _, subscription) in zip(events, ids, matched, strict=True)
            ],
        )
        raised = [Raised(item.webhook_id, item.webhook_event_id, item.event) for item in deliveries]
        self._changes += [("event.raised", item) for item in raised]
        return raised, deliveries

    def resend(self, webhook_id: UUID, webhook_event_id: str) -> int:
        """Intend a further run of an event, to its webhook's present URL; returns the run's number in the queue.

        Raises:
            UnknownWebhook, UnknownEvent: no such webhook now, or it has no such event.
        """
        subscription = self.webhooks.find(webhook_id)
        row = self._db.execute(
            "UPDATE events SET attempts = attempts + 1 WHERE id = ? AND webhook = ? RETURNING number, attempts",
            (UUID(webhook_event_id).bytes, subscription.number),
        ).fetchone()
        if row is None:
            raise UnknownEvent(
                f"webhook {webhook_id} has no event {webhook_event_id}; GET /api/WebhooksEvents/{webhook_id} lists them"
            )
        event, run = row
        return self.queue.intend_first(event, run, subscription.destination, subscription.webhook.url)

    def write_queue(self, *, begin: bool) -> list[Delivery]:
        """The last step of each transaction: begin what is due and finds a lane free, and hand it out."""
        return self.queue.write(self._clock.now(), begin=begin)

    def finish(self, finished: Sequence[Finished]) -> None:
        """Move runs from the queue to the log, with their outcome; what a reset dropped meanwhile is ignored."""
        if not finished:
            return
        ended = self.queue.end([item.delivery for item in finished])
        over = [item for item in finished if item.delivery.run_id in ended]
        self._log(
            [
                (
                    delivery.event_number, delivery.run, str(delivery.trigger), delivery.url, began_at, fault,
                    str(result.outcome), result.status, result.status_code, result.duration_ms,
                    bytearray(result.answer),
                )
                for delivery, result, began_at, fault in over
            ]
        )  # fmt: skip
        self._changes += [("run.over", _to_keep(item)) for item in over]

    def recover(self) -> int:
        """Log every run that was under way when a simulator died as unknown; returns how many there were.

        A resend that had not begun is logged as not sent.
        """
        now, interrupted = self._clock.now(), self.queue.interrupted()
        begun = [run for run in interrupted if run[-1] is not None]
        for runs, result in ((begun, INTERRUPTED), ([run for run in interrupted if run[-1] is None], NOT_SENT)):
            self._log(
                [
                    (event, run, trigger, url, begun_at or now, "", str(result.outcome), result.status, None, None, b"")
                    for event, run, trigger, url, begun_at in runs
                ]
            )
        return len(begun)

    def _log(self, runs: Sequence[_Run]) -> None:
        """Write runs that are over, and let each one's event follow the newest of them."""
        write(self._db, "INSERT INTO runs SELECT * FROM (VALUES {rows}) WHERE column1 > 0", runs)
        newest = {run[0]: run for run in sorted(runs)}
        count = dict.fromkeys(newest, 1) if len(newest) == len(runs) else Counter(run[0] for run in runs)
        write(
            self._db,
            _FOLLOW,
            [
                (event, count[event], run, status, code, int(is_success(code)))
                for event, run, _, _, _, _, _, status, code, _, _ in newest.values()
            ],
            self._clock.now(),
        )

    def reset(self) -> int:
        """Forget all webhooks, events and runs; returns the number of the first run that will not have been forgotten.

        Only the count of changes, and that of runs, go on.
        """
        for table in ("webhooks", "destinations", "occurrences", "events", "queue", "runs"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand on the line above
        changes = self._changes
        self.load()
        self._changes = [*changes, ("reset", None)]
        return self.queue.next_number

    def take_changes(self) -> list[Change]:
        """What this transaction has changed; how far their numbers have come is kept."""
        changes, self._changes = self._changes, []
        if changes:
            self.sequence += len(changes)
            self._db.execute("UPDATE log SET sequence = ?", (self.sequence,))
        return changes


def _to_keep(finished: Finished) -> Finished:
    """What followers are told, for as long as it is kept: without a body that is large."""
    delivery = finished.delivery
    if len(delivery.body) <= _LARGE:
        return finished
    return finished._replace(delivery=delivery._replace(body=b""))
