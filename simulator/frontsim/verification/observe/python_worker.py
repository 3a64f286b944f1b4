"""A process in which an observer's foreign code runs: a database driver, or the user's own function.

    python -m frontsim.verification.observe.python_worker, with a pipe to frontsim as its standard input

    opening    (kind, sys.path, what to import or (DSN, query))   ──▶ ("ready", None) | ("refused", text)
    look       seconds that it may take                           ──▶ ("effects", [...]) | ("failed", text)

All messages are pickled. Foreign code can hang in C, where no exception reaches it, so each look sets an alarm, and an
alarm that is not heard ends the process. What the code prints goes to standard error.
"""

import importlib
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from frontsim.errors import BadInput
from frontsim.verification.observe.bounded import TooMuch
from frontsim.verification.observe.sql_rows import alchemy_rows, few_enough

SQL, IMPORT = "sql", "import"
_GRACE_S = 2.0  # after which a parent that has not killed us is not there

Look = Callable[[], list[Any]]


def imported(where: str) -> Look:
    """A list, or what a callable gives, at `pkg.mod:attr`. Raises BadInput."""
    module, _, attribute = where.partition(":")
    try:
        value = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # noqa: BLE001 - the user's own code may raise anything
        text = str(error) if isinstance(error, ImportError | AttributeError) else f"{type(error).__name__}: {error}"
        raise BadInput(f"--observe-import: expected a name that can be imported, got {where!r}: {text}") from None
    return lambda: few_enough(value() if callable(value) else value)


def query(dsn: str, text: str) -> Look:
    """What a query gives, through SQLAlchemy. Raises BadInput."""
    rows = alchemy_rows(dsn)
    return lambda: rows(text)


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
        signal.setitimer(signal.ITIMER_REAL, limit_s + _GRACE_S)
        _send(connection, _answer(look))
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(look: Look) -> tuple[str, Any]:
    try:
        return "effects", look()
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
