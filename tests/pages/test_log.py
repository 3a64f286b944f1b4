"""The page's reads of the log."""

import csv
import json
from io import StringIO

import pytest

from frontsim.pages.log import _csv_lines
from tests.support.recorder import Recorder, answer
from tests.support.simulation import Simulation, assert_problem


def reads(sim: Simulation, **query: object) -> dict:
    return sim.sim("GET", "page/events", params=query).raise_for_status().json()


def test_events_of_all_webhooks_newest_first(sim: Simulation, receiver: Recorder):
    """Page by page, each event once, with its newest run."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    raised = sim.raises(count=3) + sim.raises("CustomerCreated", count=2)
    sim.drains()
    first = reads(sim, limit=2)
    rest = reads(sim, limit=10, before=first["moreFrom"])
    assert raised[::-1] == [row["webhookEventId"] for row in first["events"] + rest["events"]]
    assert (5, None) == (first["newest"], rest["moreFrom"])
    assert raised[2:4][::-1] == [row["webhookEventId"] for row in reads(sim, after=2, limit=2)["events"]]
    row = first["events"][0]
    assert ("CustomerCreated", 200, "OK", True, 1) == tuple(
        row[name] for name in ("event", "statusCode", "status", "success", "runsCounter")
    )
    assert row["url"].endswith("/b")


def test_filters(sim: Simulation, receiver: Recorder):
    """Each narrows the page, together they narrow it further."""
    receiver.respond = lambda call: answer(500 if call.line.startswith("POST /b") else 200)
    a = sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b")
    sim.breaks("answer", {"webhookId": a, "run": 1}, times=1, params={"status": 503})
    sim.raises(count=2, set={"comment": "Fürst_1"})
    sim.drains()
    counts = {
        name: len(reads(sim, **{name: value})["events"])
        for name, value in (
            ("webhook", a), ("event", "SaleCreated"), ("text", "fürst"), ("outcome", "failed"),
        )
    }  # fmt: skip
    assert {"webhook": 2, "event": 4, "text": 4, "outcome": 3} == counts
    assert 1 == len(reads(sim, outcome="failed", webhook=a)["events"])
    assert 1 == len(reads(sim, outcome="broken")["events"])
    assert 0 == len(reads(sim, outcome="resent")["events"])
    assert 0 == len(reads(sim, text="F_rst")["events"])  # a wildcard of SQL is a letter here
    assert 0 == len(reads(sim, to="2000-01-01")["events"])
    assert 4 == len(reads(sim, **{"from": "2000-01-01"})["events"])
    one = reads(sim)["events"][1]
    assert [one] == reads(sim, text=one["webhookEventId"])["events"]


@pytest.mark.parametrize(
    "query", [{"outcome": "good"}, {"webhook": "x"}, {"before": "0"}, {"limit": "501"}, {"from": "soon"}, {"nope": "1"}]
)
def test_a_filter_that_cannot_be_read(sim: Simulation, query: dict[str, str]):
    assert_problem(sim.sim("GET", "page/events", params=query), 422)


def test_webhooks_with_how_their_events_went(sim: Simulation, receiver: Recorder):
    receiver.respond = lambda _: answer(500)
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    sim.raises(count=3)
    sim.drains()
    shown = sim.does("page/webhooks", method="GET")
    assert [(3, 3, 0), (0, 0, 0)] == [(each["events"], each["failed"], each["waiting"]) for each in shown]


def test_the_last_seconds(sim: Simulation, receiver: Recorder):
    """Pictures are drawn of the runs that ended, that failed or were broken, and of the time that they took."""
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.breaks("lost-response", times=1)
    sim.raises(count=3)
    sim.drains()
    shown = sim.does("page/seconds", method="GET")
    seconds = shown["seconds"]
    assert (3, 3, 1) == tuple(sum(each[name] for each in seconds) for name in ("raised", "over", "failed"))
    assert {"lost-response"} == {name for each in seconds for name in each["faults"]}
    assert 0 == seconds[-1]["waiting"]
    assert all(shown["now"] - shown["span"] <= each["second"] <= shown["now"] for each in seconds)
    assert any(each["p99"] is not None for each in seconds)


def test_a_look_spends_no_fault_on_the_api(sim: Simulation):
    """The page goes past the gateway: it needs no keys, and a rule on the API counts none of its calls."""
    sim.breaks("api-error", times=1)
    url = f"{sim.server}/_sim/page/api/webhooks"
    made = sim.http.post(url, json={"event": "SaleCreated", "url": "http://a.example"}, headers={"x-api-key": ""})
    assert 200 == made.status_code
    assert [made.json()] == sim.http.get(url, headers={"x-api-key": ""}).json()
    assert 0 == sim.does("faults", method="GET")[0]["fired"]
    assert 500 == sim.api("GET", "Webhooks").status_code


def test_the_filtered_log_is_counted_and_exported_with_its_payloads(sim: Simulation, receiver: Recorder):
    """JSON lines and CSV hold what the filter leaves, newest first: as many rows as are counted."""
    receiver.respond = lambda call: answer(500 if call.line.startswith("POST /b") else 200)
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/a")
    sim.subscribes(f"http://127.0.0.1:{receiver.port}/b", "CustomerCreated")
    sim.raises(count=2, set={"comment": 'to\nlines, "quoted"'})
    raised = sim.raises("CustomerCreated", count=130)  # more than are read at once
    sim.drains()
    assert {"count": 132, "moreFrom": None} == sim.does("page/events.count", method="GET")
    assert 130 == sim.sim("GET", "page/events.count", params={"outcome": "failed"}).json()["count"]
    lines = sim.sim("GET", "page/events.jsonl", params={"outcome": "failed"})
    assert "attachment" in lines.headers["content-disposition"]
    exported = [json.loads(line) for line in lines.text.splitlines()]
    assert raised[::-1] == [each["webhookEventId"] for each in exported]
    assert {500} == {each["statusCode"] for each in exported}
    rows = list(csv.DictReader(StringIO(sim.sim("GET", "page/events.csv", params={"event": "SaleCreated"}).text)))
    assert ['to\nlines, "quoted"'] * 2 == [json.loads(row["payload"])["comment"] for row in rows]
    listed = reads(sim, event="SaleCreated")["events"]
    assert list(listed[0]) == list(rows[0])[:-1]
    assert [each["webhookEventId"] for each in listed] == [row["webhookEventId"] for row in rows]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1"])
def test_no_cell_of_an_export_is_a_formula(text: str):
    """What a spreadsheet would run is a text there; other texts and numbers stay as they are."""
    written = _csv_lines([({"number": -1, "status": text, "event": "a=b"}, text.encode())], is_first=False)
    (row,) = csv.reader(StringIO(written.decode(), newline=""))
    assert ["-1", f"'{text}", "a=b", f"'{text}"] == row


def test_an_empty_export_has_its_head_and_an_unknown_form_is_refused(sim: Simulation):
    assert [] == list(csv.DictReader(StringIO(sim.sim("GET", "page/events.csv").text)))
    assert "number,webhookEventId," in sim.sim("GET", "page/events.csv").text
    assert "" == sim.sim("GET", "page/events.jsonl").text
    assert {"count": 0, "moreFrom": None} == sim.does("page/events.count", method="GET")
    assert_problem(sim.sim("GET", "page/events.xml"), 404)
    assert_problem(sim.sim("GET", "page/events.csv", params={"outcome": "good"}), 422)
