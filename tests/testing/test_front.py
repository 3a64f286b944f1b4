"""The simulator that a test owns: what its calls give, and that two never meet."""

import subprocess
import sys
from datetime import datetime, timedelta

import httpx
import pytest

from frontsim.client.errors import ApiError
from frontsim.settings import Settings
from frontsim.testing import Event, simulator
from tests.support.patience import PATIENCE_S


def test_a_delivery_ends_in_the_sink(front):
    """The plugin gives the fixture, the sink stands in for a receiver, and the log has the event."""
    shop = front.sink("shop")
    sales = front.subscribe("SaleCreated", shop.url)
    sale = front.trigger("SaleCreated", set={"total": 100})
    front.wait()
    assert [sale.event] == sales.received == sales.events == front.log
    assert [] == sales.failed
    assert [100] == [record["total"] for record in shop.records]
    assert sale.event.payload["total"] == 100
    assert (200, "OK", True) == (sale.event.status_code, sale.event.status, sale.event.success)


def test_a_fault_ends_with_its_block(front):
    """It counts what it breaks; the list -> resend job then mends it."""
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    with front.fault("answer", status=503, match={"event": "SaleCreated"}) as fault:
        sale = front.trigger("SaleCreated")
        front.wait()
        assert 1 == fault.fired
    assert [sale.event] == sales.failed
    assert 503 == sale.event.status_code
    done = front.reconcile()
    assert (1, 1, 1, []) == (done.listed, done.resent, done.recovered, done.left)
    assert 2 == len(sale.event.runs)
    assert [] == front.control.list_faults()


def test_what_still_fails_is_left(front):
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    with front.fault("refuse"):
        sale = front.trigger("SaleCreated")
        front.wait()
        assert [sale.event] == front.reconcile().left
    assert sale.event.resend()
    assert [] == sales.failed


def test_a_job_that_could_not_list_leaves_no_false_comfort(front):
    """`left == []` must not pass when the API refused the list."""
    front.subscribe("SaleCreated", front.sink("shop").url)
    with front.fault("api-error", status=401, match={"operation": "listWebhookEvents"}), pytest.raises(ApiError):
        front.reconcile()


def test_a_business_act_gives_all_its_events_in_order(front):
    for event in ("SaleCreated", "StockMovementCreated"):
        front.subscribe(event, front.sink("shop").url)
    done = front.simulate("return")
    front.wait()
    assert {"SaleCreated", "StockMovementCreated"} >= {event.type for event in done.events}
    assert done.events == front.log


def test_the_clock_moves_what_the_log_says(front):
    before = front.clock.now
    front.clock.advance(days=3)
    assert timedelta(days=3) <= front.clock.now - before < timedelta(days=3, hours=1)
    front.clock.set(datetime(2030, 1, 2, 3, 4))  # noqa: DTZ001 - the vendor's local time
    assert datetime(2030, 1, 2, 3, 4).date() == front.clock.now.date()  # noqa: DTZ001


def test_a_delayed_delivery_comes_when_the_clock_says(front):
    """`wait` waits for what is due; to advance the clock makes more of it due."""
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    with front.fault("delay", seconds=86_400):
        front.trigger("SaleCreated")
        front.wait()
        assert [] == sales.received
        front.clock.advance(days=1, seconds=1)
        front.wait()
    assert 1 == len(sales.received)


def test_waiting_has_an_end(front):
    """A delivery that is still under way is a TimeoutError, not a pass."""
    front.subscribe("SaleCreated", front.sink("shop").url)
    with front.fault("timeout", afterS=20):
        front.trigger("SaleCreated")
        with pytest.raises(TimeoutError, match="still under way"):
            front.wait(0)


def test_a_simulator_that_is_shared_can_be_emptied(front_session):
    front_session.subscribe("SaleCreated", front_session.sink("shop").url)
    front_session.reset()
    assert [] == front_session.subscriptions


def test_two_simulators_know_nothing_of_each_other(front):
    with simulator() as other:
        other.subscribe("SaleCreated", other.sink("shop").url)
        other.trigger("SaleCreated")
        other.wait()
        assert other.base_url != front.base_url
        assert (0, 1) == (len(front.log), len(other.log))


def test_settings_go_by_their_names():
    """Such as the keys of strict auth, which the front's own clients then use."""
    with simulator(auth="strict", api_key="right", seed=7) as front:
        assert [] == front.subscriptions
        refused = httpx.get(f"{front.base_url}/api/Webhooks", headers={"x-api-key": "wrong"}, timeout=PATIENCE_S)
        assert 401 == refused.status_code
        assert ("right", Settings.subscription_key) == (front.api_key, front.subscription_key)


def test_one_seed_one_payload():
    def total(seed):
        with simulator(seed=seed) as front:
            front.subscribe("SaleCreated", front.sink("shop").url)
            return front.trigger("SaleCreated").event.payload["receiptNo"]

    assert total(1) == total(1)


def test_unsubscribed_is_gone(front):
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    sales.unsubscribe()
    assert [] == front.subscriptions
    assert [] == front.trigger("SaleCreated").events


@pytest.mark.slow
def test_it_is_over_when_the_block_is():
    """A script ends by itself: no thread of ours keeps it alive, and the folder of the log is gone."""
    code = """
import tempfile, pathlib, frontsim.testing
before = set(pathlib.Path(tempfile.gettempdir()).iterdir())
with frontsim.testing.simulator() as front:
    front.subscribe("SaleCreated", front.sink("shop").url)
import threading
print([each.name for each in threading.enumerate() if not each.daemon])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert "['MainThread']\n" == done.stdout


def test_events_are_their_ids(front):
    """Equal by id, type and webhook, whatever the log says of them; they can be put in sets."""
    sales = front.subscribe("SaleCreated", front.sink("shop").url)
    sale = front.trigger("SaleCreated").event
    assert isinstance(sale, Event)
    assert {sale} == set(sales.events)
    assert sale != front.trigger("SaleCreated").event


def test_deliveries_look_as_they_are_configured(tmp_path, monkeypatch):
    """By the environment and the configuration file, unless the test says otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTSIM_DELIVERY_SHAPE", "envelope")
    (tmp_path / "frontsim.toml").write_text("seed = 3\n")
    for given, keys in (({}, {"event", "id", "data"}), ({"delivery_shape": "bare"}, {"saleId", "total"})):
        with simulator(**given) as front:
            front.subscribe("SaleCreated", front.sink("shop").url)
            front.trigger("SaleCreated")
            front.wait()
            assert keys <= set(front.sink("shop").records[0])
