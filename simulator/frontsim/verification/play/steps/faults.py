"""Faults of a scenario, from a step that begins them to the `clear` that ends them all."""

from frontsim.verification.play.scenario_state import APART_S, ActiveFault, ScenarioState
from frontsim.verification.play.steps.dependency_faults import end_dependency_fault
from frontsim.verification.scenario.steps import InjectFault


def begin_fault(state: ScenarioState, step: InjectFault) -> None:
    """Break deliveries, or calls of the API, from now on. Raises CallError."""
    state.harness.pause(APART_S)
    from_ms = state.now_ms()
    rule = state.harness.sim.add_fault(
        step.fault,
        match=step.match if step.on_api or step.on_sink else {"url": state.harness.receiver_url, **step.match},
        times=step.times or None,
        probability=step.probability,
        params=step.params,
    )
    state.active.append(ActiveFault(str(rule.get("id", "")), step, from_ms))


def end_faults(state: ScenarioState) -> None:
    """Wait for the deliveries in flight, then remove all faults. Raises CallError."""
    if not state.active and state.broken is None:
        return
    state.drain()
    to_ms = state.now_ms()
    for active in state.active:
        state.harness.sim.remove_fault(active.id)
        state.faults.append(active.ended(to_ms))
    state.active.clear()
    end_dependency_fault(state)
    state.harness.pause(APART_S)
