"""A bar where a terminal shows it."""

import os
import pty
import sys
from pathlib import Path

import pytest

from frontsim.cli.output import progress_of
from tests.support.forked import run


def test_a_pipe_gets_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither on standard output nor on standard error."""
    with progress_of("sale", 10) as tell:
        tell(5)
    assert ("", "") == capsys.readouterr()


@pytest.mark.slow
def test_a_terminal_gets_a_bar_and_the_file_its_lines(tmp_path: Path) -> None:
    """The bar is on standard error alone."""
    ours, theirs = pty.openpty()
    file = tmp_path / "sales.jsonl"
    words = ["payload", "SaleCreated", "--count", "300", "--out", str(file)]
    done = run([sys.executable, "-m", "frontsim.cli.main", *words], stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # the other side is closed: Linux says so
        os.close(ours)
    assert (0, b"", 300) == (done.returncode, done.stdout, len(file.read_text().splitlines()))
    assert b"SaleCreated" in shown
