"""`python -m frontsim ...` as a fork of a process that has imported it once: a fifth of a start's processor time.

To what watches it, it is a process like any other: its pid, its group, its signals, its output, its exit code. Every
command of another kind starts as always, and so does one whose libraries the environment chooses (libfaketime).
"""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import connection, get_context
from pathlib import Path
from threading import Lock
from typing import Any

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["frontsim.cli.main", "frontsim.cli.processes.job", "frontsim.cli.vendor_api.reconcile", "tests.forked"]
)
_OURS = [sys.executable, "-m", "frontsim"]


class ForkedProcess:
    """What `frontsim.recovery.command` uses of a `subprocess.Popen`."""

    _lock = Lock()  # multiprocessing reads an exit code once, from whichever thread asks first

    def __init__(self, words: Sequence[str], *, environment: Mapping[str, str]) -> None:
        reads, writes = os.pipe()
        self.stdout = os.fdopen(reads, "rb", buffering=0)
        with connection.Connection(writes, readable=False) as output, self._lock:
            self._process = _CONTEXT.Process(target=_run, args=(list(words), dict(environment), Path.cwd(), output))
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        with self._lock:
            return self._process.exitcode

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        connection.wait([self._process.sentinel])
        code = self.poll()
        assert code is not None
        return code


def _run(words: list[str], environment: dict[str, str], folder: Path, output: connection.Connection) -> None:
    os.setsid()
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    sys.stdout, sys.stderr = (os.fdopen(each, "w", closefd=False) for each in (1, 2))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = words[2:]
    runpy.run_module("frontsim", run_name="__main__", alter_sys=True)


class Subprocess:
    """Stands in for `subprocess` in `frontsim.recovery.command`: our own commands are forks."""

    DEVNULL, PIPE, STDOUT = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT

    @staticmethod
    def Popen(words: Sequence[str], *, env: Mapping[str, str], **others: Any) -> Any:  # noqa: N802 - its name
        if list(words[:3]) == _OURS and "LD_PRELOAD" not in env:
            return ForkedProcess(words, environment=env)
        return subprocess.Popen(words, env=env, **others)
