"""Events of a log as recorded events: all of them, once, in their order."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from frontsim.client.control import Simulator
from frontsim.client.errors import RetryPolicy
from frontsim.client.http import EVER, FrontSystems
from frontsim.client.models import WebhookView
from frontsim.records.record import recorded_events, stretches

OSLO = ZoneInfo("Europe/Oslo")


@pytest.fixture
def recorded(sim):
    """`recorded(since, until)` reads the log of all webhooks in one stretch; `log=True` with what a simulator adds."""
    left_out = []

    def read(*window, log=False):
        keys = {"api_key": "k", "subscription_key": "k"}
        with FrontSystems(sim.base_url, **keys) as api, Simulator(sim.control_url) as simulator:
            found = recorded_events(
                api,
                api.list_webhooks(),
                window or [EVER],
                zone=OSLO,
                retry=RetryPolicy(sleep=lambda _: None),
                say=left_out.append,
                simulator=simulator if log else None,
            )
            return list(found)

    read.left_out = left_out
    return read


def test_the_events_of_all_webhooks_come_in_one_order(sim, receiver, recorded):
    """As they were raised, whichever webhook they are for."""
    sim.subscribes(receiver.url, "SaleCreated")
    sim.subscribes(receiver.url, "StockMovementCreated")
    raised = []
    for event in ("SaleCreated", "StockMovementCreated", "SaleCreated"):
        raised += sim.raises(event)
        sim.does("clock", {"advanceS": 1})
    sim.drains()
    found = recorded()
    assert raised == [event.webhook_event_id for event in found]
    assert ["SaleCreated", "StockMovementCreated", "SaleCreated"] == [event.event for event in found]
    assert [[200]] * 3 == [[run["statusCode"] for run in event.runs] for event in found]
    assert [{}] * 3 == [event.head for event in found]


def test_what_happened_in_one_moment_keeps_its_order(sim, receiver, recorded):
    """A sale, and the movements that it caused, whichever webhook has the smaller id."""
    for event in ("StockMovementCreated", "SaleCreated", "CustomerCreated"):
        sim.subscribes(receiver.url, event)
    raised = [item["webhookEventId"] for item in sim.does("simulate", {"what": "sale", "count": 5})["events"]]
    assert raised == [event.webhook_event_id for event in recorded()]


def test_a_simulators_log_has_heads_faults_and_answers(sim, receiver, recorded):
    sim.subscribes(receiver.url)
    sim.breaks("lost-response", times=1)
    raised = sim.raises(count=2)
    sim.drains()
    found = recorded(log=True)
    assert raised == [event.head["X-Webhook-Event-Id"] for event in found]
    runs = [run for event in found for run in event.runs]
    assert [("lost-response", ""), ("", "ok")] == [(run["fault"], run["answer"]) for run in runs]


def test_an_event_on_the_bound_of_two_stretches_is_recorded_once(sim, receiver, recorded):
    """The vendor leaves open if a list includes its bounds: here both lists have the event."""
    sim.subscribes(receiver.url)
    sim.raises()
    assert 1 == len(recorded(EVER, EVER))


def test_a_list_without_payloads_is_read_event_by_event(api_without_payloads):
    """An event that has none even by itself is named, not passed over in silence."""
    found, said = api_without_payloads
    assert ["e1"] == [event.webhook_event_id for event in found]
    assert ["left out: event e2 of 2026-08-01T10:00:01 was listed without its payload"] == said


@pytest.fixture
def api_without_payloads():
    from frontsim.client.models import EventEntry  # noqa: PLC0415 - beside the API that it is for

    class Api:
        def list_events(self, webhook_id, **_):
            return [self._entry(name, None) for name in ("e1", "e2")]

        def get_event(self, webhook_id, name):
            return self._entry(name, {"saleId": 1} if name == "e1" else None)

        @staticmethod
        def _entry(name, payload):
            created = f"2026-08-01T10:00:0{int(name[1]) - 1}"
            return EventEntry.read({"webhookEventId": name, "createdDateTime": created, "payload": payload})

    said = []
    webhook = WebhookView.read({"id": "w", "event": "SaleCreated"})
    policy = RetryPolicy(sleep=lambda _: None)
    return list(recorded_events(Api(), [webhook], [EVER], zone=OSLO, retry=policy, say=said.append)), said


def test_a_window_is_read_a_day_at_a_time():
    """The last stretch has no end: the vendor's clock may be ahead of ours."""
    found = stretches(datetime.fromisoformat("2026-08-01T12:00"), None, date(2026, 8, 3))
    assert [("2026-08-01T12:00:00", "2026-08-02T12:00:00"), ("2026-08-02T12:00:00", EVER[1])] == found


def test_a_long_window_has_few_stretches():
    """Twenty-six years take 60 calls for each webhook, not 9,500; they leave nothing out between them."""
    found = stretches(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2026-08-01"), date(2026, 8, 1))
    assert len(found) <= 61
    assert [end for _, end in found[:-1]] == [begin for begin, _ in found[1:]]
