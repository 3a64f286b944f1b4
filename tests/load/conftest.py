"""Receivers and Locust, each as separate processes."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from frontsim import bundled
from tests.support.patience import PATIENCE_S
from tests.support.receiver import ChildReceiver

FOLDER = bundled.folder("loadtests")


class Receivers:
    """Starts receivers by name, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, ChildReceiver] = {}

    def start(self, name: str) -> ChildReceiver:
        if name not in self._started:
            self._started[name] = ChildReceiver(name, self._folder / f"{name}.db")
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
    """One Locust process of a load test. It starts in a group of its own, with the workers that it forks."""

    def __init__(self, file: str, *options: str, cwd: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(FOLDER / file), "--only-summary", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            start_new_session=True,
        )
        self._log = ""

    def wait_for(self, pattern: str) -> None:
        """Read its log until this comes."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._log += line
            if re.search(pattern, line):
                return
        raise AssertionError(f"the log ended without {pattern!r}: {self._log}")

    def interrupt(self) -> tuple[int, str, str]:
        """Ctrl-C: the load ends, and a verdict follows; see `end`."""
        self._process.send_signal(signal.SIGINT)
        return self.end()

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; exit code, standard output, standard error."""
        try:
            out, err = self._process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.close()
            raise
        return self._process.returncode, out, self._log + err

    def close(self) -> None:
        """End the whole group if it has not ended, and close the pipes: however the test ends, nothing is left."""
        if self._process.returncode is None:  # after `end` the number may be another process's
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()


StartLocust = Callable[..., Locust]


@pytest.fixture
def locust(tmp_path: Path) -> Iterator[StartLocust]:
    """Starts Locust processes in the test's folder, all of which end with the test."""
    with ExitStack() as started:

        def start(file: str, *options: str) -> Locust:
            process = Locust(file, *options, cwd=tmp_path)
            started.callback(process.close)
            return process

        yield start
