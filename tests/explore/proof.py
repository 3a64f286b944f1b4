"""The proof of `frontsim explore`: which broken receivers it finds without any scripted scenario, and no right one.

    python -m tests.explore.proof                       # all that is not in the file yet: hours
    python -m tests.explore.proof --seeds 3 no-dedupe   # some
    python -m tests.explore.proof --report              # what the file says so far

Each exploration is a line of JSON in build/explore-proof.jsonl, so a run that was interrupted goes on where it stopped.
Seed 1 of every receiver comes first, right ones among broken ones: a part of the proof says something about all.

Seconds depend on the machine, so each line has the load average, and the schedules until the right class was found.
On a machine that has more to do than it has cores, those count in place of seconds.
"""

import argparse
import json
import math
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from statistics import median
from typing import Any

from frontsim.clock import stopwatch
from frontsim.explore.run import JOBS, Exploration, Found, Options, explore
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.reference import Variant
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verification.request import Request
from frontsim.verification.schedule import usual_pace
from tests.support.ports import free_port
from tests.support.receiver import ChildReceiver, command

FILE = Path("build/explore-proof.jsonl")
BUDGET_S, BUDGET_WITH_KILLS_S = 60.0, 120.0
SCHEDULES, SCHEDULES_WITH_KILLS = 300, 120
"""What an idle machine with two cores tries in that time, about."""
MOST_STEPS = 4
ENOUGH = 10_000
"""Schedules that right receivers must survive."""
UNREACHABLE = {
    "key-cut-short": "events of a schedule are not logged in one go",
    "cleans-up-weekly": "no schedule travels in time",
}
"""Broken receivers that only a scripted scenario finds, and why."""
Line = dict[str, Any]


def explored(variant: Variant, seed: int, budget_s: float) -> Line:
    """One exploration, in a folder of its own."""
    began_s, tried = stopwatch(), 0
    first: Line = {}

    def note_found(found: Found) -> None:
        if str(found.key[0]) in variant.expected:
            first.setdefault("firstS", round(stopwatch() - began_s, 1))
            first.setdefault("firstAfter", tried + 1)

    def note_tried(exploration: Exploration) -> None:
        nonlocal tried
        tried = exploration.tried + exploration.untried.total()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def go(url: str, receiver_cmd: str = "") -> Exploration:
            state = f"{url}{variant.state}" if variant.state else ""
            return explore(
                Request(f"{url}/hook", observe_url=f"{url}/effects", observe_state=state, receiver_cmd=receiver_cmd),
                Options(seed, budget_s, save=folder / "found"),
                pause=time.sleep,
                pace=usual_pace(one_at_a_time=bool(receiver_cmd), jobs=JOBS),
                on_found=note_found,
                on_tried=note_tried,
            )

        if variant.needs_process_control:
            port = free_port()
            result = go(
                f"http://127.0.0.1:{port}", shlex.join(command(variant.name, folder / "receiver.db", port=port))
            )
        else:
            with ChildReceiver(variant.name, folder / "receiver.db") as receiver:
                result = go(receiver.url)
    right = [each for each in result.found if str(each.key[0]) in variant.expected]
    return {
        "name": variant.name,
        "seed": seed,
        "found": sorted({str(each.key[0]) for each in result.found}),
        "firstS": None,
        "firstAfter": None,
        **first,
        "steps": [len(each.schedule.steps) for each in right],
        "recurrence": [each.recurrence for each in right],
        "schedules": result.tried,
        "notTried": dict(result.untried),
        "verdict": str(result.verdict),
        "reason": result.reason,
        "tookS": round(stopwatch() - began_s),
        "load": round(os.getloadavg()[0], 1),
    }


def is_proven(line: Line) -> bool:
    """The exploration has found the right class in time, or a right receiver was not accused."""
    if line["name"] in CORRECT:
        return not line["found"]
    return line["firstS"] is not None and is_in_time(line)


def is_in_time(line: Line) -> bool:
    """The right class was found within 60 s, with kills 120 s; on a busy machine within as many schedules."""
    kills = KNOWN[line["name"]].needs_process_control
    if line["load"] > len(os.sched_getaffinity(0)):
        return bool(line["firstAfter"] <= (SCHEDULES_WITH_KILLS if kills else SCHEDULES))
    return bool(line["firstS"] <= (BUDGET_WITH_KILLS_S if kills else BUDGET_S))


KNOWN = {**CORRECT, **BROKEN, **COMBINED}
_SEEDS = ((COMBINED, 20), (CORRECT, 10), (BROKEN, 3))
"""Explorations of each receiver: many where chance decides, and of right ones enough for 10,000 schedules."""


def asked_for(names: Sequence[str], seeds: int | None) -> Iterator[tuple[Variant, int]]:
    """The receivers with their seeds: seed 1 of all, one of each kind in turn, then seed 2, and so on."""
    if unknown := [each for each in names if each not in KNOWN]:
        raise SystemExit(f"expected names of receivers, got {', '.join(unknown)}")
    for seed in range(1, (seeds or max(usual for _, usual in _SEEDS)) + 1):
        kinds = [
            [each for each in known.values() if (each.name in names if names else each.name not in UNREACHABLE)]
            for known, usual in _SEEDS
            if seed <= (seeds or usual)
        ]
        yield from ((each, seed) for row in zip_longest(*kinds) for each in row if each)


def lines_of(file: Path) -> list[Line]:
    """Read the file's lines so far."""
    return [json.loads(text) for text in file.read_text().splitlines()] if file.exists() else []


def told(lines: Sequence[Line]) -> Iterator[str]:
    """A row for each receiver, then what the proof says of each kind, and how many schedules right ones survived."""
    yield (
        "| Receiver | Right class in time | Found after (median) | Schedules until then (median) | Steps (median) "
        "| Findings that recur | Schedules | Not tried | Load |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name in dict.fromkeys(line["name"] for line in lines):
        own = [line for line in lines if line["name"] == name]
        again = [each for line in own for each in line["recurrence"]]
        cells = [
            f"`{name}`",
            f"{sum(map(is_proven, own))} of {len(own)}",
            _median([line["firstS"] for line in own], " s"),
            _median([line["firstAfter"] for line in own]),
            _median([number for line in own for number in line["steps"]]),
            f"{sum(not each.startswith('seen once') for each in again)} of {len(again)}" if again else "",
            str(sum(line["schedules"] for line in own)),
            str(sum(sum(line["notTried"].values()) for line in own)),
            f"{min(line['load'] for line in own)} to {max(line['load'] for line in own)}",
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""
    for kind, known, needed in (("need a combination", COMBINED, 0.95), ("make one mistake", BROKEN, 1.0)):
        shares = {name: [is_proven(line) for line in lines if line["name"] == name] for name in known}
        tried = {name: each for name, each in shares.items() if each}
        enough = [name for name, each in tried.items() if sum(each) >= needed * len(each)]
        short = [name for name in tried if _steps(lines, name) <= MOST_STEPS]
        yield (
            f"Of {len(tried)} receivers that {kind}, {len(enough)} were found in at least {needed:.0%} of their "
            f"explorations, and {len(short)} have a median of at most {MOST_STEPS} steps."
        )
    right = [line for line in lines if line["name"] in CORRECT]
    busy = sum(line["schedules"] for line in right if line["load"] > len(os.sched_getaffinity(0)))
    yield (
        f"Right receivers: {sum(line['schedules'] for line in right)} of {ENOUGH} schedules, {busy} of them with all "
        f"cores busy; {sum(bool(line['found']) for line in right)} of {len(right)} explorations with an alarm."
    )


def _steps(lines: Sequence[Line], name: str) -> float:
    steps: list[int] = [number for line in lines if line["name"] == name for number in line["steps"]]
    return median(steps) if steps else math.inf


def _median(numbers: Sequence[float | None], unit: str = "") -> str:
    known = [each for each in numbers if each is not None]
    return f"{median(known):g}{unit}" if known else ""


def main() -> int:
    """Explore what is left; 1 when something was not proven."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="receivers; all that can be found without")
    parser.add_argument("--seeds", type=int, help="explorations of each, with different seeds")
    parser.add_argument("--budget", type=float, help="seconds for each")
    parser.add_argument("--file", type=Path, default=FILE)
    parser.add_argument("--report", action="store_true", help="only print what the file says")
    options = parser.parse_args()
    options.file.parent.mkdir(exist_ok=True)
    done = {(line["name"], line["seed"]) for line in lines_of(options.file)}
    for variant, seed in () if options.report else asked_for(options.names, options.seeds):
        if (variant.name, seed) in done:
            continue
        usual_s = BUDGET_WITH_KILLS_S if variant.needs_process_control else BUDGET_S
        line = explored(variant, seed, options.budget or usual_s)
        with options.file.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print("ok" if is_proven(line) else "NOT PROVEN", json.dumps(line), file=sys.stderr, flush=True)
    lines = lines_of(options.file)
    print("\n".join(told(lines)))
    return 0 if all(map(is_proven, lines)) else 1


if __name__ == "__main__":
    raise SystemExit(main())
