"""Processes that run a module of this package, wherever Python found it."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import frontsim


def module_command(module: str, *arguments: str) -> list[str]:
    """The command; it needs `module_environment`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> Mapping[str, str]:
    """Our environment, with the folder of the running package ahead of what PYTHONPATH names."""
    ours = str(Path(frontsim.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{ours}{os.pathsep}{others}" if others else ours}
