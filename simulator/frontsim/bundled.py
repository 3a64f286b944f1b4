"""Finds our data folders and runs our own modules, in a checkout or an installed wheel.

`contracts`, `scenarios` and `loadtests` stand at the top of a checkout, where people look for them, and
inside the package in a wheel, where a pip user's own packages of those names cannot hide them.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import frontsim

_PACKAGE = Path(__file__).parent


def folder(name: str, in_checkout: str = "") -> Path:
    """The folder `contracts`, `scenarios` or `loadtests`, or a file that has another place in a checkout."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parents[1] / (in_checkout or name)


def asset(name: str) -> str:
    """A text file of `assets`: what the HTML report and the web page share."""
    return (_PACKAGE / "assets" / name).read_text("utf-8")


def page_assets() -> list[Path]:
    """The files that the web page loads: stylesheets and JavaScript modules, each name once."""
    return sorted((_PACKAGE / "assets").iterdir())


def module_command(module: str, *arguments: str) -> list[str]:
    """The command; it needs `module_environment`."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> Mapping[str, str]:
    """Our environment, with the folder of the running package ahead of what PYTHONPATH names."""
    ours = str(Path(frontsim.__file__).parent.parent)
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{ours}{os.pathsep}{others}" if others else ours}
