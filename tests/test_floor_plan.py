"""House rules that import-linter (`make lint`, contracts in pyproject.toml) and ruff do not know."""

import ast
from collections import Counter
from pathlib import Path

import frontsim
from frontsim import bundled
from tests.support.mirror import mirrored_tests

ROOT = Path(frontsim.__file__).parent


def test_init_files_hold_a_docstring_and_nothing_else() -> None:
    """So that importing a package imports nothing; `frontsim.testing` is the door that users import from."""
    for path in set(ROOT.rglob("__init__.py")) - {ROOT / "testing" / "__init__.py"}:
        body = ast.parse(path.read_text()).body
        assert 1 == len(body), path
        assert isinstance(body[0], ast.Expr), path


def test_every_folder_is_a_package() -> None:
    """import-linter passes over a folder without `__init__.py`."""
    assert [] == [path for path in ROOT.rglob("*.py") if not (path.parent / "__init__.py").exists()]


def test_only_the_store_speaks_sql() -> None:
    """SQL stands in the store, and in the receivers and observers, which have databases of their own."""
    speakers = {
        path.relative_to(ROOT).parts[0]
        for path in ROOT.rglob("*.py")
        if any(item in path.read_text() for item in ("import sqlite3", "import sqlalchemy"))
    }
    assert speakers <= {"store", "subjects", "verification"}


def test_only_locust_imports_load() -> None:
    """Importing Locust patches the standard library: no other room may do so by accident."""
    others = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "load"]
    assert [] == [path for path in others if "frontsim.load" in path.read_text()]


def test_functions_are_short() -> None:
    """At most 50 lines in what ships, or 60 with a docstring that has a line for each argument."""
    paths = [*ROOT.rglob("*.py"), *bundled.folder("loadtests").rglob("*.py")]
    functions = [
        item
        for path in paths
        for item in ast.walk(ast.parse(path.read_text()))
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = []
    for item in functions:
        limit = 60 if "Args:" in (ast.get_docstring(item) or "") else 50
        if (item.end_lineno or 0) - item.lineno >= limit:
            long.append(item.name)
    assert [] == long


def test_modules_are_whole_nouns_and_not_two() -> None:
    """At most 600 lines in what ships: a longer one holds two ideas, and is split between them."""
    paths = [*ROOT.rglob("*.py"), *bundled.folder("loadtests").rglob("*.py")]
    assert [] == [path.name for path in paths if len(path.read_text().splitlines()) > 600]


def test_one_name_one_thing() -> None:
    """No two modules have a class of one name; that holds for benches, too."""
    paths = [*ROOT.rglob("*.py"), *bundled.folder("loadtests").rglob("*.py")]
    names = Counter(
        item.name for path in paths for item in ast.parse(path.read_text()).body if isinstance(item, ast.ClassDef)
    )
    assert set() == {name for name, count in names.items() if count > 1}


UNMIRRORED = {
    "one call": "__main__.py",
    "importing Locust patches the standard library; test_locust_hooks starts real Locust processes": "load/worker.py",
    "is a test": "contract_suite/test_contract.py contract_suite/test_recovery.py",
}
"""Why modules may lack a mirrored test, and which they are. A new module needs a test of its own."""


def test_every_module_has_a_test_of_its_own() -> None:
    """`frontsim/a/b.py` has `tests/a/test_b.py`, or parts of it, `tests/a/test_b_subject.py`, or a reason not to."""
    modules = [path.relative_to(ROOT) for path in ROOT.rglob("*.py") if path.name != "__init__.py"]
    tests = Path(__file__).parent
    alone = [path for path in modules if not mirrored_tests(tests, path)]
    excused = {Path(name) for names in UNMIRRORED.values() for name in names.split()}
    assert (set(), set()) == (set(alone) - excused, excused - set(alone))
