"""The receiver as our own process: started by the user's command, killed with kill -9, started again.

It runs in a process group of its own, so that its workers die with it, and nothing else does.
"""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import IO

import httpx

from frontsim.clock import stopwatch
from frontsim.errors import Unusable

START_S = 30.0
"""Seconds in which it must listen."""
_GONE_S = 5.0


class ReceiverProcess:
    """One receiver, running or not.

    Args:
        command: a command line for the shell.
        url: the receiver's URL: it has started when something listens there.
        pause: waits so many seconds.
    """

    def __init__(self, command: str, url: str, *, pause: Callable[[float], None]) -> None:
        self.url = url
        self._command = command
        parsed = httpx.URL(url)
        self._address = (parsed.host, parsed.port or (443 if parsed.scheme == "https" else 80))
        self._pause = pause
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the receiver, closed in close()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it listens.

        Raises:
            Unusable: it ended, or does not listen in time, or something else listens there already.
        """
        if self._listens():
            host, port = self._address
            raise Unusable(f"--receiver-cmd: something listens on {host}:{port} already; stop it, or give another port")
        self._process = subprocess.Popen(  # noqa: S602 - the user's own command line, as they typed it
            self._command,
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        began = stopwatch()
        while not self._listens():
            if self._process.poll() is not None:
                raise Unusable(
                    f"--receiver-cmd: expected it to listen on {self._address[0]}:{self._address[1]}, "
                    f"but it ended with {self._process.returncode}: {self._tail()}"
                )
            if stopwatch() - began > START_S:
                self.kill()
                raise Unusable(
                    f"--receiver-cmd: expected it to listen on {self._address[0]}:{self._address[1]} "
                    f"within {START_S:g} s: {self._tail()}"
                )
            self._pause(0.01)

    def kill(self) -> None:
        """Kill it and its children with kill -9; returns when they are gone. Does nothing when it is not running."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        began = stopwatch()
        while self._listens() and stopwatch() - began < _GONE_S:  # the shell is gone; its child may die a moment later
            self._pause(0.005)

    def restart(self) -> None:
        """Kill it and start it. Raises Unusable."""
        self.kill()
        self.start()

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._output.close()

    def _listens(self) -> bool:
        try:
            with socket.create_connection(self._address, timeout=1.0):
                return True
        except OSError:
            return False

    def _tail(self) -> str:
        self._output.seek(0, os.SEEK_END)
        self._output.seek(max(0, self._output.tell() - 400))
        return self._output.read().decode(errors="replace").strip() or "it printed nothing"
