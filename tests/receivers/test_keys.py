"""The keys of processed events: each is taken once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.receivers import keys


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(Path(keys.__file__).with_name("schema.sql").read_text())
        yield connection


def test_a_key_is_taken_once_until_it_is_given_back(db: sqlite3.Connection) -> None:
    assert [True, False, True] == [keys.take(db, "a"), keys.take(db, "a"), keys.take(db, "b")]
    assert (True, False) == (keys.is_taken(db, "a"), keys.is_taken(db, "c"))
    keys.give_back(db, "a")
    assert not keys.is_taken(db, "a")
    assert keys.take(db, "a")


def test_only_the_newest_keys_are_kept(db: sqlite3.Connection) -> None:
    """By when they were taken; of fewer than that, all."""
    for key in ("d", "c", "b", "a"):
        keys.take(db, key)
    keys.keep_newest(db, 10)
    assert keys.is_taken(db, "d")
    keys.keep_newest(db, 2)
    assert ["a", "b"] == [key for key in "abcd" if keys.is_taken(db, key)]
