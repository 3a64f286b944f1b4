"""Faults of a scenario begin and end where no delivery is in flight, and become facts with their moments."""

from frontsim.verification.play.faults import begin_fault, end_faults
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import InjectFault
from tests.verification.play.conftest import NotingSimulator


def test_a_fault_of_deliveries_is_for_this_receiver_alone(state: ScenarioState, sim: NotingSimulator) -> None:
    """A rule of a simulator that others use too must not break theirs; one of the API has no URL."""
    begin_fault(state, InjectFault("answer", match={"trigger": "Original"}, times=3, params={"status": 503}))
    begin_fault(state, InjectFault("api-error", match={"operation": "listWebhookEvents"}))
    deliveries, api = sim.what("add_fault")
    assert {"url": "http://127.0.0.1:1/hook", "trigger": "Original"} == deliveries["match"]
    assert (3, {"status": 503}) == (deliveries["times"], deliveries["params"])
    assert {"operation": "listWebhookEvents"} == api["match"]
    assert None is api["times"]  # until it is cleared


def test_all_faults_end_after_the_deliveries_in_flight(state: ScenarioState, sim: NotingSimulator) -> None:
    """With the moments between which a refused delivery was our doing: here of 0 s and 3 s."""
    begin_fault(state, InjectFault("refuse", tolerable=True))
    begin_fault(state, InjectFault("answer", params={"status": 503}))
    end_faults(state)
    assert ["add_fault", "add_fault", "drain", "remove_fault", "remove_fault"] == [name for name, _ in sim.asked]
    assert ["1", "2"] == sim.what("remove_fault")
    refused, answered = state.faults
    assert (0, 3_000, True) == (refused.from_ms, refused.to_ms, refused.tolerable)
    assert (1_000, 3_000, "status=503", False) == (
        answered.from_ms, answered.to_ms, answered.detail, answered.tolerable
    )  # fmt: skip
    assert not state.is_breaking


def test_where_nothing_is_broken_nothing_is_waited_for(state: ScenarioState, sim: NotingSimulator) -> None:
    """A second end changes nothing either."""
    end_faults(state)
    begin_fault(state, InjectFault("refuse"))
    end_faults(state)
    end_faults(state)
    assert 1 == len(sim.what("drain"))
    assert 1 == len(state.faults)
