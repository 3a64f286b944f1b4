"""Keys of a step that do not fit each other, each named with what was expected beside it."""

import pytest

from frontsim.verification.dependency.breakage import DependencyFault
from frontsim.verification.scenario.scenario import contradiction
from frontsim.verification.scenario.steps import BreakDependency, Crash, CrashPoint, Drain, InjectFault, Raise

DOWN, SLOW, LOST = DependencyFault.DOWN, DependencyFault.SLOW, DependencyFault.LOST_ANSWER


@pytest.mark.parametrize(
    "step",
    [
        Drain(),
        Raise(),
        Raise(same_as="x", keep=["saleId"], older_than="x"),
        Raise(grow={"salesLines": 9}),
        InjectFault("timeout", match={"event": "SaleCreated"}, tolerable=True),
        InjectFault("api-error", match={"operation": "DELIVERWEBHOOKEVENT"}),
        InjectFault("api-error", match={"operation": "sink"}, tolerable=True),
        BreakDependency(SLOW, delay_ms=5),
        BreakDependency(LOST, after=2),
        Crash(CrashPoint.WHOLE_BODY, of_answer_time=0.5),
        Crash(CrashPoint.AFTER_THE_ANSWER, after_ms=5),
    ],
)
def test_keys_that_fit(step):
    assert "" == contradiction(step)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (Raise(keep=["saleId"]), "keep: expected same_as beside it, got none"),
        (Raise(newer_than="x"), "newer_than: expected same_as beside it, got none"),
        (Raise(same_as="x"), "same_as: expected keep beside it, the paths that stay the same, got none"),
        (Raise(same_as="x", keep=["a"], older_than="y"), "older_than: expected 'x' as in same_as, got 'y'"),
        (
            Raise(same_as="x", keep=["a"], older_than="x", newer_than="x"),
            "newer_than: expected none beside older_than, got both",
        ),
        (
            Raise(same_as="x", keep=["a"], grow={"b": 2}),
            "grow: expected none beside same_as, which takes the earlier event's values",
        ),
        (BreakDependency(DOWN, delay_ms=5), "delay_ms: expected none beside down, got 5"),
        (BreakDependency(SLOW), "delay_ms: expected milliseconds beside slow, got none"),
        (BreakDependency(DOWN, after=2), "after: expected none beside down, got 2"),
        (
            Crash(CrashPoint.HALF_THE_BODY, of_answer_time=0.5),
            "of_answer_time: expected none beside half the body, got 0.5",
        ),
        (
            Crash(CrashPoint.WHOLE_BODY, after_ms=5, of_answer_time=0.5),
            "after_ms: expected none beside of_answer_time, got 5",
        ),
        (
            InjectFault("api-error", tolerable=True),
            "tolerable: expected none, got true: api-error breaks calls of the API, which no receiver sees",
        ),
    ],
)
def test_keys_that_do_not_fit(step, told):
    assert told == contradiction(step)


@pytest.mark.parametrize(
    ("step", "key"),
    [
        (InjectFault("timeout", match={"webhookId": "w"}), "webhookId"),
        (InjectFault("api-error", match={"operation": "listSales"}), "operation"),
        (InjectFault("no-such-fault"), "fault"),
        (InjectFault("timeout", probability=2.0), "probability"),
    ],
)
def test_a_rule_that_no_scenario_may_have(step, key):
    """A webhook has its id only when the scenario is played, and a scenario makes two of the vendor's calls alone."""
    assert key in contradiction(step)
