"""Looking at the effects in the course of a scenario."""

from collections.abc import Callable

from frontsim.verification.facts.correlate import correlate, effects_of
from frontsim.verification.facts.history import Effect, History, Observation
from frontsim.verification.observe.observers import Observer, ObserverFailed, effects
from frontsim.verification.observe.settle import Settled, WaitLimits, look, wait_for_rest
from frontsim.verification.play.log_facts import read_facts
from frontsim.verification.play.scenario_state import ScenarioState


def new_effects(state: ScenarioState, observer: Observer) -> tuple[Effect, ...]:
    """What was booked since the scenario began. Raises ObserverFailed."""
    return state.baseline.new_in(effects(observer, state.harness.observer_key))


def wait_until_settled(
    state: ScenarioState,
    observer: Observer,
    history: History,
    *,
    whole: bool = True,
    wait_limits: WaitLimits | None = None,
    before: Settled | None = None,
) -> Settled:
    """Wait until the effects of the history's events are at rest; `whole`: and nothing of them is missing.

    `wait_limits` is the state's own unless given; `before` is an earlier wait that this one goes on with.
    """
    return wait_for_rest(
        lambda: new_effects(state, observer),
        ours=lambda seen: effects_of(history, seen),
        is_whole=_is_whole(history) if whole else lambda _: True,
        wait_limits=wait_limits or state.wait_limits,
        pause=state.harness.pause,
        before=before,
    )


def _is_whole(history: History) -> Callable[[tuple[Effect, ...]], bool]:
    """Whether a list of effects has all that the history's events ask for."""

    def whole(seen: tuple[Effect, ...]) -> bool:
        groups = correlate(history, Observation(0, seen)).groups
        return all(len(group.effects) >= group.least for group in groups)

    return whole


def take_checkpoint(state: ScenarioState) -> None:
    """Take the checkpoint: what is booked while only broken bodies have arrived. Raises CallError."""
    observer = state.harness.observer
    if observer is None:
        return
    history = History(state.scenario.name, read_facts(state), observer_key=state.harness.observer_key)
    rest = wait_until_settled(state, observer, history, whole=False)
    if rest.failure:
        state.observer_failure = rest.failure
    else:
        state.checkpoint = Observation(state.now_ms(), rest.effects)


def take_baseline(state: ScenarioState) -> None:
    """Remember what was booked before the scenario."""
    observer = state.harness.observer
    if observer is None:
        return
    try:
        past = look(lambda: effects(observer, state.harness.observer_key), state.harness.pause)
        state.baseline = state.baseline.of(past)
    except ObserverFailed as error:
        state.observer_failure = str(error)
