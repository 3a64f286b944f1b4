"""The past of a scenario's events: the receiver first gets what the events are about.

A receiver may hold an update back until it knows the customer, and a scenario sends nothing that real life would not.
So before anything is broken, the receiver gets the creation of each customer, order and transfer that an event of the
scenario changes. The catalogue says which types need a past.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from frontsim.catalog import EventType
from frontsim.client.models import RaisedEvent
from frontsim.verification.facts import lookup
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.play.steps.actions import reconcile
from frontsim.verification.scenario.steps import Raise

_BEFORE = timedelta(days=1)


def send_pasts(state: ScenarioState) -> None:
    """Deliver what the scenario's events need as their past, and see it acknowledged. Raises CallError."""
    moments = _moments(state)
    for event, count, fixed in _wanted(state):
        past = state.harness.selection.past(event)
        if past is None:
            continue
        state.subscribe(past.name)
        values = [_values(state, past, event, next(moments), fixed) for _ in range(count)]
        state.pasts.setdefault(event, []).extend(
            _deliver_pasts(state, past, values, state.harness.selection.kept(event))
        )
    if state.pasts:
        state.drain()
        reconcile(state)


def _wanted(state: ScenarioState) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """The type and number of events that steps raise about new entities, and the values that they set."""
    for step in state.scenario.steps * len(state.turns):
        if isinstance(step, Raise) and not (step.same_as or step.payload or step.together or step.grow):
            for event in state.harness.selection.types(step.events):
                yield event, step.count, step.set


def _values(
    state: ScenarioState, past: EventType, event: str, moment: str, fixed: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The values of one past by path: a new entity, at that moment."""
    selection = state.harness.selection
    paths = selection.kept(event)
    values: dict[str, Any] = {path: moment if path == past.since[-1] else None for path in past.since}
    values |= {path: moment for path in selection.datetime_fields(past.name) if path in values}
    values |= state.harness.fresh(past.name)
    return values | {path: value for path, value in fixed.items() if path in paths}


def _deliver_pasts(
    state: ScenarioState, past: EventType, values: Sequence[Mapping[str, Any]], paths: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Raise the pasts with those values; returns what an event takes over from each of them."""
    harness = state.harness
    each = [harness.selection.fitting(past.name, one) for one in values]
    raised = harness.sim.trigger(past.name, each=each, payloads=harness.payloads).events
    for event in raised:
        state.track(event)
    if all(path in one for one in values for path in paths):
        return [{path: one[path] for path in paths} for one in values]
    return [{path: lookup.find(payload, path) for path in paths} for payload in _payloads(state, past, raised)]


def _payloads(state: ScenarioState, past: EventType, raised: Sequence[RaisedEvent]) -> list[Any]:
    """The payload of each occurrence, by the first of the scenario's webhooks."""
    webhook_id = state.webhooks[past.name][0]
    listed = {entry.webhook_event_id: entry.payload for entry in state.harness.log([webhook_id])}
    return [listed[each.webhook_event_id] for each in raised if each.webhook_id == webhook_id]


def _moments(state: ScenarioState) -> Iterator[str]:
    """Moments before all of the scenario, each its own."""
    set_values = [value for step in state.scenario.steps if isinstance(step, Raise) for value in step.set.values()]
    began = min([state.epoch, *filter(None, map(_moment, set_values))]) - _BEFORE
    while True:
        yield began.isoformat(timespec="milliseconds")
        began += timedelta(milliseconds=1)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except (TypeError, ValueError):
        return None
