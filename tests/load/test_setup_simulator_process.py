import json

import pytest

from frontsim.client.control import Simulator
from frontsim.client.errors import Unreachable
from frontsim.client.http import FrontSystems
from frontsim.errors import BadInput
from frontsim.load.setup import address_of, start_simulator


@pytest.mark.slow
def test_a_simulator_of_our_own_ends_with_its_input() -> None:
    """It answers as soon as it is started, and is gone when we let go of it."""
    address, stop = start_simulator(seed=7, answer_s=3)
    with Simulator(address.control_url) as sim:
        assert "ok" == sim.health()["status"]
        stop()
        with pytest.raises(Unreachable):
            sim.health()


@pytest.mark.slow
def test_a_simulator_of_our_own_has_the_shape_and_the_payloads_of_the_run() -> None:
    """Its leases hand out bodies in that shape, of that profile: every field of a strict one has a value."""
    address, stop = start_simulator(seed=7, answer_s=3, delivery_shape="event", payloads="strict")
    keys = {"api_key": address.api_key, "subscription_key": address.subscription_key}
    with Simulator(address.control_url) as sim, FrontSystems(address.base_url, **keys) as api:
        api.create_webhook("SaleCreated", "http://127.0.0.1:1/{event}")
        [leased] = sim.lease({"SaleCreated": 1}, count=1)
    stop()
    body = json.loads(leased.body)
    assert ("SaleCreated", "http://127.0.0.1:1/SaleCreated") == (body["event"], leased.url)
    assert None not in body.values()


@pytest.mark.parametrize("url", ["http://10.0.0.5:8400", "http://10.0.0.5:8400/", "http://10.0.0.5:8400/restapi/V2"])
def test_the_path_of_a_simulator_may_be_left_out(url: str) -> None:
    """Its API and its control surface are found from its address."""
    address = address_of(url, token="t")
    assert "http://10.0.0.5:8400/restapi/V2" == address.base_url
    assert ("http://10.0.0.5:8400/_sim", "t") == (address.control_url, address.token)


def test_what_is_no_url_is_refused() -> None:
    """With what was expected."""
    with pytest.raises(BadInput, match="expected a URL"):
        address_of("10.0.0.5:8400")
