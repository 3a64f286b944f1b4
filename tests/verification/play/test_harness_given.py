import pytest

from frontsim.verification.play.harness import Given
from frontsim.verification.request import Request
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.scenario.selection import Selection
from tests.verification.laboratory import CATALOG

BY_NAME = {each.name: each for each in bundled_scenarios()}


def given(*, selection=None):
    return Given(Request("http://shop"), selection or Selection(CATALOG))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash-after-ack", "needs --receiver-cmd"),
        ("dependency-down", "needs --dependency NAME=HOST:PORT"),
        ("sink-trouble", "needs --observe-sink"),
        ("steady", ""),
    ],
)
def test_what_a_scenario_needs_and_was_not_given(name, reason):
    """The reason names the option."""
    found = given().skip_reason(BY_NAME[name])
    assert found.endswith(reason)
    assert bool(found) is bool(reason)


def test_a_scenario_of_types_that_are_left_out():
    """It has nothing to raise."""
    chosen = Selection(CATALOG, ["SaleCreated"])
    found = given(selection=chosen).skip_reason(BY_NAME["big-payload"])
    assert "it needs StockCountReconciled, which --events leaves out" == found
