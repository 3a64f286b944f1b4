"""Rows: as effects, read-only, and so many and no more."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy

from frontsim.errors import BadInput
from frontsim.verification.effects import bounded
from frontsim.verification.effects.bounded import TooMuch, alchemy_rows, few_enough, sqlite_rows, without_password


@pytest.fixture(params=["sqlite3", "sqlalchemy"])
def rows(request, tmp_path, monkeypatch):
    """Reads a small database, in each way. The engine, which the observer's process keeps while it lives, ends here."""
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE sales (event_id TEXT)")
        db.executemany("INSERT INTO sales VALUES (?)", [("a",), ("b",)])
    if request.param == "sqlite3":
        yield sqlite_rows(str(file), 20)
        return
    engine = sqlalchemy.create_engine(f"sqlite+pysqlite:///{file}")
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda _: engine)
    yield alchemy_rows(str(engine.url))
    engine.dispose()


def test_rows_are_effects(rows):
    """One column gives values, several give objects."""
    assert ["a", "b"] == rows("SELECT event_id FROM sales ORDER BY 1")
    assert [{"event_id": "a", "n": 1}] == rows("SELECT event_id, 1 AS n FROM sales ORDER BY 1 LIMIT 1")
    assert [] == rows("SELECT event_id FROM sales WHERE 0")


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
        sqlite_rows(str(tmp_path / "shop.db"), 20)("SELECT zeroblob(2000000)")


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
