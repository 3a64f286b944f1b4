import ast
from collections.abc import Iterator
from pathlib import Path

from simulator import bundled

ROOT = Path(__file__).parents[2]
FOLDER = bundled.folder("loadtests")
IN_LOCUSTS_PROCESS = {
    *("steady", "downtime", "lost_answers", "resend_storm", "store_day", "api"),
    *("wiring", "master_part", "sender_part", "delivery_user", "live_tab"),
}
"""Modules that only a Locust process imports."""


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_only_a_locust_process_imports_locust() -> None:
    """Importing Locust replaces sockets and threads of the whole process: nothing of the product may do so."""
    files = [*(ROOT / "simulator").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *FOLDER.glob("*.py")]
    guilty = {file for file in files if "locust" in imported(file)}
    assert {FOLDER / f"{name}.py" for name in IN_LOCUSTS_PROCESS} >= guilty


def test_modules_beside_the_locustfiles_reach_locust_only_through_them() -> None:
    """What is tested here without Locust imports none of the modules that need it."""
    others = [file for file in FOLDER.glob("*.py") if file.stem not in IN_LOCUSTS_PROCESS]
    assert not {(file.stem, name) for file in others for name in imported(file) if name in IN_LOCUSTS_PROCESS}


def test_no_function_is_longer_than_a_screen() -> None:
    """50 lines at most, as everywhere: what is longer does several things."""
    functions = [
        (file.stem, node)
        for file in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = {f"{stem}.{node.name}": (node.end_lineno or 0) - node.lineno + 1 for stem, node in functions}
    assert {} == {name: lines for name, lines in lengths.items() if lines > 50}
