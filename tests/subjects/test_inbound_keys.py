"""The keys of processed events: each is taken once."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from frontsim.subjects import inbound


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(Path(inbound.__file__).with_name("schema.sql").read_text())
        yield connection


def test_a_key_is_taken_once_until_it_is_given_back(db: sqlite3.Connection) -> None:
    assert [True, False, True] == [inbound.take(db, "a"), inbound.take(db, "a"), inbound.take(db, "b")]
    assert (True, False) == (inbound.is_taken(db, "a"), inbound.is_taken(db, "c"))
    inbound.give_back(db, "a")
    assert not inbound.is_taken(db, "a")
    assert inbound.take(db, "a")


def test_only_the_newest_keys_are_kept(db: sqlite3.Connection) -> None:
    """By when they were taken; of fewer than that, all."""
    for key in ("d", "c", "b", "a"):
        inbound.take(db, key)
    inbound.keep_newest(db, 10)
    assert inbound.is_taken(db, "d")
    inbound.keep_newest(db, 2)
    assert ["a", "b"] == [key for key in "abcd" if inbound.is_taken(db, key)]
