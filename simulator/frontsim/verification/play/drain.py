"""Waiting until no delivery is due or in flight."""

from frontsim.verification.play.scenario_state import ScenarioState


def drain(state: ScenarioState) -> None:
    """Wait until nothing is due or in flight, within the scenario's time. Raises CallError."""
    left_s = state.harness.limits.timeout_s - state.spent_s
    state.harness.sim.drain(max(0.1, left_s))
