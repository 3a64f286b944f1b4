"""A log's file: opened, refused, owned by one simulator, and written in bulk.

Exactly one read-write connection may exist per file, because SQLite before 3.51.3 can lose commits with two in WAL
mode. The lock is an flock on the file itself, not on a second file beside it, so it holds whatever path leads to the
file, and nothing is left behind that could be removed. The system drops it when the process ends, however it ends.
(SQLite's own locks are of another kind, and do not meet it.)

A file with several hard links is refused: SQLite names the WAL by the path, so after a crash the log opened by another
name would miss what is in the WAL of the first. Symbolic links are followed before SQLite sees the path.

Each call of `execute` costs some microseconds beside its rows and releases Python's lock several times, so the event
loop may have to wait to get it back. With one row per statement that is paid for each row; with up to 128 rows it is
paid once for all of them.
"""

import fcntl
import os
import sqlite3
import stat
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from itertools import chain, repeat
from pathlib import Path
from typing import Self

from frontsim.errors import Unusable
from frontsim.files import OURS_ALONE, unplanted

_Identity = tuple[int, int]
"""Device and inode."""


class LogFile:
    """A locked file; closing it releases the lock.

    Close it after every connection to the file: when a process closes any descriptor of a file, the system drops all
    locks that SQLite holds on it in that process.

    Args:
        path: created if there is no file.

    Raises:
        Unusable: it is not a regular file, it cannot be written, or another simulator has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._wal = self.path.with_name(f"{self.path.name}-wal")
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(unplanted(path), flags, OURS_ALONE)
        except OSError as error:
            raise Unusable(f"cannot write the log {path}: {error.strerror}") from error
        try:
            self._identity = self._lock(path)
        except BaseException:
            self.close()
            raise
        self._size = 0
        self._wal_identity: _Identity | None = None
        self._wal_size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)

    def _lock(self, path: Path) -> _Identity:
        opened = os.fstat(self._descriptor)
        if not stat.S_ISREG(opened.st_mode):
            raise Unusable(f"expected a regular file as the log, got {path}: give another --db")
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            text = f"the log {path} is in use by another frontsim: stop that one, or give this one its own --db"
            raise Unusable(text) from error
        if opened.st_nlink > 1:
            raise Unusable(
                f"the log {path} has {opened.st_nlink} names (hard links), and what a crash left in the WAL of one is "
                "missed under another: make a copy, and give that as --db"
            )
        found = self.path.stat()
        return found.st_dev, found.st_ino

    def problem(self) -> str | None:
        """Why what is committed now would be gone at the next start; None if it would not.

        The file and its WAL must be the same as before, and neither may have become shorter: SQLite shortens neither
        while we have it. To look takes two system calls.
        """
        try:
            found = self.path.stat()
            if (found.st_dev, found.st_ino) != self._identity:
                return f"{self.path.name} was replaced by another file"
            if found.st_size < self._size:
                return f"{self.path.name} was truncated"
            self._size = found.st_size
            return self._problem_of_wal()
        except FileNotFoundError:
            return f"{self.path.name} was deleted or moved away"
        except OSError as error:
            return f"{self.path.name} cannot be found: {error.strerror}"

    def _problem_of_wal(self) -> str | None:
        try:
            found = self._wal.stat()
        except FileNotFoundError:
            return None if self._wal_identity is None else f"{self._wal.name} was deleted or moved away"
        if self._wal_identity not in (None, (found.st_dev, found.st_ino)):
            return f"{self._wal.name} was replaced by another file"
        if found.st_size < self._wal_size:
            return f"{self._wal.name} was truncated"
        self._wal_identity, self._wal_size = (found.st_dev, found.st_ino), found.st_size
        return None


APPLICATION_ID = 0x46524F4E  # "FRON", in the file's header
VERSION = 5
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_ADDED_IN = {2: ("causes", "changed"), 3: ("answer_heads",), 4: ("seconds",), 5: ("shop",)}
"""Tables that an older file lacks, by the format that brought them. Opening it adds them, empty: nothing was noted."""
_SCHEMA = Path(__file__).with_name("schema.sql")
_PAGE = 8_192  # bytes, of a new file: twice SQLite's default, so that half as many pages are written
_WAL_PAGES = 4_000  # 32 MB between checkpoints: with more, pauses get fewer but longer
_CACHE_KB = 8_192  # writes go to the right edges of tables and indexes: a larger cache measured no faster


def open_log(path: Path, *, durable: bool = True) -> sqlite3.Connection:
    """The one read-write connection to a log; creates the file if there is none.

    `durable`: what was committed survives a power failure, too. Without it no commit waits for the disk.

    Raises:
        Unusable: the file belongs to another program, is newer than this program, damaged, or cannot be written.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise Unusable(f"expected SQLite 3.37 or newer, got {sqlite3.sqlite_version}")
    try:
        _refuse_others(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        try:
            _prepare(connection, durable=durable)
            connection.execute("PRAGMA busy_timeout = 0")  # `group_commit` waits itself, and not on the event loop
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise Unusable(f"cannot use {path} as a log: {error}") from error
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A read-only connection, for any thread, one thread at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def _refuse_others(path: Path) -> None:
    """Check an existing file without changing it or its WAL."""
    if not path.exists():
        return
    with closing(open_reader(path)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise Unusable(f"{path} is a SQLite file of another program; it was left as it is")
    if tables and not 1 <= version <= VERSION:
        raise Unusable(f"{path} has log format {version}, this frontsim reads 1 to {VERSION}; it was left as it is")


def _prepare(connection: sqlite3.Connection, *, durable: bool) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA.read_text()} "
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
        )
        return
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < VERSION:
        added = "".join(_table(name) for later, names in _ADDED_IN.items() if later > version for name in names)
        connection.executescript(f"BEGIN IMMEDIATE; {added} PRAGMA user_version = {VERSION}; COMMIT;")


def _table(name: str) -> str:
    """The statement that makes a table, as the schema has it."""
    script = _SCHEMA.read_text()
    begin = script.index(f"CREATE TABLE {name} ")
    return script[begin : script.index(";", script.index("\n) STRICT", begin)) + 1]


_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""How many rows a statement may have. SQLite keeps a prepared statement for each text, so there are few sizes: a chunk
between two of them is padded with zeros to the larger. More than 128 rows in a statement save nothing more."""


def execute_bulk(connection: sqlite3.Connection, sql: str, rows: Sequence[Sequence[object]], *after: object) -> None:
    """Execute a statement for rows that all have the same number of values.

    Args:
        connection: in a transaction.
        sql: the statement, with `{rows}` where it lists them; it must skip rows that begin with 0, the padding:
            `INSERT INTO runs SELECT * FROM (VALUES {rows}) WHERE column1 > 0`.
        rows: the values, in the order of the columns. Give bytes as `bytearray`: sqlite3 binds that, a number or a text
            directly, but looks for an adapter for each `bytes` and `None`.
        after: values of the placeholders behind the rows.
    """
    for start in range(0, len(rows), _SIZES[-1]):
        chunk = rows[start : start + _SIZES[-1]]
        size, columns = _SIZES[bisect_left(_SIZES, len(chunk))], len(chunk[0])
        padding = repeat(0, (size - len(chunk)) * columns)
        connection.execute(_statement(sql, size, columns), [*chain.from_iterable(chunk), *padding, *after])


@lru_cache(maxsize=256)
def _statement(sql: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return sql.format(rows=", ".join([row] * rows))
