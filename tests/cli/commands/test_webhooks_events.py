"""`frontsim events`."""

import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from tests.support.simulation import simulation

RUN = {
    "run": 1,
    "createdDateTime": "2021-12-09T08:50:46.02",
    "trigger": "Original",
    "status": "Not found",
    "statusCode": 404,
    "success": False,
    "durationMs": 12,
}
ENTRY = {
    "webhookId": "w",
    "webhookEventId": "e",
    "createdDateTime": "2021-12-09T08:50:46.02",
    "updatedDateTime": None,
    "status": "Not found",
    "statusCode": 404,
    "success": False,
    "runsCounter": 1,
    "runs": [RUN],
    "payload": {"name": "Åse"},
}
LIST = "GET /api/WebhooksEvents/w"


def query(api):
    return {name: values[0] for name, values in parse_qs(urlsplit(api.lines[-1].split()[1]).query).items()}


def test_the_log(api, run):
    """One line an event: id, when, how its newest run ended, how many runs."""
    api.routes[LIST] = [ENTRY]
    assert [
        "webhookEventId  created                 outcome        runs",
        "e               2021-12-09T08:50:46.02  404 Not found  1",
    ] == run("events", "w").stdout.splitlines()
    assert [ENTRY] == json.loads(run("events", "w", "--json").stdout)


def test_the_default_window(api, run):
    """The last seven days and all of today, whatever zone the vendor's dates are in."""
    api.routes[LIST] = []
    before = datetime.now(UTC)
    run("events", "w")
    asked = query(api)
    assert date.fromisoformat(asked["from"]) <= (before - timedelta(days=7)).date()
    assert date.fromisoformat(asked["to"]) > (before + timedelta(hours=14)).date()
    assert {"includePayload": "false", "includeRuns": "false"} == {
        name: value for name, value in asked.items() if name not in ("from", "to")
    }


def test_a_window_and_filters_of_the_users(api, run):
    """Dates go to the API as they were written."""
    api.routes[LIST] = []
    done = run(*["events", "w", "--from", "2021-12-01", "--to", "2021-12-15 08:00:00.5", "--failed", "--runs"])
    assert {
        "from": "2021-12-01",
        "to": "2021-12-15 08:00:00.5",
        "success": "false",
        "includePayload": "false",
        "includeRuns": "true",
    } == query(api)
    assert "nothing failed from 2021-12-01 to 2021-12-15 08:00:00.5" in done.stderr


def test_a_window_without_ends(run, monkeypatch):
    """.NET's DateTime.MinValue and MaxValue as it writes them: a simulator lists everything, also to `reconcile`."""
    with simulation() as sim:
        monkeypatch.setenv("FRONTSIM_BASE_URL", sim.base_url)
        webhook = sim.subscribes("http://127.0.0.1:1/hook")
        (event,) = sim.raises()
        sim.drains()
        window = ["--from", "0001-01-01T00:00:00", "--to", "9999-12-31T23:59:59.9999999"]
        for command in (["events", webhook], ["reconcile", "--dry-run"]):
            done = run(*command, *window)
            assert event in done.stdout, done.stderr


def test_runs_and_payload(api, run):
    """With runs and payload, an event takes several lines; its payload is one line of JSON."""
    api.routes[LIST] = [ENTRY]
    assert [
        "e  2021-12-09T08:50:46.02  404 Not found",
        "  run 1  2021-12-09T08:50:46.02  Original  404 Not found  12 ms",
        '{"name":"Åse"}',
    ] == run("events", "w", "--runs", "--payload").stdout.splitlines()
