"""At which moments the receiver is killed. Time passes only where the receiver works, and where frontsim waits."""

from typing import Any

from frontsim.verification.play.kills import crash
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.steps import Crash, CrashPoint
from tests.verification.play.mortal import MortalReceiver

MOVEMENT = "StockMovementCreated"


def kill(state: ScenarioState, **step: Any) -> None:
    crash(state, Crash(CrashPoint.WHOLE_BODY, events=[MOVEMENT], **step))


def test_kills_are_timed_by_how_long_the_receiver_takes(state: ScenarioState, mortal: MortalReceiver) -> None:
    """The median of three clean events, without the first after a start; later kills know it, and warm up only."""
    mortal.answers_s = [2.0, 0.1, 0.3, 0.2, 5.0]
    kill(state, of_answer_time=0.5)
    assert ([0.1], 5) == (mortal.killed_after_s, len(state.tracked))
    kill(state, of_answer_time=1.1)
    assert ([0.1, 0.22], 7) == (mortal.killed_after_s, len(state.tracked))
    assert "receiver killed: whole body + 100 ms, 50% of its answer time" in [text for _, text in state.marks]


def test_a_slow_receiver_is_timed_by_fewer_events(state: ScenarioState, mortal: MortalReceiver) -> None:
    mortal.answers_s = [1.5]
    kill(state, of_answer_time=0.5)
    assert ([0.75], 3) == (mortal.killed_after_s, len(state.tracked))


def test_a_receiver_that_acknowledges_nothing_is_not_killed_by_its_time(
    state: ScenarioState, mortal: MortalReceiver
) -> None:
    mortal.status_code = 500
    kill(state, of_answer_time=0.5)
    assert [] == mortal.killed_after_s
    assert "it acknowledges no clean event" in state.marks[-1][1]


def test_a_fixed_moment_needs_no_clean_event(state: ScenarioState, mortal: MortalReceiver) -> None:
    kill(state, after_ms=20)
    assert ([0.02], 1) == (mortal.killed_after_s, len(state.tracked))


def test_there_must_be_time_for_the_next_kill(state: ScenarioState, mortal: MortalReceiver) -> None:
    """The clean events before a kill count as well."""
    mortal.answers_s = [state.harness.limits.timeout_s]
    kill(state, of_answer_time=0.1)
    kill(state, of_answer_time=0.1)
    assert 1 == len(mortal.killed_after_s)
    assert "receiver not killed" in state.marks[-1][1]
