"""`frontsim receiver`."""

import json
import signal
import subprocess
import sys
from contextlib import closing
from socket import create_server

import httpx
import pytest

from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.registry import BROKEN, CORRECT
from tests.support.forked import popen
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

RECEIVER = [sys.executable, "-m", "frontsim.cli.main", "receiver"]


def test_the_list(run):
    """Every receiver of the registry, with what sets it apart."""
    found = json.loads(run("receiver", "--list", "--json").stdout)
    assert [(name, False) for name in CORRECT] + [(name, True) for name in (*BROKEN, *COMBINED)] == [
        (each["name"], each["broken"]) for each in found
    ]
    assert "reference" in run("receiver", "--list").stdout


def test_one_receiver_at_a_time(run):
    """A name that is not there is refused."""
    assert 3 == run("receiver", "--variant", "nope").exit_code
    assert 3 == run("receiver", "--broken", "reference").exit_code


def test_a_receiver_runs_until_control_c(tmp_path):
    """Port 0 takes any free port and prints it; Ctrl-C ends with 0."""
    command = [*RECEIVER, "--port", "0", "--db", str(tmp_path / "receiver.db"), "--json"]
    with popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = json.loads(process.stdout.readline())
            assert 200 == httpx.get(said["effects"], timeout=PATIENCE_S).status_code
            assert "reference" == said["receiver"]
        finally:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=PATIENCE_S)
    assert (0, "") == (process.returncode, err)


def test_a_port_in_use(tmp_path, run):
    """A port that is taken is one line and code 3."""
    with closing(create_server(("127.0.0.1", 0))) as taken:
        done = run("receiver", "--port", str(taken.getsockname()[1]), "--db", str(tmp_path / "receiver.db"))
    assert (3, 1) == (done.exit_code, done.stderr.count("\n"))
    assert "--port 0 picks a free one" in done.stderr
