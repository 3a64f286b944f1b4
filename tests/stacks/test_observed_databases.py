"""`--observe-sql` on real PostgreSQL and MariaDB: the query only reads, and the server ends it at its time."""

import psycopg
import pymysql
import pytest
import sqlalchemy

from frontsim.clock import stopwatch
from frontsim.verification.effects.bounded import alchemy_rows
from tests.examples import databases

pytestmark = pytest.mark.long
LONG_S = 60.0
ENDLESS = {
    "postgresql": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    "mariadb": "SELECT SLEEP(60)",
}


@pytest.fixture(scope="module")
def postgresql():
    """A DSN, and what runs a statement beside the observer."""
    with databases.postgresql() as variables:
        address = f"postgres@127.0.0.1:{variables['PGPORT']}/postgres"
        with psycopg.connect(f"postgresql://{address}", autocommit=True) as connection:
            yield f"postgresql+psycopg://{address}", lambda text: connection.execute(text)


@pytest.fixture(scope="module")
def mariadb():
    with databases.mariadb() as variables:
        port = int(variables["DB_PORT"])
        connection = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE shop")
            cursor.execute("USE shop")

            def run(text):
                cursor.execute(text)
                return cursor

            yield f"mysql+pymysql://root@127.0.0.1:{port}/shop", run


@pytest.fixture(params=["postgresql", "mariadb"])
def shop(request, monkeypatch):
    """A table with two rows; gives its reader, and what runs a statement beside it."""
    dsn, run = request.getfixturevalue(request.param)
    engine = sqlalchemy.create_engine(dsn)
    monkeypatch.setattr(sqlalchemy, "create_engine", lambda _: engine)
    run("DROP TABLE IF EXISTS sales")
    run("CREATE TABLE sales (event_id VARCHAR(9))")
    run("INSERT INTO sales VALUES ('a'), ('b')")
    yield alchemy_rows(dsn), run
    engine.dispose()


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE sales",
        "DELETE FROM sales",
        "DELETE FROM sales RETURNING *",
        "COMMIT; DROP TABLE sales",
        "SET TRANSACTION READ WRITE; DELETE FROM sales",
        "SELECT 1; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; COMMIT; DROP TABLE sales",
        "SELECT 1 INTO OUTFILE '/tmp/frontsim-outfile'",
    ],
)
def test_a_query_only_reads(shop, query):
    rows, run = shop
    for _ in range(2):  # a session stays as it was made
        with pytest.raises(Exception, match=r"(?i)read.?only|expected one|syntax"):
            rows(query, LONG_S)
        assert [("a",), ("b",)] == sorted(run("SELECT event_id FROM sales").fetchall())
    assert ["a", "b"] == rows("SELECT event_id FROM sales ORDER BY 1; ", LONG_S)


def test_a_query_that_does_not_end_is_ended_by_the_server(shop, request):
    """Also when frontsim's process is killed, because the server knows the time."""
    rows, _ = shop
    began = stopwatch()
    with pytest.raises(Exception, match=r"timeout|max_statement_time"):
        rows(ENDLESS[request.node.callspec.params["shop"]], 0.5)
    assert 20 > stopwatch() - began
