"""Runs an observer's foreign code in a separate process, so that frontsim can always end it.

The process starts with the observer and is kept, because a driver takes a while to be imported and connected. A look
that takes too long or too much memory ends the process; the next look starts another.
"""

import os
import pickle
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.own_process import module_command, module_environment
from frontsim.verification.observe.bounded import MOST_BYTES, TooMuch, TooSlow

MODULE = "frontsim.verification.observe.python_worker"
MOST_MEMORY = 256 * 1024 * 1024
"""Bytes of memory that one look may take, beside what the process had before it."""
_LOOK_S = 0.05


class NoEffects(Exception):
    """The foreign code gave no effects; the text says what came instead."""


class PythonProcess:
    """A `python_worker`.

    Args:
        kind: `SQL` or `IMPORT`.
        what: what that kind needs.
        limit_s: seconds until it is ready.

    Raises:
        BadInput: what the user gave cannot be used.
        TooSlow, NoEffects: it did not get ready.
    """

    def __init__(self, kind: str, what: object, *, limit_s: float) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                module_command(MODULE),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=module_environment(),
                start_new_session=True,  # so that its children can be killed with it, and Ctrl-C is ours alone
            )
        self._connection = Connection(ours.detach())
        self._memory_before: int | None = None
        try:
            said, text = self._ask((kind, sys.path, what), limit_s)
        except BaseException:
            self.end()
            raise
        if said == "refused":
            self.end()
            raise BadInput(text)

    def look(self, limit_s: float) -> list[Any]:
        """The effects now. After TooSlow and TooMuch the process has ended.

        Raises:
            TooSlow, TooMuch, NoEffects: see there.
        """
        try:
            self._memory_before = self._memory()
            said, found = self._ask(limit_s, limit_s)
        except BaseException:
            self.end()
            raise
        if said == "failed":
            raise NoEffects(found)
        effects: list[Any] = found
        return effects

    def end(self) -> None:
        """Kill the process and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def _ask(self, message: object, limit_s: float) -> tuple[str, Any]:
        began = stopwatch()
        try:
            self._connection.send_bytes(pickle.dumps(message))
            while not self._connection.poll(min(_LOOK_S, limit_s)):
                if stopwatch() - began > limit_s:
                    raise TooSlow
                if self._memory_before is not None and self._memory() - self._memory_before > MOST_MEMORY:
                    raise TooMuch(f"more than {MOST_MEMORY // 1024 // 1024} MiB of memory in use")
            text = self._connection.recv_bytes(MOST_BYTES)
        except (EOFError, ConnectionError):
            raise NoEffects(f"its process ended with {self._process.wait()}") from None
        except OSError:  # from a message that is longer
            raise TooMuch(f"more than {MOST_BYTES // 1024 // 1024} MiB") from None
        answer: tuple[str, Any] = pickle.loads(text)  # noqa: S301 - our own process wrote it
        return answer

    def _memory(self) -> int:
        """Bytes that the process holds; 0 where the system has no /proc."""
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")
