"""`/api/Webhooks`: subscribing, in every way that callers do it."""

from typing import Any
from uuid import UUID

import pytest

from tests.support.recorder import Recorder
from tests.support.simulation import UNKNOWN_ID, Simulation, assert_problem

URL = "https://shop.example/hooks?token=abc"


def test_a_webhooks_life(sim: Simulation):
    """Created, read, listed, changed and deleted: each answers 200 with the WebhookViewModel, four fields."""
    created = sim.api("POST", "Webhooks", json={"event": "SaleCreated", "url": URL})
    webhook = created.json()
    assert (200, ["id", "storeId", "event", "url"]) == (created.status_code, list(webhook))
    assert (None, "SaleCreated", URL) == (webhook["storeId"], webhook["event"], webhook["url"])
    assert [webhook] == sim.api("GET", "Webhooks").json()
    assert webhook == sim.api("GET", f"Webhooks/{webhook['id']}").json()
    changed = sim.api("PUT", f"Webhooks/{webhook['id']}", json={**webhook, "url": "http://a.example", "storeId": 7})
    assert (200, {**webhook, "url": "http://a.example", "storeId": 7}) == (changed.status_code, changed.json())
    deleted = sim.api("DELETE", f"Webhooks/{webhook['id']}")
    assert (200, changed.json()) == (deleted.status_code, deleted.json())
    assert [] == sim.api("GET", "Webhooks").json()
    assert 404 == sim.api("GET", f"Webhooks/{webhook['id']}").status_code


def test_the_same_subscription_twice(sim: Simulation):
    """A second subscription of the same event and URL is another webhook (open)."""
    assert sim.subscribes(URL) != sim.subscribes(URL)
    assert 2 == len(sim.api("GET", "Webhooks").json())


def test_webhooks_are_listed_oldest_first(sim: Simulation):
    """The list keeps the order in which webhooks were made."""
    ids = [sim.subscribes(URL, event) for event in ("StockMovementCreated", "SaleCreated", "CustomerCreated")]
    assert ids == [webhook["id"] for webhook in sim.api("GET", "Webhooks").json()]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, {}),
        ({"event": "customerCREATED"}, {"event": "CustomerCreated"}),
        ({"url": None, "event": None}, {}),
        ({"STOREID": None}, {"storeId": None}),
        ({"Url": "http://b.example"}, {"url": "http://b.example"}),
    ],
)
def test_what_a_put_leaves_out_is_kept(sim: Simulation, change: dict[str, Any], told: dict[str, Any]):
    """PUT without a field keeps it, names match in any case, and `storeId: null` means every store (open)."""
    webhook = sim.subscribes(URL, store_id=7)
    before = sim.api("GET", f"Webhooks/{webhook}").json()
    assert before | told == sim.api("PUT", f"Webhooks/{webhook}", json=change).json()
    assert before | told == sim.api("GET", f"Webhooks/{webhook}").json()


def test_a_webhook_of_one_store(sim: Simulation, receiver: Recorder):
    """storeId narrows a webhook to a store; null takes every store (inferred)."""
    everyone, one = sim.subscribes(receiver.url), sim.subscribes(receiver.url, store_id=7)
    assert 2 == len(sim.raises(storeId=7))
    assert 1 == len(sim.raises(storeId=8))
    sim.drains()
    assert (2, 1) == (len(sim.log(everyone)), len(sim.log(one)))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"event": "SaleCreated"},
        {"url": URL},
        {"event": "", "url": URL},
        {"event": 1, "url": URL},
        {"event": "NoSuchEvent", "url": URL},
        {"event": "SaleCreated", "url": ""},
        {"event": "SaleCreated", "url": 7},
        {"event": "SaleCreated", "url": "shop.example/hook"},
        {"event": "SaleCreated", "url": "ftp://shop.example/hook"},
        {"event": "SaleCreated", "url": "http://"},
        {"event": "SaleCreated", "url": "http://shop example/"},
        {"event": "SaleCreated", "url": "http://shop.example:99999/"},
        {"event": "SaleCreated", "url": "http://[::1"},
        {"event": "SaleCreated", "url": "http://shop.example/\r\nX-Evil: 1"},
        {"event": "SaleCreated", "url": URL, "storeId": "7"},
        {"event": "SaleCreated", "url": URL, "storeId": 1.5},
        {"event": "SaleCreated", "url": URL, "storeId": True},
        {"event": "SaleCreated", "url": URL, "storeId": 2**31},
    ],
)
def test_subscriptions_that_cannot_be(sim: Simulation, value: dict[str, Any]):
    """A missing field, a wrong type, an unknown event, a bad URL: a 400 that names the field; no webhook."""
    before = sim.state()
    refused = sim.api("POST", "Webhooks", json=value)
    assert_problem(refused, 400)
    assert refused.json()["errors"]
    assert before == sim.state()


def test_one_answer_names_every_bad_field(sim: Simulation):
    """One answer names all that is wrong."""
    refused = sim.api("POST", "Webhooks", json={"event": "Nope", "url": "x", "storeId": "y"})
    assert ["event", "storeId", "url"] == sorted(refused.json()["errors"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": "Nope"}, "event"),
        ({"url": "x"}, "url"),
        ({"storeId": "x"}, "storeId"),
        ({"id": UNKNOWN_ID}, "id"),
        ({"event": ["SaleCreated"]}, "event"),
    ],
)
def test_changes_that_cannot_be(sim: Simulation, change: dict[str, Any], field: str):
    """A bad field in a PUT is a 400, and nothing of that PUT is kept."""
    webhook = sim.subscribes(URL)
    before = sim.state()
    refused = sim.api("PUT", f"Webhooks/{webhook}", json={"url": "http://b.example", **change})
    assert_problem(refused, 400)
    assert [field] == list(refused.json()["errors"])
    assert before == sim.state()


def test_an_unset_guid_in_a_put_counts_as_none(sim: Simulation):
    """A .NET client that fills in only what changes sends zeros for the id."""
    webhook = sim.subscribes(URL)
    changed = sim.api("PUT", f"Webhooks/{webhook}", json={"id": str(UUID(int=0)), "storeId": 7})
    assert (200, webhook, 7) == (changed.status_code, changed.json()["id"], changed.json()["storeId"])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_ids_that_nothing_has(sim: Simulation, method: str):
    """An unknown id is a 404, what is no id at all a 400."""
    body: dict[str, Any] = {"json": {}} if method == "PUT" else {}
    assert_problem(sim.api(method, f"Webhooks/{UNKNOWN_ID}", **body), 404)
    assert_problem(sim.api(method, "Webhooks/no-uuid", **body), 400)


def test_a_changed_url_takes_what_comes(sim: Simulation, receiver: Recorder):
    """Events raised after a PUT go to the new URL."""
    webhook = sim.subscribes("http://127.0.0.1:1/")
    sim.api("PUT", f"Webhooks/{webhook}", json={"url": receiver.url})
    assert sim.raises() == [receiver.gets(1)[0].event_id]


def test_a_deleted_webhook_gets_no_more(sim: Simulation, receiver: Recorder):
    """Nothing is raised for it, its log stays readable (open), and nothing of it can be resent."""
    webhook = sim.subscribes(receiver.url)
    (event,) = sim.raises()
    sim.drains()
    sim.api("DELETE", f"Webhooks/{webhook}")
    assert [] == sim.raises()
    assert [event] == [entry["webhookEventId"] for entry in sim.log(webhook)]
    assert 404 == sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{event}").status_code
    assert 1 == len(receiver.calls)
