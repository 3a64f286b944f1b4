"""The simulator of one case: its keys are its own, and it knows the type that is new in the case."""

from dataclasses import replace

import pytest

from frontsim.client.errors import ApiError
from frontsim.client.http import FrontSystems
from frontsim.recovery.case import bundled_cases
from frontsim.recovery.play import CaseSimulator
from frontsim.recovery.run import open_simulator

PLAIN = replace(bundled_cases()[0], new_type="")


def api(simulator: CaseSimulator, *, api_key: str) -> FrontSystems:
    return FrontSystems(simulator.base_url, api_key=api_key, subscription_key=simulator.subscription_key)


def test_its_keys_follow_from_the_seed_and_the_case_and_open_it_alone() -> None:
    """The job must not print them, so no two cases share them."""
    with open_simulator(PLAIN, seed=1) as one, open_simulator(replace(PLAIN, name="other"), seed=1) as other:
        assert one.api_key != other.api_key
        assert one.subscription_key != other.subscription_key
        with api(one, api_key=one.api_key) as right, api(one, api_key=other.api_key) as wrong:
            assert [] == right.list_webhooks()
            with pytest.raises(ApiError):
                wrong.list_webhooks()
    with open_simulator(PLAIN, seed=1) as again, open_simulator(PLAIN, seed=2) as seeded:
        assert (one.api_key, True) == (again.api_key, seeded.api_key != one.api_key)


def test_it_knows_the_type_that_is_new() -> None:
    with (
        open_simulator(replace(PLAIN, new_type="GiftCardIssued"), seed=1) as simulator,
        api(simulator, api_key=simulator.api_key) as calls,
    ):
        assert "GiftCardIssued" == calls.create_webhook("GiftCardIssued", "http://127.0.0.1:9/").event
