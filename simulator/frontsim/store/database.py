"""Opens connections to a log's file, and refuses a file that is not ours."""

import sqlite3
from contextlib import closing
from pathlib import Path

from frontsim.errors import Unusable

APPLICATION_ID = 0x46524F4E  # "FRON", in the file's header
VERSION = 4
OLDEST_SQLITE = (3, 37, 0)  # STRICT tables
_ADDED_IN = {2: ("causes", "changed"), 3: ("answer_heads",), 4: ("seconds",)}
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
