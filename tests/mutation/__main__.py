"""The mutation score of what judges a receiver: how many small mistakes in it its own tests find.

python -m tests.mutation                         # every module in scope; 1 when one is under 95 %, or 90 % for jobs
python -m tests.mutation facts/classes settle    # those whose path contains a word
"""

import argparse
import os

from tests.mutation import runner, scope
from tests.mutation.mutants import Mutant

GOAL = 95.0
OF_JOBS = "recovery/"
GOAL_OF_JOBS = 90.0
"""Part of this room is seen only in other processes, whose tests are not run for each mutant."""


def main() -> int:
    """Print a line for each module, and each mutant that survived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="parts of paths, such as facts/classes; all modules without")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at once; default: the cores")
    given = parser.parse_args()
    modules = scope.modules(given.words)
    if not modules:
        parser.error(f"expected a part of one of {', '.join(each.path for each in scope.modules())}")
    os.chdir(scope.ROOT)
    print("| module | mutants | equivalent | killed | survived | score |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    reports = {module.path: report(module, given.jobs) for module in modules}
    killed, counted = (sum(each[at] for each in reports.values()) for at in (0, 1))
    print(f"| all | | | {killed} | {counted - killed} | {score(killed, counted):.1f} % |")
    return 1 if any(score(*each) < goal(path) for path, each in reports.items()) else 0


def goal(path: str) -> float:
    """The score that a module needs."""
    return GOAL_OF_JOBS if path.startswith(OF_JOBS) else GOAL


def report(module: scope.Module, jobs: int) -> tuple[int, int]:
    """Print a module's line and its survivors: how many were killed, of how many."""
    result = runner.run(module.name, module.file, module.tests, jobs=jobs)
    named = [each for each in scope.equivalents() if each.module == module.path]
    survivors = [mutant for mutant in result.survivors if not any(each.is_mutant(module, mutant) for each in named)]
    equivalent = len(result.survivors) - len(survivors)
    counted = len(result.mutants) - equivalent
    killed = counted - len(survivors)
    row = [module.path, len(result.mutants), equivalent, killed, len(survivors), f"{score(killed, counted):.1f} %"]
    print(f"| {' | '.join(map(str, row))} |", flush=True)
    for mutant in survivors:
        print(f"    {module.path}:{mutant.line} {described(mutant)}", flush=True)
    for each in named:
        if not any(each.is_mutant(module, mutant) for mutant in result.survivors):
            print(f"    equivalent.toml names one that no longer survives: {each.function} {each.before!r}")
    return killed, counted


def described(mutant: Mutant) -> str:
    """Say what was changed, and where."""
    return f"{mutant.function or '(module)'}: {mutant.before!r} -> {mutant.after!r}"


def score(killed: int, counted: int) -> float:
    """Per cent; nothing to kill is full marks."""
    return 100 * killed / counted if counted else 100.0


if __name__ == "__main__":
    raise SystemExit(main())
