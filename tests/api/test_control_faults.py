"""Fault rules over HTTP: added, listed, matched, spent, replaced, removed, refused; and how many there may be."""

import json
from typing import Any

import pytest

from frontsim.domain import fault_rules
from frontsim.domain.fault_rules import LONGEST
from frontsim.user_input.request_body import BODY_LIMIT
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
    """A rule can be made of what the list shows, id and count aside."""
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


@pytest.mark.slow
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


def rules(sim: Simulation) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = sim.does("faults", method="GET")
    return listed


def refused(sim: Simulation, rule: object, path: str = "faults", method: str = "POST") -> dict[str, list[str]]:
    """Return the mistakes of a rule, by field."""
    answer = sim.sim(method, path, rule)
    assert_problem(answer, 422)
    errors: dict[str, list[str]] = answer.json()["errors"]
    return errors


def test_a_rule_as_it_is_listed(sim: Simulation, receiver: Recorder):
    """It can be read alone and put back; the place among the others and the count stay."""
    sim.subscribes(receiver.url)
    match = {"event": "SaleCreated", "url": "hook", "trigger": "Original", "run": 1, "from": "0001-01-01"}
    sim.breaks("answer", match, times=1, probability=1.0, params={"status": 503})
    sim.breaks("refuse", {"webhookId": UNKNOWN_ID})
    sim.raises()
    sim.drains()
    listed = rules(sim)
    assert [1, 0] == [rule["fired"] for rule in listed]
    for rule in listed:
        assert rule == sim.does(f"faults/{rule['id']}", method="GET")
        assert rule == sim.does(f"faults/{rule['id']}", rule, method="PUT")
    assert listed == rules(sim)


def test_what_is_put_counts_on(sim: Simulation):
    """`fired` is what has happened: no PUT changes it."""
    sim.breaks("api-error", {"operation": "listWebhooks"})
    sim.api("GET", "Webhooks")
    changed = sim.does("faults/1", {"fault": "api-slow", "params": {"seconds": 0}, "fired": 99}, method="PUT")
    assert ("1", "api-slow", 1) == (changed["id"], changed["fault"], changed["fired"])


@pytest.mark.parametrize("number", ["0", "01", "2", "-1", "+1", "1.0", "%201", "\uff11", "\u0661", "\u00b2", "9" * 500])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_id_that_no_rule_has(sim: Simulation, method: str, number: str):
    """404 as a problem, whatever the body; only the very digits that are listed are the rule's."""
    sim.breaks("refuse")
    answer = sim.sim(method, f"faults/{number}", {} if method == "PUT" else None)
    assert_problem(answer, 404)
    assert "no fault rule" in answer.json()["detail"]
    assert 1 == len(rules(sim))


@pytest.mark.parametrize("other", ["2", 1, None, ""])
def test_the_id_of_another_rule(sim: Simulation, other: object):
    """A rule that is put somewhere else than it was listed is a mistake."""
    sim.breaks("refuse")
    problems = refused(sim, {**rules(sim)[0], "id": other, "times": 0}, "faults/1", "PUT")
    assert {"id", "times"} == problems.keys()
    assert problems["id"][0].startswith("expected the id in the path, '1', got ")
    assert {"id", "fired"} == refused(sim, rules(sim)[0]).keys()  # POST gives an id


def test_a_part_of_a_rule(sim: Simulation):
    """422 that says that PUT takes a whole one."""
    sim.breaks("refuse")
    assert refused(sim, {"times": 5}, "faults/1", "PUT")["fault"][0].endswith(
        "got nothing: PUT takes a whole rule, not a part of one"
    )


def test_all_of_it_in_one_answer(sim: Simulation):
    """Whatever is wrong is told at once, names that there are not among it, and where to read on."""
    match = {"event": "Nope", "operation": "nope", "webhookId": "x", "trigger": "x", "run": 0, "from": "x", "y": 1}
    problems = refused(sim, {"fault": "nope", "match": match, "times": 0, "probability": 2, "x": 1})
    assert {"fault", "times", "probability", "x", *(f"match.{name}" for name in match)} == problems.keys()
    assert "`frontsim fault --help`" in problems["fault"][0]


@pytest.mark.parametrize(
    ("rule", "field", "got"),
    [
        ({}, "fault", "nothing"),
        ({"fault": None}, "fault", "null"),
        ({"fault": "refuse", "times": True}, "times", "true"),
        ({"fault": "refuse", "probability": None}, "probability", "null"),
        ({"fault": "refuse", "match": [None, False]}, "match", "[null,false]"),
        ({"fault": "refuse", "match": {"run": False}}, "match.run", "false"),
        ({"fault": "refuse", "match": {"url": {"a": None}}}, "match.url", '{"a":null}'),
        ({"fault": "answer", "params": {"status": None}}, "params.status", "null"),
        ({"fault": "refuse", "match": {"from": True}}, "match.from", "'true'"),
    ],
)
def test_values_in_words_of_json(sim: Simulation, rule: dict[str, Any], field: str, got: str):
    """A wrong value is shown as its sender wrote it."""
    assert refused(sim, rule)[field][0].endswith(f"got {got}")


def test_how_long_a_text_may_be(sim: Simulation):
    """A text that is looked for in every URL is bounded."""
    sim.breaks("refuse", {"url": "x" * LONGEST})
    problems = refused(sim, {"fault": "refuse", "match": {"url": "x" * (LONGEST + 1)}})
    assert ["expected a text of at most 2,048 characters, got 2,049"] == problems["match.url"]


def test_how_many_rules_there_may_be(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """One more is a 422; one less makes room."""
    monkeypatch.setattr(fault_rules, "MOST", 2)
    sim.breaks("refuse")
    sim.breaks("refuse")
    assert "expected at most 2 fault rules" in refused(sim, {"fault": "refuse"})[""][0]
    sim.does("faults/1", method="DELETE")
    assert "3" == sim.breaks("refuse")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["faults", "trigger", "clock", "leases", "drain"])
@pytest.mark.parametrize(
    "body",
    [
        {"x" * (BODY_LIMIT - 100): 1},
        {"match": {"x" * (BODY_LIMIT - 100): 1}, "set": 1, "timeoutS": "x"},
        {f"x{number}": 1 for number in range(20_000)},
        {"fault": "x" * (BODY_LIMIT - 100)},
        {"fault": "refuse", "match": {"event": "x" * (BODY_LIMIT - 100)}},
        {"event": "x" * (BODY_LIMIT - 100)},
        {"fault": "refuse", "times": [1] * 1_000_000},
    ],
    ids=["name", "inner name", "names", "fault", "inner event", "event", "value"],
)
def test_refusals_are_short(sim: Simulation, path: str, body: dict[str, Any]):
    """However large what is refused, its refusal is some kilobytes."""
    answer = sim.sim("POST", path, content=json.dumps(body).encode())
    assert (True, True) == (400 <= answer.status_code < 500, len(answer.content) < 50_000), answer.text[:1000]


@pytest.mark.slow
def test_what_is_left_out_is_counted(sim: Simulation):
    """Twenty unknown names are listed, then the number of others; what else is wrong is not hidden."""
    problems = refused(sim, {f"x{number}": 1 for number in range(20_000)} | {"fault": "refuse", "times": 0})
    assert 22 == len(problems)
    assert "got 19,980 more names" in problems[""][0]
    assert "got 0" in problems["times"][0]
