"""A verification in a separate process."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from frontsim.pages.verify import ChildRun
from frontsim.pages.verify_command import VerifyCommand
from tests.support.patience import PATIENCE_S
from tests.support.receiver import serving

pytestmark = pytest.mark.slow


def command(url: str, *names: str) -> VerifyCommand:
    words = [
        "verify",
        *(f"--scenario={name}" for name in names),
        f"--receiver={url}/hook",
        f"--observe-url={url}/effects",
    ]
    return VerifyCommand(words=words, names=names, about={"receiver": url}, is_configured=False)


def waits_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.long
def test_it_tells_how_each_scenario_ended_and_writes_a_report(tmp_path: Path):
    """The folder where we are started keeps no trace, and a configuration file there says nothing."""
    (tmp_path / "frontsim.toml").write_text('[verify]\nobserve-cmd = "touch owned"\n')
    with serving("no-dedupe", tmp_path / "receiver.db") as url:
        run = ChildRun(command(url, "steady", "lost-response"), tmp_path)
        waits_for(lambda: not run.is_running)
    shown = run.as_json()
    assert [("steady", "verified"), ("lost-response", "violated")] == [
        (each["name"], each["verdict"]) for each in shown["ended"]
    ]
    assert ("violated", 1) == (shown["result"]["verdict"], shown["exitCode"])
    assert "duplicated" == shown["result"]["causes"][0]["class"]
    assert b"<html" in (run.report() or b"")
    run.close(1)
    assert None is run.report()
    assert not (tmp_path / "owned").exists()


def test_one_that_cannot_begin_says_why(tmp_path: Path):
    run = ChildRun(command("http://127.0.0.1:1", "steady"), tmp_path)
    waits_for(lambda: not run.is_running)
    shown = run.as_json()
    assert "nothing listens" in " ".join(shown["said"])
    assert (3, None, None) == (shown["exitCode"], shown["result"], shown["report"])
    run.close(1)


def test_a_run_ends_when_it_is_closed(tmp_path: Path):
    with serving("reference", tmp_path / "receiver.db") as url:
        run = ChildRun(command(url, "long-outage", "storm", "big-payload"), tmp_path)
        pid = run._process.pid
        run.close(PATIENCE_S)
    assert run.as_json()["isCancelled"]
    waits_for(lambda: has_ended(pid))
