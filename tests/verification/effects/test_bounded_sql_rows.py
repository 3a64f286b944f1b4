"""Rows: as effects, read-only, and so many and no more."""

import sqlite3
from contextlib import closing, contextmanager
from types import SimpleNamespace

import pytest
import sqlalchemy

from frontsim.client.bounded import TooMuch, TooSlow
from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.verification.effects import bounded
from frontsim.verification.effects.bounded import alchemy_rows, few_enough, sqlite_rows, without_password

LONG_S = 60.0
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


@pytest.fixture(params=["sqlite3", "sqlalchemy"])
def rows(request, tmp_path):
    """Reads a small database, in each way."""
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE sales (event_id TEXT)")
        db.executemany("INSERT INTO sales VALUES (?)", [("a",), ("b",)])
    read = sqlite_rows(str(file)) if request.param == "sqlite3" else alchemy_rows(f"sqlite:///{file}")
    return lambda query: read(query, LONG_S)


def test_rows_are_effects(rows):
    """One column gives values, several give objects."""
    assert ["a", "b"] == rows("SELECT event_id FROM sales ORDER BY 1")
    assert [{"event_id": "a", "n": 1}] == rows("SELECT event_id, 1 AS n FROM sales ORDER BY 1 LIMIT 1")
    assert [] == rows("SELECT event_id FROM sales WHERE 0")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM sales",
        "DELETE FROM sales RETURNING *",
        "DROP TABLE sales",
        "CREATE TEMP TABLE t AS SELECT 1",
        "ATTACH '{0}/made.db' AS made",
        "VACUUM INTO '{0}/made.db'",
        "PRAGMA journal_mode = WAL",
        "PRAGMA user_version = 7",
        "BEGIN EXCLUSIVE",
        "SELECT load_extension('x')",
    ],
)
def test_a_query_only_reads(rows, tmp_path, query):
    """It neither changes the file nor makes another."""
    before = (tmp_path / "shop.db").read_bytes()
    with pytest.raises(sqlite3.Error, match=r"does more than read|not authorized"):
        rows(query.format(tmp_path))
    assert before == (tmp_path / "shop.db").read_bytes()
    assert ["shop.db"] == [file.name for file in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT name FROM pragma_table_info('sales')", ["event_id"]),
        ("SELECT value FROM json_each('[1, 2]')", [1, 2]),
        ("SELECT event_id FROM words WHERE words MATCH 'a'", ["a"]),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n", [1, 2, 3]),
    ],
)
def test_whatever_reads_is_run(rows, tmp_path, query, found):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db, db:
        db.execute("CREATE VIRTUAL TABLE words USING fts5(event_id)")
        db.execute("INSERT INTO words VALUES ('a')")
    assert found == rows(query)


def test_a_receiver_that_runs_is_read(rows, tmp_path):
    """Its WAL holds what its file does not have yet."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO sales VALUES ('c')")
        db.commit()
        assert ["a", "b", "c"] == rows("SELECT event_id FROM sales ORDER BY 1")


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    for read in (sqlite_rows(str(tmp_path / "none.db")), alchemy_rows(f"sqlite:///{tmp_path}/none.db")):
        with pytest.raises(sqlite3.OperationalError, match="unable to open"):
            read("SELECT 1", LONG_S)
    assert [] == list(tmp_path.iterdir())


def test_a_query_without_an_end_is_interrupted(tmp_path):
    """At its time, whichever way it is read."""
    (tmp_path / "shop.db").touch()
    for read in (sqlite_rows(str(tmp_path / "shop.db")), alchemy_rows(f"sqlite:///file:{tmp_path}/shop.db?uri=true")):
        began = stopwatch()
        with pytest.raises(TooSlow):
            read(ENDLESS, 0.1)
        assert LONG_S > stopwatch() - began


class Other:
    """An engine of a database that we do not know; it remembers what became of its connection."""

    def __init__(self):
        self.dialect = SimpleNamespace(name="other", driver="driver")
        self.url = SimpleNamespace(database="shop", query={})
        self.did = []

    @contextmanager
    def connect(self):
        pages = iter([[("a",)], []])
        result = SimpleNamespace(keys=lambda: ["id"], fetchmany=lambda _: next(pages))
        yield SimpleNamespace(
            execute=lambda _: self.did.append("execute") or result,
            commit=lambda: self.did.append("commit"),
            rollback=lambda: self.did.append("rollback"),
        )


def test_another_database_is_rolled_back_with_a_warning(monkeypatch, capsys):
    """Nothing that holds for all of them keeps a session from writing."""
    engine = Other()
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda _: engine)
    assert ["a"] == alchemy_rows("other://host/shop")("SELECT id FROM sales", LONG_S)
    assert ["commit", "execute", "rollback"] == engine.did
    assert "--observe-sql: other cannot be kept from writing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("dsn", "taken"),
    [
        ("postgres://u:secret@h/shop", "postgresql+psycopg://u:secret@h/shop"),
        ("postgresql://h/shop", "postgresql+psycopg://h/shop"),
        ("mysql://h/shop", "mysql+pymysql://h/shop"),
        ("postgres+psycopg://h/shop", "postgresql+psycopg://h/shop"),
    ],
)
def test_a_dsn_without_a_driver_takes_one_that_is_installed(monkeypatch, dsn, taken):
    """Also in the form that libpq and most hosts print."""
    asked = []

    def engine(given):
        asked.append(given)
        if "+" not in given:
            raise ModuleNotFoundError("No module named 'psycopg2'")
        return Other()

    monkeypatch.setattr(sqlalchemy, "create_engine", engine)
    alchemy_rows(dsn)
    assert taken == asked[-1]


@pytest.mark.parametrize(
    ("dsn", "told"),
    [
        (
            "postgres://u:secret@h/shop",
            "--observe-sql: install a driver: pip install 'psycopg[binary]' (got postgresql://",
        ),
        ("mssql://h/shop", "--observe-sql: install a driver: pip install 'pyodbc' (got mssql://h/shop: No module"),
        ("mysql+oursql://h/shop", "--observe-sql: expected a DSN that SQLAlchemy takes, got mysql+oursql://h/shop: No"),
    ],
)
def test_a_missing_driver_is_named_with_its_pip_line(monkeypatch, dsn, told):
    """One that the user named is the user's to install, and no password is shown."""

    def engine(_):
        raise ModuleNotFoundError("No module named 'it'")

    monkeypatch.setattr(sqlalchemy, "create_engine", engine)
    with pytest.raises(BadInput) as refused:
        alchemy_rows(dsn)
    assert str(refused.value).startswith(told)
    assert "secret" not in str(refused.value)


def test_too_many_rows(rows, monkeypatch):
    """They fail, rather than fill the memory."""
    monkeypatch.setattr(bounded, "MOST_ROWS", 1)
    with pytest.raises(TooMuch, match="more than 1 rows"):
        rows("SELECT event_id FROM sales")


def test_rows_that_are_too_large(rows, monkeypatch):
    """Few rows may be large too."""
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    with pytest.raises(TooMuch):
        rows("WITH n(i) AS (VALUES (1), (2)) SELECT zeroblob(900000) FROM n")


def test_one_value_that_is_too_large(tmp_path, monkeypatch):
    """SQLite makes none."""
    (tmp_path / "shop.db").touch()
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    with pytest.raises(sqlite3.Error, match="too big"):
        sqlite_rows(str(tmp_path / "shop.db"))("SELECT zeroblob(2000000)", LONG_S)


def test_a_list_without_an_end(monkeypatch):
    """It is read as far as it may be long."""
    monkeypatch.setattr(bounded, "MOST_ROWS", 3)
    assert [0, 1, 2] == few_enough(range(3))
    with pytest.raises(TooMuch):
        few_enough(iter(int, 1))


def test_a_dsn_that_nothing_takes():
    """Refused, without its password."""
    with pytest.raises(BadInput, match=r"user:\.\.\.@host"):
        alchemy_rows("nosuchdb://user:secret@host/shop")
    assert "pg://u:...@h/d" == without_password("pg://u:p@h/d")
