"""The vendor's front door: paths, keys, and the gateway's bodies byte for byte."""

import json
from collections.abc import Iterator

import httpx
import pytest

from frontsim import bundled
from frontsim.settings import Settings
from tests.support.patience import PATIENCE_S
from tests.support.recorder import Recorder
from tests.support.simulation import EVER, UNKNOWN_ID, Simulation, assert_problem, simulation

RIGHT = {"x-api-key": Settings().api_key, "Ocp-Apim-Subscription-Key": Settings().subscription_key}
MISSING_KEY = (
    b'{ "statusCode": 401, "message": "Access denied due to missing subscription key. '
    b'Make sure to include subscription key when making requests to an API." }'
)
WRONG_KEY = (
    b'{ "statusCode": 401, "message": "Access denied due to invalid subscription key. '
    b'Make sure to provide a valid key for an active subscription." }'
)
NO_OPERATION = b'{ "statusCode": 404, "message": "Resource not found" }'
METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS")
DOCUMENT = json.loads((bundled.folder("contracts") / "openapi.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def strict() -> Iterator[Simulation]:
    """A simulator that wants both keys."""
    with simulation(auth="strict") as sim:
        sim.http.headers.pop("x-api-key")
        yield sim


@pytest.mark.parametrize("prefix", ["/restapi/V2", "", "/RESTAPI/v2", "/restapi/v2"])
@pytest.mark.parametrize(
    "path", ["/api/Webhooks", "/api/webhooks", "/API/WEBHOOKS/", "/api/WebhooksTypes/", "/api/webhookstypes"]
)
def test_paths(sim: Simulation, prefix: str, path: str):
    """Both prefixes, any case, with a slash at the end or without."""
    assert 200 == sim.http.get(f"{sim.server}{prefix}{path}").status_code


def test_every_operation_under_every_form_of_its_path(sim: Simulation, receiver: Recorder):
    """Ids and types in a path are taken in any case, too."""
    webhook = sim.subscribes(receiver.url)
    (event,) = sim.raises()
    sim.drains()
    for method, path in (
        ("GET", f"webhooks/{webhook}"),
        ("PUT", f"webhooks/{webhook}"),
        ("GET", "webhookstypes/SALECREATED/schema"),
        ("GET", f"webhooksevents/{webhook}"),
        ("GET", f"webhooksevents/{webhook}/{event}"),
        ("POST", f"webhooksevents/{webhook}/deliver/{event}"),
        ("DELETE", f"webhooks/{webhook}"),
    ):
        body = {"json": {}} if method == "PUT" else {}
        for form in (f"/API/{path.upper()}/", f"/api/{path}"):
            url = f"{sim.server}{form}"
            if method != "DELETE":
                assert 200 == sim.http.request(method, url, params=EVER, **body).status_code, url
    assert 200 == sim.http.delete(f"{sim.server}/API/WEBHOOKS/{webhook.upper()}/").status_code


def test_the_served_operations_are_those_described(sim: Simulation):
    """For every path of contracts/openapi.json each method is served exactly if it is described; others are a 404."""
    described = {
        (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item if method != "parameters"
    }
    served = set()
    for path in DOCUMENT["paths"]:
        for method in METHODS:
            asked = path.replace("{webhookId}", UNKNOWN_ID).replace("{webhookEventId}", UNKNOWN_ID)
            answer = sim.http.request(method, f"{sim.base_url}{asked.replace('{webhookType}', 'Nope')}")
            if method == "HEAD":
                assert 404 == answer.status_code
            elif answer.content != NO_OPERATION:
                served.add((method, path))
    assert (
        described | {("DELETE", "/api/Customer/count")} == served
    )  # a customer of the id `count`: refused as no number


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/restapi/V2/api/"),
        ("GET", "/restapi/V3/api/Webhooks"),
        ("GET", "/restapi/V2/restapi/V2/api/Webhooks"),
        ("GET", "/api/Stock"),
        ("GET", "/api/WebhooksEvents"),
        ("PATCH", "/api/Webhooks"),
        ("DELETE", "/api/Webhooks"),
        ("POST", f"/api/Webhooks/{UNKNOWN_ID}"),
        ("GET", f"/api/WebhooksEvents/{UNKNOWN_ID}/deliver/{UNKNOWN_ID}"),
        ("OPTIONS", "/api/Webhooks"),
        ("GET", "/api//Webhooks"),
        ("GET", "/api/Webhooks%00"),
    ],
)
def test_no_such_operation(sim: Simulation, strict: Simulation, method: str, path: str):
    """An unknown path and a known one with another method: 404 with the gateway's body, before any key is looked at."""
    for simulator in (sim, strict):
        answer = simulator.http.request(method, f"{simulator.server}{path}")
        assert (404, NO_OPERATION) == (answer.status_code, answer.content)
        assert "application/json" == answer.headers["content-type"]


@pytest.mark.parametrize(
    ("keys", "body"),
    [
        ({}, MISSING_KEY),
        ({"x-api-key": RIGHT["x-api-key"]}, MISSING_KEY),
        ({**RIGHT, "Ocp-Apim-Subscription-Key": ""}, MISSING_KEY),
        ({**RIGHT, "Ocp-Apim-Subscription-Key": "wrong"}, WRONG_KEY),
        ({**RIGHT, "Ocp-Apim-Subscription-Key": "\xe6\xf8\xe5".encode()}, WRONG_KEY),
    ],
)
def test_strict_subscription_keys(strict: Simulation, keys: dict[str, str], body: bytes):
    """The gateway's two 401s, byte for byte, with its WWW-Authenticate."""
    answer = strict.api("GET", "Webhooks", headers=keys)
    assert (401, body) == (answer.status_code, answer.content)
    assert "application/json" == answer.headers["content-type"]
    assert (
        f'AzureApiManagementKey realm="{strict.base_url}",name="Ocp-Apim-Subscription-Key",type="header"'
        == answer.headers["www-authenticate"]
    )


@pytest.mark.parametrize("api_key", [None, "", "wrong", "\xe6".encode()])
def test_strict_api_keys(strict: Simulation, api_key: str | None):
    """Behind the gateway a missing or wrong x-api-key is a 401 as problem+json (open)."""
    keys = {"Ocp-Apim-Subscription-Key": RIGHT["Ocp-Apim-Subscription-Key"]}
    answer = strict.api("GET", "Webhooks", headers=keys if api_key is None else {**keys, "x-api-key": api_key})
    assert_problem(answer, 401)


@pytest.mark.parametrize("name", ["subscription-key", "Subscription-Key", "SUBSCRIPTION-KEY"])
def test_strict_takes_the_subscription_key_from_the_query(strict: Simulation, name: str):
    """The key may be a query parameter instead of a header (published)."""
    headers = {"x-api-key": RIGHT["x-api-key"]}
    right = strict.api("GET", "Webhooks", headers=headers, params={name: RIGHT["Ocp-Apim-Subscription-Key"]})
    wrong = strict.api("GET", "Webhooks", headers=headers, params={name: "wrong"})
    assert (200, WRONG_KEY) == (right.status_code, wrong.content)


def test_strict_with_both_keys_right(strict: Simulation):
    """Header names match in any case."""
    assert 200 == strict.api("GET", "Webhooks", headers=RIGHT).status_code
    assert 200 == strict.api("GET", "Webhooks", headers={k.upper(): v for k, v in RIGHT.items()}).status_code


def test_a_refused_caller_changes_nothing(strict: Simulation):
    """Keys are looked at before a body is."""
    refused = strict.api("POST", "Webhooks", json={"event": "SaleCreated", "url": "http://a.example"})
    assert MISSING_KEY == refused.content
    assert [] == strict.api("GET", "Webhooks", headers=RIGHT).json()


def test_lenient(sim: Simulation):
    """Any x-api-key opens, none does not; the subscription key is not looked at."""
    assert 200 == sim.api("GET", "Webhooks", headers={"x-api-key": "anything"}).status_code
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as stranger:
        assert_problem(stranger.get(f"{sim.base_url}/api/Webhooks"), 401)
        assert_problem(stranger.get(f"{sim.base_url}/api/Webhooks", headers={"x-api-key": ""}), 401)


def test_lenient_asks_for_no_key_where_the_vendor_declares_none(sim: Simulation):
    """A client that was generated from the vendor's document sends none there; another site's page is refused still."""
    webhook = sim.subscribes("http://127.0.0.1:9/hook")
    with httpx.Client(trust_env=False, timeout=PATIENCE_S) as generated:
        for method, path in (("GET", "WebhooksTypes/SaleCreated/schema"), ("DELETE", f"Webhooks/{webhook}")):
            foreign = generated.request(method, f"{sim.base_url}/api/{path}", headers={"Origin": "http://evil.example"})
            assert_problem(foreign, 403)
            assert 200 == generated.request(method, f"{sim.base_url}/api/{path}").status_code
        assert_problem(generated.get(f"{sim.base_url}/api/Webhooks/{webhook}"), 401)


def test_off():
    """No key is asked for."""
    with simulation(auth="off") as sim, httpx.Client(trust_env=False, timeout=PATIENCE_S) as stranger:
        assert 200 == stranger.get(f"{sim.base_url}/api/Webhooks").status_code


def test_the_realm_cannot_be_broken_out_of():
    """Whatever a Host header holds, the 401 that names it is well-formed, and no 5xx."""
    with simulation(auth="strict", host="0.0.0.0") as sim:
        for host in ('a",evil="1', "[", "a b", "\xe6".encode("latin-1"), "[::1]:80", ""):
            answer = httpx.get(
                f"http://127.0.0.1:{sim.port}/api/Webhooks", headers={"Host": host}, trust_env=False, timeout=PATIENCE_S
            )
            taken = host in ("[::1]:80", "")
            assert (401 if taken else 403) == answer.status_code
            assert not taken or 6 == answer.headers["www-authenticate"].count('"')


def test_api_error_on_one_operation(sim: Simulation):
    """The call is answered with the gateway's own body and Retry-After, nothing is done; other operations go on."""
    sim.breaks("api-error", {"operation": "CREATEwebhook"}, times=1, params={"status": 429, "retryAfter": 57})
    assert [] == sim.api("GET", "Webhooks").json()
    limited = sim.api("POST", "Webhooks", json={"event": "SaleCreated", "url": "http://a.example"})
    body = b'{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds." }'
    assert (429, "57", body) == (limited.status_code, limited.headers["retry-after"], limited.content)
    assert [] == sim.api("GET", "Webhooks").json()
    assert sim.subscribes("http://a.example")


def test_api_quota(sim: Simulation):
    """403 is the gateway's quota, with the time until it is filled again."""
    sim.breaks("api-error", params={"status": 403, "retryAfter": 3 * 3600 + 2 * 60 + 59})
    body = b'{ "statusCode": 403, "message": "Out of call volume quota. Quota will be replenished in 03:02:59." }'
    assert body == sim.api("GET", "Webhooks").content


@pytest.mark.parametrize("status", [403, 429])
def test_limits_always_name_a_time(sim: Simulation, status: int):
    """The gateway's own two have a Retry-After whatever is asked for (seen), the shortest there is."""
    sim.breaks("api-error", params={"status": status, "retryAfter": 0})
    assert "1" == sim.api("GET", "Webhooks").headers["retry-after"]


@pytest.mark.parametrize("status", [400, 404, 500, 502, 503, 599])
def test_api_error_of_any_status(sim: Simulation, status: int):
    """Every error status can be had, with no Retry-After unless one is asked for."""
    sim.breaks("api-error", params={"status": status})
    answer = sim.api("GET", "WebhooksTypes")
    assert (status, status, None) == (
        answer.status_code,
        answer.json()["statusCode"],
        answer.headers.get("retry-after"),
    )


def test_api_slow(sim: Simulation):
    """The answer comes late, and is what it would have been."""
    sim.breaks("api-slow", params={"seconds": 0.2})
    answer = sim.api("GET", "Webhooks")
    assert (200, []) == (answer.status_code, answer.json())
    assert answer.elapsed.total_seconds() >= 0.2


def test_api_lost_response(sim: Simulation):
    """The call is done, but its caller gets a reset."""
    sim.breaks("api-lost-response", {"operation": "createWebhook"}, times=1)
    with pytest.raises(httpx.ReadError):
        sim.api("POST", "Webhooks", json={"event": "SaleCreated", "url": "http://a.example"})
    assert 1 == len(sim.api("GET", "Webhooks").json())


def test_api_lost_response_of_a_resend(sim: Simulation, receiver: Recorder):
    """The resend reaches the receiver and the log, though its caller never learns it."""
    webhook = sim.subscribes(receiver.url)
    (event,) = sim.raises()
    sim.drains()
    sim.breaks("api-lost-response", {"operation": "deliverWebhookEvent"})
    with pytest.raises(httpx.ReadError):
        sim.resends(webhook, event)
    assert ["Original", "Resend"] == [run["trigger"] for run in sim.entry(webhook, event)["runs"]]
    assert [event, event] == receiver.event_ids


def test_api_faults_leave_the_control_surface_alone(sim: Simulation):
    """A rule that breaks the API can be removed again."""
    sim.breaks("api-error")
    assert 500 == sim.api("GET", "Webhooks").status_code
    assert {"removed": 1} == sim.does("faults", method="DELETE")
    assert 200 == sim.api("GET", "Webhooks").status_code
