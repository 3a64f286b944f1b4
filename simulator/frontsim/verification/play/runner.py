"""Plays one scenario against a simulator over HTTP, and records what happened; `judge` says what that means.

    baseline -> preflight -> steps -> faults end -> liveness -> list -> resend -> log read -> effects settle

What stops a scenario is recorded as trouble: the history is then *unknown*, and verify accuses no receiver.
"""

import logging
from dataclasses import dataclass, replace

from frontsim.client.errors import CallError
from frontsim.clock import overload, stopwatch
from frontsim.errors import FrontsimError
from frontsim.verification.compare.state_reader import StateReader
from frontsim.verification.effects.history import (
    EventFact,
    FaultFact,
    History,
    Liveness,
    Observation,
    PreflightCheck,
)
from frontsim.verification.effects.settle import Settled
from frontsim.verification.patience import ReceiverLatency
from frontsim.verification.play.actions import act, hold_first_deliveries, reconcile, send_pasts, take_baseline
from frontsim.verification.play.faults import end_faults, start_what_ended_late, why_nothing_was_hit
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.last_look import LastLook
from frontsim.verification.play.log import read_facts
from frontsim.verification.play.preflight import ACKNOWLEDGED, FAILURE, Preflight, PreflightResult, preflight_of
from frontsim.verification.play.probes import body_limit
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import EVENTFUL

logger = logging.getLogger(__name__)

NO_CALLS = (
    "the receiver never called the API: {base_url} in --receiver-cmd, or FRONTSIM_BASE_URL in its environment, is the "
    "address"
)
_NEVER_MS = 1 << 40
_CLEAN_TYPES = 3


@dataclass(frozen=True, slots=True)
class Recording:
    """A scenario that was played.

    Attributes:
        history: what happened.
        last_look: follows its effects from then on; None when they could not be read.
        skipped: why it proves nothing, "" when it may.
        not_applicable: why it cannot concern this receiver, "" when it may.
    """

    history: History
    last_look: LastLook | None = None
    skipped: str = ""
    not_applicable: str = ""


def play(scenario: Scenario, harness: Harness) -> Recording:
    """Play a scenario to its end; what stops it is in the history's `trouble`."""
    try:
        wait = harness.patience.first_wait()
        state = ScenarioState(
            scenario, harness, wait, harness.now(), harness.given.effect_reader(harness.pause), _state_reader(harness)
        )
    except CallError as error:
        return Recording(History(scenario.name, trouble=str(error)))
    try:
        return _play(state)
    except FrontsimError as error:
        return Recording(_history(state, (), trouble=str(error)))
    finally:
        if state.effects is not None and (scenario.needs_process_control or scenario.needs_dependency):
            state.effects.forget_flips()
        _clean_up(state)


def _play(state: ScenarioState) -> Recording:
    preflight = preflight_of(state, _clean_types(state))
    _revive(state)
    take_baseline(state)
    if state.scenario.holds_echoes:
        hold_first_deliveries(state)
    passed = _pass_preflight(state, preflight)
    if passed.check.failure:
        return Recording(_crashed(state, passed.check) if preflight.has_taken else _history(state, ()))
    if state.scenario.about_calls and not state.harness.is_called():
        return Recording(_history(state, ()), not_applicable=NO_CALLS)
    if skipped := _no_shop(state):
        return Recording(_history(state, ()), skipped=skipped)
    _subscribe(state)
    send_pasts(state)
    for turn in state.turns:
        state.turn = turn
        for step in state.scenario.steps:
            if state.is_late():
                return Recording(_history(state, read_facts(state), trouble=_late(state)))
            act(state, step)
        if state.endless:  # what is held stays held: it would go on for ever
            return _observed(state, read_facts(state), None, passed.webhook_event_id)
        end_faults(state)
    if state.is_late() and not state.is_drained():
        return Recording(_history(state, read_facts(state), trouble=_late(state)))
    if skipped := why_nothing_was_hit(state):
        if state.scenario.about_calls:
            return Recording(_history(state, ()), not_applicable=f"none of its calls was hit: {skipped}")
        return Recording(_history(state, ()), skipped=skipped)
    if state.scenario.holds_echoes and not state.echo_rounds:
        return Recording(_history(state, ()), not_applicable="none of its calls raised an event")
    start_what_ended_late(state)
    liveness = preflight.check_liveness(is_late=state.is_late)
    if not liveness.failure:
        reconcile(state)
    facts = read_facts(state)
    state.limit = body_limit(state, facts)
    return _observed(state, facts, liveness, passed.webhook_event_id)


def _crashed(state: ScenarioState, check: PreflightCheck) -> History:
    """The history of a preflight that failed: whose receiver took clean events before and fails at each has crashed."""
    facts = read_facts(state)
    answers = [run.status_code for event in facts for run in event.runs]
    if check.name != ACKNOWLEDGED or not answers or any(code is None or code < FAILURE for code in answers):
        return _history(state, ())
    state.preflight.clear()
    state.observer_failure = "the receiver took no clean event any more, so its effects were not read"
    failure = check.failure.partition("; ")[0].removeprefix("preflight failed: ")
    return _history(state, facts, liveness=Liveness(f"{failure}, although it took clean events before"))


def _no_shop(state: ScenarioState) -> str:
    """Why the sink is not a shop or ERP that may fail: a receiver that only reports to it has no idempotency keys."""
    sink = state.harness.given.request.observe_sink
    if not state.scenario.needs_sink or state.harness.sim.sink_keys(sink):
        return ""
    return (
        f"the receiver's calls to the sink {sink} carry no Idempotency-Key, so the sink is a list of what it reports, "
        "and not a shop or ERP that may fail"
    )


def _pass_preflight(state: ScenarioState, preflight: Preflight) -> PreflightResult:
    """Run the preflight, and wait longer for effects from now on if its clean event took long."""
    result = preflight.run()
    state.preflight.append(result.check)
    if result.latency_s is not None:
        state.wait_limits = state.wait_limits.for_latency(result.latency_s)
        state.harness.given.latency.note(result.latency_s)
        state.harness.given.latency.note_booked(sent_s=stopwatch() - result.latency_s)
    return result


def _observed(
    state: ScenarioState, events: tuple[EventFact, ...], liveness: Liveness | None, preflight_event_id: str
) -> Recording:
    if state.effects is None:
        return Recording(_history(state, events, liveness=liveness))
    harness = state.harness
    settled = state.effects.wait_until_settled(_history(state, events), harness.patience.settling(state.wait_limits))
    if settled.failure:
        state.observer_failure = settled.failure
        return Recording(_history(state, events, liveness=liveness))
    _note(harness.given.latency, settled)
    final = Observation(state.now_ms(), settled.effects)
    history = _history(state, events, liveness=liveness, final=final, settled=settled.is_quiet)
    if state.levels is not None and settled.is_quiet:
        limits = harness.patience.settling_state(state.wait_limits)
        history = replace(history, state=state.levels.wait(history, limits))
    last_look = LastLook(
        state.effects,
        settled,
        levels=state.levels,
        patience=harness.patience,
        preflight_event_id=preflight_event_id,
        breaks_dependency=state.scenario.needs_dependency,
    )
    return Recording(history, last_look)


def _note(latency: ReceiverLatency, settled: Settled) -> None:
    """Remember for later scenarios how long the last effect took, or that the effects never settled."""
    if settled.is_quiet:
        latency.note(settled.last_change_after_s)
    else:
        latency.never_settles = True


def _state_reader(harness: Harness) -> StateReader | None:
    return StateReader(harness.given.state, pause=harness.pause) if harness.given.state else None


def _history(
    state: ScenarioState,
    events: tuple[EventFact, ...],
    *,
    liveness: Liveness | None = None,
    final: Observation | None = None,
    settled: bool = True,
    trouble: str = "",
) -> History:
    return History(
        scenario=state.scenario.name,
        events=events,
        observer=state.effects.name if state.effects else "",
        observer_key=state.harness.given.request.observe_key,
        check_content=state.harness.given.request.check_content,
        column_map=state.harness.given.column_map,
        zone=state.harness.given.request.zone,
        is_alone=state.harness.is_alone,
        checkpoint=state.checkpoint,
        final=final,
        observer_failure=state.observer_failure,
        settled=settled,
        preflight=tuple(state.preflight),
        liveness=liveness,
        faults=(*state.faults, *_open_faults(state)),
        trouble=trouble,
        marks=tuple(state.marks),
        endless=state.endless,
        unfinished=state.is_unfinished,
        overload=overload(),
        duration_s=state.spent_s,
        waited_s=state.waited_s,
        limit=state.limit,
        keyless=state.harness.keyless_callers(),
    )


def _open_faults(state: ScenarioState) -> list[FaultFact]:
    """Faults that were still on when the scenario was stopped."""
    return [each.ended(_NEVER_MS) for each in state.active]


def _clean_types(state: ScenarioState) -> list[str]:
    """The types of the preflight's events: some that the scenario is about, so that the receiver should take them.

    They need no past: the receiver may hold back an update of a customer that it does not know. Those that it is known
    to book come first, and one of them is there even where the scenario is about none.
    """
    selection = state.harness.given.selection
    raising = [selection.types(step.events) for step in state.scenario.steps if isinstance(step, EVENTFUL)]
    named = dict.fromkeys(event for events in raising for event in events)
    usual = [event for event in selection.types("some") if event in named or not named]
    past = {event: found.name for event in [*usual, *named] if (found := selection.past(event))}
    about = list(dict.fromkeys(past.get(event, event) for event in [*usual, *named]))
    booked = [event for event in about if event in selection.booked]
    if selection.booked and not booked:
        booked = selection.types("one")
    return list(dict.fromkeys([*booked, *about]))[:_CLEAN_TYPES]


def _subscribe(state: ScenarioState) -> None:
    """Create all webhooks before anything is broken: a fault on the API is for the list -> resend job to cope with."""
    steps = [step for step in state.scenario.steps if isinstance(step, EVENTFUL)]
    named = ["all"] if state.scenario.holds_echoes else [step.events for step in steps]  # a write may raise any type
    types = dict.fromkeys(event for events in named for event in state.harness.given.selection.types(events))
    list(state.harness.pool.map(state.subscribe, types))
    for event in types:  # in one order, whichever call ended first: the list -> resend job goes by it
        state.webhooks[event] = state.webhooks.pop(event)


def _revive(state: ScenarioState) -> None:
    """Start our receiver process again if an earlier scenario left it dead."""
    process = state.harness.given.process
    if process is not None and not process.is_running:
        process.start()


def _late(state: ScenarioState) -> str:
    return (
        f"expected an end within {state.harness.limits.timeout_s:g} s (--timeout), got none: "
        f"the receiver or the simulator is too slow for this scenario{overload()}"
    )


def _clean_up(state: ScenarioState) -> None:
    """Leave neither faults nor webhooks behind in a simulator that goes on."""
    if not state.harness.cleans_up:
        return
    try:
        for active in state.active:
            state.harness.sim.remove_fault(active.id)
        list(state.harness.pool.map(state.harness.api.delete_webhook, state.webhook_ids))
    except CallError as error:
        logger.warning("the webhooks or faults of %s may be left behind: %s", state.scenario.name, error)
