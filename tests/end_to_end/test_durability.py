"""The log is never wrong: not after kill -9, and not when the disk is full."""

import asyncio
import random
import resource
import signal
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from frontsim.clock import Clock, Ids
from frontsim.errors import StoreFailed
from frontsim.store.event_log import EventLog
from tests.end_to_end.raising_load import RaisingLoad, runs_of
from tests.support.child import Child
from tests.support.disk import small_disk
from tests.support.recorder import OK, Recorder

pytestmark = pytest.mark.slow

KILLS = 20


def test_kill_9_at_random_moments(tmp_path: Path):
    """After each kill: no accepted event is missing, no delivery was seen that the log does not have, what was under
    way is logged Unknown and in success=false, and nothing is sent again by itself."""
    moments = random.Random(5)
    accepted: set[str] = set()
    interrupted = 0
    with Recorder() as receiver:
        webhook = ""
        for _ in range(KILLS):
            with Child(tmp_path / "log.db") as child:
                webhook = webhook or child.sim.subscribes(receiver.url)
                interrupted += child.sim.does("health", method="GET")["recoveredRuns"]
                begun = len(receiver.calls)
                load = RaisingLoad(child.sim)
                receiver.gets(begun + moments.randrange(1, 60))
                child.kills()
                load.ends()
                accepted |= set(load.accepted)
        with Child(tmp_path / "log.db") as child:
            interrupted += child.sim.does("health", method="GET")["recoveredRuns"]
            child.sim.drains()
            runs = runs_of(child.sim, webhook)
            failed = {entry["webhookEventId"]: entry["status"] for entry in child.sim.log(webhook, success="false")}
    seen = Counter(receiver.event_ids)
    assert set() == accepted - runs.keys(), "accepted, but forgotten"
    assert set() == seen.keys() - runs.keys(), "delivered, but not in the log"
    assert {1} == {len(each) for each in runs.values()} == set(seen.values()), "sent again"
    unknown = {event for event, (run,) in runs.items() if run["status"] == "Unknown"}
    assert dict.fromkeys(unknown, "Unknown") == failed
    assert interrupted == len(unknown) > 0
    assert runs.keys() - unknown <= seen.keys(), "logged as delivered, but never seen"


def test_an_interrupted_run_is_resent_only_when_asked(tmp_path: Path):
    """Killed between the receiver's reading and its answer: Unknown, once; after a resend it is at peace."""
    with Recorder(respond=lambda _: None) as receiver:
        with Child(tmp_path / "log.db") as child:
            webhook = child.sim.subscribes(receiver.url)
            (event,) = child.sim.raises()
            receiver.gets(1)
            child.kills()
        with Child(tmp_path / "log.db") as child:
            child.sim.drains()
            entry = child.sim.entry(webhook, event)
            assert ("Unknown", None, False, 1) == tuple(
                entry[name] for name in ("status", "statusCode", "success", "runsCounter")
            )
            assert [event] == [item["webhookEventId"] for item in child.sim.log(webhook, success="false")]
            assert [event] == receiver.event_ids
            receiver.respond = lambda _: OK
            again = child.sim.resends(webhook, event)
            assert ("OK", 2) == (again["status"], again["runsCounter"])
            assert [] == child.sim.log(webhook, success="false")


def test_what_waits_survives(tmp_path: Path):
    """An event that was accepted and not begun when the simulator was killed is delivered, once, when it is back."""
    with Recorder(respond=lambda _: None) as receiver:
        with Child(tmp_path / "log.db", "--concurrency", "2") as child:
            webhook = child.sim.subscribes(receiver.url)
            ids = child.sim.raises(count=50)
            receiver.gets(2)
            child.kills()
        receiver.respond = lambda _: OK
        with Child(tmp_path / "log.db") as child:
            child.sim.drains()
            assert 48 == len(child.sim.log(webhook, success="true"))
            assert sorted(ids) == sorted(receiver.event_ids)


def fills_up(child: Child, receiver: Recorder) -> tuple[str, list[str]]:
    """Raise events until that is refused; the webhook, and the ids that were accepted."""
    webhook = child.sim.subscribes(receiver.url)
    accepted: list[str] = []
    for _ in range(10_000):
        answer = child.sim.sim("POST", "trigger", {"event": "SaleCreated", "count": 100})
        if answer.status_code != 202:
            break
        accepted += [item["webhookEventId"] for item in answer.json()["events"]]
    assert (503, True) == (answer.status_code, len(accepted) > 100), answer.text
    assert "could not be written" in answer.json()["detail"]
    assert set(receiver.event_ids) <= set(accepted), "delivered, but never accepted"
    assert 200 == child.sim.api("GET", "Webhooks").status_code
    return webhook, accepted


def test_a_full_disk(tmp_path: Path):
    """Trigger is refused with 503, nothing that was accepted is lost; with room again it goes on by itself."""
    with small_disk(tmp_path / "disk", "80m") as disk, Recorder() as receiver:
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(40 << 20))
        with Child(disk / "log.db") as child:
            webhook, accepted = fills_up(child, receiver)
            ballast.unlink()
            later = child.sim.raises(count=10)
            child.sim.drains()
            runs = runs_of(child.sim, webhook)
            assert set() == {*accepted, *later} - runs.keys()
            assert runs.keys() == set(receiver.event_ids)
            assert {1} == {len(each) for each in runs.values()} == set(Counter(receiver.event_ids).values())
            assert 0 == child.stops()


def test_a_file_that_may_not_grow(tmp_path: Path):
    """As on a full disk: 503, and after a start without that limit everything that was accepted is there, sent once."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

    with Recorder() as receiver:
        with Child(tmp_path / "log.db", prepare=limit) as child:
            webhook, accepted = fills_up(child, receiver)
            child.kills()
        with Child(tmp_path / "log.db") as child:
            child.sim.drains()
            runs = runs_of(child.sim, webhook)
    assert set() == set(accepted) - runs.keys()
    assert set(receiver.event_ids) <= runs.keys()
    assert {1} == set(Counter(receiver.event_ids).values())


@pytest.mark.parametrize("name", ["log.db", "log.db-wal"])
def test_a_file_that_is_deleted_while_it_is_used(tmp_path: Path, name: str):
    """Nothing is accepted that would be gone: 503 with the reason, which health gives too, and no traceback."""
    with Recorder() as receiver, Child(tmp_path / "log.db") as child:
        child.sim.subscribes(receiver.url)
        child.sim.raises()
        child.sim.drains()
        assert "ok" == child.sim.does("health", method="GET")["status"]
        (tmp_path / name).unlink()
        refused = child.sim.sim("POST", "trigger", {"event": "SaleCreated"})
        health = child.sim.sim("GET", "health")
        assert (503, 503) == (refused.status_code, health.status_code)
        reason = f"{name} was deleted or moved away"
        assert f"nothing of this was kept: {reason}" in refused.json()["detail"]
        assert ("failing", reason) == (health.json()["status"], health.json()["problem"])
        assert 1 == len(receiver.event_ids)
        child.stops()
        assert "Traceback" not in child.errors


def test_the_log_is_a_sound_file(tmp_path: Path):
    """A killed simulator leaves a file that SQLite finds nothing wrong with."""
    with Recorder() as receiver, Child(tmp_path / "log.db") as child:
        child.sim.subscribes(receiver.url)
        load = RaisingLoad(child.sim)
        receiver.gets(100)
        child.kills()
        load.ends()
    connection = sqlite3.connect(tmp_path / "log.db")
    assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()


@pytest.mark.anyio
async def test_a_step_that_breaks_takes_no_other_with_it(tmp_path: Path):
    """Whatever one step raises, such as OverflowError for a number of 64 bits, the log goes on for all others."""
    store = EventLog(tmp_path / "log.db", clock=Clock(), ids=Ids(), concurrency=1, most_waiting=10)
    store.start(lambda _: None)
    broken = store._group_commit.submit(lambda _: 2**64 // 0)
    try:
        await asyncio.wait_for(store.wake(), 20)
        assert isinstance(broken.exception(), StoreFailed)
    finally:
        await store.close()


def test_no_turn_of_the_clock_strands_what_waits(tmp_path: Path):
    """Set back by a day, or advanced and then forgotten by a restart: what waits for a slot is delivered."""
    with Recorder(respond=lambda _: None) as receiver:
        with Child(tmp_path / "log.db", "--concurrency", "1") as child:
            webhook = child.sim.subscribes(receiver.url)
            child.sim.does("clock", {"advanceS": 86_400})
            child.sim.raises(count=10)
            receiver.gets(1)
            child.sim.does("clock", {"advanceS": -2 * 86_400})
            assert 0 == child.stops()
        receiver.respond = lambda _: OK
        with Child(tmp_path / "log.db") as child:
            child.sim.drains()
            log = child.sim.log(webhook)
            assert 10 == len(log)
            assert {"OK", "Unknown"} >= {entry["status"] for entry in log}
            assert [1] * 10 == [entry["runsCounter"] for entry in log]
