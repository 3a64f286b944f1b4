"""Leases against a real simulator, over a socket."""

from collections import Counter
from collections.abc import Iterator

import pytest

from frontsim.client.control import DeliveryReport, LeasedDelivery, Simulator, answered
from frontsim.client.http import FrontSystems
from frontsim.domain.model import Outcome
from frontsim.hosting.serving import run_in_thread
from frontsim.hosting.simulator_process import Running
from frontsim.settings import Settings


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    served = run_in_thread(Settings(port=0, ephemeral=True))
    with FrontSystems(served.base_url, api_key="k", subscription_key="s") as api:
        for event, url in [
            ("SaleCreated", "http://127.0.0.1:9/hook"),
            ("CustomerCreated", "http://127.0.0.1:9/hook"),
            ("InvoiceCreated", "http://me:p%40ss@127.0.0.1:9/a@b?token=x"),
        ]:
            api.create_webhook(event, url)
    yield served
    served.stop()


@pytest.fixture
def simulator(running: Running) -> Iterator[Simulator]:
    with Simulator(running.control_url) as found:
        yield found


def acknowledged(*deliveries: LeasedDelivery) -> list[DeliveryReport]:
    return [DeliveryReport(each, Outcome.ANSWERED, 200, 1) for each in deliveries]


def test_a_mix_comes_in_its_proportions(simulator: Simulator) -> None:
    """Three sales for each customer, give or take one for rounding; every delivery has what it takes to send it."""
    leased = simulator.lease({"SaleCreated": 3, "CustomerCreated": 1}, count=40)
    counted = Counter(each.event for each in leased)
    assert {"SaleCreated": 30, "CustomerCreated": 10} == pytest.approx(dict(counted), abs=1)
    assert all(each.headers["X-Webhook-Event-Id"] == each.webhook_event_id and each.body for each in leased)
    assert simulator.report_lease(leased[0].lease_id, acknowledged(*leased))


def test_a_password_in_the_url_becomes_a_header(simulator: Simulator) -> None:
    """As the simulator itself sends it: a log or a statistic that names the URL names no password."""
    (leased,) = simulator.lease({"InvoiceCreated": 1}, count=1)
    assert "http://127.0.0.1:9/a@b?token=x" == leased.url
    assert "Basic bWU6cEBzcw==" == leased.headers["Authorization"]  # me:p@ss
    assert leased.webhook_event_id == leased.headers["X-Webhook-Event-Id"]
    assert simulator.report_lease(leased.lease_id, acknowledged(leased))


def test_a_failed_delivery_comes_again_as_a_resend(simulator: Simulator) -> None:
    """Not sent, unknown, and answered with a 500: all three are failures, and each has a second run."""
    lost, unsent, refused, fine = leased = simulator.lease({"SaleCreated": 1}, count=4)
    reports = [
        DeliveryReport(lost, Outcome.UNKNOWN),
        DeliveryReport(unsent, Outcome.NOT_SENT),
        DeliveryReport(refused, Outcome.ANSWERED, 500, 2),
        DeliveryReport(fine, Outcome.ANSWERED, 204, 2),
    ]
    assert [False, False, False, True] == [each.acknowledged for each in reports]
    assert simulator.report_lease(leased[0].lease_id, reports)
    resends = simulator.lease_resends(count=10)
    assert [each.webhook_event_id for each in (lost, unsent, refused)] == [each.webhook_event_id for each in resends]
    assert all(each.is_resend and each.run == 2 for each in resends)
    assert simulator.report_lease(resends[0].lease_id, acknowledged(*resends))
    assert [] == simulator.lease_resends(count=10)


def test_the_words_of_a_refusal_are_reported_and_those_of_a_2xx_are_not(simulator: Simulator) -> None:
    """A receiver's words beside a 2xx prove nothing, and a load test has millions of them."""
    refused, fine = leased = simulator.lease({"SaleCreated": 1}, count=2)
    words = {"body": b"no sku \xff" + b"x" * 5000, "headers": [("Retry-After", "7")]}
    reports = [answered(refused, 503, 2, **words), answered(fine, 204, 2, **words)]
    assert "answer" not in reports[1].as_json()
    assert simulator.report_lease(leased[0].lease_id, reports)
    (run,) = simulator.event(refused.webhook_event_id).runs
    assert (503, "Retry-After: 7") == (run.status_code, run.answer_head)
    assert run.answer.startswith("no sku \N{REPLACEMENT CHARACTER}xxx")


def test_a_report_on_a_lease_that_is_over_is_false(simulator: Simulator) -> None:
    """Reported in whole or run out, its deliveries have their outcome already."""
    leased = simulator.lease({"SaleCreated": 1}, count=1)
    assert simulator.report_lease(leased[0].lease_id, acknowledged(*leased))
    assert not simulator.report_lease(leased[0].lease_id, acknowledged(*leased))
