"""The jobs' matrix: every job of simulator/frontsim/jobs and docs/examples/jobs against the cases, as Markdown.

python -m tests.recovery.job_matrix                  # broken ones where they must be found, right ones everywhere
python -m tests.recovery.job_matrix --all            # everything in everything (many minutes)
python -m tests.recovery.job_matrix only-today sh
"""

import argparse
import shutil
import sys
from collections.abc import Mapping

from frontsim.recovery.case import bundled_cases, chosen
from frontsim.recovery.play import JobSetup
from frontsim.recovery.run import PlayedCase, run
from frontsim.subjects.broken_jobs import BROKEN_JOBS, CORRECT_JOBS, JobVariant
from frontsim.verdicts import Verdict
from tests.recovery.examples import EXAMPLES

FRONTSIM = f"{sys.executable} -m frontsim"
REFERENCE = "frontsim reconcile"
SIGNS = {Verdict.VERIFIED: "ok", Verdict.SKIPPED: "-", Verdict.UNKNOWN: "?"}
LIMIT_S = 300  # 1,200 resends, one curl each, on a loaded machine


def commands() -> Mapping[str, str]:
    """How each job is started, by its name; one whose runtime is missing is left out, with a word."""
    found = {REFERENCE: f"{FRONTSIM} reconcile"}
    found |= {name: f"{FRONTSIM} job --broken {name}" for name in (*CORRECT_JOBS, *BROKEN_JOBS)}
    for name, example in EXAMPLES.items():
        missing = [program for program in example.programs if shutil.which(program) is None]
        if missing:
            print(f"left out: {name}, which needs {' and '.join(missing)}", file=sys.stderr)
        else:
            found[name] = example.command
    return found


def cell(played: PlayedCase) -> str:
    """Return what a case found: the classes, or a sign."""
    found = sorted({finding.class_ for finding in played.judgement.findings})
    return ", ".join(found) or SIGNS[played.judgement.verdict]


def is_right(variant: JobVariant | None, played: PlayedCase) -> bool:
    """The outcome that the registry asks for; a right job is verified wherever it can be played."""
    found = {finding.class_ for finding in played.judgement.findings}
    if variant is not None and variant.expected:
        return played.case.name not in variant.cases or variant.expected in found
    return played.judgement.verdict in (Verdict.VERIFIED, Verdict.SKIPPED)


def main() -> int:
    """Print the table; 1 when an outcome is not the right one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="jobs; all without")
    parser.add_argument("--all", action="store_true", help="broken ones in every case, too")
    options = parser.parse_args()
    known, wrong = commands(), 0
    print("| Job | What is wrong with it | Verdict |\n|---|---|---|")
    for name in options.names or known:
        variant = {**CORRECT_JOBS, **BROKEN_JOBS}.get(name)
        cases = chosen(variant.cases) if variant and variant.cases and not options.all else bundled_cases()
        results = run(JobSetup(known[name], LIMIT_S), cases, seed=1).played
        wrong += sum(not is_right(variant, each) for each in results)
        shown = [f"{each.case.name}: {cell(each)}" for each in results if cell(each) != "ok"]
        unsure = [f"!! {each.case.name}: {each.judgement.reason}" for each in results if not is_right(variant, each)]
        bug = variant.bug if variant and variant.expected else "nothing"
        print(f"| `{name}` | {bug} | {'; '.join(shown + unsure) or 'verified'} |", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
