"""Programs of the user's, each in a session of its own, that ends with us: both ends of the guard (an entry point).

    frontsim ──▶ the program, with FRONTSIM_STARTED=RUN.3 in its environment
        │
        └─ pipe ─▶ python -m frontsim.hosting.children RUN PID   begin 3     before the program is started
                                                                 is 3 4711   its session
                                                                 gone 3      it was killed, with its session
                                                                 end 0       we end by ourselves

The system closes our end of the pipe when we end, however that happens. The guard then kills the sessions that are
left, and removes our temporary folders. A program that was begun, but has no session yet, is found by its environment.
PR_SET_PDEATHSIG would not do: it kills when the thread that forked ends, and reaches no children of a program.

A process that began a session of its own, as a daemon does, may be meant to stay: the guard names it instead.
"""

import atexit
import os
import secrets
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from frontsim.bundled import module_command, module_environment
from frontsim.clock import stopwatch
from frontsim.files import remove_left_folders
from frontsim.masking import masked_command, printable

STARTED = "FRONTSIM_STARTED"
"""The variable by which the guard knows what we have started."""
GONE_S = 5.0
"""Seconds until a killed program's processes are gone, and its port with them. The kernel needs milliseconds."""
_LOOK_S = 0.002
_END_S = 10.0
_UNKNOWN_S = 0.5  # in which a program that was just begun shows its environment
_LEAVING_S = 1.0  # in which processes that end with what we killed have ended
_PROCESSES = Path("/proc")
_DEAD = ("Z", "X")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_never = threading.Event()


class SessionProcess(subprocess.Popen[bytes]):
    """A program in a session of its own, which ends with us, however we end. `end` kills it.

    Args:
        command: its words, or a line for the shell.
        env: its variables; ours by default.
        options: of `subprocess.Popen`.

    Raises:
        OSError: there is no such program.
    """

    def __init__(self, command: str | Sequence[str], *, env: Mapping[str, str] | None = None, **options: Any) -> None:
        self._number = _guard.begin()
        mark = {STARTED: f"{_guard.run}.{self._number}."}
        try:
            super().__init__(
                command,
                shell=isinstance(command, str),
                start_new_session=True,
                env={**(os.environ if env is None else env), **mark},
                **options,
            )
        except OSError:
            _guard.tell(f"gone {self._number}")
            raise
        _guard.tell(f"is {self._number} {self.pid}")

    def end(self) -> int:
        """Kill what is left of its session, and wait for it. Gives its exit code, negative for a signal."""
        kill_session(self.pid)
        code = self.wait()
        _guard.tell(f"gone {self._number}")
        return code


def kill_session(leader: int) -> None:
    """Kill its process group at once, then what is left of the session. Returns when they are gone."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    began_s = stopwatch()
    while (left := [each for each, session in _processes() if session == leader]) and stopwatch() - began_s < GONE_S:
        _kill(left)
        _never.wait(_LOOK_S)


def _kill(numbers: Sequence[int]) -> None:
    for number in numbers:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _processes() -> Iterator[tuple[int, int]]:
    """The processes that live, and the session of each, as Linux lists them; none on a system without that list."""
    for folder in _PROCESSES.iterdir() if _PROCESSES.is_dir() else ():
        if not folder.name.isdigit():
            continue
        try:
            state, _parent, _group, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):  # it has just ended
            continue
        if state not in _DEAD:
            yield int(folder.name), int(session)


def _started_with(mark: str) -> list[int]:
    """The processes whose environment has the mark of a run, `RUN.`, or of one of its programs, `RUN.3.`."""
    found = []
    for number, _ in _processes():
        with suppress(OSError):  # it has just ended, or is another user's
            variables = (_PROCESSES / str(number) / "environ").read_bytes().split(b"\0")
            if any(each.startswith(f"{STARTED}={mark}".encode()) for each in variables):
                found.append(number)
    return found


class _Guard:
    """Our end of the pipe. The process starts with the first program. Safe to use from several threads."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(8)
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> int:
        """Announce a program; gives its number."""
        self.start()
        number = next(self._numbers)
        self.tell(f"begin {number}")
        return number

    def start(self) -> None:
        """Start the process. Where none can be started, what we leave at a kill -9 stays."""
        with self._lock, suppress(OSError, TypeError):  # TypeError: an embedded Python has no sys.executable
            if self._process is None:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    module_command("frontsim.hosting.children", self.run, str(os.getpid())),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    env={name: value for name, value in module_environment().items() if name != STARTED},
                    start_new_session=True,  # so that neither Ctrl-C nor a closing terminal ends it
                )
                atexit.register(self._end)

    def tell(self, line: str) -> None:
        """Send it a line. Short writes to a pipe are whole, whichever thread makes them."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                os.write(self._process.stdin.fileno(), f"{line}\n".encode())

    def forget(self) -> None:
        """Close our end, so that a fork of us does not keep it open."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.returncode = 0  # or its end would be waited for by a process that is not its parent

    def _end(self) -> None:
        """Close the pipe, and wait until it has named what stays."""
        if self._process is not None and self._process.returncode is None:
            self.tell("end 0")
            with suppress(subprocess.TimeoutExpired, OSError):
                self._process.communicate(timeout=_END_S)


_guard = _Guard()
guard_temporary_folders = _guard.start
"""Start the guard of a process that has temporary folders, and may have no programs to guard."""


def _guard_anew() -> None:
    global _guard
    _guard.forget()
    _guard = _Guard()


os.register_at_fork(after_in_child=_guard_anew)


def _end_all(run: str, killed: int | None, sessions: Mapping[str, int | None]) -> None:
    """End what the run has left, and name what stays; `killed` is the parent's number if it did not end by itself."""
    for number, leader in sessions.items():
        if leader is not None:
            kill_session(leader)
            continue
        began_s = stopwatch()
        while stopwatch() - began_s < _UNKNOWN_S:
            _kill(_started_with(f"{run}.{number}."))
            _never.wait(_LOOK_S)
    began_s = stopwatch()
    while os.getppid() == killed and stopwatch() - began_s < GONE_S:
        _never.wait(_LOOK_S)  # the system drops its locks later than its pipes
    remove_left_folders()
    began_s = stopwatch()
    while (left := _started_with(f"{run}.")) and stopwatch() - began_s < _LEAVING_S:
        _never.wait(_LOOK_S)
    for process in left:
        with suppress(OSError):
            words = (_PROCESSES / str(process) / "cmdline").read_bytes().decode(errors="replace").split("\0")
            command = printable(masked_command(shlex.join(words)))
            text = f"Still running, in a session of its own that frontsim does not end: process {process}, {command}"
            print(text, file=sys.stderr, flush=True)


def main(run: str, parent: str) -> None:
    """Note what is started, until the end of the pipe; then end it."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sessions: dict[str, int | None] = {}
    killed: int | None = int(parent)
    for line in sys.stdin:
        word, number, *session = line.split()
        if word == "end":
            killed = None
        elif word == "gone":
            sessions.pop(number, None)
        else:
            sessions[number] = int(session[0]) if session else None
    _end_all(run, killed, sessions)


if __name__ == "__main__":
    main(*sys.argv[1:])
