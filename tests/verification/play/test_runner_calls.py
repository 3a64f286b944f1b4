"""Scenarios about the receiver's calls of the API: it fails, is slow or loses answers while the receiver fetches."""

import re
from collections import Counter

import httpx
import pytest

from frontsim.client.control import Simulator, control_url
from frontsim.hosting.serving import run_in_thread
from frontsim.masking import masked
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


@pytest.mark.parametrize("scenario", ["webhook-then-read", pytest.param("read-your-write", marks=pytest.mark.long)])
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


def test_a_receiver_that_sends_no_subscription_key_is_told_so(shop, address, requested, play):
    """In a note, because the simulator takes what the vendor would refuse; a caller that sends one is not named."""

    def keyless(event_id):
        agent = {"x-api-key": "k", "User-Agent": "erp/7"}
        httpx.get(f"{address.base_url}/api/Stores", headers=agent, timeout=4, trust_env=False)
        return right(address)(event_id)

    shop.answers = keyless
    request = requested(shop.url, observe_url="", observe_sink="erp", events=["SaleCreated"])
    (played,) = play(request, "short-outage", simulators=address)
    notes = [note for note in played.judgement.notes if "Ocp-Apim-Subscription-Key" in note]
    assert [True] == ["erp/7 sent none" in masked(note) for note in notes]
    assert Verdict.VERIFIED is played.judgement.verdict


def test_every_product_that_a_run_names_is_found(shop, address, requested, play):
    """A clean event has a GTIN where others have none, and a receiver that enriches gets no 404 for it."""
    answered = Counter()

    def enriches(body):
        for gtin in re.findall(rb'"gtin":"([^"]+)"', body):
            url = f"{address.base_url}/api/Product/gtin/{gtin.decode()}"
            answered[httpx.get(url, headers=KEYS, trust_env=False).status_code] += 1
        return 200

    shop.refuses = enriches
    play(requested(shop.url, events=["OmniChannelOrderUpdated"]), "steady", simulators=address, seed=3)
    assert [200] == list(answered)


def writes(address):
    """Puts a new customer into the shop, which raises CustomerCreated."""
    called = httpx.put(f"{address.base_url}/api/Customer", headers=KEYS, json={"lastName": "Berg"}, trust_env=False)
    assert called.is_success


def knows_its_echo(shop, address):
    def answer(event_id):
        if shop.types[event_id] == "SaleCreated":
            writes(address)
        return books(address, event_id)

    return answer


def answers_its_echo(shop, address):
    def answer(event_id):
        writes(address)
        return books(address, event_id)

    return answer


def only_reads(_, address):
    return right(address)


@pytest.mark.parametrize(
    ("receiver", "verdict", "classes"),
    [
        pytest.param(knows_its_echo, Verdict.VERIFIED, set(), marks=pytest.mark.long),
        (answers_its_echo, Verdict.VIOLATED, {"looped"}),
        pytest.param(only_reads, Verdict.NOT_APPLICABLE, set(), marks=pytest.mark.long),
        (lambda _, address: silent(address), Verdict.NOT_APPLICABLE, set()),
    ],
)
def test_a_receiver_whose_writes_come_back(receiver, verdict, classes, shop, address, requested, play):
    """Its echo may be booked once, and be answered with no further write."""
    shop.answers = receiver(shop, address)
    request = requested(shop.url, observe_url="", observe_sink="erp", events=["SaleCreated", "CustomerCreated"])
    (played,) = play(request, "echo", simulators=address)
    found = {str(each.class_) for each in played.judgement.findings}
    assert (verdict, classes) == (played.judgement.verdict, found), played.judgement.reason


def test_a_loop_ends_after_three_rounds(shop, address, requested, play):
    """Three events are raised, one by the preflight; each is answered, as are their echoes and the echoes of these."""
    shop.answers = answers_its_echo(shop, address)
    request = requested(shop.url, observe_url="", observe_sink="erp", events=["CustomerCreated"])
    (played,) = play(request, "echo", simulators=address)
    (finding,) = played.judgement.findings
    assert ("looped", "ends-its-echoes") == (str(finding.class_), finding.clause)
    with Simulator(address.control_url) as sim:
        assert 3 * (1 + 3) == sim.stats()["events"]
        assert [] == sim.list_faults()


def test_the_echoes_of_another_scenario_are_no_strangers(shop, address, requested, play):
    """They are events of the log, which a receiver may book."""
    shop.answers = knows_its_echo(shop, address)
    request = requested(shop.url, observe_url="", observe_sink="erp", events=["SaleCreated", "CustomerCreated"])
    (played,) = play(request, "short-outage", simulators=address)
    assert Verdict.VERIFIED is played.judgement.verdict, played.judgement.reason
    assert any(event.is_echo for event in played.history.events)
    assert played.history.strangers is None


def test_a_receiver_that_nobody_told_where_to_call_is_not_concerned(shop, requested, play):
    """Without a command and a simulator of the user's, no receiver can know the address."""
    (played,) = play(requested(shop.url), "webhook-then-read")
    assert Verdict.NOT_APPLICABLE is played.judgement.verdict
    assert "{base_url}" in played.judgement.reason
