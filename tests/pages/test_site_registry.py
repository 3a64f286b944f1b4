"""The page's choices."""

from frontsim.domain.faults import FAULTS
from frontsim.payloads.making.shop import ACTS
from tests.support.simulation import Simulation, assert_problem


def test_everything_that_there_is(sim: Simulation):
    """Each type, fault, act and operation, with a sentence about it."""
    known = sim.does("page/registry", method="GET")
    assert sim.api("GET", "WebhooksTypes").json() == [each["name"] for each in known["types"]]
    assert list(FAULTS) == [each["name"] for each in known["faults"]]
    assert list(ACTS) == [each["name"] for each in known["acts"]]
    assert "listWebhooks" in known["operations"]
    assert all(each["help"] for each in known["faults"])


def test_a_payload_to_begin_with(sim: Simulation):
    """It is valid, and a payload that is not is told what is wrong, by path."""
    payload = sim.does("page/payloads/salecreated", method="GET")
    assert [] == sim.does("page/payloads/SaleCreated", payload)
    payload["total"] = "dear"
    payload["salesLines"][0].pop("identity", None)
    found = sim.does("page/payloads/SaleCreated", payload)
    assert "total" in [each["path"] for each in found]
    broken = sim.sim("POST", "page/payloads/SaleCreated", content=b"{")
    assert [("", "JSON")] == [(each["path"], each["expected"]) for each in broken.json()]
    assert_problem(sim.sim("GET", "page/payloads/Nothing"), 404)
