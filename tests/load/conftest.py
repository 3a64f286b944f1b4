"""Receivers and Locust, each as processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontsim import bundled
from tests.patience import PATIENCE_S
from tests.receiver import ReceiverProcess

FOLDER = bundled.folder("loadtests")


class Receivers:
    """Starts receivers by name, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, ReceiverProcess] = {}

    def start(self, name: str) -> ReceiverProcess:
        if name not in self._started:
            self._started[name] = ReceiverProcess(name, self._folder / f"{name}.db")
        return self._started[name]

    def stop(self) -> None:
        for receiver in self._started.values():
            receiver.stops()


@pytest.fixture(scope="module")
def receivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receivers]:
    started = Receivers(tmp_path_factory.mktemp("receivers"))
    yield started
    started.stop()


class Locust:
    """One Locust process of a load test."""

    def __init__(self, file: str, *options: str, cwd: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(FOLDER / file), "--only-summary", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            start_new_session=True,
        )

    def wait_for(self, words: str) -> None:
        """Read its log until these words come."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if words in line:
                return
        raise AssertionError(f"the log ended without {words!r}")

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; exit code, standard output, standard error."""
        try:
            out, err = self._process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # it, and the workers that it has forked
            out, err = self._process.communicate()
        return self._process.returncode, out, err
