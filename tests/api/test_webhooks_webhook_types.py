"""`/api/WebhooksTypes`: what can be subscribed to."""

import json

import pytest

from frontsim import bundled, catalog
from tests.support.simulation import Simulation, assert_problem


def test_the_types(sim: Simulation):
    """A bare array of names (open), in the order of the catalogue; each can be subscribed to and raised."""
    names = sim.api("GET", "WebhooksTypes").json()
    assert [kind.name for kind in catalog.load()] == names
    assert 21 == len(names)
    for name in names:
        sim.subscribes("http://127.0.0.1:1/", name)
        assert 1 == len(sim.raises(name))


@pytest.mark.parametrize("name", [kind.name for kind in catalog.load()])
def test_schemas(sim: Simulation, name: str):
    """The file in contracts/schemas as it is, under the name in any case; its own examples can be triggered."""
    schema = json.loads((bundled.folder("contracts") / "schemas" / f"{name}.json").read_text("utf-8"))
    for written in (name, name.upper(), name.lower()):
        answer = sim.api("GET", f"WebhooksTypes/{written}/schema")
        assert (200, schema) == (answer.status_code, answer.json())
    assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]
    for example in schema["examples"]:
        assert 202 == sim.sim("POST", "trigger", {"event": name, "payload": example}).status_code


@pytest.mark.parametrize("name", ["Nope", "OmniChannelOrderReceived", "%20", "SaleCreated.json", "..%2Fevents"])
def test_types_that_there_are_not(sim: Simulation, name: str):
    """A name that no type has is a 404 that says where they are listed."""
    refused = sim.api("GET", f"WebhooksTypes/{name}/schema")
    assert 404 == refused.status_code
    if "problem" in refused.headers["content-type"]:
        assert_problem(refused, 404)
        assert "WebhooksTypes" in refused.json()["detail"]
