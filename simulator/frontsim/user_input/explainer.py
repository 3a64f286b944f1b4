"""The process that explains why a value breaks a schema, both of its ends (an entry point).

Explaining has no bound: jsonschema matches patterns with Python's `re`, which backtracks and lets no other thread run
meanwhile, and both validators list every alternative that fails. So a process of its own does it, and is killed after
`LIMIT_S`. Deciding stays here: jsonschema-rs takes a microsecond, and its patterns do not backtrack.

python -m frontsim.user_input.explainer, with a pipe to frontsim as its standard input; messages are pickled

    ready                                               ◀──
    (schema, value)                                     ──▶
                    what jsonschema-rs says, at once    ◀──
                    what jsonschema says, field by field ◀──

It starts with the first refusal and is kept. It ends with frontsim, because its pipe then ends, or its alarm comes.
"""

import os
import pickle
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

import jsonschema_rs

from frontsim.bundled import module_command, module_environment
from frontsim.clock import stopwatch
from frontsim.user_input.validation import Violation, problems_of, rs_problems_of, shown

LIMIT_S = 1.0
"""Seconds for one explanation."""
_START_S = 20.0
_ALONE_S = 5 * LIMIT_S  # after which the process ends itself: its parent, which would have killed it, is gone
TOO_COSTLY = "too costly to explain"


class _Explainer:
    """The process, once something has to be explained. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection: Connection | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def explain(self, schema: Mapping[str, Any], value: object) -> list[Violation]:
        """Say how a value violates a schema, as far as the time allows."""
        said: list[Violation] = []
        with self._lock:
            try:
                connection = self._started()
                connection.send_bytes(pickle.dumps((schema, value)))
                until = stopwatch() + LIMIT_S
                for _ in range(2):
                    if not connection.poll(max(0, until - stopwatch())):
                        raise TimeoutError
                    said = pickle.loads(connection.recv_bytes()) or said  # noqa: S301 - our own process wrote it
            except (EOFError, OSError, RecursionError):  # RecursionError: nested deeper than pickle writes
                self._end()
            except BaseException:
                self._end()  # or the next value would get this one's answer
                raise
            else:
                return said
        return [each._replace(expected=f"{each.expected} ({TOO_COSTLY})") for each in said] or [
            Violation("", f"what its schema allows ({TOO_COSTLY})", shown(value))
        ]

    def _started(self) -> Connection:
        if self._connection is not None:
            return self._connection
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                module_command("frontsim.user_input.explainer"),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=module_environment(),
                start_new_session=True,  # so that Ctrl-C is ours alone
            )
        self._connection = Connection(ours.detach())
        if not self._connection.poll(_START_S):
            raise EOFError
        self._connection.recv_bytes()
        return self._connection

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


_explainer = _Explainer()


def _explain_anew() -> None:
    global _explainer
    _explainer = _Explainer()  # a child that shared the pipe would read its parent's answers


os.register_at_fork(after_in_child=_explain_anew)


def explained(schema: Mapping[str, Any], value: object, validator: jsonschema_rs.Validator) -> list[Violation]:
    """Say as `problems_of` how `value` violates `schema`, within `LIMIT_S` of a process of its own."""
    return [] if validator.is_valid(value) else _explainer.explain(schema, value)


def serve(connection: Connection) -> None:
    """Explain until frontsim closes the pipe."""
    connection.send_bytes(b"ready")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # it ends us, even inside `re`
    while True:
        schema, value = pickle.loads(connection.recv_bytes())  # noqa: S301 - our own parent wrote it
        signal.setitimer(signal.ITIMER_REAL, _ALONE_S)
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        connection.send_bytes(pickle.dumps(rs_problems_of(value, validator)))
        connection.send_bytes(pickle.dumps(problems_of(schema, value, validator)))
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    with suppress(EOFError, ConnectionError):
        serve(Connection(os.dup(0)))
