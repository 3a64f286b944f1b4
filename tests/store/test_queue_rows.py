"""The rows of the queue: what is read back is what was put in, in the order in which it is due."""

import sqlite3

import pytest

from frontsim.domain.model import Delivery, Trigger
from frontsim.store.queue import AT_ONCE, FIRST, NEXT, QueueRows

EVENT_ID = "00000000-0000-0000-0000-0000000000{:02x}"
HERE, THERE = 1, 2
NOW = 1_000


@pytest.fixture
def rows(tables: sqlite3.Connection) -> QueueRows:
    """The queue, with nine events to put into it."""
    for number in range(1, 10):
        body = "æ" * number
        tables.execute("INSERT INTO occurrences VALUES (?, 'SaleCreated', 7, ?)", (number, body.encode()))
        tables.execute(
            "INSERT INTO events VALUES (?, ?, 1, ?, 5, 0, 0, 0, NULL, 'Pending', NULL, NULL)",
            (number, bytes(15) + bytes([number]), number),
        )
    return QueueRows(tables, webhook_id=lambda number: f"webhook {number}")


def original(number: int, destination: int = HERE) -> Delivery:
    return Delivery(
        number, number, 1, destination, Trigger.ORIGINAL, "webhook 1", EVENT_ID.format(number), "SaleCreated",
        "http://a.example/", ("æ" * number).encode(), 5, 7,
    )  # fmt: skip


def test_a_delivery_is_read_back_as_it_was_put_in(rows: QueueRows) -> None:
    """Bodies of bytes outside ASCII, each with its own; of one destination; what has begun is not read."""
    rows.insert_originals([original(1), original(2, THERE), original(3), original(4)], {3}, NOW)
    assert [original(1), original(4)] == rows.read_due(HERE, NOW, 10)
    assert [original(2, THERE)] == rows.read_due(THERE, NOW, 10)
    assert [(3, HERE)] == rows.begun()
    assert 4 == rows.count()


def test_resends_then_what_was_put_back_then_originals_then_what_falls_due(rows: QueueRows) -> None:
    """Whatever their numbers are, and no more than are asked for."""
    rows.insert_originals([original(1), original(2), original(3), original(4)], {2, 3}, NOW)
    rows.insert_resend(5, 5, 2, HERE, "http://a.example/")
    rows.postpone(2, NOW)
    rows.postpone(3, NOW + 1)
    rows.postpone(4, NOW + 2)
    assert rows.make_due(4)
    assert [5, 4, 1, 2] == [item.run_id for item in rows.read_due(HERE, NOW, 10)]
    assert [5, 4] == [item.run_id for item in rows.read_due(HERE, NOW, 2)]
    assert {HERE: FIRST} == rows.first_due()
    rows.delete([5])
    assert NEXT == rows.first_due_of(HERE)
    rows.delete([4])
    assert AT_ONCE == rows.first_due_of(HERE)
    rows.delete([1, 2])
    assert NOW + 1 == rows.first_due_of(HERE)
    assert None is rows.first_due_of(THERE)


def test_only_what_waits_can_be_made_due(rows: QueueRows) -> None:
    """Not what has begun, nor what is over."""
    rows.insert_originals([original(1)], {1}, NOW)
    assert not rows.make_due(1)
    rows.delete([1])
    assert not rows.make_due(1)


def test_a_start_takes_out_what_had_begun_and_all_resends(rows: QueueRows) -> None:
    """A run that was postponed on the old clock becomes due at once, behind nothing."""
    rows.insert_originals([original(1), original(2), original(3)], {1}, NOW)
    rows.insert_resend(4, 4, 2, HERE, "http://a.example/")
    rows.postpone(3, 2**60)
    assert [
        (1, 1, "Original", "http://a.example/", NOW),
        (4, 2, "Resend", "http://a.example/", None),
    ] == sorted(rows.take_interrupted())
    assert [2, 3] == [item.run_id for item in rows.read_due(HERE, AT_ONCE, 10)]


def test_a_number_is_never_given_twice(rows: QueueRows, tables: sqlite3.Connection) -> None:
    """Not even when the rows with the highest numbers are gone."""
    assert 1 == rows.next_number()
    rows.insert_originals([original(8)], (), NOW)
    tables.execute("DELETE FROM queue")
    assert 9 == rows.next_number()
