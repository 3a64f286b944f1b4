"""Kills find the moment at which effects appear."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.domain.model import Outcome
from frontsim.verification.effects.history import EventFact
from frontsim.verification.effects.observers import ObserverFailed
from frontsim.verification.play import kills
from frontsim.verification.play.kills import Aim, SendResult, kill_near_the_effect
from frontsim.verification.play.scenario_state import ScenarioState
from tests.verification.play.mortal import MortalReceiver

MOVEMENT = "StockMovementCreated"


@pytest.fixture
def observed(state: ScenarioState, mortal: MortalReceiver, monkeypatch: pytest.MonkeyPatch) -> MortalReceiver:
    """Its effects are shown."""

    def facts(_: ScenarioState) -> list[EventFact]:
        return [EventFact("w", each, MOVEMENT, ()) for each in state.tracked]

    monkeypatch.setattr(kills, "read_facts", facts)
    effects: Any = SimpleNamespace(key="webhookEventId", read_new=lambda: tuple(mortal.effects))
    state.effects = effects
    return mortal


@pytest.mark.parametrize("books_after_s", [0.006, 0.02, 0.038, 0.048])
def test_kills_come_close_to_the_moment_of_the_effect(
    state: ScenarioState, observed: MortalReceiver, books_after_s: float
) -> None:
    """The receiver answers after 40 ms: from the sixth kill on, one event or more of each volley is within 3 ms."""
    observed.answers_s, observed.books_after_s = [0.04], books_after_s
    kill_near_the_effect(state, MOVEMENT, 10)
    assert 10 == len(observed.ages_s)
    nearest = [min(abs(age - books_after_s) for age in ages) for ages in observed.ages_s]
    assert max(nearest[5:]) < 0.003


def test_events_of_a_volley_are_of_several_ages(state: ScenarioState, observed: MortalReceiver) -> None:
    """They span what the aim moves next, a quarter of the answer time; a slow receiver gets two."""
    for answer_s, events in ((0.04, 8), (0.2, 2)):
        state.answer_times_s.clear()
        observed.answers_s = [answer_s]
        kill_near_the_effect(state, MOVEMENT, 1)
        ages = observed.ages_s.pop()
        assert events == len(ages)
        assert pytest.approx(answer_s / 4 * (events - 1) / events) == max(ages) - min(ages)


def test_a_receiver_that_answers_a_volley_late_is_killed_later(
    state: ScenarioState, observed: MortalReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the events one after another, or they share a core: an event alone is answered sooner. It still gets
    as many events as that time allows."""

    def send(*_: Any, **__: Any) -> SendResult:
        observed.now_s += 0.3
        return SendResult(Outcome.ANSWERED, observed.status_code)

    monkeypatch.setattr(observed, "send_and_leave", send)
    aim = kills._first_aim(state, MOVEMENT, 0.04)
    assert (8, pytest.approx(0.3), pytest.approx(0.15)) == (aim.events, aim.answer_s, aim.after_s)
    observed.status_code = 500
    assert kills._first_aim(state, MOVEMENT, 0.04).answer_s == 0.04


def test_effects_of_a_few_events_tell_where_to_aim(state: ScenarioState, observed: MortalReceiver) -> None:
    """At first fewer than half of a volley may have effects, because the receiver takes one event after another."""
    aim = Aim(0.04)
    for _ in range(9):
        aim.correct(share=0.125)
    assert not aim.is_hopeless


def test_effects_that_never_appear_tell_nothing(state: ScenarioState, observed: MortalReceiver) -> None:
    observed.books_after_s = 100.0
    kill_near_the_effect(state, MOVEMENT, 10)
    assert 4 == len(observed.ages_s)


@pytest.mark.parametrize("is_given", [False, True])
def test_effects_that_cannot_be_read_tell_nothing(
    state: ScenarioState, observed: MortalReceiver, is_given: bool
) -> None:
    def fails() -> None:
        raise ObserverFailed("gone")

    effects: Any = SimpleNamespace(key="webhookEventId", read_new=fails)
    state.effects = effects if is_given else None
    kill_near_the_effect(state, MOVEMENT, 10)
    assert 1 == len(observed.ages_s)


def test_a_receiver_that_acknowledges_nothing_is_not_killed(state: ScenarioState, observed: MortalReceiver) -> None:
    observed.status_code = 500
    kill_near_the_effect(state, MOVEMENT, 10)
    assert [] == observed.ages_s


def test_kills_end_with_the_time_for_them(state: ScenarioState, observed: MortalReceiver) -> None:
    observed.answers_s = [state.harness.limits.timeout_s]
    kill_near_the_effect(state, MOVEMENT, 10)
    assert 1 == len(observed.ages_s)


def test_kills_leave_time_for_those_at_given_moments(state: ScenarioState, observed: MortalReceiver) -> None:
    state.harness.limits = replace(state.harness.limits, kills_s=10.0)  # type: ignore[misc]
    state.began_s -= 7.0
    kill_near_the_effect(state, MOVEMENT, 10)
    assert [] == observed.ages_s


def test_the_aim_moves_half_as_far_when_it_has_passed_the_moment() -> None:
    """It stays between the whole event and twice the answer time, and never stands still."""
    aim = Aim(0.8)
    moments = []
    for share in (0.4, 0.0, 0.5, 1.0, 0.6, 1.0):
        aim.correct(share=share)
        moments.append(round(aim.after_s, 3))
    assert [0.6, 0.8, 0.7, 0.6, 0.5, 0.4] == moments
    for _ in range(20):
        aim.correct(share=0.0)
        aim.correct(share=1.0)
    assert 0.001 == aim.step_s
    late = Aim(0.1)
    for _ in range(9):
        late.correct(share=0.0)
    assert 0.2 == late.after_s


def test_the_log_has_how_long_a_delivery_of_a_volley_took(
    state: ScenarioState, observed: MortalReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In milliseconds, as of every other delivery."""

    leave = observed.send_and_leave

    def send(*given: Any, **named: Any) -> Any:
        observed.now_s += 0.03
        return leave(*given, **named)

    reported: list[int] = []
    monkeypatch.setattr(observed, "send_and_leave", send)
    sim: Any = state.harness.sim
    sim.report_lease = lambda _, reports: reported.extend(each.duration_ms for each in reports)
    observed.answers_s = [0.04]
    kill_near_the_effect(state, MOVEMENT, 1)
    assert 30 in reported
