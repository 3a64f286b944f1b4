"""The rest of a run, for a scenario that waits until all others have ended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from frontsim.clock import stopwatch

_LOOK_S = 0.02


def _over() -> Event:
    over = Event()
    over.set()
    return over


@dataclass(frozen=True, slots=True)
class RestOfRun:
    """Signals between a scenario that waits and the threads that play the others; by default there are no others.

    Attributes:
        is_awaited: the scenario has begun to wait, and sends nothing more until the end.
        is_over: all others are played.
    """

    is_awaited: Event = field(default_factory=Event)
    is_over: Event = field(default_factory=_over)

    def wait(self, pause: Callable[[float], None], *, least_s: float) -> float:
        """Wait until the rest is over, and at least for `least_s`; gives the seconds that it took."""
        began_s = stopwatch()
        self.is_awaited.set()
        while not self.is_over.is_set() or stopwatch() - began_s < least_s:
            pause(_LOOK_S)
        return stopwatch() - began_s
