"""Receivers that call a shop or ERP, for which a sink of the simulator stands: it fails, and loses answers."""

import uuid

import httpx
import pytest

from frontsim.client.control import control_url
from frontsim.hosting.serving import run_in_thread
from frontsim.settings import Settings
from frontsim.verdicts import Verdict
from frontsim.verification.request import Address

pytestmark = pytest.mark.slow


@pytest.fixture
def address():
    running = run_in_thread(Settings(port=0, ephemeral=True))
    yield Address(running.base_url, control_url(running.base_url))
    running.stop()


def books(address, event_id, key):
    """Book an event at the ERP: the status of the receiver's answer."""
    headers = {"Idempotency-Key": key} if key else {}
    try:
        answer = httpx.post(
            f"{address.control_url}/sink/erp", json={"webhookEventId": event_id}, headers=headers, timeout=4
        )
    except httpx.HTTPError:
        return 500
    return 200 if answer.is_success else 500


def right(address):
    return lambda event_id: books(address, event_id, event_id)


def retries(address):
    """It calls again by itself, with the same key."""
    return lambda event_id: min(books(address, event_id, event_id) for _ in range(2))


def new_key_each_time(address):
    return lambda event_id: books(address, event_id, str(uuid.uuid4()))


def swallows(address):
    def answer(event_id):
        books(address, event_id, event_id)
        return 200

    return answer


def reports(address):
    """It books by itself, and tells the sink of it as the observer of a test."""

    def answer(event_id):
        books(address, event_id, "")
        return 200

    return answer


@pytest.mark.parametrize(
    ("receiver", "verdict", "classes"),
    [
        (right, Verdict.VERIFIED, set()),
        (retries, Verdict.VERIFIED, set()),
        (new_key_each_time, Verdict.VIOLATED, {"duplicated"}),
        (swallows, Verdict.VIOLATED, {"lost-after-ack"}),
        (reports, Verdict.SKIPPED, set()),
    ],
)
def test_a_receiver_that_calls_an_erp(receiver, verdict, classes, shop, address, requested, play):
    """A receiver without idempotency keys only reports to the sink, and is accused of nothing."""
    shop.answers = receiver(address)
    request = requested(shop.url, observe_url="", observe_sink="erp", events=["SaleCreated"])
    (played,) = play(request, "sink-trouble", simulators=address)
    found = {str(each.class_) for each in played.judgement.findings}
    assert (verdict, classes) == (played.judgement.verdict, found), played.judgement.reason


def test_without_a_sink_it_is_skipped(shop, requested, play):
    (played,) = play(requested(shop.url), "sink-trouble")
    assert Verdict.SKIPPED is played.judgement.verdict
    assert "needs --observe-sink" in played.judgement.reason
