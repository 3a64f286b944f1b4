"""`/_sim/trigger` and `/_sim/simulate`: raising events, one and many, and what stops it."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from frontsim.payloads.making.factory import Payloads
from frontsim.payloads.making.payload_service import MOST_AT_ONCE
from frontsim.payloads.making.shop import ACTS
from tests.support.patience import PATIENCE_S
from tests.support.recorder import OK, Recorder
from tests.support.simulation import Simulation, assert_problem, simulation


def test_trigger(sim: Simulation, receiver: Recorder):
    """202 after the events are in the log: one for each occurrence and webhook that matches, oldest first."""
    first, second = sim.subscribes(receiver.url), sim.subscribes(receiver.url)
    sim.subscribes(receiver.url, "CustomerCreated")
    answer = sim.sim("POST", "trigger", {"event": "salecreated", "count": 3})
    raised = answer.json()
    assert (202, 3, 6) == (answer.status_code, raised["occurrences"], len(raised["events"]))
    assert [first, second] * 3 == [item["webhookId"] for item in raised["events"]]
    assert {"SaleCreated"} == {item["event"] for item in raised["events"]}
    assert ["webhookId", "webhookEventId", "event"] == list(raised["events"][0])
    ids = [item["webhookEventId"] for item in raised["events"]]
    assert 6 == len(set(ids))
    assert ids[::2] == [entry["webhookEventId"] for entry in sim.log(first)]
    sim.drains()
    assert sorted(ids) == sorted(receiver.event_ids)


def test_one_occurrence_has_one_payload(sim: Simulation, receiver: Recorder):
    """Two webhooks get the same payload of one occurrence; two occurrences have different ones."""
    for _ in range(2):
        sim.subscribes(receiver.url)
    sim.raises(count=2)
    bodies = [call.body for call in receiver.gets(4)]
    assert 2 == len(set(bodies))


def test_no_matching_webhook_logs_nothing(sim: Simulation):
    """No webhook matches: nothing is in the log, and the answer says so."""
    assert {"occurrences": 2, "events": []} == sim.does("trigger", {"event": "SaleCreated", "count": 2})
    assert 0 == sim.does("stats", method="GET")["events"]


def test_a_payload_of_ones_own(sim: Simulation, receiver: Recorder):
    """`payload` is sent as it is, if it is valid; `set` changes parts of ours by dotted path."""
    sim.subscribes(receiver.url)
    mine = sim.api("GET", "WebhooksTypes/SaleCreated/schema").json()["examples"][0]
    sim.raises(payload=mine)
    (first,) = receiver.gets(1)  # before the second is raised: two that are sent side by side arrive in either order
    sim.raises(set={"receiptNo": "changed"})
    second = receiver.gets(2)[1]
    assert mine == orjson.loads(first.body)
    assert "changed" == orjson.loads(second.body)["receiptNo"]


def test_a_type_that_cannot_be_drawn_stops_only_its_own_payloads(tmp_path: Path, receiver: Recorder):
    """It is listed, subscribed to and raised with a payload; without one the refusal names the keyword and its path."""
    code = {"type": "string", "pattern": "^(?=.*z{9})[a-z]{30}$"}  # nine z in a row never happen
    schema = {"type": "object", "required": ["code"], "properties": {"code": code}}
    (tmp_path / "CodeIssued.json").write_bytes(orjson.dumps(schema))
    with simulation(contracts=tmp_path) as sim:
        assert "CodeIssued" in sim.api("GET", "WebhooksTypes").json()
        assert schema == sim.api("GET", "WebhooksTypes/CodeIssued/schema").json()
        sim.subscribes(receiver.url, "CodeIssued")
        sim.subscribes(receiver.url)
        for wish in ({}, {"count": 3}, {"set": {"code": "z" * 30}}):
            refused = sim.sim("POST", "trigger", {"event": "CodeIssued", **wish})
            assert_problem(refused, 422)
            assert "pattern at #/properties/code/pattern: " in refused.json()["detail"]
        assert 0 == sim.does("stats", method="GET")["events"]
        sim.raises("CodeIssued", payload={"code": "z" * 30})
        assert b'{"code":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}' == receiver.gets(1)[0].body
        sim.raises("SaleCreated")
        assert 2 == len(receiver.gets(2))


def test_values_for_one_occurrence_after_another(sim: Simulation, receiver: Recorder):
    """More than are logged at a time; the answer's events are in the order of `each`."""
    sim.subscribes(receiver.url)
    each = [{"receiptNo": str(number)} for number in range(230)]
    raised = sim.does("trigger", {"event": "SaleCreated", "each": each})
    sent = {call.headers["x-webhook-event-id"]: orjson.loads(call.body)["receiptNo"] for call in receiver.gets(230)}
    assert [str(number) for number in range(230)] == [sent[event["webhookEventId"]] for event in raised["events"]]


@pytest.mark.parametrize(
    "value",
    [
        {"event": "SaleCreated", "payload": {}},
        {"event": "SaleCreated", "payload": {"saleId": {}}},
        {"event": "SaleCreated", "set": {"noSuchField": 1}},
        {"event": "NoSuchEvent"},
        {"event": 7},
        {},
        {"event": "SaleCreated", "count": 0},
        {"event": "SaleCreated", "count": MOST_AT_ONCE + 1},
        {"event": "SaleCreated", "count": "3"},
        {"event": "SaleCreated", "storeId": "x"},
        {"event": "SaleCreated", "set": []},
        {"event": "SaleCreated", "payload": []},
        {"event": "SaleCreated", "invalid": "yes"},
        {"event": "SaleCreated", "cuont": 3},
    ],
)
def test_triggers_that_cannot_be(sim: Simulation, receiver: Recorder, value: dict[str, Any]):
    """An unknown type, a path that is not there, a payload that breaks its schema, a wrong type, an unknown field:
    422 saying what was expected; nothing is raised."""
    sim.subscribes(receiver.url)
    before = sim.state()
    refused = sim.sim("POST", "trigger", value)
    assert_problem(refused, 422)
    assert before == sim.state()
    assert [] == receiver.calls


def test_invalid_on_purpose(sim: Simulation, receiver: Recorder):
    """`invalid` sends what breaks the schema all the same; a type must still be one."""
    sim.subscribes(receiver.url)
    sim.raises(payload={"nothing": "fits"}, invalid=True)
    assert b'{"nothing":"fits"}' == receiver.gets(1)[0].body
    assert 422 == sim.sim("POST", "trigger", {"event": "Nope", "payload": {}, "invalid": True}).status_code


@pytest.mark.parametrize("store_id", [2**31, 2**63, 2**64 - 1, -(2**63), 10**30, "7", None, True, [7]])
def test_stores_that_no_shop_has(sim: Simulation, receiver: Recorder, store_id: Any):
    """An invalid payload may name any store: webhooks of all stores get it, those of one do not, and nothing breaks."""
    everyone = sim.subscribes(receiver.url)
    sim.subscribes(receiver.url, store_id=7)
    body = {"storeId": store_id, "store": {"id": store_id}}
    raised = sim.does("trigger", {"event": "SaleCreated", "payload": body, "invalid": True})
    assert [everyone] == [item["webhookId"] for item in raised["events"]]
    sim.drains()
    assert 1 == len(sim.log(everyone, success="true"))


@pytest.mark.slow
def test_many_at_once(sim: Simulation, receiver: Recorder):
    """A thousand occurrences in one call are in the log when it answers, each delivered once."""
    webhook = sim.subscribes(receiver.url)
    ids = sim.raises(count=1000)
    assert ids == [entry["webhookEventId"] for entry in sim.log(webhook)]
    sim.drains()
    assert sorted(ids) == sorted(receiver.event_ids)


@pytest.mark.parametrize("what", ACTS)
def test_every_business_act(sim: Simulation, receiver: Recorder, what: str):
    """Each act raises at least one event of a type that there is, and all of them are delivered."""
    for event in sim.api("GET", "WebhooksTypes").json():
        sim.subscribes(receiver.url, event)
    raised = sim.does("simulate", {"what": what})
    assert 1 <= raised["occurrences"] == len(raised["events"])
    sim.drains()
    assert sorted(item["webhookEventId"] for item in raised["events"]) == sorted(receiver.event_ids)


def test_no_payload_of_an_act_is_later_than_its_log_entry(sim: Simulation, receiver: Recorder):
    """Not even of many counts, each of which takes minutes."""
    webhook = sim.subscribes(receiver.url, "StockCountReconciled")
    sim.does("simulate", {"what": "stock-count", "count": 100})
    entries = sim.log(webhook, includePayload="true")
    assert 100 == len(entries)
    for entry in entries:
        times = (entry["payload"]["countedDateTime"], entry["payload"]["createdDateTime"], entry["createdDateTime"])
        assert sorted(map(datetime.fromisoformat, times)) == list(map(datetime.fromisoformat, times))


def test_a_day_that_has_none_before_now_has_the_clocks_moments(sim: Simulation, receiver: Recorder):
    """Because the last act was just now."""
    webhook = sim.subscribes(receiver.url, "SaleCreated")
    sim.does("simulate", {"what": "sale"})
    sim.does("simulate", {"what": "day", "speed": 1_000_000})
    apart = [
        datetime.fromisoformat(entry["payload"]["saleDateTime"]) - datetime.fromisoformat(entry["createdDateTime"])
        for entry in sim.log(webhook, includePayload="true")
    ]
    assert max(apart) < timedelta(seconds=10)
    late = [each for each in apart if each <= timedelta(minutes=-1)]
    assert len(late) < len(apart) / 10  # of registers that were offline


@pytest.mark.parametrize(
    "value", [{}, {"what": "nothing"}, {"what": 1}, {"what": "sale", "count": 0}, {"what": "sale", "x": 1}]
)
def test_acts_that_cannot_be(sim: Simulation, value: dict[str, Any]):
    """422, with the acts that there are."""
    refused = sim.sim("POST", "simulate", value)
    assert_problem(refused, 422)
    if "what" in refused.json()["errors"]:
        assert "sale" in refused.json()["errors"]["what"][0]


def test_too_much_waits():
    """Once as much waits as may: 503 with Retry-After, nothing is kept, and it goes on when there is room."""
    let_go = threading.Event()
    with Recorder(respond=lambda _: OK if let_go.wait(PATIENCE_S) else None) as slow, simulation(max_waiting=10) as sim:
        webhook = sim.subscribes(slow.url)
        sim.raises(count=10)
        refused = sim.sim("POST", "trigger", {"event": "SaleCreated"})
        assert_problem(refused, 503)
        assert "1" == refused.headers["retry-after"]
        assert "--max-waiting" in refused.json()["detail"]
        assert 503 == sim.sim("POST", "simulate", {"what": "sale"}).status_code
        assert 503 == sim.sim("POST", "leases", {"event": "SaleCreated"}).status_code
        assert 10 == len(sim.log(webhook))
        let_go.set()
        sim.drains()
        assert 1 == len(sim.raises())


def test_one_call_cannot_fill_the_queue_without_end():
    """A call that raises many stops where the queue is full, and says how many it has raised."""
    with Recorder(respond=lambda _: None) as slow, simulation(max_waiting=300) as sim:
        webhook = sim.subscribes(slow.url)
        refused = sim.sim("POST", "trigger", {"event": "SaleCreated", "count": 5000})
        assert 503 == refused.status_code
        logged = len(sim.log(webhook))
        assert refused.json()["detail"].startswith(f"{logged} occurrences are in the log, no more: ")
        assert 300 == logged


def test_many_webhooks_cannot_fill_the_queue_either():
    """The limit counts events, not occurrences."""
    with Recorder(respond=lambda _: None) as slow, simulation(max_waiting=500) as sim:
        webhooks = [sim.subscribes(slow.url) for _ in range(40)]
        assert 503 == sim.sim("POST", "trigger", {"event": "SaleCreated", "count": 5000}).status_code
        assert 10 * 40 <= sum(len(sim.log(webhook)) for webhook in webhooks) <= 500


def test_a_refused_trigger_logs_nothing(sim: Simulation):
    """A path that only some payloads have is refused before the first of them is logged."""
    sim.subscribes("http://127.0.0.1:9/", "SaleCreated")
    refused = sim.sim("POST", "trigger", {"event": "SaleCreated", "count": 1000, "set": {"salesLines[3].quantity": 1}})
    assert 422 == refused.status_code
    assert 0 == sim.does("stats", method="GET")["occurrences"]


UNDATED = dict.fromkeys(("saleDateTime", "createdDateTime", "updatedDateTime", "receiptFormatted"))


def undated(payloads: Payloads, number: int) -> dict[str, Any]:
    """Sale `number` without its times: those are the clock's."""
    return {**orjson.loads(payloads.build("SaleCreated", number).body), **UNDATED}


@pytest.mark.parametrize("change", [{}, {"set": {"comment": "x"}}])
@pytest.mark.parametrize("now", [None, "2031-05-06T12:00:00"])
def test_a_payload_has_the_time_of_its_log_entry(receiver: Recorder, change: dict[str, Any], now: str | None):
    """To some minutes, built plainly or with a change, wherever the simulator's clock stands."""
    with simulation() as sim:
        if now:
            sim.does("clock", {"now": now})
        webhook = sim.subscribes(receiver.url, "OmniChannelOrderRefundUpdated" if not change else "SaleCreated")
        sim.raises("OmniChannelOrderRefundUpdated" if not change else "SaleCreated", **change)
        [entry] = sim.log(webhook, includePayload="true")
    payload = entry["payload"]
    happened = datetime.fromisoformat(payload["updatedDateTime"] or payload["createdDateTime"])
    assert abs(datetime.fromisoformat(entry["createdDateTime"]) - happened) < timedelta(minutes=10)
    assert now is None or payload["createdDateTime"][:4] == "2031"


def test_one_call_may_ask_for_another_profile(receiver: Recorder):
    """`payloads` in the call: strict leaves nothing out, whatever the simulator's own profile is."""
    with simulation(payloads="adversarial") as sim:
        webhook = sim.subscribes(receiver.url)
        sim.raises(count=20, payloads="strict")
        sim.raises(count=20)
        entries = sim.log(webhook, includePayload="true")
        refused = sim.sim("POST", "trigger", {"event": "SaleCreated", "payloads": "odd"})
    payloads = [entry["payload"] for entry in entries]
    assert all(None not in payload.values() for payload in payloads[:20])
    assert any(None in payload.values() for payload in payloads[20:])
    assert 422 == refused.status_code
    assert "strict" in refused.text


def test_digits_of_a_text_field(receiver: Recorder):
    """A number for a field of text is taken as its digits."""
    with simulation() as sim:
        webhook = sim.subscribes(receiver.url, "StockMovementCreated")
        sim.raises("StockMovementCreated", set={"gtin": 7041234567892})
        [entry] = sim.log(webhook, includePayload="true")
    assert "7041234567892" == entry["payload"]["gtin"]


def test_a_refusal_that_cannot_be_explained_holds_up_nothing(tmp_path):
    """The pattern takes Python 2 ** 40 steps; meanwhile the simulator serves, and afterwards it stops."""
    pattern = {"type": "object", "properties": {"mail": {"pattern": "^([a-zA-Z0-9]+[._-]?)+@x$"}}}
    (tmp_path / "Mail.json").write_bytes(orjson.dumps(pattern))
    refused: list[httpx.Response] = []
    with simulation(contracts=tmp_path) as sim:
        call = {"event": "Mail", "payload": {"mail": "a" * 40}}
        asking = threading.Thread(target=lambda: refused.append(sim.sim("POST", "trigger", call)))
        asking.start()
        while asking.is_alive():
            assert sim.sim("GET", "health", timeout=1).is_success
        asking.join()
        assert_problem(refused[0], 422)
        assert "too costly to explain" in refused[0].text
