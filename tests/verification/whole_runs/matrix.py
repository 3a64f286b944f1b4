"""The matrix: every receiver of simulator/frontsim/receivers against the scenarios, as a table in Markdown.

python -m tests.verification.whole_runs.matrix   # broken ones where they must be found, right ones everywhere
python -m tests.verification.whole_runs.matrix --all   # everything in everything (many minutes)
python -m tests.verification.whole_runs.matrix --seeds 20 flaky inbox

Runs wait for most of their time, so several receivers are played at once, each in a process of its own.
"""

import argparse
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from frontsim.hosting.serving import run_in_thread
from frontsim.hosting.user_program import faketime_library
from frontsim.subjects.reference import Variant
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verdicts import Verdict
from frontsim.verification.compare.wrong_state import check_state
from frontsim.verification.judge import checks
from frontsim.verification.patience import TimeLimits
from frontsim.verification.played import Played
from frontsim.verification.request import Request
from frontsim.verification.run import open_run, play_all
from frontsim.verification.scenario.scenario import Scenario, bundled_scenarios
from tests.support.ports import free_port
from tests.support.receiver import command

KNOWN = {**CORRECT, **BROKEN}
CLEAN = "steady"
"""One clean event after another: a bug that does not show there is not guessed at."""
DEADLY = ("crash-after-ack", "crash-matrix", "restart-then-resend")
"""Derived state must be right after these kills, and it must have been compared."""
SIGNS = {Verdict.VERIFIED: "ok", Verdict.NOT_APPLICABLE: "ok", Verdict.SKIPPED: "-", Verdict.UNKNOWN: "?"}


def play(variant: Variant, scenarios: list[Scenario], seed: int) -> list[Played]:
    """Run a receiver as a separate process and play scenarios against it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{port}"
        receiver_cmd = shlex.join(command(variant.name, Path(folder) / "receiver.db", port=port))
        limits = TimeLimits(memory_s=1.0, travel_s=variant.days * 86_400)
        request = Request(
            f"{url}/hook",
            observe_url=f"{url}/effects",
            observe_state=f"{url}{variant.state}" if variant.state else "",
            receiver_cmd=receiver_cmd,
            limits=limits,
        )
        with open_run(request, seed, simulators=run_in_thread, pause=time.sleep) as opened:
            return list(play_all(scenarios, opened, checks.receiver_contract()))


def scenarios_for(variant: Variant, *, everything: bool = False) -> list[Scenario]:
    """Those that its line of the table is about: the clean one and where it must be found, or all that it can play."""
    playable = [
        each
        for each in bundled_scenarios()
        if not (each.needs_dependency or each.needs_sink) and (variant.state == "/levels" or not each.needs_state)
    ]
    named = (CLEAN, *variant.scenarios) if variant.scenarios else ()
    return [each for each in playable if everything or not named or each.name in named]


def cell(played: Played) -> str:
    """Return what a scenario found: the classes, or a sign."""
    found = sorted({str(finding.class_) for finding in played.judgement.findings})
    return ", ".join(found) or SIGNS[played.judgement.verdict]


def is_right(variant: Variant, played: Played) -> bool:
    """The outcome that the registry asks for; without faults, not even a broken receiver shows another class."""
    found = {str(finding.class_) for finding in played.judgement.findings}
    if played.scenario.name in variant.scenarios:
        return bool(found & variant.expected)
    if variant.name in BROKEN:
        return played.scenario.name != CLEAN or found <= variant.expected
    was_compared = not variant.state or played.scenario.name not in DEADLY or check_state(played.history).checked
    return played.judgement.verdict in (Verdict.VERIFIED, Verdict.NOT_APPLICABLE) and bool(was_compared)


def line(name_and_seed: tuple[str, int], *, everything: bool) -> tuple[str, int]:
    """A receiver's line of the table with one seed, and how many of its outcomes are wrong."""
    name, seed = name_and_seed
    variant = KNOWN[name]
    results = play(variant, scenarios_for(variant, everything=everything), seed)
    wrong = [each for each in results if not is_right(variant, each)]
    shown = [f"{each.scenario.name}: {cell(each)}" for each in results if cell(each) != "ok"]
    unsure = [f"!! {each.scenario.name}: {each.judgement.reason}" for each in wrong]
    return f"| `{name}` | {variant.bug} | {'; '.join(shown + unsure) or 'verified'} |", len(wrong)


def chosen(names: Sequence[str]) -> list[str]:
    """Those receivers, or all; one whose clock cannot be moved on this machine is left out, with a word."""
    stays = [name for name in names or KNOWN if KNOWN[name].days and faketime_library() is None]
    for name in stays:
        print(f"left out: {name}, which needs libfaketime", file=sys.stderr)
    return [name for name in names or KNOWN if name not in stays]


def main() -> int:
    """Print the table; 1 when an outcome is not the one that the registry asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="receivers; all without")
    parser.add_argument("--all", action="store_true", help="broken ones in every scenario, too")
    parser.add_argument("--seeds", type=int, default=1, help="runs with different seeds")
    parser.add_argument("--jobs", type=int, default=3 * (os.cpu_count() or 1), help="receivers at once")
    options = parser.parse_args()
    runs = [(name, seed) for name in chosen(options.names) for seed in range(1, options.seeds + 1)]
    wrong = 0
    print("| Receiver | What is wrong with it | Verdict |\n|---|---|---|")
    with ProcessPoolExecutor(options.jobs) as pool:
        for text, mistakes in pool.map(partial(line, everything=options.all), runs):
            print(text, flush=True)
            wrong += mistakes
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
