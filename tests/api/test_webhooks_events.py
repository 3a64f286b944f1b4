"""`/api/WebhooksEvents`: what was delivered, how it went, and the resend."""

import re
import socket
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontsim.api.webhooks import read_statuses
from frontsim.hosting.serving import UNREAD_S
from tests.support.patience import PATIENCE_S
from tests.support.recorder import OK, Recorder, answer
from tests.support.simulation import EVER, UNKNOWN_ID, Simulation, assert_problem, simulation

ENTRY = [
    "webhookId",
    "webhookEventId",
    "createdDateTime",
    "updatedDateTime",
    "status",
    "statusCode",
    "success",
    "runsCounter",
]


RUN = ["run", "createdDateTime", "trigger", "status", "statusCode", "success", "durationMs"]


WIRE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?")


def test_an_entry_of_the_list(sim: Simulation, receiver: Recorder):
    """Exactly the published fields, in the published order; runs are empty unless asked for."""
    webhook = sim.subscribes(receiver.url)
    receiver.respond = lambda _: answer(404)
    (event,) = sim.raises()
    sim.drains()
    (entry,) = sim.log(webhook)
    assert [*ENTRY, "runs"] == list(entry)
    assert (webhook, event) == (entry["webhookId"], entry["webhookEventId"])
    assert WIRE_TIME.fullmatch(entry["createdDateTime"])
    assert (None, "Not found", 404, False, 1, []) == tuple(
        entry[name] for name in ("updatedDateTime", "status", "statusCode", "success", "runsCounter", "runs")
    )


def test_an_entry_with_payload_and_runs(sim: Simulation, receiver: Recorder):
    """includePayload and includeRuns add the payload that was sent and one object for each run."""
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    sim.drains()
    (entry,) = sim.log(webhook, includePayload="true", includeRuns="True")
    assert [*ENTRY, "payload", "runs"] == list(entry)
    (run,) = entry["runs"]
    assert RUN == list(run)
    assert (1, "Original", "OK", 200, True) == tuple(
        run[name] for name in ("run", "trigger", "status", "statusCode", "success")
    )
    assert 0 <= run["durationMs"] < 20_000


def test_the_payload_is_what_was_sent(sim: Simulation, receiver: Recorder):
    """Byte for byte, in the list, in the entry and in the answer to a resend; no envelope is around it."""
    webhook = sim.subscribes(receiver.url)
    ids = sim.raises(count=5) + sim.raises(set={"receiptNo": 2**53 - 1}, invalid=True)
    sim.drains()
    sent = {call.event_id: call.body for call in receiver.gets(6)}
    assert set(ids) == sent.keys()
    listed = sim.api("GET", f"WebhooksEvents/{webhook}", params={**EVER, "includePayload": "true"}).content
    for event in ids:
        assert b'"payload":%b,"runs":' % sent[event] in listed
        assert b'"payload":%b,"runs":' % sent[event] in sim.api("GET", f"WebhooksEvents/{webhook}/{event}").content
    again = sim.api("POST", f"WebhooksEvents/{webhook}/deliver/{ids[0]}").content
    assert b'"payload":%b,"runs":' % sent[ids[0]] in again
    assert sent[ids[0]] == receiver.gets(7)[6].body


def test_a_resend_that_succeeds(sim: Simulation, receiver: Recorder):
    """The id stays, a run is added, status, statusCode, success, updatedDateTime and runsCounter follow it, and the
    entry leaves success=false."""
    webhook = sim.subscribes(receiver.url)
    receiver.respond = lambda _: answer(500)
    (event,) = sim.raises()
    sim.drains()
    (failed,) = sim.log(webhook, success="false")
    assert (500, "Internal server error", None) == (failed["statusCode"], failed["status"], failed["updatedDateTime"])
    receiver.respond = lambda _: OK
    entry = sim.resends(webhook, event)
    assert (event, 200, "OK", True, 2) == tuple(
        entry[name] for name in ("webhookEventId", "statusCode", "status", "success", "runsCounter")
    )
    assert WIRE_TIME.fullmatch(entry["updatedDateTime"])
    assert failed["createdDateTime"] == entry["createdDateTime"]
    assert [(1, "Original", 500), (2, "Resend", 200)] == [
        (run["run"], run["trigger"], run["statusCode"]) for run in entry["runs"]
    ]
    assert entry == sim.entry(webhook, event)
    assert [] == sim.log(webhook, success="false")
    assert [event] == [item["webhookEventId"] for item in sim.log(webhook, success="true")]
    assert [event, event] == receiver.event_ids


def test_a_resend_that_fails(sim: Simulation, receiver: Recorder):
    """200 whatever the receiver said (open): the entry tells what it said, and a success can become a failure."""
    webhook = sim.subscribes(receiver.url)
    (event,) = sim.raises()
    sim.drains()
    receiver.goes_down()
    entry = sim.resends(webhook, event)
    assert ("Connection refused", None, False, 2) == tuple(
        entry[name] for name in ("status", "statusCode", "success", "runsCounter")
    )
    assert [event] == [item["webhookEventId"] for item in sim.log(webhook, success="false")]


@pytest.mark.slow
def test_order_of_the_list(sim: Simulation, receiver: Recorder):
    """Oldest first, all of them (open: there is no paging)."""
    webhook = sim.subscribes(receiver.url)
    ids = sim.raises(count=1200)
    assert ids == [entry["webhookEventId"] for entry in sim.log(webhook)]


def local(now: str, **ago: float) -> datetime:
    return datetime.fromisoformat(now) - timedelta(**ago)


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S.%f",
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%dT%H:%M",
        "%Y-%m-%dT%H:%M:%S%z",
        "utc",
        "%Y-%m-%d",
    ],
)
def test_every_form_of_a_date(sim: Simulation, receiver: Recorder, form: str):
    """The guide's, the OpenAPI's, the T form, offsets and Z: `from` finds what is younger, `to` does not."""
    sim.does("clock", {"now": "2026-03-05T12:00:00"})
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    hour_ago = datetime(2026, 3, 5, 11, tzinfo=ZoneInfo("Europe/Oslo"))
    text = "2026-03-05T10:00:00Z" if form == "utc" else hour_ago.strftime(form)
    assert 1 == len(sim.log(webhook, **{"from": text}))
    assert 0 == len(sim.log(webhook, to=text))


@pytest.mark.parametrize("zone", ["Europe/Oslo", "America/New_York"])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("0001-01-01", "9999-12-31"),
        ("0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999"),
        ("0001-01-01T00:00:00.0000000+14:00", "9999-12-31T23:59:59.9999999-12:00"),
        ("0001-01-01T00:00:00.0000000Z", "9999-12-31T23:59:59.9999999Z"),
    ],
)
def test_a_window_without_ends(receiver: Recorder, zone: str, first: str, last: str):
    """.NET's DateTime.MinValue and MaxValue, as it writes them, leave nothing out, east and west of Greenwich."""
    with simulation(timezone=zone) as sim:
        webhook = sim.subscribes(receiver.url)
        (event,) = sim.raises()
        assert [event] == [entry["webhookEventId"] for entry in sim.log(webhook, **{"from": first, "to": last})]
        assert [] == sim.log(webhook, **{"from": last, "to": first})


def test_bounds_of_the_window(sim: Simulation, receiver: Recorder):
    """`from` is inclusive and `to` exclusive (open), to the millisecond."""
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    (entry,) = sim.log(webhook)
    created = entry["createdDateTime"]
    assert 1 == len(sim.log(webhook, **{"from": created}))
    assert 0 == len(sim.log(webhook, to=created))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"to": "2100-01-01"}, "from"),
        ({"from": "2000-01-01"}, "to"),
        ({"from": "", "to": "2100-01-01"}, "from"),
        ({"from": "yesterday", "to": "2100-01-01"}, "from"),
        ({"from": "2021-02-30", "to": "2100-01-01"}, "from"),
        ({"from": "2021-12-01T25:00", "to": "2100-01-01"}, "from"),
        ({"from": "01.12.2021", "to": "2100-01-01"}, "from"),
        ({"from": "0000-01-01", "to": "2100-01-01"}, "from"),
        ({**EVER, "success": "maybe"}, "success"),
        ({**EVER, "includePayload": "2"}, "includePayload"),
        ({**EVER, "includeRuns": "yes"}, "includeRuns"),
        ({**EVER, "statuses": ",".join(map(str, range(2_000)))}, "statuses"),
    ],
)
def test_queries_that_cannot_be_read(sim: Simulation, query: dict[str, str], field: str):
    """A missing or unreadable parameter is a 400 that names it."""
    webhook = sim.subscribes("http://a.example")
    refused = sim.api("GET", f"WebhooksEvents/{webhook}", params=query)
    assert_problem(refused, 400)
    assert [field] == list(refused.json()["errors"])


@pytest.mark.parametrize(
    "values",
    [
        ["Not found", "Connection refused"],
        ["not FOUND", "connection refused"],
        ["['Not found','Connection refused']"],
        ['["Not found", "Connection refused"]'],
        ["Not found,Connection refused"],
        ["Not found", "'Connection refused'"],
        ["404,Connection refused"],
    ],
)
def test_every_form_of_statuses(sim: Simulation, receiver: Recorder, values: list[str]):
    """Repeated, as a bracketed list or a comma list, phrases in any case or codes: each finds the same (open)."""
    receiver.respond = lambda call: answer(404) if b"lost" in call.body else OK
    webhook = sim.subscribes(receiver.url)
    (lost,) = sim.raises(payload={"lost": True}, invalid=True)
    sim.raises()
    sim.drains()
    sim.breaks("refuse", times=1)
    (refused,) = sim.raises()
    sim.drains()
    found = sim.api("GET", f"WebhooksEvents/{webhook}", params=[*EVER.items(), *(("statuses", v) for v in values)])
    assert [lost, refused] == [entry["webhookEventId"] for entry in found.json()]


@pytest.mark.parametrize(
    ("values", "statuses"),
    [
        ([], []),
        ([""], []),
        (["[]"], []),
        (["OK"], ["OK"]),
        (["['OK']"], ["OK"]),
        (["OK", "OK,Not found", " OK "], ["OK", "Not found"]),
    ],
)
def test_reading_statuses(values: list[str], statuses: list[str]):
    """Empty means all; a status that comes twice counts once."""
    assert statuses == read_statuses(values)


def test_names_of_the_query_match_in_any_case(sim: Simulation, receiver: Recorder):
    """As ASP.NET matches them (inferred)."""
    webhook = sim.subscribes(receiver.url)
    sim.raises()
    sim.drains()
    query = {"FROM": "2000-01-01", "To": "2100-01-01", "SUCCESS": "FALSE", "includepayload": "true"}
    assert [] == sim.api("GET", f"WebhooksEvents/{webhook}", params=query).json()


def test_an_event_that_is_not_over(sim: Simulation):
    """Until its first run is over an event is Pending, neither a success nor in success=false; runsCounter is 0."""
    with Recorder(respond=lambda _: None) as silent:
        webhook = sim.subscribes(silent.url)
        sim.raises()
        silent.gets(1)
        (entry,) = sim.log(webhook)
        assert ("Pending", None, False, 0) == tuple(
            entry[name] for name in ("status", "statusCode", "success", "runsCounter")
        )
        assert [] == sim.log(webhook, success="false") == sim.log(webhook, success="true")
    sim.drains()
    assert 1 == len(sim.log(webhook, success="false"))


@pytest.mark.parametrize(
    ("method", "path", "which"),
    [
        ("GET", "{webhook}", "webhook"),
        *(("GET", "{webhook}/{event}", which) for which in ("webhook", "event", "of another webhook")),
        *(("POST", "{webhook}/deliver/{event}", which) for which in ("webhook", "event", "of another webhook")),
    ],
)
def test_ids_that_nothing_has(sim: Simulation, receiver: Recorder, method: str, path: str, which: str):
    """An unknown webhook, an unknown event, another webhook's event: 404, and nothing is sent."""
    known: dict[str, Any] = {"webhook": sim.subscribes(receiver.url)}
    (known["event"],) = sim.raises()
    sim.drains()
    known |= {"webhook": sim.subscribes(receiver.url)} if which == "of another webhook" else {which: UNKNOWN_ID}
    before = sim.state()
    assert_problem(sim.api(method, f"WebhooksEvents/{path.format(**known)}", params=EVER), 404)
    assert before == sim.state()
    assert 1 == len(receiver.calls)


def test_ids_that_are_none(sim: Simulation):
    """An id that is no UUID is a 400."""
    webhook = sim.subscribes("http://a.example")
    assert_problem(sim.api("GET", "WebhooksEvents/1", params=EVER), 400)
    assert_problem(sim.api("GET", f"WebhooksEvents/{webhook}/1"), 400)
    assert_problem(sim.api("POST", f"WebhooksEvents/{webhook}/deliver/1"), 400)


def test_the_openapi_form_of_dates(receiver: Recorder):
    """A setting writes dates as the vendor's OpenAPI export does; queries take all forms as before."""
    with simulation(datetime_form="openapi") as sim:
        webhook = sim.subscribes(receiver.url)
        sim.raises()
        (entry,) = sim.log(webhook)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}0000\+00:00", entry["createdDateTime"])
        assert 1 == len(sim.log(webhook, **{"from": entry["createdDateTime"]}))


@pytest.mark.slow
def test_callers_who_leave_in_the_middle_of_a_list(sim: Simulation, receiver: Recorder):
    """A list that is broken off gives back what it held: the next caller is served."""
    webhook = sim.subscribes(receiver.url)
    sim.raises(count=3000)
    for _ in range(8):
        with sim.http.stream(
            "GET", f"{sim.base_url}/api/WebhooksEvents/{webhook}", params={**EVER, "includePayload": "true"}
        ) as listing:
            next(listing.iter_raw(100))
    assert 1 == len(sim.api("GET", "Webhooks").json())


@pytest.mark.slow
def test_callers_who_read_slowly(sim: Simulation, receiver: Recorder):
    """However many callers have asked for a long list and do not read it, others are answered."""
    webhook = sim.subscribes(receiver.url)
    sim.breaks("false-success")
    sim.raises(count=4000)
    sim.drains()
    asked = f"GET /api/WebhooksEvents/{webhook}?from=2000-01-01&to=2100-01-01&includePayload=true HTTP/1.1"
    with ExitStack() as callers:
        for _ in range(4):
            link = callers.enter_context(socket.socket())
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.connect(("127.0.0.1", sim.port))
            link.sendall(f"{asked}\r\nHost: localhost\r\nx-api-key: k\r\n\r\n".encode())
            link.settimeout(PATIENCE_S)
            assert link.recv(100).startswith(b"HTTP/1.1 200")
        assert 200 == sim.api("GET", "Webhooks", timeout=UNREAD_S / 2).status_code  # they are still there then
