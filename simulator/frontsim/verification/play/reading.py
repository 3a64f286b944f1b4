"""Looking at the effects in the course of a scenario."""

from collections.abc import Callable

from frontsim.verification.facts.correlate import correlate, ours
from frontsim.verification.facts.history import Effect, History, Observation
from frontsim.verification.observe.observers import Observer, ObserverFailed, effects
from frontsim.verification.observe.settle import Settled, WaitLimits, look, wait_for_rest
from frontsim.verification.play.log_facts import read_facts
from frontsim.verification.play.scenario_state import ScenarioState


def new_effects(stage: ScenarioState, observer: Observer) -> tuple[Effect, ...]:
    """What was booked since the scenario began. Raises ObserverFailed."""
    return stage.baseline.new_in(effects(observer, stage.bench.observer_key))


def at_rest(
    stage: ScenarioState,
    observer: Observer,
    history: History,
    *,
    whole: bool = True,
    patience: WaitLimits | None = None,
    before: Settled | None = None,
) -> Settled:
    """Wait until the effects of the history's events are at rest; `whole`: and nothing of them is missing.

    `patience` is the stage's own unless given; `before` is an earlier wait that this one goes on with.
    """
    return wait_for_rest(
        lambda: new_effects(stage, observer),
        ours=lambda seen: ours(history, seen),
        is_whole=_is_whole(history) if whole else lambda _: True,
        patience=patience or stage.patience,
        pause=stage.bench.pause,
        before=before,
    )


def _is_whole(history: History) -> Callable[[tuple[Effect, ...]], bool]:
    """Whether a list of effects has all that the history's events ask for."""

    def whole(seen: tuple[Effect, ...]) -> bool:
        groups = correlate(history, Observation(0, seen)).groups
        return all(len(group.effects) >= group.least for group in groups)

    return whole


def look_now(stage: ScenarioState) -> None:
    """Take the checkpoint: what is booked while only broken bodies have arrived. Raises CallError."""
    observer = stage.bench.observer
    if observer is None:
        return
    history = History(stage.scenario.name, read_facts(stage), observer_key=stage.bench.observer_key)
    rest = at_rest(stage, observer, history, whole=False)
    if rest.failure:
        stage.observer_failure = rest.failure
    else:
        stage.checkpoint = Observation(stage.now_ms(), rest.effects)


def remember_past(stage: ScenarioState) -> None:
    """Remember what was booked before the scenario."""
    observer = stage.bench.observer
    if observer is None:
        return
    try:
        past = look(lambda: effects(observer, stage.bench.observer_key), stage.bench.pause)
        stage.baseline = stage.baseline.of(past)
    except ObserverFailed as error:
        stage.observer_failure = str(error)
