"""The receiver as our own process: started by the user's command, killed with kill -9, started again.

It runs in a separate session, so that its workers die with it, and nothing else does.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import IO

import httpx

from frontsim.clock import stopwatch
from frontsim.errors import Unusable
from frontsim.faketime import at_another_time, faketime_library
from frontsim.verification.play.receiver.session import kill_session

START_S = 30.0
"""Seconds in which it must listen."""
_GONE_S = 5.0
_LAST_WORDS_S = 0.5
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
        self._process: subprocess.Popen[bytes] | None = None
        self._output: _ReceiverOutput | None = None
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
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
            self._pause(0.01)

    def _spawned(self) -> "subprocess.Popen[bytes]":
        with self._lock:  # so that it is never started beside `close`, which then would not end it
            if self._is_closed:
                raise Unusable("--receiver-cmd: not started again, because the run has ended")
            process = self._process = subprocess.Popen(  # noqa: S602 - the user's own command line, as they typed it
                self._command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
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
        kill_session(process.pid, pause=self._pause)
        process.wait()
        self._process = None
        began = stopwatch()
        while self._listens() and stopwatch() - began < _GONE_S:  # the shell is gone; its child may die a moment later
            self._pause(0.005)

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
    """Whether something listens at the address of a URL."""
    try:
        with socket.create_connection(_address(url), timeout=1.0):
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
