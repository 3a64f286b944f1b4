"""The simulator's log, read into facts."""

from collections.abc import Iterable
from datetime import datetime

from frontsim.client.models import EventEntry, RunView
from frontsim.domain.model import Outcome, Trigger
from frontsim.domain.status_text import StatusText
from frontsim.verification.facts.history import EventFact, FaultFact, Run
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent

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


def read_facts(state: ScenarioState) -> tuple[EventFact, ...]:
    """All events of the state with their runs and payloads, as the log has them now, oldest first. Raises CallError."""
    listed = {entry.webhook_event_id: entry for entry in state.harness.log(state.webhook_ids)}
    known = [(tracked, listed[each]) for each, tracked in state.tracked.items() if each in listed]
    return tuple(_fact(state, tracked, entry) for tracked, entry in known)


def _fact(state: ScenarioState, tracked: TrackedEvent, entry: EventEntry) -> EventFact:
    return EventFact(
        webhook_id=tracked.webhook_id,
        webhook_event_id=tracked.webhook_event_id,
        event=tracked.event,
        runs=tuple(_runs(state, entry)),
        expect=tracked.expect,
        entity=state.harness.selection.entity(tracked.event, entry.payload),
        payload=entry.payload,
        altered=tracked.altered,
        series=tracked.series,
        rank=tracked.rank,
    )


def _runs(state: ScenarioState, entry: EventEntry) -> Iterable[Run]:
    for number, view in enumerate(entry.runs, 1):
        if view.status is not None or view.status_code is not None:
            yield _run(state, view, number)


def _run(state: ScenarioState, view: RunView, number: int) -> Run:
    at_ms = state.since(datetime.fromisoformat(view.created)) if view.created else 0
    return Run(
        number=view.run or number,
        trigger=Trigger.RESEND if view.trigger == Trigger.RESEND else Trigger.ORIGINAL,
        outcome=_outcome(view),
        status=view.status or "",
        status_code=view.status_code,
        at_ms=at_ms,
        at=(view.created or "").partition("T")[2],
        duration_ms=view.duration_ms or 0,
        faulted=_under(state.faults, at_ms, tolerable=False),
        mutated=_under(state.faults, at_ms, tolerable=True),
    )


def _outcome(view: RunView) -> Outcome:
    if view.status_code is not None:
        return Outcome.ANSWERED
    return Outcome.NOT_SENT if view.status in NOT_SENT else Outcome.UNKNOWN


def _under(faults: Iterable[FaultFact], at_ms: int, *, tolerable: bool) -> bool:
    """Whether a fault of that kind was on that strikes deliveries."""
    kind = (fault for fault in faults if fault.tolerable is tolerable and not fault.on_api)
    return any(fault.from_ms - _CLOCK_STEP_MS <= at_ms <= fault.to_ms + _CLOCK_STEP_MS for fault in kind)
