"""A fork is, to what watches it, what a start is."""

import gc
import signal
import subprocess
import sys

import pytest

from tests.support.forked import ForkedProcess, popen, run
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

FRONTSIM = [sys.executable, "-m", "frontsim.cli.main"]
SERVE = [*FRONTSIM, "serve", "--port", "0", "--ephemeral"]


def serving() -> ForkedProcess:
    """A simulator that listens."""
    process = popen(SERVE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert isinstance(process, ForkedProcess)
    assert process.stdout.readline().startswith("frontsim on http")
    return process


@pytest.mark.parametrize("words", [["schema", "SaleCreated"], ["nope"]])
def test_it_says_and_ends_as_a_start_does(words: list[str]) -> None:
    """The same exit code, and the same bytes on both streams."""
    forked = run([*FRONTSIM, *words])
    started = subprocess.run([*FRONTSIM, *words], capture_output=True, check=False)
    assert vars(started) == vars(forked)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_it_takes_signals(number: int, code: int) -> None:
    with serving() as process:
        assert process.poll() is None
        process.send_signal(number)
        assert code == process.wait(PATIENCE_S)


def test_it_does_not_outlive_its_caller() -> None:
    """A process that a test forgets is killed."""
    process = serving()
    output = process.stdout
    del process
    gc.collect()
    with output:
        assert len(output.read().splitlines()) < 2  # it ends, because the last process that could write has ended


def test_what_changes_a_start_is_started() -> None:
    """A variable that Python reads at its start is no variable of a fork."""
    with popen([*FRONTSIM, "types"], env={"PYTHONDONTWRITEBYTECODE": "x"}, stdout=subprocess.DEVNULL) as process:
        assert isinstance(process, subprocess.Popen)
