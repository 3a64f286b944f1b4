"""The state of a scenario describes itself."""

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import pytest

from frontsim.client.models import RaisedEvent
from frontsim.clock import stopwatch
from frontsim.verification.patience import ReceiverLatency, TimeLimits, WaitLimits
from frontsim.verification.play.harness import Harness
from frontsim.verification.play.scenario_state import ScenarioState
from frontsim.verification.scenario.scenario import chosen


class FakeHarness(SimpleNamespace):
    """Has what a test gives it, and is as patient as a real one."""

    patience = Harness.patience


@pytest.fixture
def state():
    """Of a scenario that has 60 s and has just begun."""

    def make(name="crash-matrix", *, dependencies=None):
        (scenario,) = chosen([name])
        limits, latency = TimeLimits(timeout_s=60), ReceiverLatency()
        harness = FakeHarness(limits=limits, given=SimpleNamespace(latency=latency, dependencies=dependencies))
        return ScenarioState(scenario, harness, WaitLimits(1, 1, 1), datetime(2026, 1, 1))  # noqa: DTZ001

    return make


@pytest.mark.parametrize(("spent_s", "kill_s", "may"), [(0, 0, True), (0, 20, True), (30, 10, False), (50, 0, False)])
def test_a_slow_receiver_is_killed_less_often(state, spent_s, kill_s, may):
    """No kill begins that would end after 70 % of the scenario's time: the rest is for its end."""
    state = state()
    state.began_s, state.slowest_kill_s = stopwatch() - spent_s, kill_s
    assert may is state.may_kill_again


@pytest.mark.parametrize(("spent_s", "may"), [(14, True), (16, False)])
def test_kills_leave_time_for_the_other_scenarios_of_a_small_budget(state, spent_s, may):
    state = state()
    state.harness.limits = replace(state.harness.limits, kills_s=15)
    state.began_s = stopwatch() - spent_s
    assert may is state.may_kill_again


@pytest.mark.parametrize(
    ("name", "turns"),
    [("steady", ("",)), ("dependency-down", ("db", "cache")), ("crash-between-statements", ("db", "cache"))],
)
def test_a_scenario_has_a_turn_for_each_dependency_that_it_breaks(state, name, turns):
    assert turns == state(name, dependencies=SimpleNamespace(names=("db", "cache"))).turns


def test_the_log_is_read_for_webhooks_that_have_events(state):
    """In the webhooks' order; the others cost a call each, and have nothing."""
    state = state()
    state.webhooks = {"SaleCreated": ["a", "b"], "ReturnCreated": ["c"], "CustomerCreated": ["d"]}
    assert [] == state.raised_on
    for webhook_id in ("d", "b"):
        state.track(RaisedEvent(webhook_id, f"event of {webhook_id}", "SaleCreated"))
    assert ["b", "d"] == state.raised_on
