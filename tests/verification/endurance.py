"""No false alarm, however busy the machine is: whole runs against right receivers, over and over.

python -m tests.verification.endurance --runs 1000             # both cores busy; every second receiver dies every 10 s
python -m tests.verification.endurance --seconds 1200 inbox    # as many runs as fit, one receiver

Each run has another seed. One that is not verified is printed with its seed and its reason; the exit code is then 1.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

from frontsim.receivers.registry import CORRECT
from frontsim.verdicts import Verdict
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import clauses
from frontsim.verification.play.harness import TimeLimits
from frontsim.verification.play.probes.key_probe import KeyProbe
from frontsim.verification.request import Request
from frontsim.verification.scenario.scenario import bundled_scenarios
from frontsim.verification.schedule import Pace
from frontsim.verification.session import Played, play_all
from tests.ports import free_port
from tests.receiver import command

KILLED_EVERY_S = 10.0
PATIENCE_S = 60.0


@contextmanager
def busy_cores() -> Iterator[None]:
    """A process for each core that does nothing but compute."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in burning:
            each.kill()
            each.wait()


@contextmanager
def supervised(variant: str, db: Path, *, killed_every_s: float) -> Iterator[str]:
    """A receiver that is started again whenever it dies, and is killed now and then; gives its base URL."""
    port, over = free_port(), threading.Event()

    def supervise() -> None:
        while not over.is_set():
            with subprocess.Popen(command(variant, db, port=port), stdout=subprocess.DEVNULL) as process:
                over.wait(killed_every_s)
                process.kill()

    thread = threading.Thread(target=supervise, daemon=True)
    thread.start()
    try:
        _await_listening(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        over.set()
        thread.join()


def _await_listening(port: int) -> None:
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_S:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


def run(variant: str, seed: int, *, killed_every_s: float) -> Sequence[Played]:
    """One whole run, as `frontsim verify` plays it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        supervised(variant, Path(folder) / "receiver.db", killed_every_s=killed_every_s) as url,
    ):
        request = Request(f"{url}/hook", observe_url=f"{url}/effects", limits=TimeLimits())
        with open_harnesses(request, seed, pause=time.sleep) as open_harness:
            pace = Pace(jobs=4, jobs_that_wait=16, budget_s=120)
            return list(play_all(bundled_scenarios(), open_harness, clauses.load(), pace, KeyProbe()))


def main() -> int:
    """Play the runs and print a line for each; 1 when one was not verified."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(CORRECT), help="right receivers; all without")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no run after so long")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--idle", action="store_true", help="do not keep the cores busy")
    options = parser.parse_args()
    ended: Counter[str] = Counter()
    began = time.monotonic()
    with busy_cores() if not options.idle else tempfile.TemporaryDirectory():
        for seed, name in zip(range(options.seed, options.seed + options.runs), cycle(options.names), strict=False):
            if time.monotonic() - began > options.seconds:
                break
            is_killed = seed % 2 == 0
            played = run(name, seed, killed_every_s=KILLED_EVERY_S if is_killed else 1e6)
            wrong = [each for each in played if each.judgement.verdict not in (Verdict.VERIFIED, Verdict.SKIPPED)]
            ended[f"{'killed' if is_killed else 'left alone'}: {'not verified' if wrong else 'verified'}"] += 1
            print(f"{seed} {name}{' killed' if is_killed else ''}: {dict(ended)}", flush=True)
            for each in wrong:
                found = [f"{item.class_} {item.event} {item.detail}" for item in each.judgement.findings[:3]]
                print(f"  {each.scenario.name}: {each.judgement.verdict}: {each.judgement.reason} {found}", flush=True)
    return int(any("not verified" in key for key in ended))


if __name__ == "__main__":
    raise SystemExit(main())
