"""Finds the tests of a module: `a/b.py` has `tests/a/test_b.py`, and by subject `tests/a/test_b_subject.py`."""

from collections.abc import Sequence
from pathlib import Path


def mirrored_tests(tests: Path, module: Path) -> Sequence[Path]:
    """The test files of a module, which is given by its path under the package.

    `test_log_rows.py` is `log_rows`' if there is such a module, and a part of `log`'s tests otherwise.
    """
    folder, package = tests / module.parent, tests.parent / "simulator" / "frontsim" / module.parent
    longer = [path.stem for path in package.glob(f"{module.stem}_*.py")]
    return sorted(
        path
        for path in folder.glob(f"test_{module.stem}*.py")
        if path.stem == f"test_{module.stem}"
        or (
            path.stem.startswith(f"test_{module.stem}_")
            and not any(path.stem == f"test_{each}" or path.stem.startswith(f"test_{each}_") for each in longer)
        )
    )
