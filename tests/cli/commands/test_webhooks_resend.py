"""`frontsim resend`."""

import json

ENTRY = {
    "webhookId": "w",
    "webhookEventId": "e",
    "createdDateTime": "2021-12-09T08:50:46.02",
    "status": "Not found",
    "statusCode": 404,
    "success": False,
}


def test_a_resend_that_is_taken(api, run):
    """The event is resent once; code 0."""
    taken = {**ENTRY, "success": True, "status": "OK", "statusCode": 200}
    api.routes["POST /api/WebhooksEvents/w/deliver/e"] = taken
    done = run("resend", "w", "e")
    assert (0, "e  2021-12-09T08:50:46.02  200 OK\n") == (done.exit_code, done.stdout)
    assert ["POST /api/WebhooksEvents/w/deliver/e"] == api.lines
    assert taken == json.loads(run("resend", "w", "e", "--json").stdout)


def test_a_resend_that_is_not_taken(api, run):
    """The API answers 200 whatever the receiver said; ours is code 1."""
    api.routes["POST /api/WebhooksEvents/w/deliver/e"] = ENTRY
    done = run("resend", "w", "e")
    assert (1, "e  2021-12-09T08:50:46.02  404 Not found\n") == (done.exit_code, done.stdout)
