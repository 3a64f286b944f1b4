"""Runs a bench at its smallest."""

import json
import sys

from bench import HERE

from tests.support.forked import run
from tests.support.patience import PATIENCE_S


def run_tiny(name: str) -> None:
    """It must end with code 0, and print JSON lines that name it."""
    done = run([sys.executable, "-m", "bench", name, "--tiny"], cwd=HERE, text=True, timeout=PATIENCE_S)
    assert 0 == done.returncode, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    assert [] == [line for line in lines if not line.get("bench")]
