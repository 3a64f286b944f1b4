"""Deliveries that wait in memory, a queue for each destination, so that they need not be read back from the file."""

from collections import defaultdict, deque
from collections.abc import Collection

from frontsim.domain.model import Delivery

MOST_BYTES = 10_000_000
"""Bytes of the deliveries in all queues together; what does not fit waits in the file alone."""
_BESIDE_THE_BODY = 500  # bytes of a delivery, about


class MemoryQueue:
    """The queues of all destinations, and their bytes."""

    def __init__(self) -> None:
        self._queues: defaultdict[int, deque[Delivery]] = defaultdict(deque)
        self._bytes = 0

    def __contains__(self, destination: int) -> bool:
        """Whether something waits for that destination here."""
        return destination in self._queues

    def add(self, delivery: Delivery) -> bool:
        """Append a delivery; False if there is no space for it."""
        size = len(delivery.body) + _BESIDE_THE_BODY
        if self._bytes + size > MOST_BYTES:
            return False
        self._queues[delivery.destination].append(delivery)
        self._bytes += size
        return True

    def take(self, destination: int, most: int) -> list[Delivery]:
        """Take out the deliveries that have waited longest for a destination."""
        queue = self._queues[destination]
        taken = list(self._queues.pop(destination)) if len(queue) <= most else [queue.popleft() for _ in range(most)]
        self._bytes -= _size(taken)
        return taken

    def drop(self, destination: int) -> None:
        """Empty the queue of a destination."""
        self._bytes -= _size(self._queues.pop(destination, ()))


def _size(deliveries: Collection[Delivery]) -> int:
    return sum([len(delivery.body) for delivery in deliveries]) + _BESIDE_THE_BODY * len(deliveries)
