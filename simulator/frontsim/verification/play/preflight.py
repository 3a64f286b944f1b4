"""What must work at all, so that a verdict can be trusted: a clean event is acknowledged, and seen once.

Also the sign of life at the end: a clean event, after everything that was broken.
"""

import itertools

from frontsim.client.models import EventEntry
from frontsim.clock import stopwatch
from frontsim.verification.facts.correlate import correlate
from frontsim.verification.facts.history import Effect, EventFact, History, Liveness, Observation, PreflightCheck
from frontsim.verification.observe.observers import Observer, ObserverFailed, effects
from frontsim.verification.observe.settle import look
from frontsim.verification.play.actions import drain
from frontsim.verification.play.log_facts import NOT_SENT
from frontsim.verification.play.observing import new_effects
from frontsim.verification.play.raising import raise_clean
from frontsim.verification.play.scenario_state import ScenarioState, TrackedEvent

ANSWERS = "the observer answers"
ACKNOWLEDGED = "a clean event is acknowledged"
SEEN = "a clean event is seen"
SEEN_ONCE = "a clean event is seen only once"
"""Names of the controls, in their order."""

_TRIES = 2
_RESENDS = 5
_GAPS_S = (0.05, 0.3, 1.0)
_LOOK_S = 0.02
_COME_AGAIN = (429, 502, 503, 504)


def control(state: ScenarioState, event: str) -> str:
    """Raise clean events until one was seen once, and note how long that took; or note why not.

    Returns the webhookEventId of the last of them. Raises CallError.
    """
    if state.observer_failure:
        state.preflight.append(PreflightCheck(ANSWERS, state.observer_failure))
        return ""
    for number in range(_TRIES):
        is_last = number == _TRIES - 1
        tracked = raise_clean(state, event)
        found = _try(state, tracked, most_s=state.harness.limits.last_s if is_last else 0.0)
        state.preflight[:] = [found]
        if not found.failure or found.unanswered:
            break
    return tracked.webhook_event_id


def _try(state: ScenarioState, tracked: TrackedEvent, *, most_s: float) -> PreflightCheck:
    """One clean event, from its delivery to its effect; each may take up to `most_s` where nothing is wrong yet."""
    observer = state.harness.observer
    entry, sent = _acknowledge(state, tracked, most_s=most_s)
    if not entry.success:
        return PreflightCheck(ACKNOWLEDGED, _refusal(state, entry, tracked.event), unanswered=entry.status_code is None)
    found = PreflightCheck(ACKNOWLEDGED) if observer is None else _see(state, observer, tracked, most_s=most_s)
    if not found.failure:
        latency_s = stopwatch() - sent
        state.wait_limits = state.wait_limits.for_latency(latency_s)
        state.harness.latency.note(latency_s)
    return found


def check_liveness(state: ScenarioState, event: str) -> Liveness:
    """A clean event: any answer is one. Raises CallError.

    Nobody there is known after a few tries. A receiver that is there and gives no answer may have its hands full with
    what was sent before, so it is asked until the scenario's time is over.
    """
    tracked = raise_clean(state, event)
    drain(state)
    entry = _entry(state, tracked)
    tries = 1
    for gap_s in itertools.chain(_GAPS_S, itertools.repeat(_GAPS_S[-1])):
        if entry.status_code is not None:
            return Liveness()
        if tries > len(_GAPS_S) and (entry.status in NOT_SENT or state.is_late()):
            break
        state.harness.pause(gap_s)
        state.harness.resend([(tracked.webhook_id, tracked.webhook_event_id)])
        entry = _entry(state, tracked)
        tries += 1
    return Liveness(f"expected an answer to a clean {event}, got none in {tries} tries ({entry.outcome})")


def _acknowledge(state: ScenarioState, tracked: TrackedEvent, *, most_s: float) -> tuple[EventEntry, float]:
    """A clean event after its run, and after some resends if it failed: a receiver may be busy and take the resend.

    One that says so (429, 502, 503, 504) may be starting: it is asked for up to `most_s`. Also gives the moment of the
    last try, by the stopwatch.
    """
    began = sent = stopwatch()
    drain(state)
    entry = _entry(state, tracked)
    for number in itertools.count():
        is_patient = entry.status_code in _COME_AGAIN and stopwatch() - began < most_s
        if entry.success or (entry.status_code is None and number > 0) or (number >= _RESENDS and not is_patient):
            break
        state.harness.pause(_GAPS_S[0] if number < _RESENDS else _GAPS_S[1])
        sent = stopwatch()
        state.harness.resend([(tracked.webhook_id, tracked.webhook_event_id)])
        entry = _entry(state, tracked)
    return entry, sent


def _refusal(state: ScenarioState, entry: EventEntry, event: str) -> str:
    limit = f" within {state.harness.limits.answer_s:g} s (--answer-timeout)" if entry.status_code is None else ""
    return (
        f"preflight failed: expected {state.harness.receiver_url} to answer a clean {event} with a 2xx{limit}, "
        f"got {entry.outcome}; nothing can be said about a receiver that takes no event at all"
    )


def _see(state: ScenarioState, observer: Observer, tracked: TrackedEvent, *, most_s: float) -> PreflightCheck:
    """Whether a clean event was seen once, in up to `most_s` while the observer shows nothing new at all."""
    began = stopwatch()
    seen: tuple[Effect, ...] = ()
    fact = _fact(state, tracked)
    history = History(state.scenario.name, (fact,), observer_key=state.harness.observer_key)
    found = 0
    while (spent_s := stopwatch() - began) < state.wait_limits.missing_s or (not seen and spent_s < most_s):
        try:
            seen = look(lambda: new_effects(state, observer), state.harness.pause)
        except ObserverFailed as error:
            return PreflightCheck(ANSWERS, f"preflight failed: {error}")
        found = sum(len(group.effects) for group in correlate(history, Observation(0, seen)).groups)
        if 1 <= found <= state.scenario.webhooks:
            return PreflightCheck(SEEN_ONCE)
        state.harness.pause(_LOOK_S)
    return PreflightCheck(
        SEEN_ONCE if found else SEEN,
        f"preflight failed: a clean {tracked.event} was acknowledged; expected the observer ({observer.name}) to show "
        f"it once within {spent_s:.0f} s (--settle), got it {found} times; {_hint(state, observer, fact)}",
    )


def _hint(state: ScenarioState, observer: Observer, fact: EventFact) -> str:
    """What the observer does show, so that a wrong key is found at once."""
    key = state.harness.observer_key
    wanted = f"{key} {fact.webhook_event_id}"
    if key == "business" and fact.entity:
        wanted = f"{fact.entity.path} {fact.entity.value}"
    try:
        now = effects(observer, key)
    except ObserverFailed as error:
        return str(error)
    if not now:
        return f"it shows no effects at all (looked for {wanted})"
    last = now[-1].value
    shape = f"the fields {', '.join(sorted(map(str, last)))}" if isinstance(last, dict) else f"{last!r}"
    return f"it shows {len(now)} effects, the last with {shape}; looked for {wanted} (--observe-key)"


def _fact(state: ScenarioState, tracked: TrackedEvent) -> EventFact:
    entry = _entry(state, tracked)
    entity = state.harness.selection.entity(tracked.event, entry.payload)
    return EventFact(tracked.webhook_id, tracked.webhook_event_id, tracked.event, (), entity=entity)


def _entry(state: ScenarioState, tracked: TrackedEvent) -> EventEntry:
    return state.harness.entry(tracked.webhook_id, tracked.webhook_event_id)
