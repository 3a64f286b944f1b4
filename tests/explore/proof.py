"""The proof of `frontsim explore`: which broken receivers it finds without any scripted scenario, and no right one.

    python -m tests.explore.proof                       # all that is not in the file yet: hours
    python -m tests.explore.proof --seeds 3 no-dedupe   # some
    python -m tests.explore.proof --report              # what the file says so far

Each exploration is a line of JSON in build/explore-proof.jsonl, so a run that was interrupted goes on where it stopped.
"""

import argparse
import json
import shlex
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from frontsim.clock import stopwatch
from frontsim.explore.run import JOBS, Options, explore
from frontsim.subjects.combinations import COMBINED
from frontsim.subjects.reference import Variant
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verification.request import Request
from frontsim.verification.schedule import usual_pace
from tests.support.ports import free_port
from tests.support.receiver import ChildReceiver, command

FILE = Path("build/explore-proof.jsonl")
BUDGET_S, BUDGET_WITH_KILLS_S = 60.0, 120.0
UNREACHABLE = {
    "key-cut-short": "events of a schedule are not logged in one go",
    "cleans-up-weekly": "no schedule travels in time",
}
"""Broken receivers that only a scripted scenario finds, and why."""
Line = dict[str, Any]


def explored(variant: Variant, seed: int, budget_s: float) -> Line:
    """One exploration, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder, found_s = Path(name), []
        began_s = stopwatch()
        options = Options(seed, budget_s, save=folder / "found")

        def asked(url: str, receiver_cmd: str = "") -> Request:
            state = f"{url}{variant.state}" if variant.state else ""
            return Request(f"{url}/hook", observe_url=f"{url}/effects", observe_state=state, receiver_cmd=receiver_cmd)

        def go(request: Request) -> Line:
            result = explore(
                request,
                options,
                pause=time.sleep,
                pace=usual_pace(one_at_a_time=bool(request.receiver_cmd), jobs=JOBS),
                on_found=lambda _: found_s.append(stopwatch() - began_s),
            )
            return {
                "name": variant.name,
                "seed": seed,
                "found": sorted({str(each.key[0]) for each in result.found}),
                "firstS": round(found_s[0], 1) if found_s else None,
                "steps": [len(each.schedule.steps) for each in result.found],
                "recurrence": [each.recurrence for each in result.found],
                "schedules": result.tried,
                "notTried": dict(result.untried),
                "verdict": str(result.verdict),
                "reason": result.reason,
            }

        if variant.needs_process_control:
            port = free_port()
            words = command(variant.name, folder / "receiver.db", port=port)
            return go(asked(f"http://127.0.0.1:{port}", shlex.join(words)))
        with ChildReceiver(variant.name, folder / "receiver.db") as receiver:
            return go(asked(receiver.url))


def is_proven(line: Line) -> bool:
    """The exploration has found what it must find, or a right receiver was not accused."""
    if line["name"] in CORRECT:
        return not line["found"]
    variant = {**BROKEN, **COMBINED}[line["name"]]
    return bool(variant.expected & set(line["found"]))


def asked_for(names: Sequence[str], seeds: int | None) -> Iterator[tuple[Variant, int]]:
    """Each receiver with its seeds: 3 for one that scenarios find, 20 for one that needs a combination."""
    for known, usual in ((COMBINED, 20), (BROKEN, 3), (CORRECT, 10)):
        for name, variant in known.items():
            if (names and name not in names) or (not names and name in UNREACHABLE):
                continue
            yield from ((variant, seed) for seed in range(1, (seeds or usual) + 1))


def lines_of(file: Path) -> list[Line]:
    """Read the file's lines so far."""
    return [json.loads(text) for text in file.read_text().splitlines()] if file.exists() else []


def told(lines: Sequence[Line]) -> Iterator[str]:
    """A row for each receiver, and how many schedules right ones have survived."""
    by_name: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_name[line["name"]].append(line)
    yield "| Receiver | Proven | First found after (median) | Steps (median) | Schedules | Not tried |"
    yield "|---|---|---|---|---|---|"
    for name, found in by_name.items():
        times = [line["firstS"] for line in found if line["firstS"] is not None]
        steps = [number for line in found for number in line["steps"]]
        yield (
            f"| `{name}` | {sum(map(is_proven, found))} of {len(found)} | "
            f"{f'{median(times):.1f} s' if times else ''} | "
            f"{median(steps) if steps else ''} | {sum(line['schedules'] for line in found)} | "
            f"{sum(sum(line['notTried'].values()) for line in found)} |"
        )
    right = [line for line in lines if line["name"] in CORRECT]
    alarms = sum(bool(line["found"]) for line in right)
    schedules = sum(line["schedules"] for line in right)
    yield f"\nRight receivers: {schedules} schedules, {alarms} explorations with an alarm."


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
