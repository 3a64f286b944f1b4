"""Receivers and Locust, each as separate processes, and a load test between its setup and its teardown."""

import os
import re
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from frontsim import bundled
from frontsim.hosting.serving import run_in_thread
from frontsim.load.options import NOT_GIVEN, Load
from frontsim.load.plan import LOST_ANSWERS
from frontsim.load.setup import LoadSetup, set_up
from frontsim.settings import Settings
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


@pytest.fixture
def load(receivers: Receivers) -> Iterator[Load]:
    running = run_in_thread(Settings(port=0, ephemeral=True))
    receiver = receivers.start("reference")
    options = Namespace(
        receiver=receiver.hook,
        observe_url=f"{receiver.effects}?payload=false",
        observe_sql=None,
        observe_cmd="",
        observe_sink="",
        observers_of_file={},
        observe_state="",
        delivery_shape="bare",
        observe_key="webhookEventId",
        simulator=running.base_url,
        simulator_token="",
        insecure=False,
        no_tls_verify=False,
        tls_ca="",
        check_content=False,
        mix="SaleCreated=3,CustomerCreated=1",
        seed=1,
        pace=0.0,
        live=0.0,
        backlog=10,
        day_seconds=60.0,
        event_rate=1.0,
        resend_after=3.0,
        answer_timeout=3.0,
        lease_ttl=4.0,
        settle=0.05,
        end_timeout=20.0,
        stop_timeout=NOT_GIVEN,
        run_time=3,
        unsent_share=0.0,
        lost_share=0.1,
        late_share=0.0,
        down_from=None,
        down_to=None,
    )
    yield Load(LOST_ANSWERS, options)
    running.stop()


@pytest.fixture
def setup(load: Load) -> Iterator[LoadSetup]:
    opened = set_up(load)
    yield opened
    opened.close()
