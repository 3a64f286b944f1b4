"""Nothing stays behind: no receiver, job, simulator or folder, whichever signal ends a command, and at any moment."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.child import environment
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

pytestmark = pytest.mark.slow

SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL)
LISTENS = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); open('started', 'w'); time.sleep(600)"


def signals_as_at_a_terminal() -> None:
    """Whoever runs the tests may ignore some, as nohup does."""
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_DFL)


@contextmanager
def started(folder: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A command; at the end of the block it has ended."""
    (folder / "tmp").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "frontsim.cli.main", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment(TMPDIR=str(folder / "tmp")),
        preexec_fn=signals_as_at_a_terminal,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def comes(true: Callable[[], object]) -> bool:
    """Waits until it is true."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > PATIENCE_S:
            return False
        time.sleep(0.01)
    return True


def left_by(folder: Path) -> list[object]:
    """Processes that work in the test's folder, and folders that are left."""
    found: list[object] = list((folder / "tmp").iterdir())
    for each in psutil.process_iter():
        try:
            if each.environ().get("TMPDIR") == str(folder / "tmp") and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.mark.parametrize("number", SIGNALS)
def test_demo(tmp_path: Path, number: signal.Signals) -> None:
    """Its receiver and its simulators end with it."""
    with started(tmp_path, "demo", "--count", "100") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"The receiver is at ")
        process.send_signal(number)
        code = process.wait(PATIENCE_S)
    assert -number if number == signal.SIGKILL else 128 + number == code
    assert comes(lambda: not left_by(tmp_path)), left_by(tmp_path)


@pytest.mark.parametrize("number", SIGNALS)
def test_verify_while_its_receiver_starts(tmp_path: Path, number: signal.Signals) -> None:
    """In its first second, before there is a verdict."""
    port = free_port()
    (tmp_path / "receiver.py").write_text(LISTENS.format(port=port))
    with started(
        tmp_path, "verify", "--receiver", f"http://127.0.0.1:{port}/hook", "--observe-cmd", "true",
        "--receiver-cmd", f"(sleep 600 & exec {sys.executable} receiver.py)",
    ) as process:  # fmt: skip
        assert comes((tmp_path / "started").exists)
        process.send_signal(number)
        process.wait(PATIENCE_S)
    assert comes(lambda: not left_by(tmp_path)), left_by(tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("number", SIGNALS)
def test_verify_recovery_while_a_job_runs(tmp_path: Path, number: signal.Signals) -> None:
    """A job and what it started end with it, and the folders of all cases."""
    (tmp_path / "job.sh").write_text("touch ran; sleep 600 & sleep 600")
    words = ("verify-recovery", "--timeout", "600", "--job", f"sh -m {tmp_path / 'job.sh'}")
    with started(tmp_path, *words) as process:
        assert comes((tmp_path / "ran").exists)
        process.send_signal(number)
        process.wait(PATIENCE_S)
    assert comes(lambda: not left_by(tmp_path)), left_by(tmp_path)


@pytest.mark.parametrize("number", SIGNALS)
def test_serve(tmp_path: Path, number: signal.Signals) -> None:
    """A simulator with a temporary log leaves no folder."""
    with started(tmp_path, "serve", "--ephemeral", "--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"frontsim on ")
        process.send_signal(number)
        code = process.wait(PATIENCE_S)
    assert -number if number == signal.SIGKILL else 0 == code
    assert comes(lambda: not left_by(tmp_path)), left_by(tmp_path)


def test_what_nohup_started_goes_on(tmp_path: Path) -> None:
    """The end of the terminal ends no simulator that ignores it."""
    (tmp_path / "tmp").mkdir()
    words = [sys.executable, "-m", "frontsim.cli.main", "serve", "--ephemeral", "--port", "0"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, env=environment(), cwd=tmp_path,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(PATIENCE_S)
        finally:
            process.kill()
