"""The webhooks of a log: kept in the file, and in memory for matching."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from frontsim.clock import Milliseconds
from frontsim.domain.model import Webhook
from frontsim.domain.target import parse_target
from frontsim.errors import UnknownWebhook

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
