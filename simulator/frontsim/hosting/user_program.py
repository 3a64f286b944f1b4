"""The user's own program, receiver or job: started, watched, killed with its session, under another clock.

It runs in a separate session, so that its workers die with it, and nothing else does.
"""

import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import httpx

from frontsim.clock import stopwatch
from frontsim.errors import BadInput, Unusable
from frontsim.hosting.children import GONE_S, SessionProcess, kill_session
from frontsim.masking import masked

START_S = 30.0
"""Seconds in which a receiver must listen that is started for the run, by us or once our ports are known."""
CONNECT_S = 5.0
"""Seconds for a connection. Loopback answers at once; a lost SYN is sent again after a second, so one is too few."""
PORT_LOOK_S = 0.01
"""Between two looks at the port of a receiver that verify has started or killed: each adds to the time of a kill."""
_LAST_WORDS_S = 0.5  # to read what a receiver has printed when it ended
_LIBRARIES = ("libfaketimeMT.so.1", "libfaketime.so.1")


def faketime_library() -> Path | None:
    """libfaketime, from Debian's package of that name or Homebrew's place for it; None where it is not installed."""
    folders = [*Path("/usr/lib").glob("*/faketime"), Path("/usr/lib/faketime"), Path("/usr/local/lib/faketime")]
    return next((folder / name for folder in folders for name in _LIBRARIES if (folder / name).exists()), None)


def at_another_time(offset_s: float, library: Path) -> dict[str, str]:
    """Variables that make a dynamically linked program live so many seconds from now."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{offset_s:+.0f}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }


_PIECE = 64 * 1024
_KEPT = 400  # bytes of its output


class ReceiverProcess:
    """One receiver, running or not.

    Args:
        command: a command line for the shell.
        url: the receiver's URL: it has started when something listens there.
        pause: waits so many seconds.
        environment: variables for it, on top of ours.
    """

    def __init__(
        self, command: str, url: str, *, pause: Callable[[float], None], environment: Mapping[str, str] | None = None
    ) -> None:
        self.url = url
        self._command = command
        self._environment = dict(environment or {})
        self._address = _address(url)
        self._pause = pause
        self._process: SessionProcess | None = None
        self._output: _ReceiverOutput | None = None
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        """The program was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            Unusable: it ended, or does not listen in time, or something else listens there already; or it is closed.
        """
        if self._listens():
            host, port = self._address
            raise Unusable(
                f"--receiver-cmd: something listens on {host}:{port} already; stop it, or give another port; "
                "a proxy in front of the receiver must be started by this command, too"
            )
        process = self._spawned()
        began = stopwatch()
        while not self._listens():
            if process.poll() is not None:
                raise Unusable(
                    f"--receiver-cmd: expected it to listen on {self._address[0]}:{self._address[1]}, "
                    f"but it ended with {process.returncode}: {self._tail()}"
                )
            if stopwatch() - began > START_S:
                self.kill()
                raise Unusable(
                    f"--receiver-cmd: expected it to listen on {self._address[0]}:{self._address[1]} "
                    f"within {START_S:g} s: {self._tail()}"
                )
            self._pause(PORT_LOOK_S)

    def _spawned(self) -> SessionProcess:
        with self._lock:  # so that it is never started beside `close`, which then would not end it
            if self._is_closed:
                raise Unusable("--receiver-cmd: not started again, because the run has ended")
            process = self._process = SessionProcess(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
            )
        assert process.stdout is not None
        self._output = _ReceiverOutput(process.stdout)
        return process

    def kill(self) -> None:
        """Kill it and its children with kill -9; returns when they are gone. Does nothing when it is not running.

        It is forgotten then: the system may give its number to another program, which a second kill would end.
        """
        process = self._process  # a scenario in another thread may kill it at this moment, too
        if process is None:
            return
        process.end()
        self._process = None
        began = stopwatch()
        while self._listens() and stopwatch() - began < GONE_S:
            # the shell is gone; its child may die a moment later
            self._pause(PORT_LOOK_S)

    def restart(self) -> None:
        """Kill it and start it. Raises Unusable."""
        self.kill()
        self.start()

    def travel(self, seconds: float) -> None:
        """Kill it and start it so many seconds later, by its own clock. Raises Unusable."""
        library = faketime_library()
        if library is None:
            raise Unusable("--time-travel: expected libfaketime (Debian's package faketime), but it is not installed")
        self.kill()
        self._environment |= at_another_time(seconds, library)
        self.start()

    def close(self) -> None:
        """End it for good. A scenario that still waits in another thread can't start it again."""
        with self._lock:
            self._is_closed = True
        self.kill()

    def _listens(self) -> bool:
        return is_listening(self.url)

    def _tail(self) -> str:
        text = self._output.end() if self._output else b""
        return text.decode(errors="replace").strip() or "it printed nothing"


def is_listening(url: str) -> bool:
    """Tries to connect to the address of a URL, to see if something listens there."""
    try:
        with socket.create_connection(_address(url), timeout=CONNECT_S):
            return True
    except OSError:
        return False


def _address(url: str) -> tuple[str, int]:
    parsed = httpx.URL(url)
    return parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80)


class _ReceiverOutput:
    """Reads what a receiver prints, so that it never waits for us, and keeps the end of it.

    Args:
        pipe: closed here, when all that write to it have ended.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._end = b""
        self._thread = threading.Thread(target=self._read, args=(pipe,), name="frontsim-receiver-output", daemon=True)
        self._thread.start()

    def end(self) -> bytes:
        """The end of what was printed so far; a receiver that has just ended may have printed more than was read."""
        self._thread.join(_LAST_WORDS_S)
        return self._end

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while piece := os.read(pipe.fileno(), _PIECE):
                self._end = (self._end + piece)[-_KEPT:]


TAIL_BYTES = 16_384
"""The end of its output that is kept."""
_CHUNK = 65_536
_REST_OF_OUTPUT_S = 5.0


def words_of(command: str, values: Mapping[str, str]) -> list[str]:
    """The words of a command, with `{base_url}`, `{api_key}`, `{subscription_key}`, `{webhook_ids}` filled in.

    Raises:
        BadInput: it has no words, or its quotes do not close.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"--job: expected a command as a shell takes it, got {command!r} ({error})") from None
    if not words:
        raise BadInput("--job: expected a command such as 'python reconcile.py', got an empty one")
    for name, value in values.items():
        words = [word.replace(f"{{{name}}}", value) for word in words]
    return words


class RunningJob:
    """One process of the job.

    Args:
        words: the command.
        environment: all of its variables.
        secrets: keys by name; which of them it prints is noted.

    Raises:
        BadInput: there is no such program.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> None:
        self._secrets = {name: value.encode() for name, value in secrets.items()}
        self._leaked: set[str] = set()
        self._tail = b""
        try:
            self._process = SessionProcess(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        except OSError as error:
            raise BadInput(
                f"--job: expected a program that can be started, got {words[0]!r}: {error.strerror}"
            ) from None
        self._reader = threading.Thread(target=self._read, name="frontsim-job-output", daemon=True)
        self._reader.start()

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def kill(self) -> None:
        """SIGKILL to the process and to everything that it started."""
        kill_session(self._process.pid)

    def end(self) -> int:
        """Wait for the process to end, and kill what it left running. Gives the exit code, negative for a signal."""
        self._process.wait()
        code = self._process.end()
        self._reader.join(_REST_OF_OUTPUT_S)  # a process that left the group may hold the pipe open
        if not self._reader.is_alive():
            assert self._process.stdout is not None
            self._process.stdout.close()
        return code

    @property
    def leaked(self) -> tuple[str, ...]:
        """Names of the keys that it has printed."""
        return tuple(sorted(self._leaked))

    @property
    def output(self) -> str:
        """The end of what it printed, keys and other secrets masked."""
        text = self._tail
        for secret in self._secrets.values():
            text = text.replace(secret, b"***")
        return masked(text.decode("utf-8", "replace"))

    def _read(self) -> None:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        longest = max((len(secret) for secret in self._secrets.values()), default=1)
        before = b""
        while chunk := os.read(pipe, _CHUNK):
            searched = before + chunk
            self._leaked |= {name for name, secret in self._secrets.items() if secret and secret in searched}
            before = searched[-longest:]
            self._tail = (self._tail + chunk)[-TAIL_BYTES:]
