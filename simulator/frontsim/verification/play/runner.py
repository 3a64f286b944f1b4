"""Plays one scenario against a simulator over HTTP, and records what happened; `judge` says what that means.

    baseline -> preflight -> steps -> faults end -> liveness -> list -> resend -> log read -> effects settle

What stops a scenario is recorded as trouble: the history is then *unknown*, and verify accuses no receiver.

The last look at its effects is taken after other scenarios were played. Effects that lack nothing must stay unchanged
for a quiet window, in which a second effect of an event would appear. All scenarios share that window: none waits for
it while it is played. Such a look adds what has come since, and takes nothing away, because a later scenario may
rightly have replaced a row.

Verify accuses a receiver of a missing effect only after a patient last look, because a slow worker is not a loss. Even
then the observer itself may be at fault: it may show less than before, or only the first page of a longer list.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from frontsim.client.errors import CallError
from frontsim.clock import overload, stopwatch
from frontsim.errors import FrontsimError
from frontsim.verification.compare.state_reader import StateReader
from frontsim.verification.compare.wrong_state import check_state
from frontsim.verification.effects.changes import Effects
from frontsim.verification.effects.correlate import correlate, effects_of, is_complete, may_await_next_batch
from frontsim.verification.effects.history import (
    EventFact,
    History,
    Liveness,
    Observation,
    PreflightCheck,
)
from frontsim.verification.effects.look import Look
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.effects.settle import EffectReader, EffectsWatch, Settled
from frontsim.verification.patience import Patience, ReceiverLatency, WaitLimits
from frontsim.verification.play.actions import act, hold_first_deliveries, reconcile, send_pasts, take_baseline
from frontsim.verification.play.faults import end_faults, start_what_ended_late, why_nothing_was_hit
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.log import read_facts
from frontsim.verification.play.preflight import ACKNOWLEDGED, FAILURE, Preflight, PreflightResult, preflight_of
from frontsim.verification.play.probes import body_limit
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.scenario import Scenario
from frontsim.verification.scenario.steps import EVENTFUL
from frontsim.wording import counted

_SMALLEST_PAGE = 10
_PAGE_SIZE = re.compile("(?:1|2|25|5)0*")
"""Numbers that people choose for a page: 10, 20, 25, 50, 100, 250 ..."""


class LastLook:
    """Follows the effects of one scenario after it was played. It needs the observer, but not the scenario's simulator.

    Args:
        effects: reads them.
        settled: the result of the scenario's own wait for them; the attribute has the result of the newest wait.
        patience: decides how long to wait; its `latency` notes what is seen.
        preflight_event_id: the clean event that was seen before the scenario's own events.
        levels: reads the levels and customers that the receiver keeps; None when the user gave no way.
        breaks_dependency: jobs that failed meanwhile are tried again later and later.
    """

    def __init__(
        self,
        effects: EffectReader,
        settled: Settled,
        *,
        patience: Patience,
        preflight_event_id: str,
        levels: StateReader | None = None,
        breaks_dependency: bool = False,
    ) -> None:
        self.settled = settled
        self._effects = effects
        self._patience = patience
        self._preflight_event_id = preflight_event_id
        self._levels = levels
        self._breaks_dependency = breaks_dependency
        self._compared: tuple[History, Settled, bool] | None = None

    def is_due(self, history: History) -> bool:
        """One more look is enough: effects, and levels that are wrong, have been unchanged for so long."""
        levels = self._levels.settled if self._levels and check_state(history).wrong else None
        if levels and stopwatch() - levels.changed_s < self._patience.last_wait().missing_s:
            return False
        return stopwatch() - self.settled.changed_s >= self._needed_s(history)

    def is_owed(self, history: History) -> bool:
        """The effects have settled, but not for a whole window."""
        settled = self.settled
        return settled.is_quiet and settled.ended_s - settled.changed_s < self._needed_s(history)

    def see_rest(self, history: History) -> History:
        """Follow the effects for a quiet window, unless the run has seen before that effects come to rest.

        If they never do, the user hears it in the first scenarios. The caller may use the window for something else
        before it calls.
        """
        latency, settled = self._patience.latency, self.settled
        if latency.settles or latency.never_settles or not settled.is_quiet:
            return history
        if self._lacks_nothing(history):
            limits = self._patience.coming_to_rest()
            watch = self._effects.watch(history, limits, wants_all=True, before=settled)
            (settled,) = self._effects.settle_all([watch])
            history = self._with_effects(history, settled)
            if settled.failure:
                return replace(history, final=None, state=None, observer_failure=settled.failure)
            latency.note(settled.last_change_after_s)
        latency.settles = settled.is_quiet
        return history

    def doubt_at_end(self) -> str:
        """Looks at the end of the run; says why the observer may not show all then, "" without a sign of that."""
        try:
            self._effects.read_all()
        except ObserverFailed as error:
            return f"the last look of the run failed: {error}"
        return self._effects.unsteadiness(is_last=True)

    def at_end(self, history: History) -> History | None:
        """The history as the newest look of the run shows it; None where that shows no more than the look before.

        A job that is tried again may book an event a second time long after the last look at its scenario.
        """
        if history.final is None or history.why_not_judged or not history.settled:
            return None
        own = effects_of(history, self._effects.newest_new())
        if not _has_more(effects_of(history, history.final.effects), own):
            return None
        at_ms = history.final.at_ms + round(1000 * (stopwatch() - self.settled.ended_s))
        final = Observation(at_ms, own + _others(history, history.final))
        return self.with_samples(replace(history, final=final))

    def take(self, history: History) -> History:
        """As `take_all`, for this one alone."""
        (taken,) = take_all([(self, history)])
        return taken

    def watch(self, history: History) -> tuple[EffectsWatch, Callable[[Look], Effects]]:
        """Follows the effects in a look that others share."""
        return self._effects.watch(
            history,
            self._patience.hurried(self._wait_limits(history)),
            wants_all=not self._lacks_nothing(history),
            before=self.settled,
        )

    def drive(self, watches: Sequence[tuple[EffectsWatch, Callable[[Look], Effects]]]) -> list[Settled]:
        """Follow several until each has settled."""
        return self._effects.settle_all(watches)

    def note(self, history: History, again: Settled) -> History:
        """The history with the result of such a look."""
        seen = self._with_effects(history, again)
        return history if again.failure else self._with_levels(seen)

    def _with_effects(self, history: History, again: Settled) -> History:
        """The history with what a look has seen of its effects."""
        assert history.final is not None
        lacked_nothing = self._lacks_nothing(history)
        before, self.settled = self.settled, again
        if again.failure:
            return history
        self._patience.latency.never_settles |= not again.is_quiet
        if lacked_nothing and not _has_more(effects_of(history, before.effects), effects_of(history, again.effects)):
            self.settled = replace(again, effects=before.effects)
            return replace(history, settled=again.is_quiet)
        if again.changed_s != before.changed_s:
            self._patience.latency.note(before.watched_s)  # the effect took longer than the first wait
        own = effects_of(history, again.effects)
        at_ms = history.final.at_ms + round(1000 * (again.ended_s - before.ended_s))
        final = Observation(at_ms, own + _others(history, history.final))
        return replace(history, final=final, settled=again.is_quiet)

    def _with_levels(self, history: History) -> History:
        """The history with another look at levels that were wrong, or not read because the effects had not settled.

        Others stay as they were seen, because a later scenario may have killed the receiver.
        """
        is_right = history.state is not None and not check_state(history).wrong
        if self._levels is None or is_right or not history.settled:
            return history
        return replace(history, state=self._levels.wait(history, self._patience.last_wait()))

    def doubt(
        self, history: History, missing: AbstractSet[str], *, killed_since: bool = False, is_last: bool = False
    ) -> str:
        """Why the observer, not the receiver, may be at fault for what is missing; "" without such a sign.

        Args:
            history: of the scenario.
            missing: the webhookEventIds of the events whose effect is missing.
            killed_since: the receiver was killed after the scenario, so it may itself have lost what is gone.
            is_last: this is the last look.
        """
        if self.settled.failure:
            return self.settled.failure
        try:
            gone = 0 if killed_since or history.marks else self._count_gone(history, missing)
            if gone:
                return f"the observer no longer shows {counted(gone, 'record')} that it showed before; it must show all"
            page = self._page_size(history) if is_last else 0
        except ObserverFailed as error:
            return str(error)
        shown = f"the observer shows {counted(page, 'record')} and none newer, as the first page of a longer list does"
        return f"{shown}; it must show all" if page else self.unsteadiness()

    def with_samples(self, history: History) -> History:
        """The history with what the run's clean deliveries show of effects beside an event's own, if it has any."""
        return (
            replace(history, samples=self._effects.samples()) if correlate(history, history.final).beside else history
        )

    def unsteadiness(self) -> str:
        """Says why the observer seems not to show all in each look, "" when it does."""
        return self._effects.unsteadiness()

    def _count_gone(self, history: History, missing: AbstractSet[str]) -> int:
        return max(self._effects.count_gone(history), int(self._preflight_event_id in missing))

    def _page_size(self, history: History) -> int:
        """How many records the observer shows if that is a usual page size and nothing newer is shown, else 0."""
        if not may_await_next_batch(history):
            return 0
        number = len(self._effects.read_all())
        return number if number >= _SMALLEST_PAGE and _PAGE_SIZE.fullmatch(str(number)) else 0

    def _needed_s(self, history: History) -> float:
        return self._wait_limits(history).needed_s(is_complete=self._lacks_nothing(history))

    def _lacks_nothing(self, history: History) -> bool:
        """The newest look has shown all effects; compared once, because a run asks after each scenario."""
        if self._compared is None or self._compared[0] is not history or self._compared[1] is not self.settled:
            self._compared = history, self.settled, is_complete(history, self.settled.effects)
        return self._compared[2]

    def _wait_limits(self, history: History) -> WaitLimits:
        lives = history.liveness is None or not history.liveness.failure
        # a clean event of a later scenario was booked, so nothing that was sent before it waits for a batch
        is_passed_over = self._patience.latency.booked_sent_s > self.settled.began_s
        may_lack = lives and not is_passed_over and not self._lacks_nothing(history)
        may_await_batch = may_lack and may_await_next_batch(history)
        return self._patience.last_wait(may_await_batch=may_await_batch, breaks_dependency=self._breaks_dependency)


def take_all(looks: Sequence[tuple[LastLook, History]]) -> list[History]:
    """Wait until each event of each history has its effect, or has lacked it for long enough.

    All share the same looks, and where one shows that the receiver is slower than it seemed, others wait once more.

    Returns:
        The histories with the effects as they are then. When they cannot be read any more, a history is as it was, and
        `settled.failure` says why.
    """
    taken = [history for _, history in looks]
    open_ = list(range(len(looks)))
    while open_:
        settled = looks[0][0].drive([looks[place][0].watch(taken[place]) for place in open_])
        for place, again in zip(open_, settled, strict=True):
            taken[place] = looks[place][0].note(taken[place], again)
        open_ = [place for place in open_ if looks[place][0].is_owed(taken[place])]
    return taken


def _has_more(before: Effects, now: Effects) -> bool:
    """Compares by key: some effect is there more often than before."""
    return bool(Counter(effect.key for effect in now) - Counter(effect.key for effect in before))


def _others(history: History, observation: Observation) -> Effects:
    """The effects that name no event of the history."""
    own = set(map(id, effects_of(history, observation.effects)))
    return tuple(effect for effect in observation.effects if id(effect) not in own)


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
        faults=(*state.faults, *(each.ended(_NEVER_MS) for each in state.active)),  # some may still be on
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
