"""Processes of our own."""

import os
import subprocess
import sys

import pytest

from frontsim.bundled import module_command, module_environment


def test_it_imports_this_very_package(monkeypatch: pytest.MonkeyPatch):
    """From wherever it was found, ahead of what PYTHONPATH names; the current folder is no place to look."""
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert [sys.executable, "-P", "-m", "frontsim.errors", "a"] == module_command("frontsim.errors", "a")
    ours, others = module_environment()["PYTHONPATH"].split(os.pathsep)
    assert "/elsewhere" == others
    where = subprocess.run(
        [sys.executable, "-P", "-c", "import frontsim; print(frontsim.__path__[0])"],
        env=module_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{ours}/frontsim" == where.stdout.strip()
