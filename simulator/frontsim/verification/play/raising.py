"""Raising events as a scenario's `raise` step says."""

from collections.abc import Mapping
from typing import Any

from frontsim.client.control import STRICT
from frontsim.client.errors import UnexpectedAnswer
from frontsim.verification.effects import content
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent
from frontsim.verification.scenario.steps import Raise

_SAMPLES = 8
"""Plain events raised to find an array with entries: a stock count, for example, may list no deviation."""

_OF_ONE_LINE = ("rowId", "txRef")
"""Fields that no two lines have in common, neither of one event nor of two."""


def raise_events(state: ScenarioState, step: Raise) -> None:
    """Raise the events of a step. Raises CallError."""
    for event in state.harness.given.selection.types(step.events):
        state.subscribe(event)
        if step.same_as:
            _raise_about_same(state, step, event)
        elif step.grow:
            _raise_grown(state, step, event)
        else:
            _raise(state, step, event, count=step.count, values=step.set)


def raise_clean(state: ScenarioState, event: str, *, now: str) -> TrackedEvent:
    """Raise an event that any receiver must take, whatever the simulator's profile: no null, no odd text.

    It happens `now` by the simulator's clock, so that it differs from all events of earlier runs. A movement has an
    article of its own: it would hide which of a scenario's movements in the past counts. Raises CallError.
    """
    state.subscribe(event)
    moments = dict.fromkeys(state.harness.given.selection.datetime_fields(event), now)
    values = {**moments, **state.harness.own_article(event)}
    tracked = _raise(state, Raise(), event, count=1, values=values, payloads=STRICT)
    if not tracked:
        raise UnexpectedAnswer("POST /_sim/trigger", expected=f"an event of {event} for our webhook", got="none")
    return tracked[0]


def _raise(
    state: ScenarioState,
    step: Raise,
    event: str,
    *,
    count: int,
    values: Mapping[str, Any],
    payloads: str | None = None,
) -> list[TrackedEvent]:
    """Raise events of a type, each about a new entity, unless `values` say otherwise.

    `payloads` names a payload profile other than the simulator's.
    """
    pasts = state.pasts.get(event, []) if not (step.same_as or step.payload or step.together) else []
    fitting = state.harness.given.selection.fitting
    own = any(isinstance(value, list) for value in values.values()) or not step.together
    if step.payload or not own or not (state.harness.fresh(event) or pasts):
        each = None
    else:
        about = [{**_about(state, event, pasts), **_own_values(state, values)} for _ in range(count)]
        each = [fitting(event, one) for one in about]
    raised = state.harness.sim.trigger(
        event,
        count=count,
        set_=fitting(event, values) or None,
        each=each,
        payload=step.payload or None,
        invalid=step.invalid,
        payloads=payloads or state.harness.given.request.payloads,
    )
    known = [state.track(item, expect=step.expect, label=step.label) for item in raised.events]
    return [tracked for tracked in known if tracked is not None]


def _about(state: ScenarioState, event: str, pasts: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """An entity that the receiver knows already, while there are any, or a new one."""
    return pasts.pop(0) if pasts else state.harness.fresh(event)


def _own_values(state: ScenarioState, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values for one event. A list that is the same for all is left out, since it may have thousands of entries."""
    own: Mapping[str, Any] = _with_own_lines(state, values)
    return {path: value for path, value in own.items() if not isinstance(value, list) or value != values[path]}


def _with_own_lines(state: ScenarioState, values: Any) -> Any:
    """The values, with numbers of their own for the lines of a sale: a receiver may have a unique index on them."""
    if isinstance(values, list):  # of thousands of entries, a few objects that come again and again
        of_one = {key for key, each in {id(each): each for each in values}.items() if _has_own(each)}
        return [_with_own_lines(state, each) if id(each) in of_one else each for each in values]
    if not isinstance(values, Mapping):
        return values
    own = {name: str(next(state.harness.identities)) for name in _OF_ONE_LINE if values.get(name)}
    return {name: own.get(name) or _with_own_lines(state, value) for name, value in values.items()}


def _has_own(value: Any) -> bool:
    """A value holds, at any depth, a field that no two lines have in common."""
    if isinstance(value, list):
        return any(map(_has_own, value))
    return isinstance(value, Mapping) and (any(map(value.get, _OF_ONE_LINE)) or any(map(_has_own, value.values())))


def _raise_about_same(state: ScenarioState, step: Raise, event: str) -> None:
    """Raise events for each earlier event of the label, about the same entity."""
    earlier = [each for each in state.tracked.values() if each.label == step.same_as and each.event == event]
    for number, other in enumerate(earlier):
        payload = _payload(state, other)
        kept = {path: content.find(payload, path) for path in step.keep if path.partition(".")[0] in payload}
        for each in _raise(state, step, event, count=step.count, values={**kept, **step.set}):
            if step.older_than or step.newer_than:
                other.series = each.series = f"{step.same_as}: {event} {number}"
                newest = other if step.older_than else each
                newest.rank = 1


def _raise_grown(state: ScenarioState, step: Raise, event: str) -> None:
    """Raise an event with as many entries in an array as the step asks for, copied from plain events of the type."""
    samples = [_payload(state, each) for each in _raise(state, Raise(), event, count=_SAMPLES, values={})]
    values = dict(step.set)
    for path, number in step.grow.items():
        entries = next((found for sample in samples if (found := content.find(sample, path))), None)
        if not isinstance(entries, list):
            raise UnexpectedAnswer(f"payload of {event}", expected=f"an array with entries at {path}", got=entries)
        values[path] = [entries[each % len(entries)] for each in range(number)]
    _raise(state, step, event, count=step.count, values=values)


def _payload(state: ScenarioState, tracked: TrackedEvent) -> Any:
    return state.harness.entry(tracked.webhook_id, tracked.webhook_event_id).payload
