"""The matrix: every receiver of simulator/frontsim/receivers against the scenarios, as a table in Markdown.

python -m tests.verification.whole_runs.matrix   # broken ones where they must be found, right ones everywhere
python -m tests.verification.whole_runs.matrix --all   # everything in everything (many minutes)
python -m tests.verification.whole_runs.matrix --seeds 20 flaky inbox
"""

import argparse
import shlex
import tempfile
import time
from pathlib import Path

from frontsim.hosting.serving import run_in_thread
from frontsim.subjects.reference import Variant
from frontsim.subjects.registry import BROKEN, CORRECT
from frontsim.verdicts import Verdict
from frontsim.verification.hosted import open_harnesses
from frontsim.verification.judge import checks
from frontsim.verification.patience import TimeLimits
from frontsim.verification.played import Played
from frontsim.verification.request import Request
from frontsim.verification.scenario.scenario import Scenario, bundled_scenarios
from frontsim.verification.session import play_all
from tests.support.ports import free_port
from tests.support.receiver import command

SIGNS = {Verdict.VERIFIED: "ok", Verdict.SKIPPED: "-", Verdict.UNKNOWN: "?"}


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
        with open_harnesses(request, seed, simulators=run_in_thread, pause=time.sleep) as open_harness:
            return list(play_all(scenarios, open_harness, checks.receiver_contract()))


def scenarios_for(variant: Variant, *, everything: bool = False) -> list[Scenario]:
    """Those that its line of the table is about: where it must be found, or all that can be played against it."""
    playable = [
        each
        for each in bundled_scenarios()
        if not (each.needs_dependency or each.needs_sink) and (variant.state == "/levels" or not each.needs_state)
    ]
    return [each for each in playable if everything or not variant.scenarios or each.name in variant.scenarios]


def cell(played: Played) -> str:
    """What a scenario found: the classes, or a sign."""
    found = sorted({str(finding.class_) for finding in played.judgement.findings})
    return ", ".join(found) or SIGNS[played.judgement.verdict]


def is_right(variant: Variant, played: Played) -> bool:
    """The outcome that the registry asks for."""
    found = {str(finding.class_) for finding in played.judgement.findings}
    if played.scenario.name in variant.scenarios:
        return bool(found & variant.expected)
    return variant.name in BROKEN or played.judgement.verdict is Verdict.VERIFIED


def main() -> int:
    """Print the table; 1 when an outcome is not the one that the registry asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="receivers; all without")
    parser.add_argument("--all", action="store_true", help="broken ones in every scenario, too")
    parser.add_argument("--seeds", type=int, default=1, help="runs with different seeds")
    options = parser.parse_args()
    known = {**CORRECT, **BROKEN}
    wrong = 0
    print("| Receiver | What is wrong with it | Verdict |\n|---|---|---|")
    for name in options.names or known:
        variant = known[name]
        chosen = scenarios_for(variant, everything=options.all)
        for seed in range(1, options.seeds + 1):
            results = play(variant, chosen, seed)
            wrong += sum(not is_right(variant, played) for played in results)
            shown = [f"{played.scenario.name}: {cell(played)}" for played in results if cell(played) != "ok"]
            unsure = [
                f"!! {each.scenario.name}: {each.judgement.reason}" for each in results if not is_right(variant, each)
            ]
            print(f"| `{name}` | {variant.bug} | {'; '.join(shown + unsure) or 'verified'} |", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
