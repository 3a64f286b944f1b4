"""Runs wait in memory in order for each destination, and never more bytes than are allowed."""

import pytest

from frontsim.domain.model import Delivery, Trigger
from frontsim.store import queue as memory_queue
from frontsim.store.queue import MemoryQueue


def delivery(number: int, *, destination: int = 1, body: bytes = b"{}") -> Delivery:
    return Delivery(
        number, number, 1, destination, Trigger.ORIGINAL, "w", "e", "SaleCreated", "http://a.example/", body, 0, None
    )


def test_what_waited_longest_is_taken_first() -> None:
    """Of the destination that is asked for; a destination without deliveries is forgotten."""
    queue = MemoryQueue()
    for number, destination in ((1, 1), (2, 2), (3, 1), (4, 1)):
        assert queue.add(delivery(number, destination=destination))

    assert [1, 3] == [item.run_id for item in queue.take(1, 2)]
    assert [4] == [item.run_id for item in queue.take(1, 2)]
    assert 1 not in queue
    assert 2 in queue


def test_what_does_not_fit_is_not_taken_in_until_there_is_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """All destinations share the bytes; taking some out, or dropping a destination, frees theirs."""
    monkeypatch.setattr(memory_queue, "MOST_BYTES", 2 * (500 + 100))
    queue, body = MemoryQueue(), bytes(100)
    assert queue.add(delivery(1, destination=1, body=body))
    assert queue.add(delivery(2, destination=2, body=body))
    assert not queue.add(delivery(3, destination=3))

    queue.take(1, 1)
    assert queue.add(delivery(4, destination=3, body=body))
    assert not queue.add(delivery(5, destination=3))

    queue.drop(2)
    assert 2 not in queue
    assert queue.add(delivery(6, destination=3, body=body))


def test_a_destination_without_deliveries_can_be_dropped() -> None:
    MemoryQueue().drop(7)
