import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from frontsim.hosting import user_program
from frontsim.hosting.user_program import kill_session

SLEEPS = f"{sys.executable} -c 'import time; time.sleep(60)'"


@pytest.fixture
def started():
    """Starts a shell that leads a session, with a job in the background: the shell, and the job."""
    processes = []

    def start(job):
        shell = subprocess.Popen(
            f"{job} & echo $!; wait", shell=True, executable="/bin/bash", stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        processes.append(shell)
        assert shell.stdout is not None
        processes.append(psutil.Process(int(shell.stdout.readline())))
        return processes

    yield start
    for each in reversed(processes):
        if not isinstance(each, psutil.Process) or each.is_running():
            each.kill()
    processes[0].wait()
    processes[0].stdout.close()


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_job_in_a_group_of_its_own_is_killed_too(started):
    """As a supervisor's `timeout` and an interactive shell have it: else it would keep the port."""
    shell, job = started(f"set -m; {SLEEPS}")
    assert (os.getsid(job.pid), True) == (shell.pid, os.getpgid(job.pid) != shell.pid)
    kill_session(shell.pid, pause=time.sleep)
    assert (-signal.SIGKILL, False) == (shell.wait(10), is_alive(job))


def test_a_session_of_its_own_is_left_alone(started):
    """A daemon is not what the command runs."""
    shell, job = started(f"exec setsid {SLEEPS}")
    while os.getsid(job.pid) == shell.pid:
        time.sleep(0.01)
    kill_session(shell.pid, pause=time.sleep)
    assert (-signal.SIGKILL, True) == (shell.wait(10), is_alive(job))


def test_without_a_list_of_processes_the_group_is_killed(started, tmp_path, monkeypatch):
    """Not every system has /proc."""
    monkeypatch.setattr(user_program, "_PROCESSES", tmp_path)
    shell, _ = started(SLEEPS)
    kill_session(shell.pid, pause=lambda _: pytest.fail("waited"))
    assert -signal.SIGKILL == shell.wait(10)


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path, monkeypatch):
    """Its file is gone, or empty; names may have blanks and brackets."""
    monkeypatch.setattr(user_program, "_PROCESSES", tmp_path)
    for number, text in ((1, "1 (a) b) S 0 9 9 0"), (2, ""), (3, "3 (c) Z 0 9 9 0"), (4, "4 (d) S 0 9 8 0")):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "stat").write_text(text)
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "stat").symlink_to(tmp_path / "nowhere")
    look = Path.stat

    def ended(path, **more):
        if path.name == "stat":
            raise ProcessLookupError  # as the system says of a process that ends at this moment
        return look(path, **more)

    monkeypatch.setattr(Path, "stat", ended)
    assert [1] == list(user_program._members(9))
