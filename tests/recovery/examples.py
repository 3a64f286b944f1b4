"""The jobs in docs/examples/jobs: how each is started, and the programs that it needs."""

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "jobs"


@dataclass(frozen=True)
class ExampleJob:
    command: str
    programs: tuple[str, ...]


def _locked(command: str) -> str:
    """As cron would start it."""
    lock = 'exec flock --nonblock --conflict-exit-code 0 "$FRONTSIM_STATE_DIR/job.lock"'
    return shlex.join(["sh", "-c", f"{lock} {command}"])


def _file(name: str) -> str:
    return shlex.quote(str(FOLDER / name))


EXAMPLES = {
    "sh": ExampleJob(f"sh {_file('reconcile.sh')}", ("sh", "curl", "jq", "flock")),
    "node": ExampleJob(_locked(f"node {_file('reconcile.mjs')}"), ("node", "flock")),
    "python": ExampleJob(f"{sys.executable} {_file('reconcile.py')}", ()),
    "php": ExampleJob(f"php {_file('reconcile.php')}", ("php",)),
}


def command_of(name: str) -> str:
    """How it is started; skips the test if a program that it needs is missing."""
    missing = [program for program in EXAMPLES[name].programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")
    return EXAMPLES[name].command
