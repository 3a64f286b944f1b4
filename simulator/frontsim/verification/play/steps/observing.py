"""Looking at the effects in the course of a scenario."""

from frontsim.verification.facts.history import History, Observation
from frontsim.verification.play.log.log_facts import read_facts
from frontsim.verification.play.scenario_state import ScenarioState


def take_baseline(state: ScenarioState) -> None:
    """Leave out of the scenario's effects what was booked before it, and remember the levels."""
    if state.effects is not None:
        state.effects.take_baseline(is_alone=state.harness.is_alone)
    if state.levels is not None:
        state.levels.take_baseline()


def take_checkpoint(state: ScenarioState) -> None:
    """Remember what is booked while only broken bodies have arrived. Raises CallError."""
    if state.effects is None:
        return
    history = History(state.scenario.name, read_facts(state), observer_key=state.effects.key)
    limits = state.harness.limits.first_wait(state.harness.latency)
    settled = state.effects.wait_until_settled(history, limits, wants_all=False)
    state.settling_s += settled.watched_s
    if settled.failure:
        state.observer_failure = settled.failure
    else:
        state.checkpoint = Observation(state.now_ms(), settled.effects)
