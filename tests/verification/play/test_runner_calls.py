"""Scenarios about the receiver's calls of the API: it fails, is slow or loses answers while the receiver fetches."""

import httpx
import pytest

from frontsim.client.control import control_url
from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from frontsim.verdicts import Verdict
from frontsim.verification.request import Address

pytestmark = pytest.mark.slow
KEYS = {"x-api-key": "k", "Ocp-Apim-Subscription-Key": "k"}


@pytest.fixture
def address():
    running = run_in_thread(Settings(port=0, ephemeral=True))
    yield Address(running.base_url, control_url(running.base_url))
    running.stop()


def is_enriched(address):
    try:
        return httpx.get(f"{address.base_url}/api/Stores", headers=KEYS, timeout=4, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def books(address, event_id):
    headers = {"Idempotency-Key": event_id}
    httpx.post(f"{address.control_url}/sink/erp", json={"webhookEventId": event_id}, headers=headers, trust_env=False)
    return 200


def right(address):
    """It books what it could enrich, and lets the rest come again."""
    return lambda event_id: books(address, event_id) if is_enriched(address) else 503


def swallows(address):
    """It acknowledges what it could not enrich, and forgets it."""
    return lambda event_id: books(address, event_id) if is_enriched(address) else 200


def silent(address):
    return lambda event_id: books(address, event_id)


@pytest.mark.parametrize("scenario", ["webhook-then-read", "read-your-write"])
@pytest.mark.parametrize(
    ("receiver", "verdict", "classes"),
    [
        (right, Verdict.VERIFIED, set()),
        (swallows, Verdict.VIOLATED, {"lost-after-ack"}),
        (silent, Verdict.NOT_APPLICABLE, set()),
    ],
)
def test_a_receiver_that_calls_back(receiver, verdict, classes, scenario, shop, address, requested, play):
    """One that never calls is told so, and accused of nothing."""
    shop.answers = receiver(address)
    request = requested(shop.url, observe_url="", observe_sink="erp", events=["SaleCreated"])
    (played,) = play(request, scenario, simulators=address)
    found = {str(each.class_) for each in played.judgement.findings}
    assert (verdict, classes) == (played.judgement.verdict, found), played.judgement.reason


def test_a_receiver_that_nobody_told_where_to_call_is_not_concerned(shop, requested, play):
    """Without a command and a simulator of the user's, no receiver can know the address."""
    (played,) = play(requested(shop.url), "webhook-then-read")
    assert Verdict.NOT_APPLICABLE is played.judgement.verdict
    assert "{base_url}" in played.judgement.reason
