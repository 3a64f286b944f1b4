"""Against a real simulator, over a socket."""

from collections import Counter
from collections.abc import Iterator

import pytest

from frontsim.client.vendor import FrontSystems
from frontsim.domain.model import Outcome
from frontsim.load.leasing import LeaseDesk, Told
from frontsim.serving import run_in_thread
from frontsim.settings import Settings


@pytest.fixture(scope="module")
def api() -> Iterator[FrontSystems]:
    running = run_in_thread(Settings(port=0, ephemeral=True))
    with FrontSystems(running.base_url, api_key="k", subscription_key="s") as front:
        for event in ("SaleCreated", "CustomerCreated"):
            front.create_webhook(event, "http://127.0.0.1:9/hook")
        front.control_url = running.control_url  # type: ignore[attr-defined]
        yield front
    running.stop()


@pytest.fixture
def desk(api: FrontSystems) -> Iterator[LeaseDesk]:
    found = LeaseDesk(api.control_url, ttl_s=60)  # type: ignore[attr-defined]
    yield found
    found.close()


def test_a_mix_comes_in_its_proportions(desk: LeaseDesk) -> None:
    """Three sales for each customer, to the one that rounding may cost; every delivery has what it takes to send it."""
    leases = desk.take_new({"SaleCreated": 3, "CustomerCreated": 1}, 40)
    counted = Counter(each.event for each in leases)
    assert {"SaleCreated": 30, "CustomerCreated": 10} == pytest.approx(dict(counted), abs=1)
    assert all(each.headers["X-Webhook-Event-Id"] == each.webhook_event_id and each.body for each in leases)
    assert desk.report(leases[0].lease_id, [Told(each, Outcome.ANSWERED, 200, 1) for each in leases])


def test_what_stands_before_the_host_becomes_a_header(api: FrontSystems, desk: LeaseDesk) -> None:
    """As the simulator itself sends it: whoever is told the URL of a delivery is told no password."""
    webhook = api.create_webhook("InvoiceCreated", "http://me:p%40ss@127.0.0.1:9/a@b?token=x")
    (leased,) = desk.take_new({"InvoiceCreated": 1}, 1)
    api.delete_webhook(webhook.id)
    assert "http://127.0.0.1:9/a@b?token=x" == leased.url
    assert "Basic bWU6cEBzcw==" == leased.headers["Authorization"]  # me:p@ss
    assert leased.webhook_event_id == leased.headers["X-Webhook-Event-Id"]


def test_what_failed_comes_again_as_a_resend(desk: LeaseDesk) -> None:
    """Not sent, unknown, and answered with a 500: all three are failures, and each has a second run."""
    lost, unsent, refused, fine = leases = desk.take_new({"SaleCreated": 1}, 4)
    outcomes = [
        Told(lost, Outcome.UNKNOWN),
        Told(unsent, Outcome.NOT_SENT),
        Told(refused, Outcome.ANSWERED, 500, 2),
        Told(fine, Outcome.ANSWERED, 204, 2),
    ]
    assert desk.report(leases[0].lease_id, outcomes)
    resends = desk.take_resends(10)
    assert [each.webhook_event_id for each in (lost, unsent, refused)] == [each.webhook_event_id for each in resends]
    assert all(each.is_resend and each.run == 2 for each in resends)
    assert desk.report(resends[0].lease_id, [Told(each, Outcome.ANSWERED, 200, 1) for each in resends])
    assert [] == desk.take_resends(10)


def test_a_report_on_a_lease_that_is_over_says_so(desk: LeaseDesk) -> None:
    """Reported in whole or run out, its deliveries have their outcome already."""
    leases = desk.take_new({"SaleCreated": 1}, 1)
    told = [Told(leases[0], Outcome.ANSWERED, 200, 1)]
    assert desk.report(leases[0].lease_id, told)
    assert not desk.report(leases[0].lease_id, told)
