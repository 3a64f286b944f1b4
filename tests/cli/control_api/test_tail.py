"""`frontsim tail`."""

import json
import select
import subprocess
import sys

import pytest

from frontsim.cli.control_api.tail import line_of
from frontsim.testing import simulator

RUN = {
    "webhookId": "w", "webhookEventId": "e", "event": "SaleCreated", "run": 2, "trigger": "Resend",
    "createdDateTime": "2021-12-09T08:50:46.02", "outcome": "answered", "status": "Not found", "statusCode": 404,
    "success": False, "durationMs": 12, "fault": "answer",
}  # fmt: skip


def test_a_line_says_when_what_and_how_it_ended():
    assert "08:50:46.02   SaleCreated  e  run 2  404 Not found  12 ms  [answer]" == line_of(RUN)
    silent = {**RUN, "status": None, "statusCode": None, "durationMs": None, "fault": None, "outcome": "unknown"}
    assert "08:50:46.02   SaleCreated  e  run 2  unknown" == line_of(silent)


@pytest.mark.slow
def test_it_follows_from_elsewhere():
    """Another process sees each delivery as it ends."""
    with simulator() as front:
        front.subscribe("SaleCreated", front.sink("shop").url)
        command = [sys.executable, "-m", "frontsim.cli.main", "tail", "--json", "--base-url", front.base_url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            seen = ""
            while not seen:  # it may not follow yet
                sale = front.trigger("SaleCreated").event
                front.wait()
                if process.poll() is not None:
                    break
                assert process.stdout is not None
                seen = process.stdout.readline() if _ready(process.stdout) else ""
            assert json.loads(seen)["event"] == sale.type
        finally:
            process.kill()
            process.communicate()


def _ready(stream):
    return select.select([stream], [], [], 0.2)[0]
