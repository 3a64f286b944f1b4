"""A simulator stops at once, whatever it is doing, and forgets nothing."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.raising_load import RaisingLoad, runs_of
from tests.support.child import Child
from tests.support.patience import PATIENCE_S
from tests.support.recorder import OK, RecordedCall, Recorder
from tests.support.simulation import EVER

pytestmark = pytest.mark.slow

LONG = "3600"
"""Seconds, as an option: longer than a test waits for anything."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_under_load(tmp_path: Path, number: signal.Signals):
    """It waits for no answer: exit 0, not a word; everything accepted is in the log, what was in flight is finished or
    marked, and what waited is delivered at the next start."""
    quick = threading.Event()

    def respond(call: RecordedCall) -> bytes | None:
        return OK if quick.is_set() or int(call.event_id[-1], 16) % 2 else None

    with Recorder(respond=respond) as receiver:
        with Child(tmp_path / "log.db", "--timeout", LONG) as child:
            webhook = child.sim.subscribes(receiver.url)
            load = RaisingLoad(child.sim)
            receiver.gets(20)
            code = child.stops(number)
            load.ends()
            assert (0, "") == (code, child.errors)
        quick.set()
        with Child(tmp_path / "log.db") as child:
            assert 0 == child.sim.does("health", method="GET")["recoveredRuns"], "in flight, and not marked"
            child.sim.drains()
            runs = runs_of(child.sim, webhook)
    assert set() == set(load.accepted) - runs.keys()
    assert runs.keys() == set(receiver.event_ids)
    assert {1} == {len(each) for each in runs.values()} == set(Counter(receiver.event_ids).values())
    assert {"OK", "Unknown"} >= {run["status"] for each in runs.values() for run in each}


def test_stopping_a_backlog(tmp_path: Path):
    """Ctrl-C while thousands are being handed out: not a word, and each of them is sent once, now or later."""
    with Recorder() as receiver:
        with Child(tmp_path / "log.db", "--concurrency", "500") as child:
            webhook = child.sim.subscribes(receiver.url)
            ids = child.sim.raises(count=5_000)
            assert (0, "") == (child.stops(), child.errors)
        with Child(tmp_path / "log.db") as child:
            assert 0 == child.sim.does("health", method="GET")["recoveredRuns"]
            child.sim.drains()
            assert sorted(ids) == sorted(receiver.event_ids)
            assert len(ids) == len(runs_of(child.sim, webhook))


@pytest.mark.parametrize("end", [Child.stops, Child.kills])
def test_no_process_is_left_behind(tmp_path: Path, end: Callable[[Child], object]):
    """The one that makes payloads ends with the simulator, by Ctrl-C or by kill -9."""
    with Recorder() as receiver, Child(tmp_path / "log.db") as child:
        child.sim.subscribes(receiver.url)
        child.sim.raises(count=4_000)
        [worker] = children_of(child.pid)
        end(child)
        for _ in range(2_000):
            if not is_there(worker):
                break
            time.sleep(0.01)
        assert not is_there(worker)


def test_stopping_while_callers_wait(tmp_path: Path):
    """A resend that is not over, a slow answer, a long list, a follower: it waits for none of them."""
    with Recorder(respond=lambda _: None) as receiver, Child(tmp_path / "log.db", "--timeout", LONG) as child:
        sim = child.sim
        webhook = sim.subscribes(receiver.url)
        sim.breaks("false-success", {"run": 1})
        (event, *_) = sim.raises(count=3000)
        sim.drains()
        sim.breaks("api-slow", {"operation": "listWebhookTypes"}, params={"seconds": int(LONG)})
        ended: list[str] = []
        started = threading.Barrier(6)

        def asks(method: str, path: str) -> None:
            with httpx.Client(trust_env=False, headers=sim.http.headers, timeout=PATIENCE_S) as http:
                started.wait()
                try:
                    with http.stream(method, f"{sim.server}{path}", params=EVER) as answer:
                        for _ in answer.iter_raw(1):
                            pass
                    ended.append("whole")
                except httpx.HTTPError:
                    ended.append("broken off")

        callers = [
            threading.Thread(target=asks, args=each)
            for each in (
                ("POST", f"/api/WebhooksEvents/{webhook}/deliver/{event}"),
                ("GET", "/api/WebhooksTypes"),
                ("GET", f"/api/WebhooksEvents/{webhook}"),
                ("GET", "/_sim/stream"),
                ("GET", "/_sim/stream"),
            )
        ]
        for caller in callers:
            caller.start()
        started.wait()
        receiver.gets(1)
        code = child.stops()
        for caller in callers:
            caller.join(PATIENCE_S)
        assert 5 == len(ended)
        assert (0, "") == (code, child.errors)


def test_a_drain_fails_when_the_simulator_stops(tmp_path: Path):
    """A caller that waits for the deliveries while the simulator stops learns that they did not end."""
    with Recorder(respond=lambda _: None) as receiver, Child(tmp_path / "log.db") as child:
        child.sim.subscribes(receiver.url)
        child.sim.raises(count=40)
        receiver.gets(16)
        with ThreadPoolExecutor() as pool:
            drained = pool.submit(child.sim.sim, "POST", "drain", {"timeoutS": 20})
            child.sim.does("health", method="GET")  # behind the drain, on a separate connection
            child.stops()
            error = drained.exception()
            assert isinstance(error, httpx.HTTPError) or {"drained": True} != drained.result().json()


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [
        int(child)
        for thread in Path(f"/proc/{pid}/task").iterdir()
        for child in (thread / "children").read_text().split()
    ]


def is_there(pid: int) -> bool:
    """True if a process is there still, and not only its last word."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
