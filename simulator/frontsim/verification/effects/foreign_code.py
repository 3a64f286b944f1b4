"""The process for foreign code, both of its ends (an entry point).

The process starts with the observer and is kept, because a driver takes a while to be imported and connected. A look
that takes too long or too much memory ends the process; the next look starts another.

python -m frontsim.verification.effects.foreign_code, with a pipe to frontsim as its standard input

    opening    (kind, sys.path, what to import or (DSN, query))   ──▶ ("ready", None) | ("refused", text)
    look       seconds that it may take                           ──▶ ("effects", [...]) | ("failed", text)

All messages are pickled. Foreign code can hang in C, where no exception reaches it, so each look sets an alarm, and an
alarm that is not heard ends the process. What the code prints goes to standard error.
"""

import importlib
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from frontsim.bundled import module_command, module_environment
from frontsim.client.bounded import MOST_BYTES, TooMuch, TooSlow
from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.hosting.children import SessionProcess
from frontsim.verification import patience
from frontsim.verification.effects.bounded import alchemy_rows, few_enough
from frontsim.verification.patience import READ_GRACE_S

MODULE = "frontsim.verification.effects.foreign_code"
MOST_MEMORY = 256 * 1024 * 1024
"""Bytes of memory that one look may take, beside what the process had before it."""


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
            self._process = SessionProcess(
                module_command(MODULE), stdin=theirs.fileno(), stdout=subprocess.DEVNULL, env=module_environment()
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
        self._process.end()
        self._connection.close()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def _ask(self, message: object, limit_s: float) -> tuple[str, Any]:
        began = stopwatch()
        try:
            self._connection.send_bytes(pickle.dumps(message))
            while not self._connection.poll(min(patience.CHILD_LOOK_S, limit_s)):
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


SQL, IMPORT = "sql", "import"

Look = Callable[[float], list[Any]]
"""Gives the effects; a query gets so many seconds."""


def imported(where: str) -> Look:
    """A list, or what a callable gives, at `pkg.mod:attr`. Raises BadInput."""
    module, _, attribute = where.partition(":")
    try:
        value = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
        text = str(error) if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {error}"
        raise BadInput(f"--observe-import: expected a name that can be imported, got {where!r}: {text}") from None
    return lambda _: few_enough(value() if callable(value) else value)


def query(dsn: str, text: str) -> Look:
    """Runs a query through SQLAlchemy at each look. Raises BadInput."""
    rows = alchemy_rows(dsn)
    return lambda limit_s: rows(text, limit_s)


def serve(connection: Connection) -> None:
    """Answer looks until frontsim closes the pipe."""
    kind, sys.path[:], what = pickle.loads(connection.recv_bytes())  # noqa: S301 - our own parent wrote it
    try:
        look = query(*what) if kind == SQL else imported(what)
    except BadInput as error:
        _send(connection, ("refused", str(error)))
        return
    _send(connection, ("ready", None))
    while True:
        limit_s = pickle.loads(connection.recv_bytes())  # noqa: S301 - as above
        signal.setitimer(signal.ITIMER_REAL, limit_s + READ_GRACE_S)
        _send(connection, _answer(look, limit_s))
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(look: Look, limit_s: float) -> tuple[str, Any]:
    try:
        return "effects", look(limit_s)
    except TooSlow:
        return "failed", f"got none within {limit_s:.3g} s"
    except TooMuch as error:
        return "failed", f"got {error}"
    except Exception as error:  # noqa: BLE001 - every driver has its own exceptions, and the user's code any
        return "failed", f"got {type(error).__name__}: {error}"


def _send(connection: Connection, answer: tuple[str, Any]) -> None:
    try:
        text = pickle.dumps(answer)
    except Exception as error:  # noqa: BLE001 - what a class raises that cannot be pickled
        text = pickle.dumps(("failed", f"got values of Python alone: {type(error).__name__}: {error}"))
    connection.send_bytes(text)


def main() -> None:
    """Serve on standard input, and keep it and standard output from the foreign code."""
    connection = Connection(os.dup(0))
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    with suppress(EOFError, ConnectionError):
        serve(connection)


if __name__ == "__main__":
    main()
