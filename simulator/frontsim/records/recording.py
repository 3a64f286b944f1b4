"""Reads what an API has logged, real or mock, as recorded events.

    window ──▶ stretches of some days ──▶ each webhook's list, oldest first ──▶ merged by time ──▶ recorded events

A list has no pages (published), so a long window is read in stretches: one answer stays small, and so does what is kept
in memory. Nothing is changed or resent. A simulator's log knows more than the vendor's API shows: the head of each
delivery, the fault that was applied to a run, and the receiver's answer.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from frontsim.client.control import Simulator
from frontsim.client.models import EventEntry, WebhookView
from frontsim.client.retry import RetryPolicy, Say
from frontsim.client.vendor import EVER, FrontSystems
from frontsim.clock import is_event_id
from frontsim.records.record import Instants, RecordedEvent

_MOST_STRETCHES = 60
_DAY = timedelta(days=1)

Stretch = tuple[str, str]
"""The bounds of a list: `from` and `to`, as the API takes them."""


def stretches(since: datetime, until: datetime | None, today: date) -> list[Stretch]:
    """A window in stretches of a day, or more where that would be many; without `until` the last one has no end."""
    last = until or datetime.combine(today, datetime.min.time())
    step = max(_DAY, (last - since) / _MOST_STRETCHES)
    bounds = [since]
    while bounds[-1] + step < last:
        bounds.append(bounds[-1] + step)
    texts = [each.isoformat() for each in bounds]
    return list(zip(texts, [*texts[1:], until.isoformat() if until else EVER[1]], strict=True))


def recorded_events(
    api: FrontSystems,
    webhooks: Sequence[WebhookView],
    window: Sequence[Stretch],
    *,
    zone: ZoneInfo,
    retry: RetryPolicy,
    say: Say,
    simulator: Simulator | None = None,
) -> Iterator[RecordedEvent]:
    """The events of webhooks in a window, in the order in which they were raised.

    Args:
        api: lists them.
        webhooks: whose.
        window: as `stretches` makes it.
        zone: the vendor's local zone, by which times are compared.
        retry: repeats a list that failed for the moment.
        say: is told of an event that has no payload to record.
        simulator: adds heads, faults and answers.

    Raises:
        CallError: a list failed for good.
    """
    before: set[str] = set()
    for since, until in window:
        here: set[str] = set()
        listed = [partial(_listed, api, webhook, since, until, zone) for webhook in webhooks]
        for _, _, webhook, entry in heapq.merge(*[retry.read(each) for each in listed], key=lambda item: item[:2]):
            here.add(entry.webhook_event_id)
            if entry.webhook_event_id in before:  # whether a list includes its bounds is open at the vendor
                continue
            found = entry if entry.payload is not None else _alone(api, retry, webhook, entry)
            if found.payload is None:
                say(f"left out: event {entry.webhook_event_id} of {entry.created} was listed without its payload")
                continue
            yield _event(webhook, found, simulator)
        before = here


def _listed(
    api: FrontSystems, webhook: WebhookView, since: str, until: str, zone: ZoneInfo
) -> list[tuple[datetime, str, WebhookView, EventEntry]]:
    instants = Instants(zone)
    entries = api.list_events(webhook.id, from_=since, to=until, include_payload=True, include_runs=True)
    return [(instants.of(entry.created or since), _order(entry.webhook_event_id), webhook, entry) for entry in entries]


def _order(webhook_event_id: str) -> str:
    """A simulator's ids sort by age, so they order what was raised in one moment; the vendor's are open."""
    return webhook_event_id if is_event_id(webhook_event_id) else ""


def _alone(api: FrontSystems, retry: RetryPolicy, webhook: WebhookView, entry: EventEntry) -> EventEntry:
    """The event, read by itself: a list may leave payloads out."""
    return retry.read(lambda: api.get_event(webhook.id, entry.webhook_event_id))


def _event(webhook: WebhookView, entry: EventEntry, simulator: Simulator | None) -> RecordedEvent:
    runs: list[Mapping[str, Any]] = [run.raw for run in entry.runs]
    head: Mapping[str, str] = {}
    if simulator is not None:
        sent = simulator.event(entry.webhook_event_id)
        head, answered = sent.headers, {run.run: run for run in sent.runs}
        runs = [
            {**run, "fault": answered[number].fault, "answer": answered[number].answer}
            if (number := run.get("run")) in answered
            else run
            for run in runs
        ]
    return RecordedEvent(
        event=webhook.event or None,
        webhook_id=webhook.id,
        webhook_event_id=entry.webhook_event_id,
        time=entry.created or "",
        body=entry.payload,
        head=head,
        runs=runs,
    )
