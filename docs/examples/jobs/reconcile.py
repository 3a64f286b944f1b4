"""The list -> resend job in one file of Python, without dependencies: serial, without state, a window of thirty days.

    lock -> for each webhook: list success=false -> resend each once -> exit code 1 if anything is left

Reads FRONTSIM_BASE_URL, FRONTSIM_API_KEY, FRONTSIM_SUBSCRIPTION_KEY, FRONTSIM_WEBHOOK_IDS and FRONTSIM_STATE_DIR.
"""

import fcntl
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HEADERS = {
    "x-api-key": os.environ["FRONTSIM_API_KEY"],
    "Ocp-Apim-Subscription-Key": os.environ["FRONTSIM_SUBSCRIPTION_KEY"],
}
API = os.environ["FRONTSIM_BASE_URL"].rstrip("/") + "/api/WebhooksEvents"
TODAY = datetime.now(UTC).date()
# `to` lies in the future, so that no clock and no time zone matters.
WINDOW = f"from={TODAY - timedelta(days=30)}&to={TODAY + timedelta(days=2)}"
LONGEST_WAIT_S = 60


class Failed(Exception):
    """No good answer came, and none will come soon."""


class Lost(Failed):
    """The call may have been done: no answer came, or a 5xx."""


def call(method: str, path: str) -> Any:
    """One call, waiting as Retry-After asks after a 429, which says that nothing was done."""
    for _ in range(5):
        request = urllib.request.Request(f"{API}/{path}", method=method, headers=HEADERS)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            wait_s = int(error.headers.get("Retry-After") or 1)
            if error.code >= 500:
                raise Lost(f"the API answered {error.code}") from None
            if error.code != 429 or wait_s > LONGEST_WAIT_S:
                raise Failed(f"the API answered {error.code}") from None
            time.sleep(wait_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Lost(f"no answer that can be read ({type(error).__name__})") from None
    raise Failed("the API still answers 429")


def read(path: str) -> Any:
    """A GET changes nothing, so it is repeated after every failure that may pass."""
    for pause_s in (1, 2, 4):
        try:
            return call("GET", path)
        except Lost:
            time.sleep(pause_s)
    return call("GET", path)


def resend(webhook_id: str, event: dict[str, Any]) -> bool:
    """Resend an event once; whether it has arrived. After a lost answer we look, and never ask again at once."""
    event_id = event["webhookEventId"]
    try:
        after = call("POST", f"{webhook_id}/deliver/{event_id}")
    except Lost:
        time.sleep(1)
        after = read(f"{webhook_id}/{event_id}")
        if after["runsCounter"] == event["runsCounter"]:
            raise
    return bool(after["success"])


def main() -> int:
    """The exit code: 0 when nothing is left, 1 else."""
    left = 0
    for webhook_id in filter(None, os.environ["FRONTSIM_WEBHOOK_IDS"].split(",")):
        try:
            events = read(f"{webhook_id}?{WINDOW}&success=false")
        except Failed as error:
            left += 1
            print(f"webhook {webhook_id}: {error}")
            continue
        for event in sorted(events, key=lambda each: each["createdDateTime"]):
            try:
                problem = "" if resend(webhook_id, event) else "its resend failed"
            except Failed as error:
                problem = str(error)
            if problem:
                left += 1
                print(f"event {event['webhookEventId']}: {problem}")
    return 1 if left else 0


with (Path(os.environ.get("FRONTSIM_STATE_DIR", ".")) / "reconcile.lock").open("w") as lock:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel releases it, however the process ends
    except BlockingIOError:
        print("another copy of the job is running")
        sys.exit(0)
    sys.exit(main())
