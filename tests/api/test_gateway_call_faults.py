"""Faults on calls to a sink, which stands for the shop or ERP behind a receiver; those on the vendor's API are in
tests/end_to_end/test_api_faults.py."""

import httpx
import pytest

from tests.support.patience import PATIENCE_S
from tests.support.simulation import Simulation

SINK = {"operation": "sink"}


def post_record(sim: Simulation, record: object, key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return sim.http.post(f"{sim.control_url}/sink/erp", json=record, headers=headers)


def recorded(sim: Simulation) -> object:
    return sim.does("sink/erp", method="GET")


def test_a_sink_that_answers_an_error_records_nothing(sim: Simulation):
    sim.breaks("api-error", SINK, times=1, params={"status": 503, "retryAfter": 2})
    refused = post_record(sim, 1)
    assert (503, "2") == (refused.status_code, refused.headers["retry-after"])
    assert [] == recorded(sim)
    assert 200 == post_record(sim, 2).status_code
    assert [2] == recorded(sim)


def test_a_sink_that_loses_its_answer_has_recorded(sim: Simulation):
    sim.breaks("api-lost-response", SINK, times=1)
    with pytest.raises(httpx.HTTPError):
        post_record(sim, 1)
    assert [1] == recorded(sim)


@pytest.mark.slow
def test_a_slow_sink_records_at_once(sim: Simulation):
    sim.breaks("api-slow", SINK, times=1, params={"seconds": 3600})
    with pytest.raises(httpx.ReadTimeout):
        sim.http.post(f"{sim.control_url}/sink/erp", json=1, timeout=httpx.Timeout(PATIENCE_S, read=1))
    assert [1] == recorded(sim)


def test_a_rule_without_an_operation_strikes_no_sink(sim: Simulation):
    """A sink is where effects are read: nothing breaks it by accident."""
    sim.breaks("api-error", {})
    assert 200 == post_record(sim, 1).status_code


def test_a_repeat_with_its_key_is_counted_and_not_recorded(sim: Simulation):
    assert {"recorded": True} == post_record(sim, 1, "a").json()
    assert {"recorded": False} == post_record(sim, 1, "a").json()
    post_record(sim, 2, "b")
    post_record(sim, 2)
    assert [1, 2, 2] == recorded(sim)
    assert {"a": 2, "b": 1} == sim.does("sink/erp/keys", method="GET")
    sim.does("reset")
    assert {} == sim.does("sink/erp/keys", method="GET")
