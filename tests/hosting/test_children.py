import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from frontsim.hosting import children
from frontsim.hosting.children import SessionProcess, kill_session
from tests.support.patience import PATIENCE_S

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
    kill_session(shell.pid)
    assert (-signal.SIGKILL, False) == (shell.wait(10), is_alive(job))


def test_a_session_of_its_own_is_left_alone(started):
    """A daemon is not what the command runs."""
    shell, job = started(f"exec setsid {SLEEPS}")
    while os.getsid(job.pid) == shell.pid:
        time.sleep(0.01)
    kill_session(shell.pid)
    assert (-signal.SIGKILL, True) == (shell.wait(10), is_alive(job))


def test_without_a_list_of_processes_the_group_is_killed(started, tmp_path, monkeypatch):
    """Not every system has /proc."""
    monkeypatch.setattr(children, "_PROCESSES", tmp_path)
    shell, _ = started(SLEEPS)
    kill_session(shell.pid)
    assert -signal.SIGKILL == shell.wait(10)


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path, monkeypatch):
    """Its file is gone, or empty; names may have blanks and brackets."""
    monkeypatch.setattr(children, "_PROCESSES", tmp_path)
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
    assert [1] == [number for number, session in children._processes() if session == 9]


def is_gone(number, *, within_s=PATIENCE_S):
    """Waits until no such process lives."""
    began = time.monotonic()
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() - began > within_s:
            return False
        time.sleep(0.01)
    return True


STARTS = """
import os, signal, subprocess, sys, threading, time
from frontsim.hosting import children
from frontsim.hosting.children import SessionProcess
{before}
process = SessionProcess("{command} & echo $!; wait", stdout=subprocess.PIPE)
number = int(process.stdout.readline())
print(number, flush=True)
{after}
"""
DIES = "os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def starts(tmp_path):
    """Runs a program that starts another; gives the number of what that runs, and the file of what is said at the end.

    What stays would keep a pipe open, so they write to files.
    """

    def run(*, command="sleep 600", before="", after=DIES):
        code = STARTS.format(command=command, before=before, after=after)
        words = [sys.executable, "-c", code]
        with (tmp_path / "out").open("w") as out, (tmp_path / "said").open("w") as said:
            subprocess.run(words, stdout=out, stderr=said, timeout=PATIENCE_S, check=False)
        return int((tmp_path / "out").read_text()), tmp_path / "said"

    return run


@pytest.mark.slow
def test_a_killed_parent_leaves_nothing(starts):
    """However it ends: a receiver that stays keeps its port."""
    number, _ = starts()
    assert is_gone(number)


@pytest.mark.slow
def test_a_parent_that_is_killed_as_it_starts_a_program_leaves_nothing(starts):
    """The guard knows that it was begun, not its number, and finds it by its environment."""
    number, _ = starts(before="children._Guard.tell = lambda self, line, tell=children._Guard.tell: "
                              "None if line[:3] == 'is ' else tell(self, line)")  # fmt: skip
    assert is_gone(number)


@pytest.mark.slow
def test_a_program_outlives_the_thread_that_started_it(starts):
    """A scenario starts the receiver again in a thread of its own: PR_SET_PDEATHSIG would kill it with that."""
    begins = "process = []; thread = threading.Thread(target=lambda: process.append(SessionProcess('sleep 600')))"
    joins = "thread.start(); thread.join(); assert process[0].poll() is None; process[0].end()"
    _, said = starts(before=f"{begins}; {joins}")
    assert "" == said.read_text()


@pytest.mark.slow
def test_a_fork_keeps_no_program_alive(starts):
    """The fork of a test runner may live on, with a copy of all descriptors."""
    waits = f"any(time.sleep(0.01) for _ in range({100 * PATIENCE_S:.0f}) if os.path.exists(f'/proc/{{process.pid}}'))"
    number, _ = starts(after=f"os.fork() or {waits}; {DIES}")
    assert is_gone(number)


@pytest.mark.slow
@pytest.mark.parametrize("end", [DIES, "process.end()"], ids=["killed", "ended"])
def test_a_daemon_is_named(starts, end):
    """It may be meant to stay, so it is not killed; the user learns of it, without what its words may hold."""
    leaves = "[time.sleep(0.01) for _ in iter(lambda: os.getsid(number) == process.pid, False)]"
    number, said = starts(command="exec setsid sleep 600", after=f"{leaves}; {end}")
    try:
        began = time.monotonic()
        while not said.read_text().endswith("\n") and time.monotonic() - began < PATIENCE_S:
            time.sleep(0.01)
        assert psutil.pid_exists(number)
        text = f"Still running, in a session of its own that frontsim does not end: process {number}, sleep ***\n"
        assert text == said.read_text()
    finally:
        os.kill(number, signal.SIGKILL)


@pytest.mark.slow
def test_a_program_that_is_not_there_is_forgotten():
    """The guard does not look for it at the end."""
    with pytest.raises(FileNotFoundError):
        SessionProcess(["/nowhere/program"])
    with SessionProcess(["true"]) as process:
        assert 0 == process.wait()
        assert 0 == process.end()
