"""Benches that `make bench` runs: that each still fits what it measures, not what it finds."""

import json
import shutil
import subprocess
import sys

import pytest
from bench import BENCHES, HERE

from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow


def test_every_bench_in_a_process_of_its_own_is_known() -> None:
    """`bench.py` runs each module of benches/ that is a program: one that it does not know would break unseen."""
    programs = [file.stem for file in (HERE / "benches").glob("*.py") if "__main__" in file.read_text()]
    assert [] == [name for name in programs if f'"{name}"' not in (HERE / "bench.py").read_text()]


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_runs(name: str) -> None:
    """At its smallest it ends with code 0, and prints JSON lines that name it."""
    if name == "page" and not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("needs Chromium: apt-get install chromium")
    command = [sys.executable, str(HERE / "bench.py"), name, "--tiny"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert 0 == done.returncode, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    assert [] == [line for line in lines if not line.get("bench")]
