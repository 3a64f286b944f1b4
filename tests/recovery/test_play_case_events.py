"""How a case's past is made: the clock is moved, what must fail is broken, and only then is an event raised."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.client.control import Simulator
from frontsim.client.http import FrontSystems, read_log
from frontsim.client.models import WebhookView
from frontsim.errors import Unusable
from frontsim.recovery.case import Case, CaseStart, CaseWebhook, PastGroup, PastState, bundled_cases
from frontsim.recovery.play import CaseEvents
from frontsim.recovery.run import open_simulator

DAY_S = 86_400.0


@dataclass
class Recorded:
    """A simulator that does nothing but note what it is asked, in order."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    offset_s: float = 0.0
    ends: bool = True

    def clock(self) -> dict[str, Any]:
        return {"offsetS": self.offset_s}

    def set_clock(self, moment: str) -> dict[str, Any]:
        self.asked.append(("clock", moment))
        return {"offsetS": 500.0}

    def advance(self, seconds: float) -> None:
        self.offset_s += seconds
        self.asked.append(("offset", self.offset_s))

    def add_fault(self, fault: str, *, match: Any = None, params: Any = None) -> dict[str, Any]:
        self.asked.append(("fault", fault, match, params))
        return {"id": len(self.asked)}

    def clear_faults(self) -> None:
        self.asked.append(("clear",))

    def drain(self, _: float) -> bool:
        return self.ends

    def trigger(self, event: str, *, count: int) -> Any:
        self.asked.append(("raise", event, count))
        raised = [
            SimpleNamespace(webhook_id=f"w-{event}", webhook_event_id=f"{event} {n}", event=event) for n in range(count)
        ]
        return SimpleNamespace(events=raised)

    def create_webhook(self, event: str, _: str) -> Any:
        return SimpleNamespace(id=f"w-{event}")

    def delete_webhook(self, webhook_id: str) -> None:
        self.asked.append(("delete", webhook_id))


def case(*past: PastGroup, webhooks: tuple[CaseWebhook, ...] = (CaseWebhook("SaleCreated"),), **more: Any) -> Case:
    return replace(bundled_cases()[0], past=past, webhooks=webhooks, **{"clock_s": 0.0, "moved_to": "", **more})


def prepared(case: Case) -> tuple[CaseEvents, Recorded]:
    simulator = Recorded()
    events = CaseEvents(case, simulator, simulator)
    events.prepare("http://sink")
    return events, simulator


def group(state: PastState = PastState.FAILED, *, age_s: float = 0.0, **more: Any) -> PastGroup:
    return PastGroup(age_s=age_s, state=state, status=500, **more)


def test_what_failed_is_broken_before_it_is_raised_at_its_moment() -> None:
    """Then the rule goes; the clock ends at the job's own time, and new events fail from there."""
    _, simulator = prepared(case(group(age_s=2 * DAY_S, count=3)))
    assert [
        ("offset", -2 * DAY_S),
        ("fault", "answer", None, {"status": 500}),
        ("raise", "SaleCreated", 3),
        ("clear",),
        ("offset", 0.0),
        ("fault", "answer", {"trigger": "Original"}, {"status": 503}),
    ] == simulator.asked


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (group(PastState.DELIVERED), []),
        (group(PastState.PENDING), ["delay"]),
        (group(fault="timeout"), ["timeout"]),
        (group(fault="refuse"), ["refuse"]),
    ],
)
def test_each_state_has_its_fault(wanted: PastGroup, fault: list[str]) -> None:
    _, simulator = prepared(case(wanted))
    assert fault == [each[1] for each in simulator.asked if each[0] == "fault"][:-1]


def test_events_of_a_deleted_webhook_are_none_of_the_jobs() -> None:
    webhooks = (CaseWebhook("SaleCreated"), CaseWebhook("OrderCreated", deleted=True))
    events, simulator = prepared(case(group(), group(webhook=1), webhooks=webhooks))
    assert ["SaleCreated 0"] == [event.webhook_event_id for event in events.events]
    assert (["w-SaleCreated"], True) == (events.live_webhooks, ("delete", "w-OrderCreated") in simulator.asked)


@pytest.mark.parametrize(
    ("refuses", "matches", "hopeless"),
    [(0, [], False), (2, [{"run": 2}, {"run": 3}], False), (-1, [{}], True)],
)
def test_a_receiver_refuses_the_first_resends_or_all(
    refuses: int, matches: list[dict[str, int]], hopeless: bool
) -> None:
    webhooks = (CaseWebhook("SaleCreated", refuses_resends=refuses),)
    events, simulator = prepared(case(group(), webhooks=webhooks))
    wanted = [{"webhookId": "w-SaleCreated", "trigger": "Resend", **match} for match in matches]
    found = [each[2] for each in simulator.asked if each[0] == "fault" and each[2] and each[2]["trigger"] == "Resend"]
    assert (wanted, [hopeless]) == (found, [event.hopeless for event in events.events])


def test_between_two_starts_events_fail_at_the_edge_of_the_last_list() -> None:
    """And the clock is put back."""
    events, simulator = prepared(case())
    simulator.asked.clear()
    edge = datetime(2026, 8, 1, 12)  # noqa: DTZ001 - the vendor's moments carry no zone
    events.fail_before(2, CaseStart(fails_before=1), edge)
    assert [("clock", "2026-08-01T12:00:00"), ("raise", "SaleCreated", 1), ("offset", 0.0)] == simulator.asked
    assert [(2, "at 2026-08-01 12:00:00, the end of the list before")] == [
        (each.due, each.about) for each in events.events
    ]


def test_days_pass_for_the_job_and_its_clock_stays_as_far_off() -> None:
    events, simulator = prepared(case(clock_s=90.0))
    events.let_days_pass(2)
    assert ("offset", 2 * DAY_S + 90.0) == simulator.asked[-1]


def test_deliveries_that_do_not_end_say_so() -> None:
    """Else the log would not yet say what failed."""
    events, simulator = prepared(case())
    simulator.ends = False
    with pytest.raises(Unusable, match="had not ended after 120 s"):
        events.let_deliveries_end()


NOBODY = "http://127.0.0.1:9/hook"
Change = Callable[[FrontSystems, WebhookView], object]


def renew(api: FrontSystems, webhook: WebhookView) -> None:
    api.delete_webhook(webhook.id)
    api.create_webhook(webhook.event, webhook.url)


@pytest.mark.parametrize(
    "change",
    [
        lambda api, webhook: api.update_webhook(webhook.id, url=webhook.url),
        lambda api, webhook: api.update_webhook(webhook.id, url=webhook.url.replace("127.0.0.1", "localhost")),
        lambda api, webhook: api.create_webhook("CustomerCreated", NOBODY),
        lambda api, webhook: api.create_webhook(webhook.event, NOBODY),
        renew,
    ],
    ids=["the same", "another way there", "another type", "another receiver", "renewed"],
)
def test_a_subscription_that_still_brings_each_event_once_is_as_before(change: Change) -> None:
    """Further subscriptions are the job's own affair; a new id is one of ours from then on."""
    with subscribed() as (events, webhook):
        change(events.api, webhook)
        assert [] == events.broken_subscriptions()
        replaced = [each.id for each in events.api.list_webhooks() if each.url == webhook.url]
        assert set(replaced) <= set(events.live_webhooks)
        events.fail(2, due=2, about="")
        assert {503} == {each.status_code for each in read_log(events.api, events.live_webhooks, success=False)}


@pytest.mark.parametrize(
    ("change", "urls", "arrived"),
    [
        (lambda api, webhook: api.delete_webhook(webhook.id), 0, 0),
        (lambda api, webhook: api.update_webhook(webhook.id, url=NOBODY), 1, 0),
        (lambda api, webhook: api.update_webhook(webhook.id, event="CustomerCreated"), 0, 0),
        (lambda api, webhook: api.create_webhook(webhook.event, webhook.url), 2, 2),
        (lambda api, webhook: api.update_webhook(webhook.id, url=webhook.url.replace("receiver", "other")), 1, 0),
    ],
    ids=["gone", "nobody there", "another type", "twice", "somebody else"],
)
def test_a_subscription_that_loses_or_doubles_is_broken(change: Change, urls: int, arrived: int) -> None:
    with subscribed() as (events, webhook):
        change(events.api, webhook)
        (found,) = events.broken_subscriptions()
        assert ("SaleCreated", urls, arrived) == (found.event, len(found.urls), found.arrived)


def test_a_subscription_of_one_store_is_broken_whatever_arrives() -> None:
    """The events of all other stores are lost."""
    with subscribed() as (events, webhook):
        events.api.update_webhook(webhook.id, store_id=1)
        (found,) = events.broken_subscriptions()
        assert (f"{webhook.url} (store 1)",) == found.urls


@contextmanager
def subscribed() -> Iterator[tuple[CaseEvents, WebhookView]]:
    """A case on a simulator, with its webhook."""
    plain = case(PastGroup())
    with (
        open_simulator(plain, seed=7) as at,
        Simulator(at.control_url) as control,
        FrontSystems(at.base_url, api_key=at.api_key, subscription_key=at.subscription_key) as api,
    ):
        events = CaseEvents(plain, control, api)
        events.prepare(at.control_url)
        yield events, api.get_webhook(events.webhook_ids[0])
