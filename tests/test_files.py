"""Temporary folders end with the process that made them, or with the next start."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontsim import files
from frontsim.files import TemporaryFolder, remove_left_folders

MAKES = "from frontsim.files import TemporaryFolder; folder = TemporaryFolder('made'); print(folder.path, flush=True)"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The system's folder for temporary files, empty, and for processes that a test starts, too."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_is_empty_and_ends_with_its_block(temporary: Path) -> None:
    """A job that gets one as its state folder finds nothing in it."""
    with TemporaryFolder("job") as folder:
        assert [] == list(folder.iterdir())
        (folder / "state").write_text("x")
    assert [] == list(temporary.iterdir())


@pytest.mark.slow
def test_the_folder_of_a_killed_process_is_removed(temporary: Path) -> None:
    """By the next start, and not while the process lives."""
    code = f"{MAKES}; input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().decode().strip())
        remove_left_folders()
        assert left.is_dir()
        os.kill(process.pid, signal.SIGKILL)
    done = subprocess.run([sys.executable, "-c", f"{MAKES}; folder.remove()"], check=True, capture_output=True)
    assert (False, []) == (Path(done.stdout.decode().strip()).exists(), list(temporary.iterdir()))


def test_folders_of_others_stay(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own folder that is called like ours, a link to one of ours, and what another user has."""
    own = temporary / "frontsim-mine"
    own.mkdir()
    with TemporaryFolder("real") as folder:
        (temporary / "frontsim-link").symlink_to(folder.parent)
        remove_left_folders()
        assert folder.is_dir()
    another = temporary / "frontsim-another"
    another.mkdir()
    (another / files._LOCK).touch()
    another_user = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: another_user)
    remove_left_folders()
    assert {"frontsim-mine", "frontsim-link", "frontsim-another"} == {each.name for each in temporary.iterdir()}


def test_a_start_that_takes_it_for_a_left_one_costs_a_second_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the moment between its making and its lock."""
    lock, calls = files.fcntl.flock, []

    def late(file: object, operation: int) -> None:
        if not calls:
            calls.append(file)
            remove_left_folders()
        lock(file, operation)  # type: ignore[arg-type]

    monkeypatch.setattr(TemporaryFolder, "_removed_left", True)
    monkeypatch.setattr(files.fcntl, "flock", late)
    with TemporaryFolder("raced") as folder:
        assert folder.is_dir()
