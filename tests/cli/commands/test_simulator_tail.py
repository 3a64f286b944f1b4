"""`frontsim tail`."""

import json
import select
import subprocess
import sys

import pytest

from frontsim.testing import simulator
from tests.support.forked import popen


@pytest.mark.slow
def test_it_follows_from_elsewhere():
    """Another process sees each delivery as it ends."""
    with simulator() as front:
        front.subscribe("SaleCreated", front.sink("shop").url)
        command = [sys.executable, "-m", "frontsim.cli.main", "tail", "--json", "--base-url", front.base_url]
        process = popen(command, stdout=subprocess.PIPE, text=True)
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
