"""Reads from commands and databases within a time and a size, as `client.bounded` does from HTTP.

A command may print for ever, or leave children behind; a query may have no end. None of that may hold up a run or fill
our memory, so a read ends when its time is over or `MOST_BYTES` have come.
"""

import importlib
import os
import re
import selectors
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from frontsim.client.bounded import MOST_BYTES, TooMuch, TooSlow
from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.user_input.fields import most_values
from frontsim.verification import patience

MOST_VALUES = 2_000_000
"""Values in it, about: each takes some hundred bytes of memory, however short it is."""
_PIECE = 64 * 1024
_ERRORS_KEPT = 4 * 1024


@dataclass(frozen=True, slots=True)
class CommandOutput:
    """A command's printed text; only the beginning of its errors."""

    exit_code: int
    text: bytes
    errors: bytes


def _with_few_values(text: bytes) -> bytes:
    if most_values(text) + text.count(b"\n") > MOST_VALUES:
        raise TooMuch(f"more than {MOST_VALUES:,} values")
    return text


def run(command: str, *, limit_s: float) -> CommandOutput:
    """Run a command line; in the end its whole process group is killed.

    Raises:
        TooMuch, TooSlow: see there.
    """
    process = subprocess.Popen(  # noqa: S602 - the user's own command line, as they typed it
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        try:
            text, errors = _read(process, limit_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return CommandOutput(process.returncode, _with_few_values(text), errors)


def _read(process: "subprocess.Popen[bytes]", limit_s: float) -> tuple[bytes, bytes]:
    """Standard output and the beginning of standard error, until the command has ended and both are read.

    Children that outlive the command may hold its pipes open: they are not waited for.
    """
    assert process.stdout is not None and process.stderr is not None  # noqa: PT018 - both are pipes
    began, output = stopwatch(), _Output()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output.add_text)
        selector.register(process.stderr, selectors.EVENT_READ, output.add_errors)
        while selector.get_map():
            _check_time(began, limit_s)
            has_ended = process.poll() is not None
            ready = selector.select(0 if has_ended else patience.CHILD_LOOK_S)
            if has_ended and not ready:
                break
            for key, _ in ready:
                piece = os.read(key.fd, _PIECE)
                if piece:
                    key.data(piece)
                else:
                    selector.unregister(key.fileobj)
    while process.poll() is None:  # it closed its pipes and goes on
        _check_time(began, limit_s)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience.CHILD_LOOK_S)
    return bytes(output.text), bytes(output.errors)


class _Output:
    """Collects what a command prints."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.errors = bytearray()

    def add_text(self, piece: bytes) -> None:
        self.text += piece
        if len(self.text) > MOST_BYTES:
            raise TooMuch(f"more than {MOST_BYTES // 1024 // 1024} MiB")

    def add_errors(self, piece: bytes) -> None:
        self.errors += piece[: _ERRORS_KEPT - len(self.errors)]


def _check_time(began: float, limit_s: float) -> None:
    if stopwatch() - began > limit_s:
        raise TooSlow


MOST_ROWS = 500_000
"""Rows that a query may have."""
_AT_A_TIME = 1_000
_STEPS = 100_000  # of SQLite's machine between two looks at the time

Rows = Callable[[str], list[Any]]
"""The effects that a query gives: of one column its values, of several an object for each row."""


def sqlite_rows(path: str, limit_s: float) -> Rows:
    """Reads a file, never writes it; a query that takes longer is interrupted."""
    uri = f"file:{quote(path)}?mode=ro"

    def rows(query: str) -> list[Any]:
        with closing(sqlite3.connect(uri, uri=True, timeout=limit_s)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
            began = stopwatch()
            database.set_progress_handler(lambda: stopwatch() - began > limit_s, _STEPS)  # true interrupts the query
            cursor = database.execute(query)
            columns = [column[0] for column in cursor.description or ()]
            return _effects(columns, cursor.fetchmany)

    return rows


def alchemy_rows(dsn: str) -> Rows:
    """Runs a query through SQLAlchemy. Raises BadInput if it is not installed or refuses the DSN."""
    try:
        alchemy = importlib.import_module("sqlalchemy")  # an extra: it may not be there
    except ImportError:
        raise BadInput(
            "--observe-sql: databases other than sqlite need SQLAlchemy: pip install 'frontsim[sql]' and the driver"
        ) from None
    try:
        engine = alchemy.create_engine(dsn)
    except Exception as error:  # a missing driver and a bad DSN each raise different exceptions
        raise BadInput(
            f"--observe-sql: expected a DSN that SQLAlchemy takes, got {without_password(dsn)}: {error}"
        ) from error

    def rows(query: str) -> list[Any]:
        with engine.connect() as connection:
            result = connection.execute(alchemy.text(query))
            return _effects(list(result.keys()), result.fetchmany)

    return rows


def few_enough(values: Iterable[Any]) -> list[Any]:
    """The values. Raises TooMuch."""
    kept: list[Any] = []
    for value in values:
        kept.append(value)
        if len(kept) > MOST_ROWS:
            raise TooMuch(f"more than {MOST_ROWS:,} rows")
    return kept


def without_password(dsn: str) -> str:
    """A DSN that may be shown."""
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:...@", dsn)


def _effects(columns: Sequence[str], fetch: Callable[[int], Sequence[Sequence[Any]]]) -> list[Any]:
    rows = few_enough(_within_bytes(fetch))
    if len(columns) == 1:
        return [_plain(row[0]) for row in rows]
    return [dict(zip(columns, map(_plain, row), strict=True)) for row in rows]


def _within_bytes(fetch: Callable[[int], Sequence[Sequence[Any]]]) -> Iterable[Sequence[Any]]:
    size = 0
    while rows := fetch(_AT_A_TIME):
        size += sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        if size > MOST_BYTES:
            raise TooMuch(f"more than {MOST_BYTES // 1024 // 1024} MiB")
        yield from rows


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
