"""`/_sim/sink/{name}`: what is told to a sink stays, in order, and it answers as it is scripted."""

import json

import httpx
import pytest

from frontsim.api import sinks
from tests.support.simulation import Simulation, assert_problem, simulation


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
    """A body that an observer could not read is refused, and not recorded."""
    assert 422 == sim.http.post(f"{sim.control_url}/sink/erp", content=b"event=SaleCreated").status_code
    assert [] == sim.does("sink/erp", method="GET")


def test_sinks_that_are_full(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """503 with Retry-After, and what they hold stays; a reset empties them."""
    monkeypatch.setattr(sinks, "MOST_IN_SINKS", 400)  # a record and its name take some 300 beside their bytes
    sim.does("sink/erp", {"a": "0123456"})
    refused = sim.sim("POST", "sink/erp", {"a": "0123456"})
    assert_problem(refused, 503)
    assert "60" == refused.headers["retry-after"]
    assert [{"a": "0123456"}] == sim.does("sink/erp", method="GET")
    sim.does("reset")
    sim.does("sink/erp", {"a": "0123456"})


def test_names_and_records_take_memory_however_short_they_are(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """They are counted with it."""
    monkeypatch.setattr(sinks, "MOST_IN_SINKS", 2_000)
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
    sim.does(f"sink/{'n' * sinks.LONGEST_NAME}", 1)
    assert_problem(sim.sim("POST", f"sink/{'n' * (sinks.LONGEST_NAME + 1)}", 1), 422)


def test_a_long_list_is_sent_in_pieces(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """However it is cut, it is one JSON array."""
    monkeypatch.setattr(sinks, "_PIECE", 10)
    records = [f"record {number}" for number in range(20)]
    for record in records:
        sim.does("sink/erp", record)
    answer = sim.sim("GET", "sink/erp")
    assert "chunked" == answer.headers["transfer-encoding"]
    assert records == answer.json()


@pytest.mark.anyio
async def test_a_long_record_is_sent_in_pieces_too(monkeypatch: pytest.MonkeyPatch):
    """Or ten readers of records of 10 MB would hold up all others, each for as long as it takes to copy one."""
    monkeypatch.setattr(sinks, "_PIECE", 10)
    for records in ([], [b"1"], [b"1" * 1_000, b"2", b"", b"3" * 10, b"4" * 11], [b"5" * 20]):
        pieces = [piece async for piece in sinks._array(records, len(records))]
        assert b"[%b]" % b",".join(records) == b"".join(pieces)
        assert all(len(piece) <= 24 for piece in pieces)


RULES = [
    {"method": "post", "path": "orders", "call": 1, "status": 503, "headers": {"Retry-After": "2"}},
    {"method": "POST", "path": "/orders", "call": 2, "dropAnswer": True},
    {"path": "/orders/*", "status": 201, "body": {"id": 7}},
    {"method": "DELETE", "path": "/keys", "body": "gone"},
]


def test_any_shop_is_scripted(sim: Simulation):
    """The first rule that matches answers; refused is not recorded, dropped is, and each key counts once."""
    sim.does("sink/shop/rules", RULES, method="PUT")
    key = {"Idempotency-Key": "k1"}
    refused = sim.sim("POST", "sink/shop/orders", {"n": 1}, headers=key)
    assert (503, "2") == (refused.status_code, refused.headers["retry-after"])
    with pytest.raises(httpx.TransportError):
        sim.sim("POST", "sink/shop/orders", {"n": 1}, headers=key)
    assert {"recorded": False} == sim.sim("POST", "sink/shop/orders", {"n": 1}, headers=key).json()
    made = sim.sim("PATCH", "sink/shop/orders/7?full=1", {"n": 2})
    assert (201, {"id": 7}) == (made.status_code, made.json())
    assert [{"n": 1}, {"n": 2}] == sim.does("sink/shop", method="GET")
    assert {"k1": 2} == sim.does("sink/shop/keys", method="GET")
    shown = sim.does("sink/shop/calls", method="GET")
    assert [503, None, 200, 201] == [call["status"] for call in shown["calls"]]
    assert [False, True, False, True] == [call["recorded"] for call in shown["calls"]]
    last = shown["calls"][-1]
    assert ["PATCH", "/orders/7", "full=1", {"n": 2}] == [
        last["method"],
        last["path"],
        last["query"],
        json.loads(last["body"]),
    ]
    assert (0, 4) == (shown["dropped"], last["number"])
    assert RULES[2]["body"] == sim.does("sink/shop/rules", method="GET")[2]["body"]


def test_any_method_and_sub_path_is_taken_without_a_script(sim: Simulation):
    """A read is no record; a call without JSON is recorded as its method, path and text."""
    for method in ("GET", "HEAD", "OPTIONS"):
        assert 200 == sim.http.request(method, f"{sim.control_url}/sink/erp/items/7").status_code
    assert {"recorded": True} == sim.http.delete(f"{sim.control_url}/sink/erp/items/7").json()
    assert {"recorded": True} == sim.http.put(f"{sim.control_url}/sink/erp/items", content=b"a=1").json()
    assert [
        {"method": "DELETE", "path": "/items/7", "body": ""},
        {"method": "PUT", "path": "/items", "body": "a=1"},
    ] == sim.does("sink/erp", method="GET")
    assert 5 == len(sim.does("sink/erp/calls", method="GET")["calls"])


def test_keys_and_calls_are_ours_unless_a_rule_names_them(sim: Simulation):
    """For the method that it names; a pattern names neither."""
    sim.does("sink/shop/rules", RULES, method="PUT")
    assert "gone" == sim.http.delete(f"{sim.control_url}/sink/shop/keys").text
    assert {} == sim.does("sink/shop/keys", method="GET")
    sim.does("sink/shop/rules", [{"path": "keys", "body": [1]}, {"path": "*", "body": 2}], method="PUT")
    assert [1] == sim.does("sink/shop/keys", method="GET")
    assert "calls" in sim.does("sink/shop/calls", method="GET")


@pytest.mark.parametrize(
    ("rules", "field", "text"),
    [
        ({}, "", "expected an array of at most 200 rules, got {}"),
        ([{}] * 201, "", "expected an array of at most 200 rules, got 201 rules"),
        ([7], "[0]", "expected an object, got 7"),
        ([{}, {"method": "FETCH"}], "[1].method", "expected one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        ([{"status": 99}], "[0].status", "expected a whole number from 200 to 599, got 99"),
        ([{"call": 0}], "[0].call", "expected a whole number, 1 or more, got 0"),
        ([{"delayS": "1"}], "[0].delayS", "expected a number from 0 to 3,600, got '1'"),
        ([{"headers": {"X": "a\nb"}}], "[0].headers.X", "expected a header's name and a text of one line, in ASCII"),
        ([{"headers": {"content-length": "1"}}], "[0].headers.content-length", "expected a header's name"),
        ([{"answer": 1}], "[0].answer", "expected one of method, path"),
    ],
)
def test_wrong_rules_are_refused(sim: Simulation, rules: object, field: str, text: str):
    """With what was expected and what came; the rules before stay."""
    sim.does("sink/shop/rules", RULES, method="PUT")
    refused = sim.sim("PUT", "sink/shop/rules", rules)
    assert_problem(refused, 422)
    said = refused.json()["errors"][field][0] if field else refused.json()["detail"]
    assert text in said
    assert len(RULES) == len(sim.does("sink/shop/rules", method="GET"))


def test_the_oldest_calls_are_dropped_and_counted(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    """By number and by bytes; what was recorded stays."""
    monkeypatch.setattr(sinks, "MOST_CALLS", 3)
    for number in range(5):
        sim.does("sink/erp", number)
    shown = sim.does("sink/erp/calls", method="GET")
    assert (2, [3, 4, 5]) == (shown["dropped"], [call["number"] for call in shown["calls"]])
    monkeypatch.setattr(sinks, "MOST_IN_CALLS", 4_000)
    sim.does("sink/erp", "x" * 3_000)
    assert {"dropped": 6, "calls": []} == sim.does("sink/erp/calls", method="GET")
    assert 6 == len(sim.does("sink/erp", method="GET"))


def test_there_are_so_many_sinks_and_no_more(sim: Simulation, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sinks, "MOST_SINKS", 2)
    for name in "ab":
        sim.does(f"sink/{name}", 1)
    assert_problem(sim.sim("POST", "sink/c", 1), 503)
    assert_problem(sim.sim("GET", "sink/c/items"), 503)


def test_the_token_of_sinks():
    """On loopback a program's call needs none, unless there is one for sinks; the rules are no receiver's to change."""
    bearer = {"Authorization": "Bearer t0ken"}
    with simulation(token="s3cret") as sim:
        sim.does("sink/erp", 1)
        assert [1] == sim.does("sink/erp", method="GET")
        assert_problem(sim.sim("PUT", "sink/erp/rules", []), 401)
        assert_problem(sim.sim("GET", "sink/erp", headers={"Sec-Fetch-Site": "same-origin"}), 401)
    with simulation(token="s3cret", sink_token="t0ken") as sim:
        assert_problem(sim.sim("POST", "sink/erp/items", 1), 401)
        assert 200 == sim.sim("POST", "sink/erp/items", 1, headers=bearer).status_code
        assert_problem(sim.sim("PUT", "sink/erp/rules", [], headers=bearer), 401)
        assert 200 == sim.sim("POST", "sink/erp", 1, headers={"Authorization": "Bearer s3cret"}).status_code
    with simulation(host="0.0.0.0", token="s3cret") as sim:
        assert_problem(sim.http.post(f"http://127.0.0.1:{sim.port}/_sim/sink/erp", json=1), 401)
