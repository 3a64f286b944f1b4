"""Rows of a query, in SQLite or through SQLAlchemy, up to limits of number and size."""

import importlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.verification.observe import bounded

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
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, bounded.MOST_BYTES)
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
            raise bounded.TooMuch(f"more than {MOST_ROWS:,} rows")
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
        if size > bounded.MOST_BYTES:
            raise bounded.TooMuch(f"more than {bounded.MOST_BYTES // 1024 // 1024} MiB")
        yield from rows


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
