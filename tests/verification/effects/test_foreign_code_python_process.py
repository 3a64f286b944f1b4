"""The process of foreign code as frontsim holds it: whatever ends it ends its children too."""

from pathlib import Path

import pytest

from frontsim.errors import BadInput
from frontsim.verification.effects.bounded import TooSlow
from frontsim.verification.effects.foreign_code import IMPORT, PythonProcess

SOURCE = """
import pathlib, subprocess
def read():
    child = subprocess.Popen(["sleep", "600"])
    pathlib.Path(__file__).with_name("child").write_text(str(child.pid))
    child.wait()
"""


def state(pid):
    """Of a process: Z where its end is not collected yet, "" where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


@pytest.mark.slow
def test_children_end_with_it(tmp_path, monkeypatch):
    """A look that is too slow is killed with all that it started."""
    (tmp_path / "my_counter.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    process = PythonProcess(IMPORT, "my_counter:read", limit_s=20)
    with pytest.raises(TooSlow):
        process.look(2.0)
    assert process.ended
    child = int((tmp_path / "child").read_text())
    while state(child) not in ("", "Z"):
        pass
    process.end()


def test_what_is_refused_leaves_no_process():
    """It is ended before the error is told."""
    with pytest.raises(BadInput, match="expected a name that can be imported"):
        PythonProcess(IMPORT, "json:nothing", limit_s=20)
