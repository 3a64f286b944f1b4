"""`/_sim/trigger` and `/_sim/simulate`: raising events, one and many, and what stops it."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial, partialmethod
from typing import Any

import orjson
import pytest

from frontsim import catalog
from frontsim.domain.model import Occurrence
from frontsim.payloads.async_payloads import AsyncPayloads
from frontsim.payloads.factory import Payloads
from frontsim.payloads.shop import ACTS
from frontsim.payloads.trigger_call import MOST_AT_ONCE
from frontsim.store.event_log import EventLog
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
    """What two webhooks are sent of one occurrence is the same; of two occurrences it is not."""
    for _ in range(2):
        sim.subscribes(receiver.url)
    sim.raises(count=2)
    bodies = [call.body for call in receiver.gets(4)]
    assert 2 == len(set(bodies))


def test_nobody_wants_it(sim: Simulation):
    """No webhook matches: nothing is in the log, and the answer says so."""
    assert {"occurrences": 2, "events": []} == sim.does("trigger", {"event": "SaleCreated", "count": 2})
    assert 0 == sim.does("stats", method="GET")["events"]


def test_a_payload_of_ones_own(sim: Simulation, receiver: Recorder):
    """`payload` is sent as it is, if it is valid; `set` changes parts of ours by dotted path."""
    sim.subscribes(receiver.url)
    mine = sim.api("GET", "WebhooksTypes/SaleCreated/schema").json()["examples"][0]
    sim.raises(payload=mine)
    sim.raises(set={"receiptNo": "changed"})
    first, second = (call.body for call in receiver.gets(2))
    assert mine == orjson.loads(first)
    assert "changed" == orjson.loads(second)["receiptNo"]


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
    """What is counted are events, not occurrences."""
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


def test_two_batches_are_with_the_log_at_once(receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """A call that waited for the first before it gave the second would have a batch in every other transaction."""
    real, given = EventLog.accept, list[int]()

    def told_late(self: EventLog, occurrences: Sequence[Occurrence], first: int, causes: Any) -> Any:
        """Tell of the first batch only when the second has been given."""
        given.append(first)
        accepted = real(self, occurrences, first, causes)
        if len(given) == 1:
            told = asyncio.get_running_loop().create_future()
            waiting.append((accepted, told))
            return told
        while waiting:
            earlier, told = waiting.pop()
            earlier.add_done_callback(lambda done, told=told: told.set_result(done.result()))
        return accepted

    waiting = list[Any]()
    monkeypatch.setattr(EventLog, "accept", told_late)
    with simulation() as sim:
        webhook = sim.subscribes(receiver.url)
        ids = sim.raises(count=1_200)
        assert [1, 501, 1001] == given
        assert ids == [entry["webhookEventId"] for entry in sim.log(webhook)]


@pytest.mark.slow
def test_thousands_at_once(receiver: Recorder):
    """However many, and in whichever process: each number's payload once, as a small call would have raised it."""
    with simulation(seed=9) as sim:
        webhook = sim.subscribes(receiver.url)
        ids = [event_id for _ in range(2) for event_id in sim.raises(count=4_000)]
        sim.drains()
        listed = sim.log(webhook, includePayload="true")
    here = Payloads(catalog.load(), seed=9)
    assert sorted(ids) == sorted(entry["webhookEventId"] for entry in listed)
    made = [undated(here, number) for number in range(1, 8_001)]
    assert made == [{**entry["payload"], **UNDATED} for entry in listed]


def test_a_reset_while_payloads_are_made(receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """Numbers that were taken before it are given out anew: what was made for them is made again, for others."""
    real, begun, let_go = AsyncPayloads.make, threading.Event(), threading.Event()

    async def slow_at_first(*args: Any, **more: Any) -> Any:
        made = await real(*args, **more)
        if not begun.is_set():
            begun.set()
            await asyncio.to_thread(let_go.wait, 20)
        return made

    monkeypatch.setattr(AsyncPayloads, "make", slow_at_first)
    with simulation() as sim, ThreadPoolExecutor(1) as other:
        early = other.submit(sim.raises, count=1)
        assert begun.wait(PATIENCE_S)
        sim.does("reset")
        webhook = sim.subscribes(receiver.url)
        late = sim.raises(count=1)
        let_go.set()
        ids = [*late, *early.result()]
        listed = sim.log(webhook, includePayload="true")
    here = Payloads(catalog.load(), seed=1)
    assert ids == [entry["webhookEventId"] for entry in listed]
    assert [{**entry["payload"], **UNDATED} for entry in listed] == [undated(here, number) for number in (1, 2)]


@pytest.mark.parametrize(("count", "logged"), [(1, 0), (12, 1)])
def test_a_reset_while_payloads_are_changed(
    receiver: Recorder, monkeypatch: pytest.MonkeyPatch, count: int, logged: int
):
    """The same, where values are set: the thread that builds them is slower than the reset.

    Few payloads are logged as they are made at first; many are tried by the first call, and made anew by the second.
    """
    real, begun, let_go, calls = AsyncPayloads.in_thread, threading.Event(), threading.Event(), itertools.count()

    async def slow_at_first(self: AsyncPayloads, make: Any) -> Any:
        made = await real(self, make)
        if next(calls) == logged:
            begun.set()
            await asyncio.to_thread(let_go.wait, 20)
        return made

    monkeypatch.setattr(AsyncPayloads, "in_thread", slow_at_first)
    with simulation() as sim, ThreadPoolExecutor(1) as other:
        early = other.submit(sim.raises, count=count, set={"comment": "early"})
        assert begun.wait(PATIENCE_S)
        sim.does("reset")
        webhook = sim.subscribes(receiver.url)
        sim.raises(set={"comment": "late"})
        let_go.set()
        early.result()
        listed = [entry["payload"] for entry in sim.log(webhook, includePayload="true")]
    here = Payloads(catalog.load(), seed=1)
    wanted = [(1, "late"), *[(2 + place, "early") for place in range(count)]]
    assert [{**undated(here, number), "comment": comment} for number, comment in wanted] == [
        {**payload, **UNDATED} for payload in listed
    ]


def test_payloads_of_ones_own_are_built_off_the_event_loop(receiver: Recorder, monkeypatch: pytest.MonkeyPatch):
    """A whole payload once, however often it is raised, and each of a few with values set. Of many each is made twice,
    because a bad one is refused before anything is logged."""
    threads = list[str]()

    def noted(real: Callable[..., Any], *args: Any, **more: Any) -> Any:
        threads.append(threading.current_thread().name)
        return real(*args, **more)

    for name in ("given", "changed"):
        monkeypatch.setattr(Payloads, name, partialmethod(partial(noted, getattr(Payloads, name))))
    with simulation() as sim:
        sim.subscribes(receiver.url)
        assert 50 == len(sim.raises(count=50, payload={"of": "mine"}, invalid=True))
        assert ["frontsim-payloads_0"] == threads
        sim.raises(count=5, set={"comment": "x"})
        assert ["frontsim-payloads_0"] * (1 + 5) == threads
        sim.raises(count=12, set={"comment": "x"})
    assert ["frontsim-payloads_0"] * (1 + 5 + 2 * 12) == threads


@pytest.mark.slow
def test_a_reset_while_many_are_raised(receiver: Recorder):
    """What is raised behind it counts from 1 again, and nothing is refused or raised twice."""
    with simulation() as sim, ThreadPoolExecutor(1) as other:
        sim.subscribes(receiver.url)
        sim.raises(count=3_000)  # so that payloads are made ahead, in a process of their own
        for _ in range(3):
            raising = other.submit(sim.raises, count=4_000)
            sim.does("reset")
            webhook = sim.subscribes(receiver.url)
            raising.result()
            numbers = [entry["payload"]["saleId"] for entry in sim.log(webhook, includePayload="true")]
            sim.does("reset")
            assert len(numbers) == len(set(numbers))
        webhook = sim.subscribes(receiver.url)
        sim.raises(count=2)
        first, second = (entry["payload"] for entry in sim.log(webhook, includePayload="true"))
    here = Payloads(catalog.load(), seed=1)
    assert [{**first, **UNDATED}, {**second, **UNDATED}] == [undated(here, number) for number in (1, 2)]
