"""The simulator's log read into facts, and the exchanges of accused events.

It also says on which field a refusal depends, and what lost events have in common. Profiles other than adversarial send
a null only where a source shows one; `null-optional` and the adversarial profile send it wherever the schema allows it,
which may be our guess.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from frontsim.client.control import Simulator
from frontsim.client.errors import CallError
from frontsim.client.http import FrontSystems, read_log
from frontsim.client.models import EventEntry, RunView
from frontsim.clock import local_text
from frontsim.domain.delivery_request import BARE, DeliveryShape
from frontsim.domain.faults import FAULTS, FaultStage
from frontsim.domain.model import Outcome, StatusText, Trigger
from frontsim.report.exchange import Exchange
from frontsim.schemas.read import document_of
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import Entity, EventFact, Expect, FaultFact, History, Run
from frontsim.verification.judge.evidence import (
    ABOUT_ANSWERS,
    described,
    exchange_of,
    payload_in,
    sentence,
    shared_by,
    suspects,
    telling_run,
)
from frontsim.verification.play.scenario_state import CLOCK_STEP_MS, ScenarioState, TrackedEvent, since_ms
from frontsim.verification.scenario.selection import Selection

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

_OPERATION = " /api/"
"""The cause of an event that a call of an operation raised is its method and path."""

Condition = Callable[[Outcome, int], bool]
"""Decides by a run's outcome, and its moment in ms since the start."""


def read_facts(state: ScenarioState) -> tuple[EventFact, ...]:
    """All events of the scenario with their runs and payloads, as the log has them now, oldest first.

    Raises CallError.
    """
    may_echo = state.harness.given.way_back is not None
    entries = state.harness.log(state.webhook_ids if may_echo else state.raised_on)
    if may_echo:
        track_echoes(state, entries)
    listed = {entry.webhook_event_id: entry for entry in entries}
    known = [(tracked, listed[each]) for each, tracked in state.tracked.items() if each in listed]
    return tuple(_fact(state, tracked, entry) for tracked, entry in known)


def track_echoes(state: ScenarioState, entries: Iterable[EventEntry]) -> list[TrackedEvent]:
    """Follow the events among these that the receiver's writes have raised, and that were not followed yet.

    A receiver that knows its own writes may drop such an event or book it. Raises CallError.
    """
    found = []
    for entry in entries:
        if (
            entry.webhook_event_id not in state.tracked
            and _OPERATION in state.harness.sim.event(entry.webhook_event_id).cause
        ):
            event = next(name for name, ids in state.webhooks.items() if entry.webhook_id in ids)
            echo = TrackedEvent(
                entry.webhook_id, entry.webhook_event_id, event, Expect.EITHER, altered=True, is_echo=True
            )
            state.tracked[entry.webhook_event_id] = echo
            found.append(echo)
    return found


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
        epoch: the start, in the log's zone.
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
        epoch: the start, in the log's zone.
        is_faulted: whether we may have broken the run.
        is_mutated: whether we may have changed its body in a way that a right receiver copes with.
    """
    ended = [(number, view) for number, view in enumerate(entry.runs, 1) if _has_ended(view)]
    return tuple(_run(view, number, epoch, is_faulted, is_mutated) for number, view in ended)


def sent_payload(state: ScenarioState, tracked: TrackedEvent, entry: EventEntry) -> Any:
    """The payload of an event as its receiver can know it, whatever the shape of deliveries."""
    return state.harness.given.shape.as_sent(
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
        entity=state.harness.given.selection.entity(tracked.event, payload),
        payload=payload,
        state=state.harness.given.selection.state(tracked.event, payload),
        altered=tracked.altered,
        series=tracked.series,
        rank=tracked.rank,
        is_echo=tracked.is_echo,
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
        at=local_text(epoch.astimezone(UTC) + timedelta(milliseconds=at_ms)).partition("T")[2] if view.created else "",
        duration_ms=view.duration_ms or 0,
        faulted=is_faulted(outcome, at_ms),
        mutated=is_mutated(outcome, at_ms),
    )


def _during(faults: Sequence[FaultFact]) -> Condition:
    """Holds for runs that were made while one of these faults broke deliveries."""
    spans = [(fault.from_ms - CLOCK_STEP_MS, fault.to_ms + CLOCK_STEP_MS) for fault in faults if not fault.on_api]
    return lambda _, at_ms: any(from_ms <= at_ms <= to_ms for from_ms, to_ms in spans)


logger = logging.getLogger(__name__)

_MOST_OTHERS = 50
"""Of events that were answered as they should be, and are accused by their effects: their answers say little."""
_CHANGING = tuple(name for name, fault in FAULTS.items() if fault.stage is FaultStage.CHANGED)
_ABSENT = (Class.LOST_AFTER_ACK, Class.BURNED)
_NULLS = "null-optional"
_DEPENDENCY = "dependency "
"""How the faults of a receiver's database, broker or API begin."""
_ADVERSARIAL = "adversarial"

Accused = Mapping[str, tuple[Class, str]]
"""The class and the detail of accused events, by webhookEventId."""
ReadAll = Callable[[Callable[[str], Exchange | None], Sequence[str]], Iterable[Exchange | None]]


@dataclass(frozen=True, slots=True)
class ExchangeSource:
    """Where exchanges are read, and what says on which field a refusal depends.

    Attributes:
        read_all: maps a function over ids, several at once.
        payloads: the profile of the payloads that were sent.
        is_strict: a finding that depends on a guess counts, too.
    """

    simulator: Simulator
    selection: Selection
    read_all: ReadAll
    payloads: str
    is_strict: bool = False


def read_exchanges(source: ExchangeSource, history: History, accused: Accused) -> dict[str, Exchange]:
    """The exchange of each event that its answers accuse, and of the first others, by webhookEventId.

    One that cannot be read is left out: the verdict stands without it.
    """
    by_answers = [each for each, (class_, _) in accused.items() if class_ in ABOUT_ANSWERS]
    others = [each for each, (class_, _) in accused.items() if class_ not in ABOUT_ANSWERS]
    wanted = [*by_answers, *others[:_MOST_OTHERS]]
    found = source.read_all(lambda each: _read(source.simulator, each, accused[each][0]), wanted)
    exchanges = {each: exchange for each, exchange in zip(wanted, found, strict=True) if exchange}
    facts = {event.webhook_event_id: event for event in history.events}
    explained = {
        each: _explained(exchange, facts[each], *accused[each], source, history) if each in facts else exchange
        for each, exchange in exchanges.items()
    }
    return explained | _with_shared_traits(explained, accused, history)


def _read(simulator: Simulator, webhook_event_id: str, class_: Class) -> Exchange | None:
    try:
        event = simulator.event(webhook_event_id)
        run = telling_run(event.runs, class_, changing=_CHANGING)
        request = simulator.request_of(webhook_event_id, run.run) if run and run.run else None
        return exchange_of(event, run, request)
    except CallError as error:
        logger.info("what was sent as %s could not be read: %s", webhook_event_id, error)
        return None


def _explained(
    exchange: Exchange, event: EventFact, class_: Class, detail: str, source: ExchangeSource, history: History
) -> Exchange:
    """The exchange with the fields on which the finding depends."""
    schema = source.selection.schema(event.event)
    if class_ is Class.CORRUPT:
        path = detail.partition(": ")[0]
        known = document_of(schema).provenance(path)
        return replace(exchange, provenance=described(path, "changed", known)) if known else exchange
    if class_ not in ABOUT_ANSWERS:
        return exchange
    refused = payload_in(exchange, event) if exchange.request.changed_by == _NULLS else event.payload
    taken = [each.payload for each in history.events if each.event == event.event and each.acknowledged]
    answer = exchange.answer.body if exchange.answer else ""
    found = suspects(refused, taken, schema, answer=answer) if taken else ()
    is_by_schema = exchange.request.changed_by == _NULLS or source.payloads == _ADVERSARIAL
    is_guess = class_ is Class.REJECTED and is_by_schema and bool(found) and all(each.is_guessed for each in found)
    return replace(exchange, provenance=sentence(found), is_guess=is_guess and not source.is_strict)


def _with_shared_traits(exchanges: Mapping[str, Exchange], accused: Accused, history: History) -> dict[str, Exchange]:
    """The exchanges of events that are missing, with what those of their type have in common.

    Where the receiver was killed or its dependency broke, that is why they are missing: what they share is chance.
    """
    if history.marks or any(each.fault.startswith(_DEPENDENCY) for each in history.faults):
        return {}
    missing: dict[str, list[EventFact]] = defaultdict(list)
    for event in history.events:
        if event.webhook_event_id in exchanges and accused[event.webhook_event_id][0] in _ABSENT:
            missing[event.event].append(event)
    found: dict[str, Exchange] = {}
    for type_, events in missing.items():
        lost = [_as_sent(event, exchanges[event.webhook_event_id]) for event in events]
        well = [each for each in history.events if each.event == type_ and each.webhook_event_id not in accused]
        booked = [each.payload for each in well if each.acknowledged and each.expect is Expect.ONCE]
        shared = shared_by(lost, booked) if all(lost) else ""
        found |= {
            each.webhook_event_id: replace(exchanges[each.webhook_event_id], provenance=shared) for each in events
        }
    return found


def _as_sent(event: EventFact, exchange: Exchange) -> Any:
    """The payload as it was changed on the way; None where the body has none that is recognised."""
    return payload_in(exchange, event) if exchange.request.changed_by else event.payload
