"""Verifications from the page, over HTTP."""

import re
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.pages.test_verify_child_run import PATIENCE_S, has_ended, waits_for
from tests.support.child import Child
from tests.support.receiver import serving
from tests.support.simulation import Simulation, assert_problem, simulation

REPORTS = "/_sim/page/reports/"


def starts(sim: Simulation, url: str, *names: str, **more: Any) -> dict[str, Any]:
    asked = {"receiver": f"{url}/hook", "effects": {"url": f"{url}/effects"}, "play": names, **more}
    return sim.does("page/verify/runs", asked)


def newest(sim: Simulation) -> dict[str, Any]:
    return sim.does("page/verify/runs", method="GET")[0]


def ends(sim: Simulation) -> dict[str, Any]:
    waits_for(lambda: not newest(sim)["isRunning"])
    return newest(sim)


def test_what_there_is_to_play(sim: Simulation):
    """Every scenario and every case, with what breaks and what must hold."""
    offer = sim.does("page/verify", method="GET")
    assert "steady" == offer["scenarios"][0]["name"]
    assert all(each["breaks"] and each["holds"] for each in offer["scenarios"] + offer["cases"])
    assert len(offer["cases"]) > 30
    assert [] == sim.does("page/verify/runs", method="GET")


def test_what_is_refused(sim: Simulation):
    assert_problem(sim.sim("POST", "page/verify/runs", {"receiver": "x"}), 422)
    assert_problem(sim.sim("POST", "page/verify/runs", content=b"{"), 422)
    assert_problem(sim.sim("POST", "page/verify/runs", content=b"[]"), 422)
    assert_problem(sim.sim("DELETE", "page/verify/runs/x"), 404)
    assert_problem(sim.http.get(f"{sim.server}{REPORTS}x"), 404)


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "gone"
    folder.mkdir()
    with simulation() as sim:
        monkeypatch.chdir(folder)
        folder.rmdir()
        assert_problem(sim.sim("GET", "page/verify"), 404)
        monkeypatch.undo()


@pytest.mark.long
@pytest.mark.slow
def test_a_run_its_report_and_one_at_a_time(sim: Simulation, tmp_path: Path):
    """The report is a page of a separate origin; after it is forgotten it is gone."""
    with serving("no-dedupe", tmp_path / "receiver.db") as url:
        starts(sim, url, "lost-response")
        assert_problem(sim.sim("POST", "page/verify/runs", {"receiver": url, "effects": {"url": url}}), 503)
        run = ends(sim)
    assert "violated" == run["result"]["verdict"]
    report = sim.http.get(f"{sim.server}{REPORTS}{run['report']}")
    assert "lost-response" in report.text
    assert "sandbox allow-scripts;" in report.headers["content-security-policy"]
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}
    assert_problem(sim.http.get(report.url, headers=foreign), 403)
    sim.does(f"page/verify/runs/{run['id']}", method="DELETE")
    assert_problem(sim.http.get(report.url), 404)
    assert [] == sim.does("page/verify/runs", method="GET")


@pytest.mark.long
@pytest.mark.slow
def test_effects_in_a_sink_and_a_token(tmp_path: Path):
    """The run uses this simulator and its token; the report needs none, because its address is secret."""
    with simulation(token="s3cret") as sim, serving("reference", tmp_path / "receiver.db") as url:
        sim.http.headers["Authorization"] = "Bearer s3cret"
        starts(sim, url, "steady", effects={"sink": "erp"})
        run = ends(sim)
        assert "unknown" == run["result"]["verdict"]  # this receiver tells the sink nothing
        assert sim.does("stats", method="GET")["events"] > 0  # it was played here
        bare = httpx.Client(trust_env=False, timeout=PATIENCE_S)
        assert 200 == bare.get(f"{sim.server}{REPORTS}{run['report']}").status_code
        assert_problem(bare.get(f"{sim.server}/_sim/page/verify/runs"), 401)
        assert_problem(bare.post(f"{sim.server}/_sim/page/verify/runs", json={}), 401)
        bare.close()


@pytest.mark.slow
def test_a_page_of_another_site_starts_nothing(sim: Simulation):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        asked = {"receiver": "http://127.0.0.1:1", "effects": {"url": "http://127.0.0.1:1"}}
        assert_problem(sim.sim("POST", "page/verify/runs", asked, headers=headers), 403)
        assert_problem(sim.sim("GET", "page/verify/runs", headers=headers), 403)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_ends_with_the_simulator(tmp_path: Path, number: signal.Signals):
    """Also where the simulator is killed; a stop does not wait for the run."""
    with serving("reference", tmp_path / "receiver.db") as url, Child(tmp_path / "log.db") as child:
        starts(child.sim, url, "long-outage", "storm", "big-payload")
        waits_for(lambda: bool(_children(child.pid)))
        runs = _children(child.pid)
        began = time.monotonic()
        child.stops(number)
        assert time.monotonic() - began < PATIENCE_S
        for pid in runs:
            waits_for(lambda pid=pid: has_ended(pid) or _is_zombie(pid))


def _children(pid: int) -> list[int]:
    """Verifications that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = re.search(r"PPid:\s+(\d+)", (entry / "status").read_text())
                if parent and int(parent[1]) == pid and b"frontsim.cli.child" in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def _is_zombie(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
