"""`frontsim reconcile`: the job of simulator/frontsim/client/reconcile.py over several webhooks."""

import json
from datetime import date

import pytest

from frontsim.client.errors import RetryPolicy
from frontsim.client.reconcile_state import ReconcileState

WEBHOOKS = [
    {"id": "w1", "storeId": None, "event": "SaleCreated", "url": "http://a"},
    {"id": "w2", "storeId": None, "event": "InvoiceCreated", "url": "http://b"},
]


@pytest.fixture
def vendor(api):
    """Two webhooks with a failed event each; `vendor.takes` says whose resends the receiver takes."""

    def entry(webhook_id):
        return {
            "webhookId": webhook_id,
            "webhookEventId": f"e-{webhook_id}",
            "createdDateTime": "2021-12-09T08:50:46.02",
            "status": "Not found",
            "statusCode": 404,
            "success": False,
            "runsCounter": 1,
        }

    failed = {webhook["id"]: entry(webhook["id"]) for webhook in WEBHOOKS}
    api.takes = {"w1", "w2"}

    def listed(webhook_id):
        return lambda _: (200, [failed[webhook_id]] if webhook_id in failed else [])

    def delivered(webhook_id):
        def deliver(_):
            if webhook_id not in api.takes:
                failed[webhook_id]["runsCounter"] += 1
                return 200, failed[webhook_id]
            return 200, {**failed.pop(webhook_id), "success": True}

        return deliver

    api.routes["GET /api/Webhooks"] = WEBHOOKS
    for name in failed:
        api.routes[f"GET /api/WebhooksEvents/{name}"] = listed(name)
        api.routes[f"POST /api/WebhooksEvents/{name}/deliver/e-{name}"] = delivered(name)
    return api


def resends(api):
    return [line for line in api.lines if line.startswith("POST")]


def test_everything_recovers(vendor, run):
    """Every webhook is counted; nothing left is code 0."""
    done = run("reconcile")
    assert [
        "webhook            listed  resent  recovered  still failing",
        "SaleCreated w1     1       1       1          0",
        "InvoiceCreated w2  1       1       1          0",
    ] == done.stdout.splitlines()
    assert 0 == done.exit_code


def test_something_is_left(vendor, run):
    """An event that still fails is named; code 1."""
    vendor.takes = {"w1"}
    done = run("reconcile")
    assert [
        "webhook            listed  resent  recovered  still failing",
        "SaleCreated w1     1       1       1          0",
        "InvoiceCreated w2  1       1       0          1",
        "",
        "still failing  created                 outcome",
        "e-w2           2021-12-09T08:50:46.02  404 Not found",
    ] == done.stdout.splitlines()
    assert 1 == done.exit_code


def test_a_dry_run(vendor, run):
    """A dry run only lists; that something failed is code 1."""
    done = run("reconcile", "--dry-run", "--json")
    assert ([1, 1], [0, 0]) == (
        [each["stillFailing"] for each in json.loads(done.stdout)],
        [each["resent"] for each in json.loads(done.stdout)],
    )
    assert (1, []) == (done.exit_code, resends(vendor))


def test_some_webhooks(vendor, run):
    """--webhook picks, each once, whatever the id's case."""
    done = run("reconcile", "--webhook", "w2", "--webhook", "W2", "--json")
    assert [
        {
            "webhookId": "w2",
            "event": "InvoiceCreated",
            "url": "http://b",
            "listed": 1,
            "resent": 1,
            "recovered": 1,
            "stillFailing": 0,
            "outOfAttempts": 0,
            "failing": [],
            "stopped": None,
        }
    ] == json.loads(done.stdout)
    assert ["POST /api/WebhooksEvents/w2/deliver/e-w2"] == resends(vendor)


def test_a_webhook_that_is_not_there(vendor, run):
    """An id that no webhook has is refused before anything is resent."""
    done = run("reconcile", "--webhook", "w1", "--webhook", "w9")
    assert (3, []) == (done.exit_code, resends(vendor))
    assert "expected the id of a webhook (see `frontsim webhooks list`), got 'w9'" in done.stderr


def test_a_job_that_ends_early(vendor, run):
    """The resends until then are printed; then the reason, and code 3."""
    vendor.routes["GET /api/WebhooksEvents/w2"] = (401, {"statusCode": 401, "message": "Access denied."})
    done = run("reconcile")
    assert [
        "webhook            listed  resent  recovered  still failing",
        "SaleCreated w1     1       1       1          0",
        "InvoiceCreated w2  0       0       0          0",
    ] == done.stdout.splitlines()
    assert 3 == done.exit_code
    assert "the job ended early: Access denied. (GET" in done.stderr
    assert "***" not in done.stderr  # the names of options are no secrets


def test_the_window(vendor, run):
    """The list is asked for the window that was given."""
    run("reconcile", "--from", "2021-12-01", "--to", "2021-12-15", "--webhook", "w1")
    line = next(line for line in vendor.lines if "WebhooksEvents/w1?" in line)
    assert "from=2021-12-01&to=2021-12-15&success=false" in line


def test_the_list_of_webhooks_is_a_read(vendor, run, monkeypatch):
    """An API that breaks down once is asked again for its webhooks."""
    slept = []
    monkeypatch.setattr("frontsim.cli.commands.reconcile.RETRY", RetryPolicy(slept.append))
    answers = [(500, None), (200, WEBHOOKS)]
    vendor.routes["GET /api/Webhooks"] = lambda _: answers.pop(0)
    assert (0, [1.0]) == (run("reconcile").exit_code, slept)


def test_no_webhooks(api, run):
    """Nothing to do is nothing left."""
    api.routes["GET /api/Webhooks"] = []
    assert 0 == run("reconcile").exit_code


def test_one_webhook_that_is_not_found_does_not_end_the_others(vendor, run):
    """The error is told, and makes code 1."""
    vendor.routes["GET /api/WebhooksEvents/w1"] = (404, {"statusCode": 404, "message": "Resource not found"})
    done = run("reconcile")
    assert (1, ["POST /api/WebhooksEvents/w2/deliver/e-w2"]) == (done.exit_code, resends(vendor))
    assert "webhook w1: not finished: Resource not found (GET" in done.stderr


def test_webhooks_from_the_environment(vendor, run, monkeypatch):
    """Separated by commas; one that is gone is told, and does not end the others."""
    monkeypatch.setenv("FRONTSIM_WEBHOOK_IDS", "w9, W2")
    done = run("reconcile")
    assert (1, ["POST /api/WebhooksEvents/w2/deliver/e-w2"]) == (done.exit_code, resends(vendor))
    assert "webhook w9: expected the id of a webhook in FRONTSIM_WEBHOOK_IDS" in done.stderr


def test_a_second_copy_does_nothing(vendor, run, tmp_path):
    """It says so; nothing is wrong with that."""
    file = tmp_path / "state.json"
    with ReconcileState(file).alone():
        done = run("reconcile", "--state", str(file))
    assert (0, []) == (done.exit_code, vendor.lines)
    assert "Another copy of this job is running" in done.stderr


def windows(vendor, webhook_id="w1"):
    lists = [line for line in vendor.lines if f"WebhooksEvents/{webhook_id}?" in line]
    return [line.partition("from=")[2].partition("&")[0] for line in lists]


def test_the_state_makes_a_window_longer(vendor, run, tmp_path):
    """A job that was down for a year lists that year; the default window is 30 days."""
    file = tmp_path / "state.json"
    ReconcileState(file).note("w1", date(2020, 5, 10))
    run("reconcile", "--state", str(file))
    assert "2020-05-08" == windows(vendor)[0]  # two days of overlap
    vendor.asked.clear()
    run("reconcile", "--state", str(file))
    assert windows(vendor) == windows(vendor, "w2") != ["2020-05-08"]


def test_what_is_left_keeps_its_window_open(vendor, run, tmp_path):
    """The day of the oldest event that still fails; one that is out of attempts does not count."""
    file = tmp_path / "state.json"
    vendor.takes = {"w1"}
    run("reconcile", "--state", str(file))
    assert "2021-12-09" == json.loads(file.read_text())["webhooks"]["w2"]["since"]
    done = run("reconcile", "--state", str(file), "--max-attempts", "1")
    assert "2021-12-09" < json.loads(file.read_text())["webhooks"]["w2"]["since"]
    assert "Resend by hand, with `frontsim resend`: 1 that are out of attempts" in done.stdout
    assert 1 == done.exit_code


def test_an_own_window_and_a_dry_run_leave_the_state_alone(vendor, run, tmp_path):
    """A window that they did not look at is not finished."""
    file = tmp_path / "state.json"
    run("reconcile", "--state", str(file), "--dry-run")
    run("reconcile", "--state", str(file), "--from", "2021-12-01")
    assert not file.exists()


def test_a_damaged_state_gives_a_warning(vendor, run, tmp_path):
    """And the job does its work."""
    file = tmp_path / "state.json"
    file.write_text("{")
    done = run("reconcile", "--state", str(file))
    assert (0, 2) == (done.exit_code, len(resends(vendor)))
    assert "expected the state of an earlier start" in done.stderr


def test_metrics(vendor, run, tmp_path):
    """A file, also when the job could not run."""
    file = tmp_path / "job.prom"
    run("reconcile", "--metrics", str(file))
    assert 'frontsim_reconcile_events_recovered{webhook="w1"} 1' in file.read_text().splitlines()
    vendor.routes["GET /api/Webhooks"] = (401, {"statusCode": 401, "message": "Access denied."})
    assert 3 == run("reconcile", "--metrics", str(file)).exit_code
    assert "frontsim_reconcile_exit_code 3" in file.read_text().splitlines()


def test_keys_from_files(vendor, run, tmp_path, monkeypatch):
    """As Kubernetes mounts secrets; a key on the command line wins."""
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("FRONTSIM_API_KEY_FILE", str(tmp_path / "key"))
    run("reconcile", "--subscription-key-file", str(tmp_path / "key"))
    headers = {name.lower(): value for name, value in vendor.asked[0][1].items()}
    assert ("from-a-file", "from-a-file") == (headers["x-api-key"], headers["ocp-apim-subscription-key"])
    vendor.asked.clear()
    run("reconcile", "--api-key", "mine")
    assert "mine" == {name.lower(): value for name, value in vendor.asked[0][1].items()}["x-api-key"]
    vendor.asked.clear()
    run("webhooks", "list")  # as every command that calls the API
    assert "from-a-file" == {name.lower(): value for name, value in vendor.asked[0][1].items()}["x-api-key"]
    done = run("reconcile", "--api-key-file", str(tmp_path / "nowhere"))
    assert 3 == done.exit_code
    assert "--api-key-file: expected a file with the key" in done.stderr


def test_watch_starts_again_whatever_happened(vendor, run, monkeypatch):
    """An API that is not there for one start does not end it."""

    class Enough(Exception):
        pass

    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            raise Enough

    monkeypatch.setattr("frontsim.cli.commands.reconcile.time.sleep", sleep)
    vendor.routes["GET /api/Webhooks"] = (401, {"statusCode": 401, "message": "Access denied."})
    done = run("reconcile", "--watch", "300")
    assert [300.0, 300.0] == slept
    assert 2 == done.stderr.count("expected a 2xx, got 401")
