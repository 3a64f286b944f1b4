"""The simulator's real answers follow contracts/openapi.json."""

from collections.abc import Iterator

import httpx

from frontsim.settings import Settings
from frontsim.user_input.request_body import BODY_LIMIT
from tests.contracts.test_openapi import DOCUMENT, OPERATIONS, check, resolved
from tests.support.recorder import Recorder
from tests.support.simulation import EVER, UNKNOWN_ID, Simulation, simulation


def test_real_answers_are_as_described(receiver: Recorder) -> None:
    """Every operation's answers, good and bad, are described in contracts/openapi.json, and valid."""
    with simulation(auth="strict") as strict:
        keys = {"x-api-key": Settings().api_key, "Ocp-Apim-Subscription-Key": Settings().subscription_key}
        strict.http.headers.update(keys)
        answers = dict(_answers(strict, receiver.url))
        seen = set()
        for (operation, note), answer in answers.items():
            _check_answer(operation, answer, note)
            seen.add(operation)
    assert set(OPERATIONS) == seen


def _answers(sim: Simulation, url: str) -> Iterator[tuple[tuple[str, str], httpx.Response]]:
    yield ("createWebhook", ""), (created := sim.api("POST", "webhooks", json={"event": "salecreated", "url": url}))
    webhook = created.json()["id"]
    yield ("createWebhook", "bad"), sim.api("POST", "webhooks", json={"event": "nope", "url": "x"})
    yield ("createWebhook", "array"), sim.api("POST", "webhooks", content=b"[]")
    yield ("createWebhook", "form"), sim.api("POST", "webhooks", content=b"a=b", headers={"content-type": "text/plain"})
    yield ("createWebhook", "large"), sim.api("POST", "webhooks", content=b"x" * (BODY_LIMIT + 1))
    yield ("createWebhook", "site"), sim.api("POST", "webhooks", json={}, headers={"origin": "https://evil.example"})
    yield ("listWebhooks", ""), sim.api("GET", "Webhooks")
    yield ("listWebhooks", "key"), sim.api("GET", "Webhooks", headers={"x-api-key": "z"})
    yield ("listWebhooks", "gateway"), sim.api("GET", "Webhooks", headers={"Ocp-Apim-Subscription-Key": "z"})
    yield ("getWebhook", ""), sim.api("GET", f"Webhooks/{webhook}")
    yield ("getWebhook", "no id"), sim.api("GET", "Webhooks/zz")
    yield ("getWebhook", "unknown"), sim.api("GET", f"Webhooks/{UNKNOWN_ID}")
    yield ("updateWebhook", ""), sim.api("PUT", f"Webhooks/{webhook}", json={"storeId": None})
    yield ("updateWebhook", "bad"), sim.api("PUT", f"Webhooks/{webhook}", json={"storeId": "x"})
    yield ("listWebhookTypes", ""), sim.api("GET", "WebhooksTypes")
    yield ("getWebhookTypeSchema", ""), sim.api("GET", "WebhooksTypes/salecreated/schema")
    yield ("getWebhookTypeSchema", "unknown"), sim.api("GET", "WebhooksTypes/nope/schema")
    event = sim.raises(count=2)[0]
    sim.drains()
    asked = {**EVER, "includePayload": "true", "includeRuns": "true"}
    yield ("listWebhookEvents", ""), sim.api("GET", f"WebhooksEvents/{webhook}", params=asked)
    yield ("listWebhookEvents", "no dates"), sim.api("GET", f"WebhooksEvents/{webhook}")
    yield ("getWebhookEvent", ""), sim.api("GET", f"WebhooksEvents/{webhook}/{event}")
    yield ("deliverWebhookEvent", ""), sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{event}")
    yield ("deliverWebhookEvent", "unknown"), sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{UNKNOWN_ID}")
    yield ("deleteWebhook", ""), sim.api("DELETE", f"Webhooks/{webhook}")
    yield ("deleteWebhook", "again"), sim.api("DELETE", f"Webhooks/{webhook}")


def _check_answer(operation: str, answer: httpx.Response, note: str) -> None:
    check_answer(*OPERATIONS[operation], answer, note)


def check_answer(method: str, path: str, answer: httpx.Response, note: str = "") -> None:
    """Hold an answer to what the document says of the operation's answers."""
    responses = DOCUMENT["paths"][path][method]["responses"]
    status = str(answer.status_code)
    assert status in responses, (path, note, answer.text)
    if status == "204":
        assert answer.content == b""
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in resolved(responses[status])["content"], (path, note)
    pointer = f"#/paths/{path.replace('/', '~1')}/{method}/responses/{status}"
    where = responses[status].get("$ref") or pointer.replace("{", "%7B").replace("}", "%7D")
    check(f"{where}/content/{media_type.replace('/', '~1')}/schema", answer.json())
