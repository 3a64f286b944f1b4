"""Fault rules over HTTP: read, put back, removed, refused, and how many and how large they may be."""

import json
from typing import Any

import pytest

from frontsim.domain import fault_rules
from frontsim.domain.rule_json import LONGEST
from frontsim.user_input.request_body import BODY_LIMIT
from tests.support.recorder import Recorder
from tests.support.simulation import UNKNOWN_ID, Simulation, assert_problem


def rules(sim: Simulation) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = sim.does("faults", method="GET")
    return listed


def refused(sim: Simulation, rule: object, path: str = "faults", method: str = "POST") -> dict[str, list[str]]:
    """What is wrong with a rule, by field."""
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
    """What came is shown as its sender wrote it."""
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


def test_what_is_left_out_is_counted(sim: Simulation):
    """Twenty unknown names are listed, then the number of others; what else is wrong is not hidden."""
    problems = refused(sim, {f"x{number}": 1 for number in range(20_000)} | {"fault": "refuse", "times": 0})
    assert 22 == len(problems)
    assert "got 19,980 more names" in problems[""][0]
    assert "got 0" in problems["times"][0]
