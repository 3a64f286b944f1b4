"""`python -m MODULE ...` as a fork of a process that has imported it once: a fifth of a start's processor time.

To what watches it, it is a process like any other: its pid, its group, its signals, its streams, its exit code. What
changes how Python or the linker starts (libfaketime, PYTHONUNBUFFERED, a step before the program) gets a start of its
own.
"""

import atexit
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from multiprocessing import connection
from pathlib import Path
from threading import Lock
from typing import Any, Self

from frontsim.hosting.children import SessionProcess, kill_session
from tests.support import fork_server

ROOT = Path(__file__).parents[2]
_START = ("LANG", "LC_", "LD_", "PYTHON")
"""Variables that are read before the first line of a program begin so."""
_OPTIONS = {"stdin", "stdout", "stderr", "text", "env", "cwd", "start_new_session"}
_COMMAND = f"""\
#!{sys.executable} -IS
import json, os, signal, socket, sys

server = socket.socket(socket.AF_UNIX)
server.connect({{address!r}})
server.recv({len(fork_server.READY)})
environment = {{{{**os.environ, "PATH": os.environ["PATH"].partition(os.pathsep)[2]}}}}  # what it starts is no fork
request = {{{{"words": ["frontsim", *sys.argv[1:]], "folder": os.getcwd(), "environment": environment}}}}
socket.send_fds(server, [json.dumps(request).encode() + b"\\n"], [0, 1, 2])
numbers = server.makefile()
pid = int(numbers.readline())
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(pid, number))
code = int(numbers.readline())
sys.exit(code if code >= 0 else 128 - code)
"""
"""The command `frontsim`, as a fork."""
_lease: list[socket.socket] = []


def _address() -> str:
    """One server for all workers of a test run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    return f"{tempfile.gettempdir()}/frontsim-tests-{run}"


def _called(address: str) -> socket.socket:
    """A connection to the server; raises OSError if there is none."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
        if connection.recv(len(fork_server.READY)) != fork_server.READY:
            raise ConnectionResetError
    except OSError:
        connection.close()
        raise
    return connection


def server_address() -> str:
    """The server's, which is started if there is none, and lives as long as this process."""
    if not _lease:
        with Path(fork_server.__file__).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
            with suppress(OSError):
                _lease.append(_called(_address()))
            if not _lease:
                _start(_address())
                _lease.append(_called(_address()))
            atexit.register(_lease[0].close)
    return _address()


def _start(address: str) -> None:
    """The server goes on in a fork of the process that is started here, which ends when the server listens."""
    command = [sys.executable, "-m", "tests.support.fork_server", address]
    subprocess.run(command, cwd=ROOT, start_new_session=True, stdin=subprocess.DEVNULL, check=True)


class ForkedProcess:
    """The part of `subprocess.Popen` that our tests and `frontsim.hosting.user_program` use."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        stdin: Any = None,
        stdout: Any = None,
        stderr: Any = None,
        text: bool = False,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
    ) -> None:
        self.args, self.returncode = list(words), None
        self._lock = Lock()  # the exit code is read once, from whichever thread asks first
        with ExitStack() as theirs:
            self.stdin, reads = _stream(stdin, 0, theirs, mode="w" if text else "wb")
            self.stdout, writes = _stream(stdout, 1, theirs, mode="r" if text else "rb")
            self.stderr, complains = _stream(stderr, 2, theirs, mode="r" if text else "rb", output=writes)
            request = {
                "words": words[words.index("-m") + 1 :],
                "folder": str(Path(cwd or ".").absolute()),
                "environment": dict(os.environ if env is None else env),
            }
            self._connection = _called(server_address())
            socket.send_fds(self._connection, [json.dumps(request).encode() + b"\n"], [reads, writes, complains])
        self._answers = self._connection.makefile("rb")
        self.pid = int(self._answers.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_streams()
        self.wait()

    def __del__(self) -> None:
        """The server kills what still runs."""
        self._answers.close()
        self._connection.close()

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        with self._lock:
            if self.returncode is None and connection.wait([self._connection], 0):
                self.returncode = int(self._answers.readline())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended."""
        if self.returncode is None:
            connection.wait([self._connection], timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[Any, Any]:
        """The rest of what it writes, when it has ended."""
        with ThreadPoolExecutor() as threads:
            streams = [None if stream is None or stream.closed else stream for stream in (self.stdout, self.stderr)]
            reads = [stream and threads.submit(stream.read) for stream in streams]
            try:
                out, err = (each and each.result(timeout) for each in reads)
                self.wait(timeout)
            except BaseException:
                self.kill()
                raise
        self._close_streams()
        return out, err

    def _close_streams(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream:
                stream.close()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """As `SessionProcess.end`."""
        kill_session(self.pid)
        return self.wait()


def _stream(asked: Any, inherited: int, theirs: ExitStack, *, mode: str, output: int = -1) -> tuple[Any, int]:
    """Our end of a pipe, if there is one, and the descriptor that the process gets."""
    if asked == subprocess.PIPE:
        ours, given = os.pipe() if "r" in mode else reversed(os.pipe())
        theirs.callback(os.close, given)
        return os.fdopen(ours, mode), given
    if asked == subprocess.DEVNULL:
        given = os.open(os.devnull, os.O_RDWR)
        theirs.callback(os.close, given)
        return None, given
    if asked == subprocess.STDOUT:
        return None, output
    return None, inherited if asked is None else asked if isinstance(asked, int) else asked.fileno()


def _can_fork(words: Sequence[str], options: Mapping[str, Any]) -> bool:
    environment = options.get("env", os.environ)
    same = all(
        environment.get(name) == os.environ.get(name)
        for name in environment.keys() | os.environ.keys()
        if name.startswith(_START)
    )
    module = words[1:2] == ["-m"] or words[1:3] == ["-P", "-m"]
    return same and module and words[0] == sys.executable and not options.keys() - _OPTIONS


def popen(words: Sequence[str], **options: Any) -> Any:
    """Like `subprocess.Popen`: a fork if that is the same, and else a start."""
    options = {name: value for name, value in options.items() if value is not None}
    if _can_fork(words, options):
        options.pop("start_new_session", None)  # each has one
        return ForkedProcess(words, **options)
    return subprocess.Popen(words, **options)


def run(words: Sequence[str], *, timeout: float | None = None, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Like `subprocess.run` with `capture_output` and without `check`."""
    with popen(words, **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options) as process:
        out, err = process.communicate(timeout=timeout)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def path_with_frontsim(folder: Path) -> str:
    """PATH for a shell, whose `frontsim` is a fork: a small command in a new folder."""
    folder.mkdir()
    command = folder / "frontsim"
    command.write_text(_COMMAND.format(address=server_address()))
    command.chmod(0o755)
    return os.pathsep.join((str(folder), str(Path(sys.executable).parent), os.environ["PATH"]))


def session(words: Sequence[str], **options: Any) -> Any:
    """Like `SessionProcess`: a fork if that is the same."""
    return (popen if _can_fork(words, options) else SessionProcess)(words, **options)
