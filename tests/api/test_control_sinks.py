"""`/_sim/sink/{name}`: what is told to a sink stays, in order."""

import pytest

from frontsim.api import control
from tests.support.simulation import Simulation, assert_problem


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
    monkeypatch.setattr(control, "MOST_IN_SINKS", 400)  # a record and its name take some 300 beside their bytes
    sim.does("sink/erp", {"a": "0123456"})
    refused = sim.sim("POST", "sink/erp", {"a": "0123456"})
    assert_problem(refused, 503)
    assert "60" == refused.headers["retry-after"]
    assert [{"a": "0123456"}] == sim.does("sink/erp", method="GET")
    sim.does("reset")
    sim.does("sink/erp", {"a": "0123456"})


def test_names_and_records_take_memory_however_short_they_are(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """They are counted with it."""
    monkeypatch.setattr(control, "MOST_IN_SINKS", 2_000)
    for name in range(5):
        sim.does(f"sink/{name}", 1)
    assert_problem(sim.sim("POST", "sink/x", 1), 503)
    sim.does("reset")
    for _ in range(20):
        sim.does("sink/erp", 1)
    sim.does("sink/erp", "x" * 600)
    assert_problem(sim.sim("POST", "sink/erp", "x" * 100), 503)


def test_a_name_that_is_too_long(sim: Simulation):
    """422."""
    sim.does(f"sink/{'n' * control.LONGEST_NAME}", 1)
    assert_problem(sim.sim("POST", f"sink/{'n' * (control.LONGEST_NAME + 1)}", 1), 422)


def test_a_long_list_is_sent_in_pieces(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """However it is cut, it is one JSON array."""
    monkeypatch.setattr(control, "_PIECE", 10)
    records = [f"record {number}" for number in range(20)]
    for record in records:
        sim.does("sink/erp", record)
    answer = sim.sim("GET", "sink/erp")
    assert "chunked" == answer.headers["transfer-encoding"]
    assert records == answer.json()
