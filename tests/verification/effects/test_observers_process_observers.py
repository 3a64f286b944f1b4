"""Effects from databases and from imported Python: bounded in time and memory, whatever the foreign code does."""

import socket
import sqlite3
import textwrap
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from frontsim.clock import stopwatch
from frontsim.errors import BadInput
from frontsim.verification import patience
from frontsim.verification.effects import foreign_code
from frontsim.verification.effects.observers import ObserverFailed, import_observer, sql_observer
from tests.support.patience import PATIENCE_S


@pytest.fixture
def database(tmp_path):
    file = tmp_path / "shop db.sqlite"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE sales (event_id TEXT, total REAL)")
        db.executemany("INSERT INTO sales VALUES (?, ?)", [("a", 1.5), ("b", 2.5)])
    return file


def test_rows_of_several_columns_are_objects(database):
    """A query gives an object a row, by column."""
    observer = sql_observer(f"sqlite:///{database}", "SELECT event_id AS id, total FROM sales")
    assert observer.read() == [{"id": "a", "total": 1.5}, {"id": "b", "total": 2.5}]


def test_rows_of_one_column_are_ids(database):
    """A query of one column gives the ids themselves."""
    assert sql_observer(f"sqlite:///{database}", "SELECT event_id FROM sales").read() == ["a", "b"]


def test_an_observer_writes_nothing(database):
    """The database is opened read-only: a query that writes is a failure."""
    observer = sql_observer(f"sqlite:///{database}", "DELETE FROM sales")
    with pytest.raises(ObserverFailed, match="does more than read"):
        observer.read()


@pytest.mark.slow
def test_a_password_is_not_shown():
    """An observer's name leaves the password out."""
    with pytest.raises(BadInput) as refused:
        sql_observer("nosuchdb://user:secret@host/shop", "SELECT 1")
    assert "user:...@host" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("query", ["SELECT nothing FROM sales", "SELECT"])
def test_a_query_that_fails_is_a_failure_and_no_empty_list(database, query):
    """An error of the database is told as such."""
    with pytest.raises(ObserverFailed, match="SQL on sqlite"):
        sql_observer(f"sqlite:///{database}", query).read()


def test_a_missing_database_is_a_failure(tmp_path):
    """A file that is not there is not made."""
    with pytest.raises(ObserverFailed, match="unable to open"):
        sql_observer(f"sqlite:///{tmp_path}/none.db", "SELECT 1").read()
    assert list(tmp_path.iterdir()) == []


def test_a_query_that_does_not_end_is_interrupted(database):
    """Its time is that of every look."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(ObserverFailed, match=r"expected rows within 0.1 s, got none"):
        sql_observer(f"sqlite:///{database}", endless).read(0.1)


@pytest.mark.slow
def test_other_databases_are_read_through_sqlalchemy(database):
    """A DSN of another form goes to SQLAlchemy, in a process that ends with the observer; errors are told as such."""
    dsn = f"sqlite+pysqlite:///{database}"
    with closing(sql_observer(dsn, "SELECT event_id, total FROM sales")) as observer:
        assert observer.read() == [{"event_id": "a", "total": 1.5}, {"event_id": "b", "total": 2.5}]
        pid = observer._process._process.pid
        assert observer.read() == [{"event_id": "a", "total": 1.5}, {"event_id": "b", "total": 2.5}]
        assert pid == observer._process._process.pid
    assert not Path(f"/proc/{pid}").exists()
    with (
        closing(sql_observer(dsn, "SELECT nothing FROM sales")) as broken,
        pytest.raises(ObserverFailed, match="expected rows, got OperationalError"),
    ):
        broken.read()


@pytest.fixture
def my_shop(tmp_path, monkeypatch):
    """Writes the module `my_shop`, and gives an observer of one of its names."""
    monkeypatch.syspath_prepend(str(tmp_path))
    opened = []

    def observer(attribute, source, **more):
        (tmp_path / "my_shop.py").write_text(textwrap.dedent(source))
        opened.append(import_observer(f"my_shop:{attribute}", **more))
        return opened[-1]

    yield observer
    for each in opened:
        each.close()


@pytest.mark.slow
def test_a_python_list_or_function(my_shop):
    """pkg.mod:attr is a list, or what gives one, and it may print; what it raises is a failure."""
    source = """
        import datetime
        print("hello")
        sales = ["a", {"at": datetime.date(2026, 1, 2)}]
        def read():
            print("reading")
            return sales[:1]
        def broken():
            return 1 / 0
        def local():
            return [lambda: 1]
    """
    assert [{"at": date(2026, 1, 2)}] == my_shop("sales", source).read()[1:]
    assert ["a"] == my_shop("read", source).read()
    for name, told in (("broken", "expected a list, got ZeroDivisionError"), ("local", "values of Python alone")):
        with pytest.raises(ObserverFailed, match=told):
            my_shop(name, source).read()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("sales = []", "'my_shop:orders'"),
        ("import nowhere", "No module named 'nowhere'"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_imported(my_shop, source, told):
    """It is refused before anything is played."""
    with pytest.raises(BadInput, match="expected a name that can be imported") as refused:
        my_shop("orders", source)
    assert told in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("time.sleep(60)", "expected a list within"),
        ("re.match('(a+)+b', 'a' * 60)", "expected a list within"),  # in C, deaf to exceptions and signals of Python
        ("subprocess.run(['sleep', '60'])", "expected a list within"),
        ("return itertools.count()", "more than 500,000 rows"),
        ("[hoard.append(bytearray(10_000_000)) for _ in itertools.count()]", "more than 256 MiB of memory in use"),
        ("return ['x' * 2_000_000]", "that fit in memory, got more than"),
        ("os._exit(3)", "its process ended with 3"),
        ("os.kill(os.getpid(), 9)", "its process ended with -9"),
    ],
)
def test_foreign_code_that_does_not_end(my_shop, tmp_path, monkeypatch, body, told):
    """It is ended, with its children, and the next look begins anew."""
    monkeypatch.setattr(foreign_code, "MOST_BYTES", 1_000_000)
    monkeypatch.setattr(patience, "READ_AFTER_A_TIMEOUT_S", PATIENCE_S)
    source = f"""
        import itertools, os, pathlib, re, subprocess, time
        hoard = []
        def read():
            if pathlib.Path(__file__).with_name("mark").exists():
                return ["b"]
            {body}
    """
    observer = my_shop("read", source)
    process = observer._process._process
    with pytest.raises(ObserverFailed, match=told):
        observer.read(1.0 if "within" in told else PATIENCE_S)
    (tmp_path / "mark").touch()
    assert ["b"] == observer.read()
    if told != "more than 500,000 rows":
        assert process.returncode is not None


@pytest.mark.slow
def test_an_import_that_does_not_end(my_shop):
    """Nothing is known then; the run is not held up."""
    began = stopwatch()
    observer = my_shop("sales", "import time; time.sleep(600)", start_s=0.5)
    for _ in range(2):
        with pytest.raises(ObserverFailed, match="expected a list within"):
            observer.read(0.5)
    assert stopwatch() - began < PATIENCE_S


@pytest.mark.long
@pytest.mark.slow
def test_a_driver_that_hangs_is_ended():
    """A server that accepts and says nothing: the look ends within its time, and the password is not told."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        dsn = f"postgresql+psycopg://user:secret@127.0.0.1:{deaf.getsockname()[1]}/shop"
        with (
            closing(sql_observer(dsn, "SELECT 1")) as observer,
            pytest.raises(ObserverFailed, match="expected rows within 2 s") as failed,
        ):
            observer.read(2)
    assert "secret" not in str(failed.value)
