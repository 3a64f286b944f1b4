"""The calls of the vendor's API, for tests of the code that makes them and for the page."""

import httpx
import pytest

from tests.support.recorder import Recorder
from tests.support.simulation import EVER, Simulation, assert_problem, simulation


def calls(sim: Simulation, **query: object) -> list[dict]:
    """Newest first."""
    shown: list[dict] = sim.sim("GET", "calls", params=query).raise_for_status().json()["calls"]
    return shown[::-1]


def test_calls_newest_first_and_only_the_new_ones(sim: Simulation, receiver: Recorder):
    """With operation, status, time and fault; what is no operation too; what the page itself does is none."""
    webhook = sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.api("GET", f"WebhooksEvents/{webhook}", params=EVER)
    sim.breaks("api-error", times=1, params={"status": 429})
    sim.api("GET", "Webhooks")
    sim.api("GET", "Nothing")
    sim.sim("GET", "page/api/webhooks")
    shown = calls(sim)
    assert [
        (None, 404, None), ("listWebhooks", 429, "api-error"), ("listWebhookEvents", 200, None),
        ("createWebhook", 200, None),
    ] == [(each["operation"], each["status"], each["fault"]) for each in shown]  # fmt: skip
    assert f"/restapi/V2/api/WebhooksEvents/{webhook}?from=2000-01-01&to=2100-01-01" == shown[2]["target"]
    assert "GET" == shown[2]["method"]
    assert shown[3]["answerBytes"] > 100
    assert [] == calls(sim, after=shown[0]["number"])
    assert shown[:1] == calls(sim, after=shown[1]["number"])
    assert_problem(sim.sim("GET", "calls?after=x"), 422)
    assert ["createWebhook"] == [each["operation"] for each in calls(sim, operation="CREATEwebhook")]
    assert shown[:2] == calls(sim, most=2)
    sim.does("reset")
    assert [] == calls(sim)
    assert_problem(sim.sim("GET", "calls?operations=x"), 422)


def test_a_call_without_an_answer(sim: Simulation):
    sim.breaks("api-lost-response", times=1)
    with pytest.raises(httpx.TransportError):
        sim.api("GET", "Webhooks")
    (call,) = calls(sim)
    assert (None, "api-lost-response") == (call["status"], call["fault"])


def test_no_secret_is_shown():
    """Neither in a header nor in the query; of a long x-api-key its beginning."""
    with simulation() as sim:
        sim.http.get(
            f"{sim.base_url}/api/Webhooks?subscription-key=s3cret",
            headers={
                "x-api-key": "frontsm.s3cret-s3cret",
                "Ocp-Apim-Subscription-Key": "s3cret",
                "Authorization": "Bearer s3cret",
                "Cookie": "id=s3cret",
            },
        )
        answer = sim.sim("GET", "calls")
    assert "s3cret" not in answer.text
    assert "fron***" == answer.json()["calls"][0]["key"]


def test_a_caller_without_a_subscription_key_is_named_once(caplog: pytest.LogCaptureFixture):
    """By its User-Agent, and only in lenient auth: strict refuses it, and with auth off no key is wanted.

    A simulator in a thread logs nothing: `verify`, which starts them, has a note of it.
    """
    with simulation() as sim:
        del sim.http.headers["Ocp-Apim-Subscription-Key"]
        for name in (b"erp/1", b"erp/1", b"shop\x85/2"):
            sim.http.get(f"{sim.base_url}/api/Stores", headers={"User-Agent": name})
        for more in ({"headers": {"Ocp-Apim-Subscription-Key": "k"}}, {"params": {"Subscription-Key": "k"}}):
            sim.http.get(f"{sim.base_url}/api/Stores", **more)
        sim.http.get(f"{sim.base_url}/api/Nothing")
        named = sim.does("calls", method="GET")["withoutSubscriptionKey"]
    assert ["erp/1", "shop"] == [name.split("\\")[0] for name in named]
    said = [record.message for record in caplog.records if "Ocp-Apim-Subscription-Key" in record.message]
    assert [] == said
    assert not any("\x85" in text for text in named)
    with simulation(auth="off") as sim:
        sim.api("GET", "Stores")
        assert [] == sim.does("calls", method="GET")["withoutSubscriptionKey"]
