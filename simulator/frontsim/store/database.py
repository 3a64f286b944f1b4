"""Opening a log's file: ours or refused, by one process at a time.

Exactly one read-write connection exists per file, because SQLite before 3.51.3 can lose commits with two
in WAL mode. A lock file beside the log keeps a second process out; the system drops it with the process,
however that ends.
"""

import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import IO

from frontsim.errors import Unusable

APPLICATION_ID = 0x46524F4E  # "FRON", in the file's header
VERSION = 1
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_SCHEMA = Path(__file__).with_name("schema.sql")
_PAGE = 8_192  # bytes, of a new file: twice SQLite's own, as half as many are then written one by one
_WAL_PAGES = 4_000  # 32 MB between checkpoints: fewer, longer pauses are not worth more memory
_CACHE_KB = 8_192  # the log grows at its right edges: more was no faster


def lock(path: Path) -> IO[bytes]:
    """Keep every other simulator away from `path` until the returned file is closed.

    Raises:
        Unusable: another process has it, or the folder cannot be written.
    """
    beside = path.with_name(f"{path.name}-lock")
    try:
        held = beside.open("wb")
    except OSError as error:
        raise Unusable(f"cannot write beside the log {path}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise Unusable(
            f"the log {path} is in use by another frontsim: stop that one, or give this one its own --db"
        ) from error
    return held


def open_log(path: Path) -> sqlite3.Connection:
    """The one read-write connection to a log, made if the file is not there.

    Raises:
        Unusable: the file is somebody else's, newer than this program, damaged, or cannot be written.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise Unusable(f"expected SQLite 3.37 or newer, got {sqlite3.sqlite_version}")
    try:
        _refuse_others(path)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise Unusable(f"cannot use {path} as a log: {error}") from error
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read, for any thread, one at a time."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def _refuse_others(path: Path) -> None:
    """Look at a file that is there without changing a byte of it, nor of the WAL beside it."""
    if not path.exists():
        return
    if not os.access(path, os.W_OK):
        raise Unusable(f"cannot write the log {path}")
    with closing(open_reader(path)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise Unusable(f"{path} is a SQLite file of another program; it was left as it is")
    if tables and version != VERSION:
        raise Unusable(f"{path} has log format {version}, this frontsim reads {VERSION}; it was left as it is")


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {_PAGE}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # an accepted event survives the machine's fall, too
    connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_SCHEMA.read_text()} "
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; COMMIT;"
        )
