"""Reading what others print: it ends, whatever they do, and takes no more memory than is allowed."""

from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from frontsim.verification.effects import bounded
from frontsim.verification.effects.bounded import TooMuch, TooSlow
from tests.support.patience import PATIENCE_S

LONG_S = 60.0
SHORT_S = 0.3


def test_a_command() -> None:
    """Its output and its exit code are returned."""
    assert bounded.CommandOutput(3, b"a\nb\n", b"oh\n") == bounded.run(
        "echo a; echo b; echo oh >&2; exit 3", limit_s=LONG_S
    )


def test_a_command_that_prints_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed when it has printed more than may be kept."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    with pytest.raises(TooMuch):
        bounded.run("yes", limit_s=LONG_S)


@pytest.mark.parametrize(
    "command",
    [
        "while :; do echo; sleep 0.02; done",
        "while :; do echo; sleep 0.02; done >&2",
        "sleep 1000",
        "exec >&- 2>&-; sleep 1000",
    ],
)
def test_a_command_that_does_not_end(command: str) -> None:
    """Its time ends also if it prints, and even if it closes its output."""
    with pytest.raises(TooSlow):
        bounded.run(command, limit_s=SHORT_S)


def test_of_the_errors_the_beginning_is_kept() -> None:
    """A command may report as many as it likes."""
    assert b"x" * 4096 == bounded.run("head -c 1000000 /dev/zero | tr '\\0' x >&2", limit_s=LONG_S).errors


@pytest.mark.slow
def test_children_that_outlive_a_command_are_killed() -> None:
    """They hold its output open, and are not waited for."""
    output = bounded.run("sleep 1000 & echo $!", limit_s=LONG_S)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(output.text)).wait(PATIENCE_S)


@pytest.mark.slow
def test_children_of_a_command_that_is_too_slow_are_killed(tmp_path: Path) -> None:
    """With its whole group."""
    file = tmp_path / "pid"
    with pytest.raises(TooSlow):
        bounded.run(f"sleep 1000 & echo $! > '{file}'; wait", limit_s=SHORT_S)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(file.read_text())).wait(PATIENCE_S)
