"""Fault rules: listed, matched, spent, changed and removed while running; what they refuse."""

from typing import Any

import pytest

from tests.support.recorder import Recorder
from tests.support.simulation import UNKNOWN_ID, Simulation, assert_problem, simulation


def test_rules_are_listed_in_order_with_their_defaults(sim: Simulation):
    """201 with id and count; a listing shows everything that applies."""
    added = sim.sim("POST", "faults", {"fault": "slow-body", "match": {"event": "SALEcreated", "from": "2026-01-01"}})
    assert 201 == added.status_code
    sim.breaks("refuse", times=3, probability=0.25)
    assert [
        {
            "id": "1",
            "fault": "slow-body",
            "match": {"event": "SaleCreated", "from": "2026-01-01T00:00:00"},
            "times": None,
            "probability": 1.0,
            "params": {"bytesPerS": 100},
            "fired": 0,
        },
        {"id": "2", "fault": "refuse", "match": {}, "times": 3, "probability": 0.25, "params": {}, "fired": 0},
    ] == sim.does("faults", method="GET")
    assert added.json() == sim.does("faults", method="GET")[0]


def test_a_rule_as_listed_can_be_put_back(sim: Simulation):
    """What the list shows is what a rule is made of, id and count aside."""
    sim.breaks("duplicate", {"run": 1, "to": "2027-01-01", "webhookId": UNKNOWN_ID.upper()}, params={"apart": 2})
    (rule,) = sim.does("faults", method="GET")
    again = {name: value for name, value in rule.items() if name not in ("id", "fired")}
    assert rule | {"id": "2"} == sim.does("faults", again)


def test_the_first_rule_that_matches_and_is_not_spent(sim: Simulation, receiver: Recorder):
    """Rules are tried in order; a spent one gives way to the next."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("answer", {"event": "CustomerCreated"}, params={"status": 501})
    sim.breaks("answer", times=2, params={"status": 502})
    sim.breaks("answer", params={"status": 503})
    sim.raises(count=4)
    sim.drains()
    assert [502, 502, 503, 503] == [entry["statusCode"] for entry in sim.log(webhook)]
    assert [0, 2, 2] == [rule["fired"] for rule in sim.does("faults", method="GET")]


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({"event": "salecreated"}, [True, False]),
        ({"url": "token=abc"}, [True, True]),
        ({"url": "nowhere"}, [False, False]),
        ({"trigger": "Resend"}, [False, False]),
        ({"run": 1}, [True, True]),
        ({"run": 2}, [False, False]),
        ({"from": "2000-01-01", "to": "2100-01-01"}, [True, True]),
        ({"from": "2100-01-01"}, [False, False]),
        ({"to": "2000-01-01"}, [False, False]),
    ],
)
def test_what_rules_match_by(sim: Simulation, receiver: Recorder, match: dict[str, Any], hit: list[bool]):
    """Event, URL, trigger, run number and a window of simulator time."""
    webhooks = [sim.subscribes(receiver.url, event) for event in ("SaleCreated", "CustomerCreated")]
    sim.breaks("refuse", match)
    for event in ("SaleCreated", "CustomerCreated"):
        sim.raises(event)
    sim.drains()
    assert hit == [not sim.log(webhook)[0]["success"] for webhook in webhooks]


def test_a_rule_for_one_webhook_and_one_run(sim: Simulation, receiver: Recorder):
    """The second run of one webhook's event fails, everything else goes through."""
    one, other = sim.subscribes(receiver.url), sim.subscribes(receiver.url)
    sim.breaks("refuse", {"webhookId": one.upper(), "run": 2})
    first, second = sim.raises()
    sim.drains()
    assert "Connection refused" == sim.resends(one, first)["status"]
    assert "OK" == sim.resends(other, second)["status"]
    assert "OK" == sim.resends(one, first)["status"]


def test_a_window_in_simulator_time(sim: Simulation, receiver: Recorder):
    """A rule strikes from `from` until before `to`."""
    sim.does("clock", {"now": "2026-01-01T11:00:00"})
    webhook = sim.subscribes(receiver.url)
    sim.breaks("refuse", {"from": "2026-01-01 12:00", "to": "2026-01-01 13:00"})
    for _ in range(3):
        sim.raises()
        sim.drains()
        sim.does("clock", {"advanceS": 3600})
    assert [True, False, True] == [entry["success"] for entry in sim.log(webhook)]


def test_chance_comes_from_the_seed(receiver: Recorder):
    """Two simulators with one seed break the same deliveries, whatever the order in which they go out."""
    told = []
    for seed in (7, 7, 8):
        with simulation(seed=seed, concurrency=3) as sim:
            webhook = sim.subscribes(receiver.url)
            sim.breaks("answer", probability=0.3)
            sim.raises(count=100)
            sim.drains()
            told.append([entry["success"] for entry in sim.log(webhook)])
    assert told[0] == told[1] != told[2]
    assert 15 <= told[0].count(False) <= 45


def test_changing_and_removing_rules(sim: Simulation, receiver: Recorder):
    """While running a rule can be replaced, its count going on, and removed."""
    webhook = sim.subscribes(receiver.url)
    rule = sim.breaks("answer", params={"status": 503})
    sim.raises()
    sim.drains()
    replaced = sim.does(f"faults/{rule}", {"fault": "answer", "params": {"status": 504}}, method="PUT")
    assert (rule, 1, 504) == (replaced["id"], replaced["fired"], replaced["params"]["status"])
    sim.raises()
    sim.drains()
    assert {"removed": 1} == sim.does(f"faults/{rule}", method="DELETE")
    sim.raises()
    sim.drains()
    assert [503, 504, 200] == [entry["statusCode"] for entry in sim.log(webhook)]
    assert 404 == sim.sim("DELETE", f"faults/{rule}").status_code
    assert 404 == sim.sim("PUT", f"faults/{rule}", {"fault": "refuse"}).status_code


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "1.0"])
def test_rules_that_there_are_not(sim: Simulation, number: str):
    """An id that no rule has is a 404."""
    sim.breaks("refuse")
    assert_problem(sim.sim("DELETE", f"faults/{number}"), 404)
    assert 1 == len(sim.does("faults", method="GET"))


@pytest.mark.parametrize(
    ("rule", "field", "allowed"),
    [
        ({}, "fault", "refuse, dns-failure"),
        ({"fault": "refus"}, "fault", "did you mean 'refuse'?"),
        ({"fault": 7}, "fault", "refuse, dns-failure"),
        ({"fault": "refuse", "time": 1}, "time", "fault, match, times, probability, params"),
        ({"fault": "refuse", "times": 0}, "times", "1 or more"),
        ({"fault": "refuse", "times": True}, "times", "1 or more"),
        ({"fault": "refuse", "times": "1"}, "times", "1 or more"),
        ({"fault": "refuse", "probability": 1.01}, "probability", "0 to 1"),
        ({"fault": "refuse", "probability": None}, "probability", "0 to 1"),
        ({"fault": "refuse", "match": []}, "match", "an object"),
        ({"fault": "refuse", "match": {"evnt": "x"}}, "match.evnt", "event, webhookId, url, trigger"),
        ({"fault": "refuse", "match": {"event": "Nope"}}, "match.event", "WebhooksTypes"),
        ({"fault": "refuse", "match": {"event": 7}}, "match.event", "a text"),
        ({"fault": "refuse", "match": {"event": ""}}, "match.event", ""),
        ({"fault": "refuse", "match": {"url": ""}}, "match.url", "a text"),
        ({"fault": "refuse", "match": {"webhookId": "abc"}}, "match.webhookId", "a UUID"),
        ({"fault": "refuse", "match": {"trigger": "resend"}}, "match.trigger", "Original or Resend"),
        ({"fault": "refuse", "match": {"run": 0}}, "match.run", "1 or more"),
        ({"fault": "refuse", "match": {"from": "soon"}}, "match.from", "2021-12-01"),
        ({"fault": "refuse", "match": {"from": "9999-12-31T23:30Z"}}, "match.from", "out of range"),
        ({"fault": "refuse", "match": {"from": "2026-02-01", "to": "2026-01-01"}}, "match.to", "after"),
        ({"fault": "refuse", "match": {"operation": "createWebhook"}}, "match.operation", "applies to deliveries"),
        ({"fault": "api-slow", "match": {"event": "SaleCreated"}}, "match.event", "applies to calls of the API"),
        ({"fault": "api-slow", "match": {"operation": "nope"}}, "match.operation", "createWebhook"),
        ({"fault": "refuse", "params": {"status": 500}}, "params.status", "nothing here"),
        ({"fault": "answer", "params": {"status": 700}}, "params.status", "200 to 599"),
        ({"fault": "answer", "params": {"status": 500.5}}, "params.status", "a whole number"),
        ({"fault": "false-failure", "params": {"status": 200}}, "params.status", "300 to 599"),
        ({"fault": "api-error", "params": {"status": 204}}, "params.status", "400 to 599"),
        ({"fault": "partial-body", "params": {"fraction": 1.5}}, "params.fraction", "0 to 1"),
        ({"fault": "slow-body", "params": {"bytesPerS": 0}}, "params.bytesPerS", "1 to"),
        ({"fault": "duplicate", "params": {"apart": "together"}}, "params.apart", "'simultaneous' or a number"),
        ({"fault": "duplicate", "params": {"copies": 101}}, "params.copies", "1 to 100"),
        ({"fault": "delay", "params": {"seconds": -1}}, "params.seconds", "0 to"),
        ({"fault": "reorder", "params": {"behind": 0}}, "params.behind", "1 to"),
        ({"fault": "huge", "params": {"bytes": 10**12}}, "params.bytes", "1 to"),
    ],
)
def test_rules_that_cannot_be(sim: Simulation, rule: dict[str, Any], field: str, allowed: str):
    """422 that names the field and says what is allowed; no rule is added, nor one replaced."""
    existing = sim.breaks("refuse")
    before = sim.state()
    for method, path in (("POST", "faults"), ("PUT", f"faults/{existing}")):
        refused = sim.sim(method, path, rule)
        assert_problem(refused, 422)
        assert field in refused.json()["errors"]
        assert allowed in refused.json()["errors"][field][0]
    assert before == sim.state()
