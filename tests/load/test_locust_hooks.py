"""Real Locust processes against real receivers, a few seconds each."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.load.conftest import Receivers, StartLocust
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.receiver import ChildReceiver

pytestmark = pytest.mark.slow

RUN = ("-u", "4", "--answer-timeout", "3", "--settle", "0.2", "--live", "0.3", "--verdict-json", "verdict.json")
HEADLESS = ("--headless", *RUN)


def options_of(receiver: ChildReceiver) -> tuple[str, ...]:
    return ("--receiver", receiver.hook, "--observe-url", f"{receiver.effects}?payload=false")


def counts_in(folder: Path) -> tuple[str, dict[str, Any]]:
    data = json.loads((folder / "verdict.json").read_bytes())
    return data["verdict"], data["scenarios"][0]["counts"]


@pytest.mark.long
def test_a_right_receiver_is_verified_through_an_outage_on_two_processes(
    receivers: Receivers, locust: StartLocust, tmp_path: Path
) -> None:
    """Down to the load's end, then everything resent: exit code 0, each event booked once, and some of them resent."""
    receiver = receivers.start("reference")
    port = str(free_port())
    down = ("--down-from", "0", "--down-to", "1000")
    two = ("--processes", "2", "--master-bind-port", port, "--master-port", port)
    load = locust("downtime.py", *HEADLESS, *down, *two, *options_of(receiver))
    load.wait_for(r"so far: .* [1-9][\d,]* failed")
    code, out, err = load.interrupt()
    assert 0 == code, err
    verdict, counts = counts_in(tmp_path)
    assert "verified" == verdict
    assert counts["events"] == counts["acknowledged"] == counts["effects"] > 0
    assert 0 < counts["resent"] <= counts["recovered"] + counts["ok"]
    assert f"VERIFIED: {receiver.hook}: downtime" in out


def test_a_receiver_without_a_memory_is_violated_when_answers_are_lost(
    receivers: Receivers, locust: StartLocust, tmp_path: Path
) -> None:
    """Exit code 1: it books an event again when its answer was lost and it is resent. No output has a password."""
    receiver = receivers.start("no-dedupe")
    share = ("--lost-share", "0.2", "--resend-after", "0.5")
    urls = [word.replace("//", "//user:hunter2@") for word in options_of(receiver)]
    files = ("--verdict-html", "verdict.html", "--html", "locust.html")
    load = locust("lost_answers.py", *HEADLESS, *share, *files, *urls)
    load.wait_for(r"so far: .* [1-9][\d,]* duplicated")
    code, out, err = load.interrupt()
    assert 1 == code, err
    written = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert {"verdict.json", "verdict.html", "locust.html"} == set(written)
    outputs = {"standard output": out, "standard error": err, **written}
    assert [] == [where for where, text in outputs.items() if "hunter2" in text]
    assert "--receiver 'http://***@" in out
    verdict, counts = counts_in(tmp_path)
    assert "violated" == verdict
    assert counts["effects"] - counts["events"] >= counts["duplicated"] > 0
    assert "books-a-repeat-once" in out


@pytest.mark.long
def test_a_receiver_that_looks_before_it_leaps_is_violated_in_a_storm(
    receivers: Receivers, locust: StartLocust, tmp_path: Path
) -> None:
    """Exit code 1: an original that is late arrives at the same moment as its resend, and both find nothing."""
    receiver = receivers.start("check-then-act")
    storm = ("--backlog", "100", "--late-share", "0.5", "--lost-share", "0", "--unsent-share", "0.5")
    load = locust("resend_storm.py", *HEADLESS, *storm, *options_of(receiver))
    load.wait_for(r"so far: .* [1-9][\d,]* duplicated")
    code, _, err = load.interrupt()
    assert 1 == code, err
    verdict, counts = counts_in(tmp_path)
    assert "violated" == verdict
    assert counts["duplicated"] > 0


@pytest.mark.long
def test_the_page_ends_with_the_verdict(receivers: Receivers, locust: StartLocust, tmp_path: Path) -> None:
    """A test that is stopped there is judged, and so is a further one, which continues the run; Ctrl-C ends with it."""
    receiver, port = receivers.start("no-dedupe"), str(free_port())
    share = ("--lost-share", "0.2", "--resend-after", "0.5")
    load = locust("lost_answers.py", *RUN, *share, "--web-port", port, *options_of(receiver))
    load.wait_for("Starting web interface")
    users = {"user_count": 4, "spawn_rate": 4}
    listening_soon = httpx.HTTPTransport(retries=8)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, transport=listening_soon) as browser:
        counts = []
        for _ in range(2):
            browser.post("/swarm", data=users).raise_for_status()
            load.wait_for(r"so far: .* [1-9][\d,]* duplicated")
            assert "VIOLATED" not in browser.get("/frontsim/live").text
            browser.post("/stop").raise_for_status()
            load.wait_for(r"shows the verdict \(exit code 1\)")
            assert "VIOLATED: " in browser.get("/frontsim/live").text
            verdict, found = counts_in(tmp_path)
            assert "violated" == verdict
            counts.append(found["events"])
        assert "<title>Violated: " in browser.get("/frontsim/report").text
    assert 0 < counts[0] < counts[1]
    code, out, err = load.interrupt()
    assert 1 == code, err
    assert 1 == out.count("VIOLATED: ")


@pytest.mark.long
@pytest.mark.parametrize("file", [("api.py", "--event-rate", "20", "-t", "2s"), ("store_day.py", "--day-seconds", "3")])
def test_the_other_files_end_in_a_verdict(
    file: tuple[str, ...], receivers: Receivers, locust: StartLocust, tmp_path: Path
) -> None:
    """The API under many integrators for two seconds, and a day in three: every event is booked once."""
    receiver = receivers.start("reference")
    code, _, err = locust(file[0], *HEADLESS, *file[1:], *options_of(receiver)).end()
    assert 0 == code, err
    verdict, counts = counts_in(tmp_path)
    assert "verified" == verdict
    assert counts["events"] == counts["effects"] > 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 3, "expected --receiver URL"),
        (("--processes", "2"), 3, "expected --receiver URL"),
        (("--receiver", "http://a:hunter2@127.0.0.1:1/"), 3, "expected a receiver at http://***@127.0.0.1:1/, got"),
    ],
)
def test_what_cannot_work_ends_before_it_begins(
    options: tuple[str, ...], code: int, said: str, locust: StartLocust
) -> None:
    """Exit code 3, one line that says what was expected, and no worker is left behind (it would hold the output)."""
    port = str(free_port())
    ports = ("--master-bind-port", port, "--master-port", port)
    got, _, err = locust("steady.py", *HEADLESS, *ports, *options).end()
    assert code == got
    assert said in err
    assert "Traceback" not in err


INTERRUPTED_ELSEWHERE = f"""
import os, signal, threading
from frontsim.load.locust_hooks import hear_ctrl_c
hear_ctrl_c()
threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()
try:
    threading.Event().wait({PATIENCE_S})
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.long
def test_a_ctrl_c_is_heard_whatever_runs() -> None:
    """It comes while our own thread runs, which must not swallow it."""
    ended = subprocess.run([sys.executable, "-c", INTERRUPTED_ELSEWHERE], capture_output=True, text=True, check=True)
    assert ("heard\n", "") == (ended.stdout, ended.stderr)
