"""Reads from commands and databases within a time and a size, as `client.bounded` does from HTTP.

A command may print for ever, or leave children behind; a query may have no end. None of that may hold up a run or fill
our memory, so a read ends when its time is over or `MOST_BYTES` have come.
"""

import importlib
import math
import os
import re
import selectors
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import quote

from frontsim.client.bounded import MOST_BYTES, TooMuch, TooSlow
from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.hosting.children import SessionProcess
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


def run(command: str, *, limit_s: float) -> CommandOutput:
    """Run a command line; in the end its whole session is killed.

    Raises:
        TooMuch, TooSlow: see there.
    """
    process = SessionProcess(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        try:
            text, errors = _read(process, limit_s)
        finally:
            process.end()
    return CommandOutput(process.returncode, text, errors)


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
    return output.text.getvalue(), bytes(output.errors)


class _Output:
    """Collects what a command prints."""

    def __init__(self) -> None:
        self.text = BytesIO()  # its value is no copy
        self.errors = bytearray()

    def add_text(self, piece: bytes) -> None:
        self.text.write(piece)
        if self.text.tell() > MOST_BYTES:
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

Rows = Callable[[str, float], list[Any]]
"""The effects that a query gives within so many seconds: of one column its values, of several an object a row."""

_SQLITE_READS = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
_SQLITE_PRAGMAS = (
    *("table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list"),
    *("database_list", "data_version", "page_size"),  # the last two are read by full-text tables
)


def sqlite_rows(path: str, *, uri: str = "") -> Rows:
    """Reads a file, never writes it or another one. A file that is not there is not made.

    Rows raise TooSlow after their time, for which a lock of the file's writer counts too.
    """
    uri = uri or f"file:{quote(path)}?mode=ro"

    def rows(query: str, limit_s: float) -> list[Any]:
        with closing(sqlite3.connect(uri, uri=True, timeout=limit_s)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
            database.set_authorizer(_sqlite_allows)  # mode=ro alone lets ATTACH and VACUUM INTO write other files
            began = stopwatch()
            database.set_progress_handler(lambda: stopwatch() - began > limit_s, _STEPS)  # true interrupts the query
            try:
                cursor = database.execute(query)
                columns = [column[0] for column in cursor.description or ()]
                return _effects(columns, cursor.fetchmany)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                    raise TooSlow from None
                if error.sqlite_errorcode == sqlite3.SQLITE_AUTH:
                    raise sqlite3.DatabaseError("a statement that does more than read") from None
                raise

    return rows


def _sqlite_allows(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
    reads = action in _SQLITE_READS and second != "load_extension"
    is_about_tables = action == sqlite3.SQLITE_PRAGMA and first in _SQLITE_PRAGMAS
    return sqlite3.SQLITE_OK if reads or is_about_tables else sqlite3.SQLITE_DENY


_READ_ONLY = {
    "postgresql": ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET statement_timeout = {ms}"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = {ms}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {s}"),
}
"""Statements that let a session of each database only read, and for so long, from its next transaction on."""
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\$(\w*)\$.*?\$\1\$|--[^\n]*|/\*.*?\*/", re.DOTALL)
_SECOND_STATEMENT = re.compile(r";\s*[^\s;]")
_WRITES_A_FILE = re.compile(r"\bINTO\s+(?:OUTFILE|DUMPFILE)\b", re.IGNORECASE)


def alchemy_rows(dsn: str) -> Rows:
    """Runs a query through SQLAlchemy, and rolls it back. Raises BadInput if it is not installed or refuses the DSN.

    PostgreSQL, MySQL and MariaDB let the session only read, and end a query at its time. For another database a line on
    standard error says that this cannot be enforced.
    """
    try:
        alchemy = importlib.import_module("sqlalchemy")  # an extra: it may not be there
    except ImportError:
        raise BadInput(
            "--observe-sql: databases other than sqlite need SQLAlchemy: pip install 'frontsim[sql]' and the driver"
        ) from None
    engine = _engine(alchemy, dsn)
    dialect, file = engine.dialect, engine.url.database or ""
    if (dialect.name, dialect.driver) == ("sqlite", "pysqlite"):
        return sqlite_rows(file, uri=f"{file}?mode=ro" if "uri" in engine.url.query else "")
    if dialect.name not in _READ_ONLY:
        text = f"--observe-sql: {dialect.name} cannot be kept from writing; what the query does is rolled back"
        print(text, file=sys.stderr, flush=True)

    def rows(query: str, limit_s: float) -> list[Any]:
        with engine.connect() as connection:
            name = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
            _refuse_writing(name, query)
            for statement in _READ_ONLY.get(name, ()):
                connection.exec_driver_sql(statement.format(ms=math.ceil(1_000 * limit_s), s=limit_s))
            connection.commit()
            if name in _READ_ONLY:
                connection.exec_driver_sql("SELECT 1")  # or PostgreSQL lets a first SET TRANSACTION write
            try:
                result = connection.execute(alchemy.text(query))
                return _effects(list(result.keys()), result.fetchmany)
            finally:
                connection.rollback()

    return rows


_DRIVERS = {
    "postgresql": ("psycopg", "psycopg[binary]"),
    "mysql": ("pymysql", "pymysql"),
    "mariadb": ("pymysql", "pymysql"),
    "mssql": ("pyodbc", "pyodbc"),
    "oracle": ("oracledb", "oracledb"),
}
"""For a DSN without a driver, where SQLAlchemy's own choice is not installed: another one, and how to install it."""


def _engine(alchemy: Any, dsn: str) -> Any:
    """SQLAlchemy's engine for a DSN, by the driver that it names or one that is installed. Raises BadInput."""
    dsn = re.sub(r"^postgres(?=[:+])", "postgresql", dsn)  # as libpq and most hosts write it, but not SQLAlchemy
    name, names_driver, _ = dsn.partition("://")[0].partition("+")
    driver, package = _DRIVERS.get(name, ("", ""))
    try:
        try:
            return alchemy.create_engine(dsn)
        except ModuleNotFoundError:
            if names_driver or not driver:
                raise
            return alchemy.create_engine(f"{name}+{driver}{dsn.removeprefix(name)}")
    except Exception as error:  # a missing driver and a bad DSN each raise different exceptions
        shown = f"got {without_password(dsn)}: {error}"
        if isinstance(error, ModuleNotFoundError) and driver and not names_driver:
            raise BadInput(f"--observe-sql: install a driver: pip install '{package}' ({shown})") from error
        raise BadInput(f"--observe-sql: expected a DSN that SQLAlchemy takes, {shown}") from error


def _refuse_writing(name: str, query: str) -> None:
    """Refuse what a read-only session allows: to leave it by a second statement, and to write a file."""
    if name == "postgresql" and _SECOND_STATEMENT.search(_QUOTED.sub("", query)):
        raise ValueError("several statements: expected one that reads")
    if name in ("mysql", "mariadb") and _WRITES_A_FILE.search(query):
        raise ValueError("a statement that writes a file: expected one that reads")


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
