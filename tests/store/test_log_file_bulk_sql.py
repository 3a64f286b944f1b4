"""Many rows in few statements: each is written once, whatever their number."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from frontsim.store.log_file import execute_bulk

INSERT = "INSERT INTO t SELECT * FROM (VALUES {rows}) WHERE column1 > 0"
DOUBLE = """
WITH new (number, text) AS (VALUES {rows})
UPDATE t SET text = new.text || ? FROM new WHERE t.number = new.number
"""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
        yield connection


@pytest.mark.parametrize("count", [*range(10), 25, 127, 128, 129, 255, 300])
def test_every_row_once(connection: sqlite3.Connection, count: int):
    """Also between two sizes, and beyond the largest; what fills a statement up is no row."""
    rows = [(number, f"text {number}") for number in range(1, count + 1)]
    execute_bulk(connection, INSERT, rows)
    assert rows == connection.execute("SELECT * FROM t").fetchall()

    execute_bulk(connection, DOUBLE, rows, "!")
    assert [(number, f"{text}!") for number, text in rows] == connection.execute("SELECT * FROM t").fetchall()


def test_few_statements(connection: sqlite3.Connection):
    """One for up to 128 rows, and few texts in all, so that they stay compiled."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    for count in range(1, 129):
        connection.execute("DELETE FROM t")
        execute_bulk(connection, INSERT, [(number, "") for number in range(1, count + 1)])
    inserts = [text for text in statements if text.startswith("INSERT")]
    assert 128 == len(inserts)
    assert 14 == len({text.count("(") for text in inserts})
