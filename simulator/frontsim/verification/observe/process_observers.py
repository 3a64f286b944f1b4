"""Observers that run foreign code: a database, or a Python object that is imported.

A driver, and the user's own function, can hang or fill the memory, so they run in a process that can be killed.
"""

import math
import re
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from frontsim.errors import BadInput
from frontsim.verification.observe import bounded, observers
from frontsim.verification.observe.blocks import Blocks, row_blocks
from frontsim.verification.observe.observers import Observer, ObserverFailed
from frontsim.verification.observe.python_process import NoEffects, PythonProcess
from frontsim.verification.observe.python_worker import IMPORT, SQL
from frontsim.verification.observe.sql_rows import sqlite_rows, without_password

_SQLITE = re.compile(r"sqlite:///(?P<path>.+)")


def sql_observer(dsn: str, query: str, *, longest_s: float = math.inf) -> Observer:
    """A query, a row an effect. `sqlite:///FILE` needs nothing; others need the `sql` extra. Raises BadInput."""
    if "://" not in dsn:
        raise BadInput(f"--observe-sql: expected a DSN such as sqlite:///shop.db, got {dsn!r}")
    if match := _SQLITE.fullmatch(dsn):
        return SqliteObserver(match["path"], query, longest_s=longest_s)
    return ProcessObserver(f"SQL on {without_password(dsn)}", SQL, (dsn, query), "rows", longest_s=longest_s)


def import_observer(where: str, *, longest_s: float = math.inf) -> Observer:
    """`pkg.mod:attr`: a list, or a callable that gives one. Raises BadInput."""
    module, _, attribute = where.partition(":")
    if not module or not attribute:
        raise BadInput(f"--observe-import: expected pkg.mod:attr, got {where!r}")
    return ProcessObserver(f"Python {where}", IMPORT, where, "a list", longest_s=longest_s)


class SqliteObserver:
    """A query on an SQLite file, which needs no separate process: SQLite can interrupt a long query."""

    def __init__(self, path: str, query: str, *, longest_s: float = math.inf) -> None:
        self.name = f"SQL on sqlite:///{path}"
        self._rows = sqlite_rows(path, min(observers.TIMEOUT_S, longest_s))
        self._query = query
        self._shown: Blocks[Sequence[Any]] = Blocks()

    def read(self) -> Sequence[Any]:
        """Run the query. A row of one column is its value; others are objects of their columns."""
        try:
            self._shown = row_blocks(self._rows(self._query), self._shown)
        except (sqlite3.Error, bounded.TooMuch) as error:
            raise ObserverFailed(f"{self.name}: expected rows, got {type(error).__name__}: {error}") from error
        return self._shown

    def close(self) -> None:
        """Nothing to do: each query has closed its own connection."""


class ProcessObserver:
    """Foreign code in a separate process: a database driver, or the user's own function.

    Args:
        name: as of every observer.
        kind: as of a `PythonProcess`, and `what`.
        expected: what it gives, for people.

    Raises:
        BadInput: what the user gave cannot be used.
    """

    def __init__(self, name: str, kind: str, what: object, expected: str, *, longest_s: float = math.inf) -> None:
        self.name = name
        self._kind = kind
        self._what = what
        self._expected = expected
        self._longest_s = longest_s
        self._limit_s = self._start_limit_s = min(observers.TIMEOUT_S, longest_s)
        self._process: PythonProcess | None = None
        self._shown: Blocks[Sequence[Any]] = Blocks()
        with suppress(bounded.TooSlow, NoEffects):  # the first look tells it
            self._process = self._started()

    def read(self) -> Sequence[Any]:
        """One look; after one that took too long, or too much, in a new process."""
        limit_s, self._limit_s = self._limit_s, min(observers.AFTER_A_TIMEOUT_S, self._longest_s)
        try:
            if self._process is None or self._process.ended:
                self._process = self._started()
            effects = self._process.look(limit_s)
        except bounded.TooSlow:
            raise ObserverFailed(f"{self.name}: expected {self._expected} within {limit_s:g} s, got none") from None
        except bounded.TooMuch as error:
            text = f"{self.name}: expected {self._expected} that fit in memory, got {error}"
            raise ObserverFailed(text) from None
        except NoEffects as error:
            raise ObserverFailed(f"{self.name}: expected {self._expected}, {error}") from None
        except BadInput as error:
            raise ObserverFailed(str(error)) from None
        self._limit_s = min(observers.TIMEOUT_S, self._longest_s)
        self._shown = row_blocks(effects, self._shown)
        return self._shown

    def close(self) -> None:
        if self._process is not None:
            self._process.end()

    def _started(self) -> PythonProcess:
        limit_s, self._start_limit_s = self._start_limit_s, min(observers.AFTER_A_TIMEOUT_S, self._longest_s)
        process = PythonProcess(self._kind, self._what, limit_s=limit_s)
        self._start_limit_s = min(observers.TIMEOUT_S, self._longest_s)
        return process
