"""`frontsim record`: the log of an API as a file."""

import json
import time
from datetime import UTC, datetime

import pytest

from frontsim.client.control import Simulator
from frontsim.hosting.serving import run_in_thread
from frontsim.records.proxy import RecordingProxy
from frontsim.settings import Settings
from tests.support.recorder import Recorder

WEBHOOK = {"id": "w1", "storeId": None, "event": "SaleCreated", "url": "http://a"}
ENTRY = {
    "webhookId": "w1",
    "webhookEventId": "e1",
    "createdDateTime": "2026-08-01T10:12:06.313",
    "payload": {"saleId": 7},
    "runs": [{"run": 1, "statusCode": 404}],
}


@pytest.fixture
def vendor(api):
    api.routes["GET /api/Webhooks"] = [WEBHOOK]
    api.routes["GET /api/WebhooksEvents/w1"] = [ENTRY]
    return api


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_log_becomes_a_file(vendor, run, tmp_path):
    """One line says what it is, one line each is an event; a warning says that it holds personal data."""
    done = run("record", "--out", str(tmp_path / "r"), "--from-time", "2026-08-01", "--to-time", "2026-08-02")
    assert 0 == done.exit_code, done.output
    head, event = lines(tmp_path / "r")
    assert {"frontsim": "record", "version": 1, "from": "api", "timezone": "Europe/Oslo", "anonymised": False} == head
    assert ("e1", {"saleId": 7}, [{"run": 1, "statusCode": 404}]) == (
        event["webhookEventId"],
        event["body"],
        event["runs"],
    )
    assert "personal data" in done.stderr
    assert f"1 event in {tmp_path / 'r'}" in done.stderr


def test_the_api_is_only_read(vendor, run, tmp_path):
    run("record", "--out", str(tmp_path / "r"))
    assert [] == [line for line in vendor.lines if not line.startswith("GET ")]


def test_a_file_that_is_there_ends_it(vendor, run, tmp_path):
    (tmp_path / "r").write_text("mine")
    done = run("record", "--out", str(tmp_path / "r"))
    assert (3, "mine") == (done.exit_code, (tmp_path / "r").read_text())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--webhook", "w9"), "expected the id of a webhook"),
        (("--from-time", "yesterday"), "expected a date such as 2021-12-01"),
        (("--from-time", "2026-08-02", "--to-time", "2026-08-01"), "expected a moment after --from-time"),
        (("--timezone", "Mars"), "expected a zone such as Europe/Oslo"),
    ],
)
def test_wrong_options_are_refused(vendor, run, tmp_path, options, expected):
    """Before anything is written."""
    done = run("record", "--out", str(tmp_path / "r"), *options)
    assert 3 == done.exit_code
    assert expected in done.output
    assert not (tmp_path / "r").exists()


@pytest.fixture
def recorded(tmp_path):
    """A record of one sale."""
    event = {
        "event": "SaleCreated",
        "webhookId": "6f0e2a9c-7a43-4c39-8a5e-0d9b3b6c1f52",
        "webhookEventId": "9c7656c4-ae4b-4414-b086-b909765fe9f3",
        "time": "2026-08-01T10:00:00",
        "body": {"saleId": 7},
    }
    head = {"frontsim": "record", "version": 1, "from": "api", "timezone": "Europe/Oslo", "anonymised": False}
    file = tmp_path / "day.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in (head, event)))
    return file


@pytest.fixture
def hook():
    with Recorder() as recorder:
        yield recorder


@pytest.fixture
def sim():
    """A simulator that the user has started."""
    running = run_in_thread(Settings(port=0, ephemeral=True))
    yield running
    running.stop()


@pytest.fixture
def alone(run, monkeypatch):
    """A command that starts a simulator of its own."""
    monkeypatch.delenv("FRONTSIM_BASE_URL")
    return run


def test_a_record_is_replayed(alone, recorded, hook):
    """Through a simulator of its own, which is named; each delivery is shown."""
    done = alone("replay", str(recorded), "--to", hook.url)
    assert 0 == done.exit_code, done.output
    assert "through a simulator of its own: http://127.0.0.1:" in done.stderr
    assert "1 event replayed: 1 acknowledged, 0 not" in done.stderr
    assert "SaleCreated  200 OK" in done.stdout
    assert 7 != json.loads(hook.calls[0].body)["saleId"]


def test_no_delivery_goes_unshown(alone, recorded, hook, monkeypatch):
    """Not those of the first moments either, however late the thread that shows them gets its turn."""
    stream = Simulator.stream

    def late(self, **options):
        time.sleep(0.5)
        return stream(self, **options)

    monkeypatch.setattr(Simulator, "stream", late)
    assert "SaleCreated  200 OK" in alone("replay", str(recorded), "--to", hook.url).stdout


def test_a_fault_is_on_top(alone, recorded, hook):
    """By its name, or as a rule; what was not acknowledged makes the exit code 1."""
    rule = '{"fault": "answer", "params": {"status": 418}, "times": 1}'
    done = alone("replay", str(recorded), "--to", hook.url, "--fault", rule, "--same-ids")
    assert (1, 0) == (done.exit_code, len(hook.calls))
    assert "418" in done.stdout


def test_a_simulator_that_is_named_loses_the_fault_after_it(alone, recorded, hook, sim):
    """A fault is on top of this replay; the webhook stays, so that a job can resend what failed."""
    with Simulator(sim.control_url) as simulator:
        others = simulator.add_fault("refuse", match={"event": "StockMovementCreated"})
        done = alone("replay", str(recorded), "--to", hook.url, "--fault", "lost-response", "--base-url", sim.base_url)
        assert 1 == done.exit_code, done.output
        assert [others["id"]] == [rule["id"] for rule in simulator.list_faults()]


def test_an_interrupted_replay_says_how_to_go_on(alone, recorded, hook):
    """With the seed of its ids, so that references to what was sent survive."""
    with recorded.open("a") as out:
        out.write('{"event": "Sale')
    done = alone("replay", str(recorded), "--to", hook.url, "--seed", "7")
    assert 3 == done.exit_code
    assert f"go on with: frontsim replay {recorded} --from-line 3 --seed 7" in done.stderr
    assert "line 3: expected a whole line" in done.stderr


def test_real_events_stay_on_this_machine(alone, recorded):
    """Unless the user says otherwise: they hold personal data."""
    done = alone("replay", str(recorded), "--to", "https://shop.example/hook")
    assert 3 == done.exit_code
    assert "add --allow-remote to send real events to shop.example" in done.stderr


def test_a_file_that_is_no_record_is_refused(alone, tmp_path):
    (tmp_path / "x").write_text("[]\n")
    done = alone("replay", str(tmp_path / "x"), "--to", "http://127.0.0.1:1/hook")
    assert 3 == done.exit_code
    assert "line 1: expected the first line of a record of this version" in done.stderr


def test_a_wrong_fault_is_refused(alone, recorded):
    done = alone("replay", str(recorded), "--to", "http://127.0.0.1:1/hook", "--fault", '{"fault": 7}')
    assert 3 == done.exit_code
    assert "expected a fault's name" in done.stderr


def test_a_proxy_needs_both_of_its_ends(run, tmp_path):
    for options in (("--from", "proxy", "--to", "http://127.0.0.1:1"), ("--listen", "127.0.0.1:0", "--to", "http://a")):
        done = run("record", "--out", str(tmp_path / "r"), *options)
        assert 3 == done.exit_code
        assert "expected --listen and --to with a proxy" in done.stderr


def test_a_proxy_records_until_it_is_stopped(run, tmp_path, hook, monkeypatch):
    """Ctrl-C ends it, and the record has what came."""

    def serve(proxy):
        answer, why = proxy.forward("POST", "/", [("X-Webhook-Event", "SaleCreated")], b"{}")
        proxy.record([("X-Webhook-Event", "SaleCreated")], b"{}", answer, why, datetime.now(UTC), 0.1)
        raise KeyboardInterrupt

    monkeypatch.setattr(RecordingProxy, "serve", serve)
    file = tmp_path / "r"
    done = run("record", "--from", "proxy", "--listen", "127.0.0.1:0", "--to", hook.url, "--out", str(file))
    assert 0 == done.exit_code, done.output
    assert "proxy" == lines(file)[0]["from"]
    assert ("SaleCreated", 200) == (lines(file)[1]["event"], lines(file)[1]["runs"][0]["statusCode"])
    assert f"1 event in {file}" in done.stderr


def test_a_record_can_be_anonymous(vendor, run, tmp_path):
    """It says so in its first line; the list says what was replaced and kept."""
    vendor.routes["GET /api/WebhooksEvents/w1"] = [
        {
            **ENTRY,
            "payload": {"saleId": 7, "total": 10.0, "customer": {"lastName": "Nordmann", "email": "ola@nordmann.no"}},
        }
    ]
    options = ("--anonymise", "--salt-file", str(tmp_path / "salt"), "--shift", "ids", "--shift", "amounts")
    outs = [tmp_path / name for name in ("a", "b")]
    for out in outs:
        done = run("record", "--out", str(out), *options, "--from-time", "2026-08-01", "--to-time", "2026-08-02")
        assert 0 == done.exit_code, done.output
    assert "replaced: customer.email (1), customer.lastName (1)" in done.stderr
    assert "kept: saleId, total" in done.stderr
    assert "personal data" not in done.stderr
    head, event = lines(outs[0])
    assert head["anonymised"] is True
    assert "nordmann" not in outs[0].read_text().lower()
    assert 7 != event["body"]["saleId"]
    assert 10.0 != event["body"]["total"]
    assert outs[0].read_text() == outs[1].read_text()


def test_a_salt_without_its_use_is_refused(run, tmp_path):
    done = run("record", "--out", str(tmp_path / "r"), "--salt-file", str(tmp_path / "s"))
    assert 3 == done.exit_code
    assert "expected --anonymise beside them" in done.stderr
