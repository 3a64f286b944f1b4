"""Simulators in a process beside ours: they serve, stop, fail and end as simulators in a thread do."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from frontsim.bundled import module_environment
from frontsim.errors import Unusable
from frontsim.hosting.simulator_process import Running, SimulatorProcess
from frontsim.settings import Settings
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.slow

USUAL = Settings(port=0, ephemeral=True)


@contextmanager
def started(process: SimulatorProcess) -> Iterator[Running]:
    running = process.start(USUAL)
    try:
        yield running
    finally:
        running.stop()


def health(running: Running) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(f"{running.control_url}/health", trust_env=False, timeout=PATIENCE_S).json()
    return answer


def assert_gone(running: Running, db: str) -> None:
    with pytest.raises(httpx.TransportError):
        health(running)
    assert not Path(db).parent.exists()


def test_simulators_of_several_threads_share_the_process():
    """Each has its own log. One that stops is gone when the call returns, and the others go on."""
    with SimulatorProcess() as process, ThreadPoolExecutor() as pool:
        one, *others = pool.map(process.start, [USUAL] * 4)
        about = [health(each) for each in (one, *others)]
        assert {process.pid} == {each["pid"] for each in about}
        assert 4 == len({each["db"] for each in about})
        assert one.base_url.endswith("/restapi/V2")
        one.stop()
        assert_gone(one, about[0]["db"])
        assert about[1:] == [health(each) for each in others]
        for each in others:
            each.stop()


def test_its_end_is_the_end_of_all():
    """A run that is interrupted leaves simulators that nothing stops. To stop one later does no harm."""
    with SimulatorProcess() as process:
        running = process.start(USUAL)
        db = health(running)["db"]
    assert_gone(running, db)
    running.stop()


def test_it_ends_with_the_process_that_started_it():
    """kill -9 of that one: the simulator is gone, and so are its files."""
    program = (
        "import sys; from frontsim.hosting.simulator_process import SimulatorProcess;"
        "from frontsim.settings import Settings;"
        "process = SimulatorProcess(); running = process.start(Settings(port=0, ephemeral=True));"
        "print(running.control_url, flush=True); sys.stdin.read()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=module_environment()
    ) as starter:
        assert starter.stdout is not None
        running = Running("", starter.stdout.readline().strip(), lambda: None)
        db = health(running)["db"]
        starter.kill()
        _, told = starter.communicate(timeout=PATIENCE_S)  # until the other process, too, has closed standard error
    assert "" == told
    assert_gone(running, db)


def test_it_ends_without_a_word_if_that_one_dies_before_it_asks_for_a_simulator():
    """It may still be starting then."""
    program = (
        "import os; from frontsim.hosting.simulator_process import SimulatorProcess;_ = SimulatorProcess(); os._exit(1)"
    )
    command, pipe = [sys.executable, "-c", program], subprocess.PIPE
    with subprocess.Popen(command, stderr=pipe, env=module_environment()) as starter:
        assert (None, b"") == starter.communicate(timeout=PATIENCE_S)  # until the other process has closed it, too


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_for_the_process_that_started_it(number: signal.Signals):
    """Ctrl-C and the end of a CI job reach verify, which then ends this one."""
    with SimulatorProcess() as process, started(process) as running:
        os.kill(process.pid, number)
        assert health(running)["pid"] == process.pid


def test_what_cannot_be_used_is_refused_as_in_a_thread():
    """The error is the same, and the process goes on."""
    with SimulatorProcess() as process:
        with pytest.raises(Unusable, match="/nowhere: expected a folder"):
            process.start(Settings(port=0, ephemeral=True, contracts=Path("/nowhere")))
        with started(process) as running:
            health(running)


def test_our_own_failure_brings_its_traceback():
    """FRONTSIM_TRACEBACK=1 shows where it was in the other process."""
    with SimulatorProcess() as process, pytest.raises(RuntimeError, match="AttributeError: 'str' object") as failed:
        process.start("no settings")
    assert "in run_in_thread" in failed.value.__notes__[0]


def test_a_killed_process_raises_an_error():
    """Not an endless wait; and whoever stops its simulators is not held up."""
    with SimulatorProcess() as process, started(process):
        os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(ChildProcessError, match="the process with the simulators has ended: exit code -9"):
            process.start(USUAL)


def test_a_process_that_does_not_start_raises_an_error(monkeypatch: pytest.MonkeyPatch):
    """An embedded Python names no program of its own."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Unusable, match=r"to start a process for the simulators, but it failed: .*No such file"):
        SimulatorProcess()
