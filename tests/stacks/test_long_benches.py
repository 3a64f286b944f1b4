"""The benches that run only when they are named: that each still fits what it measures, not what it finds."""

import shutil

import pytest
from bench import LONG

from tests.load.benches import run_tiny

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", LONG)
def test_it_runs(name: str) -> None:
    """At its smallest."""
    if name == "page" and not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("needs Chromium: apt-get install chromium")
    run_tiny(name)
