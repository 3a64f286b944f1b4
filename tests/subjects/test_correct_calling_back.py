"""Receivers that call back: what they ask, how often, and what they do when the API fails."""

import httpx
import pytest

from tests.support.patience import PATIENCE_S
from tests.support.receiver import serving
from tests.support.simulation import simulation


@pytest.fixture
def sim(monkeypatch):
    with simulation() as opened:
        monkeypatch.setenv("FRONTSIM_BASE_URL", opened.base_url)
        monkeypatch.setenv("FRONTSIM_API_KEY", "key")
        monkeypatch.setenv("FRONTSIM_SUBSCRIPTION_KEY", "key")
        yield opened


@pytest.fixture
def delivers(sim, tmp_path):
    """Runs a receiver and delivers one event to it, as often as asked; the statuses, and the number of effects."""

    def deliver(variant, event, payload, times=1):
        with (
            serving(variant, tmp_path / "receiver.db") as url,
            httpx.Client(timeout=PATIENCE_S, trust_env=False) as web,
        ):
            headers = {"X-Webhook-Event-Id": "e1", "X-Webhook-Id": "w1", "X-Webhook-Event": event}
            codes = [web.post(f"{url}/hook", json=payload, headers=headers).status_code for _ in range(times)]
            return codes, len(web.get(f"{url}/effects").json())

    return deliver


def calls(sim):
    """The calls of the shop, and how each was answered."""
    listed = sim.sim("GET", "calls").json()["calls"]
    return [(call["operation"], call["status"]) for call in listed]


def a_gtin(sim):
    return sim.api("POST", "Product", json={"pageSize": 1}).json()[0]["productSizes"][0]["gtin"]


def a_customer(sim):
    return sim.api("POST", "Customer", json={"pageSize": 1}).json()[0]["customerid"]


def test_it_reads_the_product_again_after_a_failure_and_books_once(sim, delivers):
    sale = {"saleId": 7, "salesLines": [{"gtin": a_gtin(sim)}]}
    sim.breaks("api-error", {"operation": "getProductByGtin"}, times=1, params={"status": 500})
    assert ([200, 200], 1) == delivers("enriches", "SaleCreated", sale, times=2)
    assert [500, 200] == [status for operation, status in calls(sim) if operation == "getProductByGtin"]


def test_it_takes_the_event_again_where_the_api_stays_away(sim, delivers):
    sale = {"saleId": 7, "salesLines": [{"gtin": a_gtin(sim)}]}
    sim.breaks("api-error", times=5, params={"status": 500})
    assert ([503, 200], 1) == delivers("enriches", "SaleCreated", sale, times=2)


def test_one_that_books_before_the_read_books_twice(sim, delivers):
    sale = {"saleId": 7, "salesLines": [{"gtin": a_gtin(sim)}]}
    sim.breaks("api-error", times=1, params={"status": 500})
    assert ([503, 200], 2) == delivers("books-before-the-read", "SaleCreated", sale, times=2)


def test_one_that_reads_stale_does_all_again_when_the_answer_is_lost(sim, delivers):
    customer = {"customerId": a_customer(sim), "customerExtId": None}
    sim.breaks("api-lost-response", {"operation": "saveCustomer"}, times=1)
    assert ([503, 200], 2) == delivers("reads-stale", "CustomerCreated", customer, times=2)


@pytest.mark.parametrize(("variant", "written"), [("writes-back", 0), ("loops-on-echo", 1)])
def test_it_knows_its_own_echo_by_its_reference(sim, delivers, variant, written):
    number = a_customer(sim)
    delivers(variant, "CustomerUpdated", {"customerId": number, "customerExtId": f"crm-{number}"})
    assert written == [operation for operation, _ in calls(sim)].count("saveCustomer")


def test_without_an_address_it_makes_no_calls(delivers, monkeypatch):
    monkeypatch.delenv("FRONTSIM_BASE_URL")
    assert ([200], 1) == delivers("enriches", "SaleCreated", {"saleId": 7, "salesLines": [{"gtin": "7031"}]})
