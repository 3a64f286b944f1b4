"""`/_sim/leases`: deliveries that another program sends."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from frontsim.api import leases
from frontsim.api.leases import MOST_AT_ONCE
from frontsim.domain.model import ANSWER_BODY_KEPT, ANSWER_HEAD_KEPT
from tests.support.recorder import Recorder
from tests.support.simulation import UNKNOWN_ID, Simulation, assert_problem, simulation

NOWHERE = "http://127.0.0.1:1/hook"


def report(delivery: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"webhookEventId": delivery["webhookEventId"], "run": delivery["run"], **more}


def test_a_large_lease_is_written_in_steps(sim: Simulation, receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """Others have their turn between two: one step of 10,000 deliveries took a third of a second."""
    sim.subscribes(receiver.url)
    pauses = list[float]()

    async def sleep(delay_s: float) -> None:
        pauses.append(delay_s)
        await asyncio.sleep(delay_s)

    noted = SimpleNamespace(sleep=sleep, get_running_loop=asyncio.get_running_loop)
    monkeypatch.setattr(leases, "asyncio", noted)
    lease = sim.does("leases", {"event": "SaleCreated", "count": 450})
    assert 450 == len({each["webhookEventId"] for each in lease["deliveries"]})
    assert 3 * [0] == pauses


def test_a_lease(sim: Simulation, receiver: Recorder):
    """A leased delivery is in the log as begun, has all that a sender needs, and is not sent by us."""
    webhook = sim.subscribes(receiver.url)
    answer = sim.sim("POST", "leases", {"event": "SaleCreated", "count": 2})
    lease = answer.json()
    assert (201, ["id", "expiresS", "deliveries"], 60.0) == (answer.status_code, list(lease), lease["expiresS"])
    entries = sim.log(webhook, includePayload="true")
    assert [entry["webhookEventId"] for entry in entries] == [each["webhookEventId"] for each in lease["deliveries"]]
    assert {"Pending"} == {entry["status"] for entry in entries}
    first = lease["deliveries"][0]
    assert (1, "Original", receiver.url, webhook, "SaleCreated") == tuple(
        first[name] for name in ("run", "trigger", "url", "webhookId", "event")
    )
    assert {
        "Content-Type": "application/json; charset=utf-8",
        "X-Webhook-Event-Id": first["webhookEventId"],
        "X-Webhook-Id": webhook,
        "X-Webhook-Event": "SaleCreated",
    } == first["headers"]
    sim.http.post(first["url"], content=first["body"], headers=first["headers"])
    assert (
        sim.api("GET", f"WebhooksEvents/{webhook}/{first['webhookEventId']}").content.find(receiver.calls[0].body) > 0
    )
    assert {"drained": False} == sim.does("drain", {"timeoutS": 0})
    outcomes = [report(each, statusCode=200, durationMs=7) for each in lease["deliveries"]]
    assert {"logged": 2, "ignored": 0, "open": 0} == sim.does(f"leases/{lease['id']}", {"outcomes": outcomes})
    assert {("OK", 200, True, 1)} == {
        (entry["status"], entry["statusCode"], entry["success"], entry["runsCounter"]) for entry in sim.log(webhook)
    }
    assert 7 == sim.entry(webhook, first["webhookEventId"])["runs"][0]["durationMs"]
    assert 1 == len(receiver.calls)
    sim.drains()


def test_a_refusal_keeps_what_was_answered(sim: Simulation):
    """The beginning of the body and of the headers, as of an answer to a delivery of the simulator's own."""
    webhook = sim.subscribes(NOWHERE)
    lease = sim.does("leases", {"event": "SaleCreated"})
    (one,) = lease["deliveries"]
    answer = {"headers": {"Content-Type": "text/plain", "X-Long": "h" * 3000}, "body": "no sku " + "b" * 5000}
    outcomes = [report(one, statusCode=400, answer=answer)]
    assert {"logged": 1, "ignored": 0, "open": 0} == sim.does(f"leases/{lease['id']}", {"outcomes": outcomes})
    (run,) = sim.sim("GET", f"page/events/{one['webhookEventId']}").json()["runs"]
    assert (400, "no sku " + "b" * (ANSWER_BODY_KEPT - 7)) == (run["statusCode"], run["answer"])
    assert run["answerHead"].startswith("Content-Type: text/plain\nX-Long: hhh")
    assert ANSWER_HEAD_KEPT == len(run["answerHead"])
    assert [False] == [entry["success"] for entry in sim.log(webhook)]


def test_a_part_at_a_time(sim: Simulation):
    """A lease may be reported in parts; each delivery is logged once, whatever is reported again."""
    webhook = sim.subscribes(NOWHERE)
    lease = sim.does("leases", {"event": "SaleCreated", "count": 3})
    one, two, three = lease["deliveries"]
    path = f"leases/{lease['id']}"
    told = sim.does(path, {"outcomes": [report(one, statusCode=200), report(two, outcome="unknown")]})
    assert {"logged": 2, "ignored": 0, "open": 1} == told
    told = sim.does(
        path, {"outcomes": [report(one, statusCode=500), {"webhookEventId": UNKNOWN_ID, "statusCode": 200}]}
    )
    assert {"logged": 0, "ignored": 2, "open": 1} == told
    assert ["OK", "Timeout", "Pending"] == [entry["status"] for entry in sim.log(webhook)]
    assert 0 == sim.does(path, {"outcomes": [report(three, outcome="not sent")]})["open"]
    assert "Connection failed" == sim.log(webhook)[2]["status"]
    assert_problem(sim.sim("POST", path, {"outcomes": []}), 404)


def test_a_lease_that_runs_out(sim: Simulation):
    """A delivery that was never reported ends as unknown, Lease expired; a late report is a 404 and changes nothing."""
    webhook = sim.subscribes(NOWHERE)
    lease = sim.does("leases", {"event": "SaleCreated", "count": 2, "ttlS": 0.3})
    one, two = lease["deliveries"]
    sim.does(f"leases/{lease['id']}", {"outcomes": [report(one, statusCode=204)]})
    sim.drains()
    assert [("No content", True), ("Lease expired", False)] == [
        (entry["status"], entry["success"]) for entry in sim.log(webhook)
    ]
    assert_problem(sim.sim("POST", f"leases/{lease['id']}", {"outcomes": [report(two, statusCode=200)]}), 404)
    assert "Lease expired" == sim.log(webhook)[1]["status"]


def test_resends(sim: Simulation):
    """Failed events, oldest first, each in one lease only; a success leaves success=false."""
    webhook = sim.subscribes(NOWHERE)
    ids = sim.raises(count=3)
    sim.drains()
    first = sim.does("leases", {"resend": True, "count": 2})
    rest = sim.does("leases", {"resend": True, "count": 5})
    assert (ids[:2], ids[2:]) == tuple(
        [each["webhookEventId"] for each in lease["deliveries"]] for lease in (first, rest)
    )
    assert {(2, "Resend")} == {(each["run"], each["trigger"]) for each in first["deliveries"]}
    assert {"expiresS": 60.0, "deliveries": []}.items() <= sim.does("leases", {"resend": True}).items()
    for lease in (first, rest):
        outcomes = [report(each, statusCode=200) for each in lease["deliveries"]]
        sim.does(f"leases/{lease['id']}", {"outcomes": outcomes})
    assert [] == sim.log(webhook, success="false")
    assert {2} == {entry["runsCounter"] for entry in sim.log(webhook)}


def test_a_mix(sim: Simulation):
    """Types in the proportions of their weights, the same for the same numbers."""
    mix = {"SaleCreated": 3, "CustomerCreated": 1}
    told = []
    for _ in range(2):
        sim.does("reset")
        for event in mix:
            sim.subscribes(NOWHERE, event)
        told.append([each["event"] for each in sim.does("leases", {"mix": mix, "count": 400})["deliveries"]])
    assert told[0] == told[1]
    counts = Counter(told[0])
    assert 295 <= counts["SaleCreated"] <= 305
    assert 400 == counts.total()


def test_types_in_any_case(sim: Simulation):
    """A lease takes a type's name in any case, as trigger does, and hands out the same sale."""
    sim.subscribes(NOWHERE)
    one = sim.does("leases", {"event": "salecreated"})["deliveries"][0]
    sim.does("reset")
    sim.subscribes(NOWHERE)
    other = sim.does("leases", {"event": "SaleCreated"})["deliveries"][0]
    sales = [json.loads(each["body"]) for each in (one, other)]
    assert "SaleCreated" == one["event"]
    assert sales[0]["saleGuid"] == sales[1]["saleGuid"]


def test_no_matching_webhook_gives_an_empty_lease(sim: Simulation):
    """No webhook matches: an empty lease."""
    assert [] == sim.does("leases", {"event": "SaleCreated"})["deliveries"]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "event"),
        ({"event": "SaleCreated", "resend": True}, "event"),
        ({"event": "SaleCreated", "mix": {"SaleCreated": 1}}, "event"),
        ({"event": 7}, "event"),
        ({"mix": {}}, "event"),
        ({"mix": []}, "mix"),
        ({"mix": {"SaleCreated": 0}}, "mix"),
        ({"mix": {"SaleCreated": "1"}}, "mix"),
        ({"event": "SaleCreated", "count": 0}, "count"),
        ({"event": "SaleCreated", "count": MOST_AT_ONCE + 1}, "count"),
        ({"event": "SaleCreated", "ttlS": 0}, "ttlS"),
        ({"event": "SaleCreated", "ttlS": 3601}, "ttlS"),
        ({"event": "SaleCreated", "seconds": 1}, "seconds"),
    ],
)
def test_leases_that_cannot_be(sim: Simulation, value: dict[str, Any], field: str):
    """422 that names the field; nothing is raised."""
    sim.subscribes(NOWHERE)
    before = sim.state()
    refused = sim.sim("POST", "leases", value)
    assert_problem(refused, 422)
    assert field in refused.json()["errors"]
    assert before == sim.state()


@pytest.mark.parametrize("value", [{"event": "Nope"}, {"mix": {"SaleCreated": 1, "Nope": 1}, "count": 4}])
def test_types_that_there_are_not(sim: Simulation, value: dict[str, Any]):
    """422; nothing of the lease is raised."""
    sim.subscribes(NOWHERE)
    before = sim.state()
    assert_problem(sim.sim("POST", "leases", value), 422)
    assert before == sim.state()


@pytest.mark.parametrize(
    ("outcome", "field"),
    [
        ({}, "outcomes[0].webhookEventId"),
        ({"webhookEventId": "x", "statusCode": 200}, "outcomes[0].webhookEventId"),
        ({"webhookEventId": UNKNOWN_ID, "statusCode": 99}, "outcomes[0].statusCode"),
        ({"webhookEventId": UNKNOWN_ID, "outcome": "answered"}, "outcomes[0].statusCode"),
        ({"webhookEventId": UNKNOWN_ID, "outcome": "unknown", "statusCode": 200}, "outcomes[0].statusCode"),
        ({"webhookEventId": UNKNOWN_ID, "outcome": "lost"}, "outcomes[0].outcome"),
        ({"webhookEventId": UNKNOWN_ID, "outcome": ["unknown"]}, "outcomes[0].outcome"),
        ({"webhookEventId": UNKNOWN_ID, "run": 0, "statusCode": 200}, "outcomes[0].run"),
        ({"webhookEventId": UNKNOWN_ID, "durationMs": -1, "statusCode": 200}, "outcomes[0].durationMs"),
        ({"webhookEventId": UNKNOWN_ID, "what": 1}, "outcomes[0].what"),
        ({"webhookEventId": UNKNOWN_ID, "answer": {"body": "x"}}, "outcomes[0].answer"),
        ({"webhookEventId": UNKNOWN_ID, "statusCode": 400, "answer": "x"}, "outcomes[0].answer"),
        ({"webhookEventId": UNKNOWN_ID, "statusCode": 400, "answer": {"text": "x"}}, "outcomes[0].answer.text"),
        ({"webhookEventId": UNKNOWN_ID, "statusCode": 400, "answer": {"body": 7}}, "outcomes[0].answer.body"),
        ({"webhookEventId": UNKNOWN_ID, "statusCode": 400, "answer": {"headers": []}}, "outcomes[0].answer.headers"),
    ],
)
def test_reports_that_cannot_be(sim: Simulation, outcome: dict[str, Any], field: str):
    """422 that names the outcome and the field; not even the good ones beside it are logged."""
    webhook = sim.subscribes(NOWHERE)
    lease = sim.does("leases", {"event": "SaleCreated"})
    good = report(lease["deliveries"][0], statusCode=200)
    refused = sim.sim("POST", f"leases/{lease['id']}", {"outcomes": [outcome, good]})
    assert_problem(refused, 422)
    assert field in refused.json()["errors"]
    assert "Pending" == sim.log(webhook)[0]["status"]
    for value in ({}, {"outcomes": {}}, {"outcomes": [good], "more": 1}, {"outcomes": [7]}):
        assert 422 == sim.sim("POST", f"leases/{lease['id']}", value).status_code
    assert "Pending" == sim.log(webhook)[0]["status"]


def test_a_lease_over_a_restart(tmp_path: Path):
    """A delivery that was out when the simulator stopped is Unknown at the next start, and listed as failed."""
    with simulation(ephemeral=False, db=tmp_path / "log.db") as sim:
        webhook = sim.subscribes(NOWHERE)
        lease = sim.does("leases", {"event": "SaleCreated"})
    with simulation(ephemeral=False, db=tmp_path / "log.db") as sim:
        assert 1 == sim.does("health", method="GET")["recoveredRuns"]
        (entry,) = sim.log(webhook, success="false")
        assert ("Unknown", lease["deliveries"][0]["webhookEventId"]) == (entry["status"], entry["webhookEventId"])
        assert 404 == sim.sim("POST", f"leases/{lease['id']}", {"outcomes": []}).status_code


def test_a_lease_with_values_and_a_profile(sim: Simulation, receiver: Recorder):
    """As a trigger call takes them; values need the type that they are for."""
    sim.subscribes(receiver.url)
    wanted = {"event": "SaleCreated", "count": 2, "set": {"saleId": 7, "total": 1.5}, "payloads": "strict"}
    bodies = [json.loads(each["body"]) for each in sim.sim("POST", "leases", wanted).json()["deliveries"]]
    assert [(7, 1.5), (7, 1.5)] == [(each["saleId"], each["total"]) for each in bodies]
    assert None not in [value for each in bodies for value in each.values()]
    assert_problem(sim.sim("POST", "leases", {"mix": {"SaleCreated": 1}, "set": {"saleId": 7}}), 422)
    assert_problem(sim.sim("POST", "leases", {"event": "SaleCreated", "set": {"saleld": 7}}), 422)
    assert_problem(sim.sim("POST", "leases", {"event": "SaleCreated", "payloads": "odd"}), 422)
