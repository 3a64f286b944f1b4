"""Looking at effects in the course of a scenario."""

from types import SimpleNamespace

import pytest

from frontsim.verification.effects.settle import Settled
from frontsim.verification.play import actions
from frontsim.verification.play.actions import take_baseline, take_checkpoint
from frontsim.verification.play.scenario_state import ScenarioState


@pytest.fixture
def booked(state: ScenarioState, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what the scenario does with its effects; it waits without asking for events that are still missing."""
    done: list[str] = []

    def wait(*_: object, wants_all: bool) -> Settled:
        done.append(f"waited for all: {wants_all}")
        failure = done[0] if done[0].startswith("no answer") else ""
        return Settled((), is_quiet=True, failure=failure, began_s=10.0, ended_s=31.0)

    monkeypatch.setattr(actions, "read_facts", lambda _: ())
    state.effects = SimpleNamespace(  # type: ignore[assignment]
        key="webhookEventId",
        take_baseline=lambda is_alone: done.append(f"baseline, alone: {is_alone}"),
        wait_until_settled=wait,
    )
    return done


@pytest.mark.parametrize("is_alone", [True, False])
def test_what_was_booked_before_is_left_out(state: ScenarioState, booked: list[str], is_alone: bool) -> None:
    """Beside other scenarios, a look of theirs will do."""
    state.harness.is_alone = is_alone  # type: ignore[misc]  # a stand-in for a harness
    take_baseline(state)
    assert [f"baseline, alone: {is_alone}"] == booked


def test_a_checkpoint_does_not_wait_for_what_may_be_missing(state: ScenarioState, booked: list[str]) -> None:
    """Only broken bodies have arrived, so nothing has to come."""
    take_checkpoint(state)
    assert ["waited for all: False"] == booked
    assert state.checkpoint is not None
    assert 0 == state.checkpoint.at_ms


def test_the_wait_for_a_checkpoint_makes_no_scenario_late(
    state: ScenarioState, booked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that books every 20 s makes it 21 s long, and needs nearly all the other time for its controls."""
    monkeypatch.setattr(type(state), "spent_s", state.harness.limits.timeout_s + 20)
    assert state.is_late()
    take_checkpoint(state)
    assert (21.0, False) == (state.settling_s, state.is_late())


def test_an_observer_that_fails_is_remembered_and_no_checkpoint_taken(state: ScenarioState, booked: list[str]) -> None:
    booked.append("no answer from the observer")
    take_checkpoint(state)
    assert ("no answer from the observer", None) == (state.observer_failure, state.checkpoint)


def test_without_an_observer_nothing_is_looked_at(state: ScenarioState) -> None:
    take_baseline(state)
    take_checkpoint(state)
    assert (None, "") == (state.checkpoint, state.observer_failure)
