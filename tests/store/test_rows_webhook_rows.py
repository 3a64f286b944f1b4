"""The webhooks of a log: what matches an event, also after a change, an end, and a new start."""

import sqlite3
from dataclasses import replace
from uuid import UUID

import pytest

from frontsim.domain.model import Webhook
from frontsim.errors import UnknownWebhook
from frontsim.store.rows import WebhookRows

SALES = Webhook(UUID(int=1), "SaleCreated", "http://a.example/sales", None)
SALES_OF_7 = Webhook(UUID(int=2), "SaleCreated", "http://a.example/sales-of-7", 7)
INVOICES = Webhook(UUID(int=3), "InvoiceCreated", "http://b.example/", None)


@pytest.fixture
def rows(tables: sqlite3.Connection) -> WebhookRows:
    rows = WebhookRows(tables)
    for webhook in (SALES, SALES_OF_7, INVOICES):
        rows.add(webhook)
    return rows


def matching(rows: WebhookRows, event: str, store_id: int | None) -> list[Webhook]:
    return [row.webhook for row in rows.matching(event, store_id)]


def test_type_and_store_decide_what_matches(rows: WebhookRows) -> None:
    """A webhook without a store matches every store's events, the oldest webhook first."""
    assert [SALES, SALES_OF_7] == matching(rows, "SaleCreated", 7)
    assert [SALES] == matching(rows, "SaleCreated", 8)
    assert [SALES] == matching(rows, "SaleCreated", None)
    assert [] == matching(rows, "OrderCreated", 7)
    assert 2 == rows.wanting("SaleCreated")


def test_a_change_or_an_end_counts_for_the_next_event(rows: WebhookRows) -> None:
    """An earlier match is not remembered past it."""
    assert [SALES, SALES_OF_7] == matching(rows, "SaleCreated", 7)
    rows.change(replace(SALES_OF_7, store_id=8))
    assert [SALES] == matching(rows, "SaleCreated", 7)
    assert SALES == rows.end(SALES.id, 0)
    assert [] == matching(rows, "SaleCreated", 7)


def test_webhooks_of_one_scheme_host_and_port_share_a_destination(rows: WebhookRows) -> None:
    first, second, third = [rows.find(webhook.id) for webhook in (SALES, SALES_OF_7, INVOICES)]
    assert first.destination == second.destination != third.destination


def test_a_new_start_knows_the_same(rows: WebhookRows, tables: sqlite3.Connection) -> None:
    """A deleted webhook's id is still known, for its events; it matches nothing."""
    number = rows.find(SALES.id).number
    rows.end(SALES.id, 0)
    again = WebhookRows(tables)
    assert [SALES_OF_7] == matching(again, "SaleCreated", 7)
    assert str(SALES.id) == again.id_of(number)
    assert rows.find(INVOICES.id) == again.find(INVOICES.id)
    assert INVOICES.url == again.url_of(rows.find(INVOICES.id).number)


def test_an_unknown_webhook_is_refused(rows: WebhookRows) -> None:
    """Also one that is deleted."""
    rows.end(SALES.id, 0)
    for refused in (lambda: rows.find(SALES.id), lambda: rows.change(SALES), lambda: rows.end(SALES.id, 0)):
        with pytest.raises(UnknownWebhook, match="GET /api/Webhooks lists"):
            refused()
