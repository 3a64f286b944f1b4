"""How many deliveries are on their way to one destination at once; what is handed out beyond that waits here.

    store ── begun, and some ahead ──▶ line ── a lane is free ──▶ leaves ── over, or put back ──▶ the next leaves

The store hands out a few more than there are lanes, so that a lane that gets free is taken at once, not after the
commit that writes why. What waits here is begun for the log, but not a byte of it was sent, and no rule has struck it.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from frontsim.domain.model import Delivery


class _Way:
    """To one destination."""

    __slots__ = ("busy", "line", "moving", "urgent")

    def __init__(self) -> None:
        self.urgent: deque[Delivery] = deque()
        self.line: deque[Delivery] = deque()
        self.busy = 0
        self.moving = False


class Lanes:
    """The lanes to all destinations, on one event loop.

    Args:
        width: how many lanes there are to each destination.
        leave: called with each delivery that has a lane now; it may call `free` before it returns.
    """

    def __init__(self, width: int, leave: Callable[[Delivery], None]) -> None:
        self._width = width
        self._leave = leave
        self._ways: defaultdict[int, _Way] = defaultdict(_Way)
        self._taken: dict[int, _Way] = {}  # by the run's number, which no reset gives a second time
        self._held = False

    def join(self, delivery: Delivery, *, urgent: bool = False) -> None:
        """Wait for a lane; `move` lets it go. What is urgent goes before what is not."""
        way = self._ways[delivery.destination]
        (way.urgent if urgent else way.line).append(delivery)

    def move(self, destinations: Iterable[int]) -> None:
        """Let leave what finds a lane free, those that came first before the others."""
        for destination in destinations:
            self._move(self._ways[destination])

    def take(self, delivery: Delivery) -> None:
        """It leaves without waiting, beside the lanes; while it is on its way, one of them stays free for it."""
        way = self._ways[delivery.destination]
        way.busy += 1
        self._taken[delivery.run_id] = way

    def free(self, delivery: Delivery) -> None:
        """It is over, or put back: the next may leave. One that has no lane changes nothing."""
        way = self._taken.pop(delivery.run_id, None)
        if way is not None:
            way.busy -= 1
            self._move(way)

    def hold(self) -> None:
        """Let nobody leave until `go_on`."""
        self._held = True

    def go_on(self) -> None:
        """Let leave again."""
        self._held = False
        self.move(list(self._ways))

    def drop(self, *, before: int) -> None:
        """As `clear`, but for runs with that number or higher: those go on waiting."""
        for delivery in self.clear():
            if delivery.run_id >= before:
                self.join(delivery)

    def clear(self) -> list[Delivery]:
        """Take out all that waits, and begin anew: what is on its way takes nobody's lane any more."""
        waiting = [item for way in self._ways.values() for item in (*way.urgent, *way.line)]
        for way in self._ways.values():
            way.urgent.clear()
            way.line.clear()
        self._ways.clear()
        return waiting

    def _move(self, way: _Way) -> None:
        if way.moving:  # further up the stack
            return
        way.moving = True
        try:
            while way.busy < self._width and (way.urgent or way.line) and not self._held:
                delivery = (way.urgent or way.line).popleft()
                way.busy += 1
                self._taken[delivery.run_id] = way
                self._leave(delivery)
        finally:
            way.moving = False
