"""No false alarm, however busy the machine is: runs against right receivers, over and over.

python -m tests.verification.whole_runs.endurance --runs 1000
python -m tests.verification.whole_runs.endurance --runs 1000 --scenarios 4    # four scenarios a run, drawn by its seed
python -m tests.verification.whole_runs.endurance --seconds 1200 inbox   # as many runs as fit, one receiver

Every second receiver is killed every 10 s, and every fourth by the scenarios that need `--receiver-cmd`: half as many
are drawn of these, because they take longer. Each run has another seed, and a line that says what it played and how it
ended. What is not verified has its reasons below it, and the exit code is then 1.
"""

import argparse
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, cycle, repeat
from pathlib import Path

from frontsim.hosting.serving import run_in_thread
from frontsim.report.as_json import as_json
from frontsim.subjects.registry import CORRECT
from frontsim.verdicts import Verdict
from frontsim.verification.judge import checks
from frontsim.verification.patience import TimeLimits
from frontsim.verification.play.key_probe import KeyProbe
from frontsim.verification.played import Played, Report
from frontsim.verification.request import Request
from frontsim.verification.result import result_of
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario.scenario import Scenario, bundled_scenarios
from frontsim.verification.schedule import Pace
from tests.support.ports import free_port
from tests.support.receiver import command

KILLED_EVERY_S = 10.0
FOR_EVER_S = 1e6
PATIENCE_S = 60.0
KILLED, OURS, ALONE = "killed", "killed by verify", "left alone"


def how_of(seed: int) -> str:
    """Say how the receiver is treated in the run with a seed."""
    return (KILLED, ALONE, KILLED, OURS)[seed % 4]


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
def supervised(variant: str, db: Path, lives_s: Iterator[float], ended: Counter[str]) -> Iterator[str]:
    """A receiver that is started again whenever it dies, and is killed after each of its lives; gives its base URL.

    A life begins when it listens: a supervisor that kills what is still starting never has a receiver. `ended` counts
    the kills.
    """
    port, over = free_port(), threading.Event()

    def supervise() -> None:
        while not over.is_set():
            with subprocess.Popen(command(variant, db, port=port), stdout=subprocess.DEVNULL) as process:
                _await_listening(port)
                ended["kills"] += not over.wait(next(lives_s))
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


def run(variant: str, seed: int, number: int, ended: Counter[str]) -> Sequence[Played]:
    """One run, as `frontsim verify` plays it: all scenarios and the key probe, or a number of scenarios."""
    rng, how = random.Random(seed), how_of(seed)
    needs, part = (("--receiver-cmd",), 2) if how == OURS else ((), 1)
    playable = [each for each in bundled_scenarios() if each.needs == needs]
    chosen = sorted(rng.sample(playable, -(-number // part)), key=playable.index) if number else playable
    probe = None if number else KeyProbe()
    if how == OURS:
        return _run_ours(variant, seed, chosen, probe)
    first_s = rng.uniform(1, KILLED_EVERY_S)  # so that short runs see a kill at any moment
    lives_s = chain([first_s], repeat(KILLED_EVERY_S)) if how == KILLED else repeat(FOR_EVER_S)
    with (
        tempfile.TemporaryDirectory() as folder,
        supervised(variant, Path(folder) / "receiver.db", lives_s, ended) as url,
    ):
        request = Request(f"{url}/hook", observe_url=f"{url}/effects", limits=TimeLimits())
        with open_run(request, seed, simulators=run_in_thread, pause=time.sleep) as opened:
            pace = Pace(jobs=4, jobs_that_wait=16, budget_s=120)
            return list(play_all(chosen, opened, checks.receiver_contract(), pace, probe))


def _run_ours(variant: str, seed: int, chosen: Sequence[Scenario], probe: KeyProbe | None) -> Sequence[Played]:
    """As with `--receiver-cmd`: scenarios may kill the receiver and start it again."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        url, cmd = f"http://127.0.0.1:{port}", shlex.join(command(variant, Path(folder) / "receiver.db", port=port))
        request = Request(f"{url}/hook", observe_url=f"{url}/effects", receiver_cmd=cmd, limits=TimeLimits())
        with open_run(request, seed, simulators=run_in_thread, pause=time.sleep) as opened:
            return list(play_all(chosen, opened, checks.receiver_contract(), Pace(budget_s=240), probe))


def put(folder: Path, seed: int, played: Sequence[Played]) -> None:
    """Keep the run's report, as `frontsim verify --json` writes it."""
    (folder / f"{seed}.json").write_bytes(as_json(result_of(Report("", seed, played, checks.receiver_contract()))))


def failures(played: Sequence[Played]) -> Iterator[str]:
    """A line for each scenario that is not verified; one that the budget left out is named."""
    for each in played:
        if each.judgement.verdict is not Verdict.VERIFIED:
            found = [f"{item.class_} {item.event} {item.detail}" for item in each.judgement.findings[:3]]
            yield f"  {each.scenario.name}: {each.judgement.verdict}: {each.judgement.reason} {found or ''}"


def main() -> int:
    """Play the runs and print a line for each; 1 when one was not verified."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(CORRECT), help="right receivers; all without")
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--scenarios", type=int, default=0, help="so many in each run, drawn by its seed; 0: all")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no run after so long")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--json", type=Path, metavar="FOLDER", help="keep each run's report there")
    parser.add_argument("--idle", action="store_true", help="do not keep the cores busy")
    options = parser.parse_args()
    for each in (signal.SIGTERM, signal.SIGHUP):  # so that the receiver and the busy processes end, too
        signal.signal(each, lambda *_: sys.exit(1))
    ended: Counter[str] = Counter()
    began = time.monotonic()
    with busy_cores() if not options.idle else tempfile.TemporaryDirectory():
        for seed, name in zip(range(options.seed, options.seed + options.runs), cycle(options.names), strict=False):
            run_began = time.monotonic()
            if run_began - began > options.seconds:
                break
            played = run(name, seed, options.scenarios, ended)
            verdicts = {each.judgement.verdict for each in played}
            verdict = "verified" if verdicts <= {Verdict.VERIFIED, Verdict.SKIPPED} else "NOT VERIFIED"
            ended[f"{how_of(seed)}: {verdict}"] += 1
            if options.json:
                put(options.json, seed, played)
            names = ", ".join(each.scenario.name for each in played) if options.scenarios else "all scenarios"
            took = f"{time.monotonic() - run_began:.0f} s at load {os.getloadavg()[0]:.0f}"
            how = f"{name}, {how_of(seed)}, {took}, {names}"
            print(f"{seed}: {verdict}: {how}", *failures(played), sep="\n", flush=True)
            print(f"  so far: {dict(ended)}", flush=True)
    return int(any("NOT" in key for key in ended))


if __name__ == "__main__":
    raise SystemExit(main())
