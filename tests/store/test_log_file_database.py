"""A log's file: made once, brought up from an older format, and refused if it is another's."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.errors import Unusable
from frontsim.store import log_file
from frontsim.store.log_file import VERSION, open_log, open_reader


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


def run(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements, and return the last one's rows."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        return rows


def tables(path: Path) -> Iterable[tuple[object, ...]]:
    """Every table and index, as it was made."""
    return sorted(run(path, "SELECT name, sql FROM sqlite_schema WHERE sql NOTNULL"))


def test_a_second_start_finds_what_the_first_left(path: Path) -> None:
    with closing(open_log(path)) as log:
        log.execute("INSERT INTO destinations VALUES (1, 'http://a.example')")
    with closing(open_log(path)) as log:
        assert [(1, "http://a.example")] == log.execute("SELECT * FROM destinations").fetchall()


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 0)])  # FULL, OFF
def test_a_commit_waits_for_the_disk_where_the_log_must_survive(path: Path, *, durable: bool, level: int) -> None:
    """Not where the file goes with its simulator."""
    with closing(open_log(path, durable=durable)) as log:
        assert (level,) == log.execute("PRAGMA synchronous").fetchone()


def test_an_older_log_gets_the_tables_that_it_lacks(path: Path) -> None:
    """Exactly as a new log has them, and what it has stays."""
    open_log(path).close()
    new = tables(path)
    run(path, *[f"DROP TABLE {name}" for name in ("causes", "changed", "answer_heads", "seconds", "shop")])
    run(path, "INSERT INTO destinations VALUES (1, 'http://a.example')", "PRAGMA user_version = 1")
    open_log(path).close()
    assert new == tables(path)
    assert [(VERSION,)] == run(path, "PRAGMA user_version")
    assert [(1,)] == run(path, "SELECT number FROM destinations")


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["CREATE TABLE notes (text TEXT)"], "a SQLite file of another program; it was left as it is"),
        (
            [f"PRAGMA application_id = {log_file.APPLICATION_ID}", "PRAGMA user_version = 0", "CREATE TABLE t (a)"],
            "has log format 0",
        ),
        (
            [f"PRAGMA application_id = {log_file.APPLICATION_ID}", "PRAGMA user_version = 6", "CREATE TABLE t (a)"],
            "has log format 6, this frontsim reads 1 to 5; it was left as it is",
        ),
    ],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(path: Path, statements: list[str], message: str) -> None:
    run(path, *statements)
    before = path.read_bytes()
    with pytest.raises(Unusable, match=message):
        open_log(path)
    assert (before, [path]) == (path.read_bytes(), list(path.parent.iterdir()))


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"dear diary " * 1_000)
    with pytest.raises(Unusable, match=r"cannot use .*log\.db as a log: file is not a database"):
        open_log(path)


def test_a_sqlite_without_strict_tables_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(Unusable, match=r"expected SQLite 3\.37 or newer"):
        open_log(path)
    assert not path.exists()


def test_a_reader_cannot_write(path: Path) -> None:
    """Exactly one connection writes."""
    open_log(path).close()
    with closing(open_reader(path)) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO destinations VALUES (1, 'http://a.example')")
