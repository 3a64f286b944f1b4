"""`frontsim reconcile`: the job of simulator/frontsim/client/reconcile.py over several webhooks."""

import json

import pytest

from frontsim.client.retry import RetryPolicy

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
    """What still fails is named; code 1."""
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
    """What was done until then is printed; then the reason, and code 3."""
    vendor.routes["GET /api/WebhooksEvents/w2"] = (401, {"statusCode": 401, "message": "Access denied."})
    done = run("reconcile")
    assert [
        "webhook            listed  resent  recovered  still failing",
        "SaleCreated w1     1       1       1          0",
        "InvoiceCreated w2  0       0       0          0",
    ] == done.stdout.splitlines()
    assert 3 == done.exit_code
    assert "the job ended early: GET" in done.stderr


def test_the_window(vendor, run):
    """The list is asked for the window that was given."""
    run("reconcile", "--from", "2021-12-01", "--to", "2021-12-15", "--webhook", "w1")
    line = next(line for line in vendor.lines if "WebhooksEvents/w1?" in line)
    assert "from=2021-12-01&to=2021-12-15&success=false" in line


def test_the_list_of_webhooks_is_a_read(vendor, run, monkeypatch):
    """An API that breaks down once is asked again for its webhooks."""
    slept = []
    monkeypatch.setattr("frontsim.cli.reconcile.RETRY", RetryPolicy(slept.append))
    answers = [(500, None), (200, WEBHOOKS)]
    vendor.routes["GET /api/Webhooks"] = lambda _: answers.pop(0)
    assert (0, [1.0]) == (run("reconcile").exit_code, slept)


def test_no_webhooks(api, run):
    """Nothing to do is nothing left."""
    api.routes["GET /api/Webhooks"] = []
    assert 0 == run("reconcile").exit_code
