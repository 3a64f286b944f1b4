"""The vendor's API, as an integrator calls it."""

import datetime as dt

import httpx
import pytest

from frontsim.client.errors import UnexpectedAnswer
from frontsim.client.http import FrontSystems
from tests.support.scripted_transport import ScriptedTransport

WEBHOOK = {"id": "w", "storeId": 3, "event": "SaleCreated", "url": "http://a", "later": 1}
ENTRY = {"webhookId": "w", "webhookEventId": "e", "success": True, "runsCounter": 2}


def front(record: ScriptedTransport, base_url: str = "http://shop.example/restapi/V2") -> FrontSystems:
    return FrontSystems(base_url, api_key="k", subscription_key="s", transport=httpx.MockTransport(record))


@pytest.mark.parametrize(
    ("base_url", "path"),
    [
        ("http://shop.example/restapi/V2", "/restapi/V2/api/Webhooks"),
        ("http://shop.example/restapi/V2/", "/restapi/V2/api/Webhooks"),
        ("http://shop.example/restapi/V2/api", "/restapi/V2/api/Webhooks"),
        ("http://shop.example/API/", "/API/Webhooks"),
        ("http://shop.example", "/api/Webhooks"),
    ],
)
def test_base_urls(base_url: str, path: str) -> None:
    """The base URL may end in /api or not, with a slash or not."""
    record = ScriptedTransport([])
    assert [] == front(record, base_url).list_webhooks()
    assert [f"GET {path}"] == record.lines


def test_both_keys_go_with_every_call() -> None:
    """Both headers are sent (published); most public clients send both."""
    record = ScriptedTransport([])
    front(record).list_webhooks()
    headers = record.asked[0].headers
    assert ("k", "s") == (headers["x-api-key"], headers["Ocp-Apim-Subscription-Key"])


def test_webhooks() -> None:
    """Create, read, change and delete; a change PUTs the whole model, with fields that we do not know."""
    record = ScriptedTransport(WEBHOOK, WEBHOOK, WEBHOOK, WEBHOOK, WEBHOOK)
    with front(record) as api:
        assert "w" == api.create_webhook("SaleCreated", "http://a").id
        api.create_webhook("SaleCreated", "http://a", store_id=3)
        api.get_webhook("w")
        api.update_webhook("w", url="http://b", store_id=None)
        api.delete_webhook("w")
    assert [
        "POST /restapi/V2/api/Webhooks",
        "POST /restapi/V2/api/Webhooks",
        "GET /restapi/V2/api/Webhooks/w",
        "GET /restapi/V2/api/Webhooks/w",
        "PUT /restapi/V2/api/Webhooks/w",
        "DELETE /restapi/V2/api/Webhooks/w",
    ] == record.lines
    assert {"event": "SaleCreated", "url": "http://a"} == record.body(0)
    assert {"event": "SaleCreated", "url": "http://a", "storeId": 3} == record.body(1)
    assert {**WEBHOOK, "url": "http://b", "storeId": None} == record.body(4)


def test_the_log() -> None:
    """The list's query is the guide's; dates are written as ISO, a text as it stands."""
    record = ScriptedTransport([ENTRY], [], ENTRY, ENTRY)
    api = front(record)
    day = dt.date(2021, 12, 1)
    assert "e" == api.list_events("w", from_=day, to="2021-12-15", success=False)[0].webhook_event_id
    api.list_events("w", from_=day, to=day, statuses=["OK", "Not found"], include_payload=True, include_runs=True)
    api.get_event("w", "e")
    assert 2 == api.deliver("w", "e").runs_counter
    root = "/restapi/V2/api/WebhooksEvents/w"
    assert [
        f"GET {root}?from=2021-12-01&to=2021-12-15&success=false&includePayload=false&includeRuns=false",
        f"GET {root}?from=2021-12-01&to=2021-12-01&statuses=OK&statuses=Not+found&includePayload=true&includeRuns=true",
        f"GET {root}/e",
        f"POST {root}/deliver/e",
    ] == record.lines
    assert b"" == record.asked[3].content


def test_types() -> None:
    """The types are an array of strings (open); a schema comes as it is."""
    record = ScriptedTransport(["SaleCreated"], {"type": "object"}, ["SaleCreated", 1])
    api = front(record)
    assert ["SaleCreated"] == api.webhook_types()
    assert {"type": "object"} == api.type_schema("SaleCreated")
    with pytest.raises(UnexpectedAnswer, match="expected an array of strings"):
        api.webhook_types()
