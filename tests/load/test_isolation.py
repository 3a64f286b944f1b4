import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontsim import bundled

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = bundled.folder("loadtests")
SOURCE = ROOT / "simulator"
LOAD = SOURCE / "frontsim" / "load"
IN_LOCUSTS_PROCESS = {
    *(FOLDER / f"{name}.py" for name in ("steady", "downtime", "lost_answers", "resend_storm", "store_day", "api")),
    LOAD / "locust_hooks.py",
    *(LOAD / f"{name}.py" for name in ("locust_hooks", "worker")),
}
"""Modules that only a Locust process imports."""


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_only_a_locust_process_imports_locust() -> None:
    """Importing Locust replaces sockets and threads of the whole process: nothing of the product may do so."""
    every = [file for folder in ("simulator", "tests", "loadtests") for file in (ROOT / folder).rglob("*.py")]
    files = [file for file in every if "locust" in file.read_text()]  # parsing all of them takes seconds
    guilty = {file for file in files if any(name.partition(".")[0] == "locust" for name in imported(file))}
    assert guilty <= IN_LOCUSTS_PROCESS


def test_what_is_tested_without_locust_does_not_reach_it() -> None:
    """The other modules of load/ import none of those that need Locust."""
    in_load = {file for file in IN_LOCUSTS_PROCESS if LOAD in file.parents}
    needs_locust = {".".join(file.relative_to(SOURCE).with_suffix("").parts) for file in in_load}
    others = [file for file in LOAD.rglob("*.py") if file not in in_load]
    assert others
    assert not {(file.stem, name) for file in others for name in imported(file) if name in needs_locust}
