"""pytest as a user runs it, without the plugins of others that are installed here: importing them takes half of it."""

import subprocess
import sys
from pathlib import Path

from tests.support.forked import run
from tests.support.patience import PATIENCE_S

_OTHERS = ("anyio", "faker", "hypothesispytest")
_COMMAND = [
    *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
    *(word for name in _OTHERS for word in ("-p", f"no:{name}")),
]


def pytest_run(*args: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Its exit code and output, with that folder as the working directory."""
    return run([*_COMMAND, *args], text=True, cwd=folder, timeout=PATIENCE_S)
