"""How large a body may be: if the receiver always refuses a large event, bisection finds the limit.

A clean event is delivered once, and then again with blanks after its JSON until its body is as large as wanted. So
every try is the same event with the same content, and a receiver books nothing new. The scenario does not judge it.
"""

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import orjson

from frontsim.client.control import STRICT
from frontsim.client.leases import DeliveryReport, LeasedDelivery
from frontsim.clock import stopwatch
from frontsim.verification.facts import lookup
from frontsim.verification.facts.history import EventFact
from frontsim.verification.play.receiver.sender import SendResult, send
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import CrashPoint, Raise

_LONGEST_S = 5.0


@dataclass(frozen=True, slots=True)
class _Refused:
    """An event that was probably refused for its size: its body, and how many entries made it so large."""

    event: EventFact
    size: int
    path: str
    entries: int


def body_limit(state: ScenarioState, events: tuple[EventFact, ...]) -> str:
    """The largest body that the receiver takes, a sentence; "" where no large event was refused. Raises CallError."""
    refused = _refused(state, events)
    if refused is None:
        return ""
    leased = _clean_event(state, refused.event.event)
    if leased is None:
        return ""
    most, least_refused = _bisected(state, leased, refused.size)
    if not most:
        return ""
    entries = next(each for each in count(1) if each * refused.size > most * refused.entries)
    refusal = "" if least_refused == most + 1 else f", and none of {least_refused:,}"
    return (
        f"takes bodies up to {most:,} bytes{refusal}; a {refused.event.event} of {entries:,} {refused.path} is larger"
    )


def _refused(state: ScenarioState, events: tuple[EventFact, ...]) -> _Refused | None:
    grown = [each for step in state.scenario.steps if isinstance(step, Raise) for each in step.grow.items()]
    for path, number in grown:
        for event in events:
            entries = lookup.find(event.payload, path)
            if not event.acknowledged and isinstance(entries, list) and len(entries) >= number:
                return _Refused(event, _size(event.payload), path, len(entries))
    return None


def _size(payload: Any) -> int:
    return len(orjson.dumps(payload))


def _clean_event(state: ScenarioState, event: str) -> LeasedDelivery | None:
    """A clean event of a type for our webhook, which we deliver ourselves."""
    harness = state.harness
    set_ = harness.selection.fitting(event, harness.fresh(event))
    leased = harness.sim.lease_event(event, set_=set_, payloads=STRICT)
    return next((each for each in leased if each.webhook_id in state.webhooks.get(event, [])), None)


def _bisected(state: ScenarioState, leased: LeasedDelivery, refused: int) -> tuple[int, int]:
    """The largest size that is taken and the least that is refused; 0 if not even the plain event is taken."""
    first = _sent(state, leased, len(leased.body))
    state.harness.sim.report_lease(leased.lease_id, [DeliveryReport(leased, first.outcome, first.status_code, 0)])
    if not _is_taken(first):
        return 0, refused
    most, began_s = len(leased.body), stopwatch()
    while refused - most > 1 and stopwatch() - began_s < _LONGEST_S:
        size = (most + refused) // 2
        if _is_taken(_sent(state, leased, size)):
            most = size
        else:
            refused = size
    return most, refused


def _sent(state: ScenarioState, leased: LeasedDelivery, size: int) -> SendResult:
    padded = replace(leased, body=leased.body.ljust(size))
    return send(padded, crash_at=CrashPoint.ANSWER_READ, crash=lambda: None, tls=state.harness.tls)


def _is_taken(result: SendResult) -> bool:
    return result.status_code is not None and 200 <= result.status_code < 300
