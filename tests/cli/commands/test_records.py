"""`frontsim record`: the log of an API as a file."""

import json

import pytest

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
    assert f"1 events in {tmp_path / 'r'}" in done.stderr


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
