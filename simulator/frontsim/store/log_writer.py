"""The changes that a log can take: each method is a step inside a transaction that its caller holds.

Nothing here waits, commits or knows of threads. Every step leaves the log consistent: an event exists together with its
first run in the queue, a run leaves the queue in the step that writes its outcome, and the event's row shows the newest
run that is over. A step that refuses has written nothing.
"""

import sqlite3
from collections.abc import Sequence
from uuid import UUID

from frontsim.clock import Clock, Ids, uuid_text
from frontsim.domain.model import (
    Delivery,
    Finished,
    Occurrence,
    Raised,
    RaisedBy,
    Replayed,
    Trigger,
    Webhook,
)
from frontsim.errors import BadInput, Busy
from frontsim.store.changes import Change, Seconds
from frontsim.store.queue import LEASED, Queue, QueueRows
from frontsim.store.rows import (
    Matched,
    WebhookRow,
    WebhookRows,
    add_attempts,
    add_resend,
    insert_causes,
    insert_events,
    insert_finished,
    insert_for_shop,
    insert_interrupted,
    take_failed,
    webhook_of_event,
)
from frontsim.wording import counted

_NEXT_OCCURRENCE = """
SELECT max((SELECT coalesce(max(number), 0) FROM occurrences), (SELECT coalesce(max(number), 0) FROM shop)) + 1
"""
_LARGE = 4_096  # bytes of a body; for smaller ones, which most are, a copy without it costs more than it saves


class LogWriter:
    """The writing side of a log.

    Args:
        connection: the one read-write connection.
        concurrency: how many runs are sent at once to one destination.
        most_waiting: how many runs may wait or be under way before more are refused.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, clock: Clock, ids: Ids, concurrency: int, most_waiting: int
    ) -> None:
        self._db = connection
        self._most_waiting = most_waiting
        self._clock = clock
        self._ids = ids
        self.webhooks = WebhookRows(connection)
        self._seconds = Seconds(connection)
        self.queue = Queue(QueueRows(connection, webhook_id=self.webhooks.id_of), concurrency=concurrency)
        self.load()

    def load(self) -> None:
        """Read again what is kept in memory: at the start, and after a transaction that was rolled back."""
        self.webhooks.load()
        self.queue.load()
        self._seconds.load()
        (self.sequence,) = self._db.execute("SELECT sequence FROM log").fetchone()
        (self._next_event,) = self._db.execute("SELECT coalesce(max(number), 0) + 1 FROM events").fetchone()
        self.next_occurrence: int = self._db.execute(_NEXT_OCCURRENCE).fetchone()[0]
        self._changes: list[Change] = []

    def subscribe(self, event: str, url: str, store_id: int | None, webhook_id: UUID | None = None) -> Webhook:
        webhook = Webhook(webhook_id or self._ids.webhook_id(), event, url, store_id)
        self.webhooks.add(webhook)
        self._changes.append(("webhook.created", webhook))
        return webhook

    def change(self, webhook: Webhook) -> Webhook:
        """Replace a webhook; runs that are already in the queue keep their URL. Raises UnknownWebhook."""
        self.webhooks.change(webhook)
        self._changes.append(("webhook.updated", webhook))
        return webhook

    def unsubscribe(self, webhook_id: UUID) -> None:
        """End a webhook: events that it already has are still delivered, and its log stays. Raises UnknownWebhook."""
        webhook = self.webhooks.end(webhook_id, self._clock.now())
        self._changes.append(("webhook.deleted", webhook))

    def accept(
        self, occurrences: Sequence[Occurrence], first: int, causes: Sequence[RaisedBy] = (), *, keep: bool = False
    ) -> list[Raised]:
        """Log occurrences, numbered from `first`, each with an event and a queued run per webhook that matches.

        An occurrence that no webhook matches leaves no event, as at the vendor (inferred).

        Args:
            occurrences: what happened.
            first: the number of the first.
            causes: what raised them, in the same order; each stands for as many occurrences as it says.
            keep: note those that no webhook matches for the shop's reads, because they change the shop all the same.

        Raises:
            Busy: too much would wait.
        """
        deliveries, raised = self._raise(occurrences, first, leased=False, causes=causes)
        if keep:
            insert_for_shop(self._db, occurrences, first)
        self.queue.enqueue(deliveries)
        return raised

    def replay(self, item: Replayed, number: int) -> tuple[Raised, bool]:
        """Log an event that really happened, with a queued run for its webhook, which is made where there is none.

        Returns the event, and whether it is new: an id that the log has already is not raised again.

        Raises:
            BadInput: the webhook of that id was deleted, or another webhook has the event of that id.
            Busy: too much would wait.
        """
        known = self._webhook_named(item)
        holder = None if item.event_id is None else webhook_of_event(self._db, item.event_id)
        if holder is not None and (known is None or known.number != holder):
            text = f"expected an event of the webhook that had it before, got {item.event_id}, which another has"
            raise BadInput(text, {"webhookEventId": [text]})
        if holder is None:
            self.refuse_if_full(1)
        row = self._webhook_of(item, known)
        if holder is not None:
            return Raised(row.id_text, str(item.event_id), item.occurrence.event), False
        ids = [item.event_id.bytes] if item.event_id else self._ids.event_ids(1)
        deliveries, (raised,) = self._log([(number, item.occurrence, row)], ids, number, leased=False)
        self.queue.enqueue(deliveries)
        return raised, True

    def _webhook_named(self, item: Replayed) -> WebhookRow | None:
        """The webhook of a replayed event, by its id, or by type and URL."""
        if item.webhook_id is None:
            return self.webhooks.leading_to(item.occurrence.event, item.url)
        return self.webhooks.named(item.webhook_id)

    def _webhook_of(self, item: Replayed, known: WebhookRow | None) -> WebhookRow:
        """That webhook, made where there is none, and led to the event's URL."""
        event = item.occurrence.event
        if known is None:
            return self.webhooks.find(self.subscribe(event, item.url, None, item.webhook_id).id)
        if (known.webhook.event, known.webhook.url) != (event, item.url):
            self.change(Webhook(known.webhook.id, event, item.url, known.webhook.store_id))
        return self.webhooks.find(known.webhook.id)

    @property
    def free(self) -> int:
        """How many more runs may wait."""
        return self._most_waiting - self.queue.length

    def refuse_if_full(self, more: int) -> None:
        """Refuse that many more runs, if more would wait than may.

        Raises:
            Busy: there is no room now.
            BadInput: there never is.
        """
        if more > self._most_waiting:
            wrong = f"expected at most {self._most_waiting} events at a time (--max-waiting), got {more}"
            raise BadInput(wrong, {"": [wrong]})
        if more > self.free:
            raise Busy(
                f"{counted(self.queue.length, 'event waits', 'events wait')} to be sent, and at most "
                f"{self._most_waiting} may (--max-waiting): try again when the receiver has caught up",
                retry_after_s=1,
            )

    def lease(self, occurrences: Sequence[Occurrence], first: int) -> list[Delivery]:
        """Log occurrences as `accept` does, and return their runs, begun, for an outside deliverer."""
        deliveries, _ = self._raise(occurrences, first, leased=True)
        self.queue.begin_leases(deliveries, self._clock.now())
        return deliveries

    def lease_resends(self, count: int) -> list[Delivery]:
        """Begin a further run of up to `count` failed events that have no run in the queue, oldest first."""
        failed = take_failed(self._db, count)
        runs = [(event, run, self.webhooks.url_of(webhook)) for event, run, webhook in failed]
        return self.queue.begin_leased_resends(runs, self._clock.now())

    def copy(self, delivery: Delivery, copies: int) -> list[Delivery]:
        """Further runs of an event, with the same trigger and begun at once, for a fault that sends it several times.

        Empty if a reset came between: another event may have the number now.
        """
        if not self.queue.has_begun(delivery):
            return []
        first = add_attempts(self._db, delivery.event_number, copies)
        numbers = self.queue.take_numbers(copies)
        made = [delivery._replace(run_id=number, run=first + index) for index, number in enumerate(numbers)]
        self.queue.begin_leases(made, self._clock.now())
        return made

    def _raise(
        self, occurrences: Sequence[Occurrence], first: int, *, leased: bool, causes: Sequence[RaisedBy] = ()
    ) -> tuple[list[Delivery], list[Raised]]:
        """Insert occurrences and their events; returns a first run for each event, not yet in the queue."""
        matched = [
            (number, occurrence, row)
            for number, occurrence in enumerate(occurrences, first)
            for row in self.webhooks.matching(occurrence.event, occurrence.store_id)
        ]
        self.refuse_if_full(len(matched))
        return self._log(matched, self._ids.event_ids(len(matched)), first, leased=leased, causes=causes)

    def _log(
        self,
        matched: Sequence[Matched],
        ids: Sequence[bytes],
        first: int,
        *,
        leased: bool,
        causes: Sequence[RaisedBy] = (),
    ) -> tuple[list[Delivery], list[Raised]]:
        first_event, self._next_event = self._next_event, self._next_event + len(matched)
        now = self._clock.now()
        insert_events(self._db, matched, ids, first_event, now)
        insert_causes(self._db, causes, [number - first for number, _, _ in matched], first_event)
        run_ids = self.queue.take_numbers(len(matched))
        deliveries = [
            Delivery(
                run_id, event, 1, LEASED if leased else row.destination, Trigger.ORIGINAL,
                row.id_text, uuid_text(raw), occurrence.event, row.webhook.url, occurrence.body,
                now, occurrence.store_id,
            )
            for event, (run_id, raw, (_, occurrence, row)) in enumerate(
                zip(run_ids, ids, matched, strict=True), first_event
            )
        ]  # fmt: skip
        raised = [Raised(item.webhook_id, item.webhook_event_id, item.event) for item in deliveries]
        self._changes += [("event.raised", item) for item in raised]
        self._seconds.add(raised=len(deliveries))
        return deliveries, raised

    def resend(self, webhook_id: UUID, webhook_event_id: str) -> int:
        """Queue a further run of an event, to its webhook's present URL; returns the run's number in the queue.

        Raises:
            UnknownWebhook, UnknownEvent: no such webhook now, or it has no such event.
        """
        row = self.webhooks.find(webhook_id)
        event, run = add_resend(self._db, row, webhook_event_id)
        return self.queue.enqueue_resend(event, run, row.destination, row.webhook.url)

    def write_queue(self, *, begin: bool) -> list[Delivery]:
        """The last step of each transaction: begin what is due and finds room, and return it to be sent."""
        now = self._clock.now()
        self._seconds.write(now, self.queue.length)
        return self.queue.write(now, begin=begin)

    def finish(self, finished: Sequence[Finished]) -> None:
        """Move runs from the queue to the log, with their outcomes; ignore those that a reset dropped meanwhile."""
        if not finished:
            return
        ended = self.queue.end([item.delivery for item in finished])
        over = [item for item in finished if item.delivery.run_id in ended]
        insert_finished(self._db, over, self._clock.now())
        self._changes += [("run.over", _to_keep(item)) for item in over]
        self._seconds.add(over=over)

    def recover(self) -> int:
        """Log as unknown every run that was under way when the last simulator died; returns how many there were.

        A resend that had not begun is logged as not sent.
        """
        interrupted = self.queue.take_interrupted()
        insert_interrupted(self._db, interrupted, self._clock.now())
        return sum([begun_at is not None for *_, begun_at in interrupted])

    def reset(self) -> int:
        """Delete all webhooks, events and runs; returns the number of the next run, the first that is not forgotten.

        Only the sequence of changes and the numbers of runs go on.
        """
        log = ("webhooks", "destinations", "occurrences", "shop", "events", "causes", "queue", "runs")
        for table in (*log, "changed", "answer_heads", "seconds"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand in the lines above
        changes = self._changes
        self.load()
        self._changes = [*changes, ("reset", None)]
        return self.queue.next_number

    def take_changes(self) -> list[Change]:
        """The changes of this transaction; their sequence is written."""
        changes, self._changes = self._changes, []
        if changes:
            self.sequence += len(changes)
            self._db.execute("UPDATE log SET sequence = ?", (self.sequence,))
        return changes


def _to_keep(finished: Finished) -> Finished:
    """Followers need the outcome only: leaves out a large body, and what a fault made of it."""
    delivery = finished.delivery
    if len(delivery.body) <= _LARGE and finished.changed is None:
        return finished
    return finished._replace(delivery=delivery._replace(body=b""), changed=None)
