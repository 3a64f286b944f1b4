"""The suite run as a user runs it, against receivers whose faults are known."""

import re
import subprocess
import sys
from contextlib import contextmanager

import pytest


@pytest.fixture
def suite(tmp_path):
    """Runs the suite against a receiver of the registry: `suite("reference", "-k", "steady")`."""

    def run(variant, *args):
        with receiver(variant, tmp_path / "receiver.db") as url:
            command = [sys.executable, "-m", "pytest", "--pyargs", "simulator.contract_suite", "-p", "no:cacheprovider"]
            command += ["--receiver-url", f"{url}/hook", "--receiver-observe-url", f"{url}/effects", *args]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, done.stdout

    return run


@contextmanager
def receiver(variant, db):
    command = [sys.executable, "-m", "simulator.receivers.serve", "--db", str(db), "--variant", variant]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://[^/]+", process.stdout.readline())[0]
        finally:
            process.terminate()


def test_a_right_receiver_passes_under_xdist(suite):
    """Every clause passes, on two workers, whichever takes which test."""
    code, text = suite("reference", "-n", "2", "-k", "lost-response or steady or malformed or out-of-order")
    assert code == 0, text
    assert " failed" not in text


def test_a_broken_receiver_fails_its_own_clause_and_no_other(suite):
    """A receiver without a memory fails the clause about repeats; the story and the replay are told."""
    code, text = suite("no-dedupe", "-k", "lost-response")
    assert code == 1
    assert ["lost-response-books-a-repeat-once"] == re.findall(r"^FAILED .*\[(.*)\]", text, re.MULTILINE)
    assert "effects: 2" in text
    assert re.search(r"Again with: --receiver-seed \d+ -k lost-response", text)
