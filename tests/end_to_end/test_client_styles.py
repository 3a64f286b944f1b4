"""Three ways in which real integrations call the API: each works unchanged."""

import httpx

from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import Simulation


def test_keys_in_both_headers_and_no_slash(sim: Simulation, receiver: Recorder):
    """(a) POST <base>/api/webhooks with both keys and {"event", "url"}; any 2xx will do."""
    headers = {
        "Ocp-Apim-Subscription-Key": "0123456789abcdef0123456789abcdef",
        "x-api-key": "frontsm.0123456789abcdefghijklmnopqrstuv",
    }
    body = {"event": "OmniChannelEndlessAisleOrderCreated", "url": receiver.url}
    answer = httpx.post(f"{sim.base_url}/api/webhooks", headers=headers, json=body, trust_env=False, timeout=PATIENCE_S)
    assert 200 == answer.status_code
    (event,) = sim.raises("OmniChannelEndlessAisleOrderCreated")
    assert event == receiver.gets(1)[0].event_id


def test_look_first_then_create_or_update(sim: Simulation, receiver: Recorder):
    """(b) GET <base>/api/Webhooks, match by event in any case, then PUT or POST, with x-api-key alone."""
    wanted = {"SALECREATED": receiver.url, "StockMovementCreated": receiver.url}
    sim.subscribes("http://old.example", store_id=7)

    def synchronises() -> None:
        with httpx.Client(
            base_url=sim.base_url, headers={"x-api-key": "k"}, trust_env=False, timeout=PATIENCE_S
        ) as client:
            known = {hook["event"].lower(): hook for hook in client.get("/api/Webhooks").raise_for_status().json()}
            for event, url in wanted.items():
                hook = known.get(event.lower())
                if hook is None:
                    client.post("/api/Webhooks", json={"event": event, "url": url}).raise_for_status()
                elif hook["url"] != url:
                    changed = {"id": hook["id"], "event": hook["event"], "url": url, "storeId": hook["storeId"]}
                    client.put(f"/api/Webhooks/{hook['id']}", json=changed).raise_for_status()

    synchronises()
    once = sim.api("GET", "Webhooks").json()
    synchronises()
    assert once == sim.api("GET", "Webhooks").json()
    assert [("SaleCreated", receiver.url, 7), ("StockMovementCreated", receiver.url, None)] == [
        (hook["event"], hook["url"], hook["storeId"]) for hook in once
    ]


def test_a_base_that_ends_in_api(sim: Simulation, receiver: Recorder):
    """(c) The base ends in /api, and the path is /Webhooks."""
    for base in (f"{sim.base_url}/api", f"{sim.server}/api"):
        answer = httpx.post(
            f"{base}/Webhooks",
            headers={"x-api-key": "k"},
            json={"event": "SaleCreated", "url": receiver.url},
            trust_env=False,
        )
        assert 200 == answer.status_code
    assert 2 == len(sim.raises())
    receiver.gets(2)


def test_the_integrators_own_job(sim: Simulation, receiver: Recorder):
    """The guide's list -> resend job, word for word, until success=false lists nothing."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("lost-response", times=3)
    ids = sim.raises(count=5)
    sim.drains()
    query = {
        "from": "2000-12-01",
        "to": "2100-12-15",
        "success": "false",
        "includePayload": "false",
        "includeRuns": "false",
    }
    rounds = 0
    while failed := sim.api("GET", f"WebhooksEvents/{webhook}", params=query).json():
        rounds += 1
        for entry in failed:
            sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{entry['webhookEventId']}").raise_for_status()
    assert 1 == rounds
    assert set(ids) == set(receiver.event_ids)
    assert 8 == len(receiver.calls)
