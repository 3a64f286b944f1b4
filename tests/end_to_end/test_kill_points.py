"""kill -9 at each point of a delivery's way: what the log says afterwards, and what the receiver has seen."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from frontsim.settings import Settings
from tests.support.child import PATIENCE_S, READY, Child, environment
from tests.support.forked import popen
from tests.support.recorder import Recorder
from tests.support.simulation import Simulation

pytestmark = pytest.mark.slow


def served_until(point: str, db: Path, receiver: Recorder) -> tuple[str, list[str]]:
    """Serve, raise one event, and wait until the kill; the webhook, and the events that were accepted."""
    with popen(
        [sys.executable, "-m", "tests.support.killed", point, "--port", "0", "--db", str(db)],
        stdout=subprocess.PIPE, text=True, env=environment(), cwd=Path(__file__).parent.parent,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            ready = READY.fullmatch(process.stdout.readline())
            assert ready is not None
            sim = Simulation(f"{ready[1]}/restapi/V2", f"{ready[1]}/_sim", Settings())
            webhook = sim.subscribes(receiver.url)
            try:
                accepted = sim.raises()
            except httpx.HTTPError:
                accepted = []  # the call was not answered
            sim.http.close()
            assert -9 == process.wait(PATIENCE_S)
        finally:
            process.kill()
    return webhook, accepted


@pytest.mark.parametrize(
    ("point", "seen", "status"),
    [
        ("accepted", 0, None),  # not committed: it never happened, and the caller was not told that it had
        ("committed", 0, "Unknown"),  # begun in the file: a byte may have left
        ("bytes-sent", 1, "Unknown"),
        ("answer-read", 1, "Unknown"),
        ("outcome-committed", 1, "OK"),
    ],
)
def test_kill_9_at_a_point(point: str, seen: int, status: str | None, tmp_path: Path) -> None:
    """Nothing accepted is missing, nothing delivered is unknown to the log, and nothing is sent again by itself."""
    with Recorder() as receiver:
        webhook, accepted = served_until(point, tmp_path / "log.db", receiver)
        with Child(tmp_path / "log.db") as child:
            child.sim.drains()
            entries = {entry["webhookEventId"]: entry for entry in child.sim.log(webhook)}
            failed = child.sim.log(webhook, success="false")
    assert set(accepted) <= entries.keys()
    assert Counter(receiver.event_ids).keys() <= entries.keys()
    assert seen == len(receiver.event_ids)
    assert [status] * (status is not None) == [entry["status"] for entry in entries.values()]
    assert (status == "Unknown") == bool(failed)
