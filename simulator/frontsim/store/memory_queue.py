"""Deliveries that wait in memory, a line for each destination: they need not be read back from the file."""

from collections import defaultdict, deque

from frontsim.domain.model import Delivery

MOST_BYTES = 10_000_000
"""Of the deliveries in all lines together."""
_BESIDE_THE_BODY = 500  # bytes of a delivery, about


class MemoryQueue:
    """The lines; what they cannot hold waits in the file alone."""

    def __init__(self) -> None:
        self._lines: defaultdict[int, deque[Delivery]] = defaultdict(deque)
        self._bytes = 0

    def __contains__(self, destination: int) -> bool:
        """Whether something waits for it here."""
        return destination in self._lines

    def add(self, delivery: Delivery) -> bool:
        """Put one at the end of its line; False if that would be too much."""
        size = _size(delivery)
        if self._bytes + size > MOST_BYTES:
            return False
        self._lines[delivery.destination].append(delivery)
        self._bytes += size
        return True

    def take(self, destination: int, most: int) -> list[Delivery]:
        """Take out those that have waited longest for a destination."""
        line = self._lines[destination]
        leaving = [line.popleft() for _ in range(min(len(line), most))]
        self._bytes -= sum(map(_size, leaving))
        if not line:
            del self._lines[destination]
        return leaving

    def drop(self, destination: int) -> None:
        """Empty a line."""
        self._bytes -= sum(map(_size, self._lines.pop(destination, ())))


def _size(delivery: Delivery) -> int:
    return len(delivery.body) + _BESIDE_THE_BODY
