"""Every bench: that each still fits what it measures, not what it finds."""

import json
import shutil
import sys

import pytest
from bench import BENCHES, HERE

from tests.support.forked import run
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", BENCHES)
def test_it_runs(name: str) -> None:
    """At its smallest it ends with code 0, and prints JSON lines that name it."""
    if name == "page" and not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("needs Chromium: apt-get install chromium")
    done = run([sys.executable, "-m", "bench", name, "--tiny"], cwd=HERE, text=True, timeout=PATIENCE_S)
    assert 0 == done.returncode, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    assert [] == [line for line in lines if not line.get("bench")]
