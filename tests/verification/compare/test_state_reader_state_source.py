"""Where `--observe-state` reads, and what it refuses."""

import sqlite3
from contextlib import closing

import pytest

from frontsim.errors import BadInput
from frontsim.verification.compare.state_reader import state_observer
from frontsim.verification.effects.observers import UrlObserver


@pytest.fixture
def dsn(tmp_path):
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE stock (gtin TEXT, n INTEGER)")
        database.execute("INSERT INTO stock VALUES ('704', 3)")
        database.commit()
    return f"sqlite:///{file}"


def test_a_query_runs_on_the_database_of_the_effects_or_on_its_own(dsn):
    """With a DSN before it, or without."""
    for source, other in ((f"{dsn} SELECT * FROM stock", ""), ("select * from stock", dsn)):
        assert [{"gtin": "704", "n": 3}] == state_observer(source, dsn=other).read()


def test_a_url_is_read_as_one():
    """Its query, which may hold a token, is not shown."""
    with closing(state_observer("http://127.0.0.1:9/stock?token=abc")) as observer:
        assert isinstance(observer, UrlObserver)
        assert "GET http://127.0.0.1:9/stock" == observer.name


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("SELECT 1", "because a query alone needs --observe-sql"),
        ("stock", "expected a URL, a query for the database of --observe-sql, or 'DSN QUERY'"),
        ("postgresql://shop:secret@db/shop", "got 'postgresql://shop:"),
        ("http://", "expected a URL such as"),
    ],
)
def test_what_it_refuses(source, told):
    """The message names this option, and no password."""
    with pytest.raises(BadInput) as refused:
        state_observer(source)
    assert str(refused.value).startswith("--observe-state: ")
    assert told in str(refused.value)
    assert "secret" not in str(refused.value)
