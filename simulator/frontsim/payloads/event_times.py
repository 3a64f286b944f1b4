"""The moments at which triggered events happen: the simulator's clock, so that a payload's times and the log's agree.

Each event is at least one tick (1/300 s) after the one before, so that a later state of a customer or an order has a
later time. At more than 300 events a second the moments run ahead of the clock; at `MOST_AHEAD` they return to it.
"""

from collections.abc import Callable

from frontsim.payloads.values.moments import SECOND, Ticks

MOST_AHEAD: Ticks = 2 * SECOND


class EventTimes:
    """Hands out moments.

    Args:
        now: the clock, in the vendor's local time.
    """

    def __init__(self, now: Callable[[], Ticks]) -> None:
        self._now = now
        self._next: Ticks | None = None

    def take(self, count: int = 1) -> Ticks:
        """The first of `count` moments, one tick apart, for the next events."""
        now = self._now()
        first = now
        if self._next is not None and now < self._next <= now + MOST_AHEAD:
            first = self._next
        self._next = first + count
        return first
