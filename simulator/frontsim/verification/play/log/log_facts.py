"""The simulator's log, read into facts. `runs_of` is the one place that says what the log's runs mean."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from frontsim.client.log_reader import read_log
from frontsim.client.models import EventEntry, RunView
from frontsim.client.vendor import FrontSystems
from frontsim.domain.delivery_shape import BARE, DeliveryShape
from frontsim.domain.model import Outcome, Trigger
from frontsim.domain.status_text import StatusText
from frontsim.verification.facts.history import Entity, EventFact, FaultFact, Run
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent, since_ms

NOT_SENT = frozenset(
    {
        StatusText.CONNECTION_REFUSED,
        StatusText.CONNECT_TIMEOUT,
        StatusText.NAME_NOT_RESOLVED,
        StatusText.HOST_UNREACHABLE,
        StatusText.CONNECTION_FAILED,
        StatusText.CERTIFICATE_EXPIRED,
        StatusText.CERTIFICATE_WRONG_NAME,
        StatusText.CERTIFICATE_UNTRUSTED,
        StatusText.TLS_FAILED,
        StatusText.NOT_SENT,
    }
)
"""Statuses of runs that certainly never reached the receiver."""

_CLOCK_STEP_MS = 4
"""The log's moments are rounded to 1/300 s."""

Condition = Callable[[Outcome, int], bool]
"""Whether something held for a run, by its outcome and its moment in ms since the start."""


def read_facts(state: ScenarioState) -> tuple[EventFact, ...]:
    """All events of the scenario with their runs and payloads, as the log has them now, oldest first.

    Raises CallError.
    """
    listed = {entry.webhook_event_id: entry for entry in state.harness.log(state.raised_on)}
    known = [(tracked, listed[each]) for each, tracked in state.tracked.items() if each in listed]
    return tuple(_fact(state, tracked, entry) for tracked, entry in known)


def read_webhook_facts(
    api: FrontSystems,
    webhooks: Mapping[str, str],
    *,
    epoch: datetime,
    is_faulted: Condition = lambda *_: False,
    entity_of: Callable[[str, Any], Entity | None] | None = None,
    keeps_payloads: bool = False,
    shape: DeliveryShape = BARE,
) -> Iterator[EventFact]:
    """All events of some webhooks since `epoch`, oldest first for each webhook. Raises CallError.

    Args:
        api: the simulator's.
        webhooks: event type by webhook id.
        epoch: the start, in the log's time.
        is_faulted: whether we may have broken a run.
        entity_of: tells from its type and payload what an event is about; None where no check needs that.
        keeps_payloads: the facts carry their payloads, so that effects can be compared with them.
        shape: the shape of deliveries.
    """
    with_payload = keeps_payloads or entity_of is not None
    for webhook_id, event in webhooks.items():
        for entry in read_log(api, [webhook_id], since=epoch, with_payloads=with_payload, with_runs=True):
            payload = shape.as_sent(
                entry.payload, event=event, webhook_id=webhook_id, webhook_event_id=entry.webhook_event_id
            )
            yield EventFact(
                webhook_id=webhook_id,
                webhook_event_id=entry.webhook_event_id,
                event=event,
                runs=runs_of(entry, epoch=epoch, is_faulted=is_faulted),
                entity=entity_of(event, payload) if entity_of else None,
                payload=payload if keeps_payloads else None,
            )


def runs_of(
    entry: EventEntry, *, epoch: datetime, is_faulted: Condition, is_mutated: Condition = lambda *_: False
) -> tuple[Run, ...]:
    """The runs of an event that have ended, in order.

    Args:
        entry: the event, as the log lists it with its runs.
        epoch: the start, in the log's time.
        is_faulted: whether we may have broken the run.
        is_mutated: whether we may have changed its body in a way that a right receiver copes with.
    """
    ended = [(number, view) for number, view in enumerate(entry.runs, 1) if _has_ended(view)]
    return tuple(_run(view, number, epoch, is_faulted, is_mutated) for number, view in ended)


def sent_payload(state: ScenarioState, tracked: TrackedEvent, entry: EventEntry) -> Any:
    """The payload of an event as its receiver can know it, whatever the shape of deliveries."""
    return state.harness.shape.as_sent(
        entry.payload,
        event=tracked.event,
        webhook_id=tracked.webhook_id,
        webhook_event_id=tracked.webhook_event_id,
    )


def outcome_of(view: RunView | EventEntry) -> Outcome:
    """How far a run got, by the log: a run that was certainly not sent is known by its status."""
    if view.status_code is not None:
        return Outcome.ANSWERED
    return Outcome.NOT_SENT if view.status in NOT_SENT else Outcome.UNKNOWN


def _has_ended(view: RunView) -> bool:
    return view.status is not None or view.status_code is not None


def _fact(state: ScenarioState, tracked: TrackedEvent, entry: EventEntry) -> EventFact:
    runs = runs_of(
        entry,
        epoch=state.epoch,
        is_faulted=_during([fault for fault in state.faults if not fault.tolerable]),
        is_mutated=_during([fault for fault in state.faults if fault.tolerable]),
    )
    payload = sent_payload(state, tracked, entry)
    return EventFact(
        webhook_id=tracked.webhook_id,
        webhook_event_id=tracked.webhook_event_id,
        event=tracked.event,
        runs=runs,
        expect=tracked.expect,
        entity=state.harness.selection.entity(tracked.event, payload),
        payload=payload,
        state=state.harness.selection.state(tracked.event, payload),
        altered=tracked.altered,
        series=tracked.series,
        rank=tracked.rank,
    )


def _run(view: RunView, number: int, epoch: datetime, is_faulted: Condition, is_mutated: Condition) -> Run:
    at_ms = since_ms(epoch, datetime.fromisoformat(view.created)) if view.created else 0
    outcome = outcome_of(view)
    return Run(
        number=view.run or number,
        trigger=Trigger.RESEND if view.trigger == Trigger.RESEND else Trigger.ORIGINAL,
        outcome=outcome,
        status=view.status or "",
        status_code=view.status_code,
        at_ms=at_ms,
        at=(view.created or "").partition("T")[2],
        duration_ms=view.duration_ms or 0,
        faulted=is_faulted(outcome, at_ms),
        mutated=is_mutated(outcome, at_ms),
    )


def _during(faults: Sequence[FaultFact]) -> Condition:
    """Whether a run was made while one of these faults broke deliveries."""
    spans = [(fault.from_ms - _CLOCK_STEP_MS, fault.to_ms + _CLOCK_STEP_MS) for fault in faults if not fault.on_api]
    return lambda _, at_ms: any(from_ms <= at_ms <= to_ms for from_ms, to_ms in spans)
