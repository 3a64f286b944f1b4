"""House rules that import-linter (`make lint`, contracts in pyproject.toml) and ruff do not know."""

import ast
from pathlib import Path

import frontsim

ROOT = Path(frontsim.__file__).parent


def test_init_files_hold_a_docstring_and_nothing_else() -> None:
    """So that importing a package imports nothing."""
    for path in ROOT.rglob("__init__.py"):
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
    assert speakers <= {"store", "receivers", "verification"}


def test_only_locust_imports_load() -> None:
    """Importing Locust patches the standard library: no other room may do so by accident."""
    others = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] != "load"]
    assert [] == [path for path in others if "frontsim.load" in path.read_text()]
