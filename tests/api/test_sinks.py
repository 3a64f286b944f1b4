"""`/_sim/sink/{name}`: what is told to a sink stays, in order."""

import pytest

from frontsim.api import sinks
from tests.api.simulation import Simulation
from tests.api.test_webhooks import assert_problem


def test_sinks(sim: Simulation):
    """A sink is a list of what it was told, in order; names keep apart, an unknown one is empty."""
    assert [] == sim.does("sink/erp", method="GET")
    for number in range(3):
        assert {"recorded": True} == sim.does("sink/erp", {"webhookEventId": str(number)})
    for record in ({"other": True}, "an-id", [1, 2]):
        sim.does("sink/ERP", record)
    assert [{"webhookEventId": str(number)} for number in range(3)] == sim.does("sink/erp", method="GET")
    assert [{"other": True}, "an-id", [1, 2]] == sim.does("sink/ERP", method="GET")


def test_a_sink_takes_json_alone(sim: Simulation):
    """What an observer could not read is refused, and not recorded."""
    assert 422 == sim.http.post(f"{sim.control_url}/sink/erp", content=b"event=SaleCreated").status_code
    assert [] == sim.does("sink/erp", method="GET")


def test_sinks_that_are_full(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """503 with Retry-After, and what they hold stays; a reset empties them."""
    monkeypatch.setattr(sinks, "MOST_BYTES", 20)
    sim.does("sink/erp", {"a": "0123456"})
    refused = sim.sim("POST", "sink/erp", {"a": "0123456"})
    assert_problem(refused, 503)
    assert "60" == refused.headers["retry-after"]
    assert [{"a": "0123456"}] == sim.does("sink/erp", method="GET")
    sim.does("reset")
    sim.does("sink/erp", {"a": "0123456"})
