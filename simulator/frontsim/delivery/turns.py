"""Turns for steps that cost much: one in each turn of the event loop, and the origins in rotation.

What is cheap, such as a delivery on an open connection, is never queued here. Without turns a receiver that makes us
open a connection for each delivery, or that sends long answers on all its connections, would fill each turn of the loop
with its own work, and all others would wait for that.

    origin A   open, read on, read on, read on ─┐
    origin B   open ────────────────────────────┼─▶ A, B, A, A, A: one in each turn of the loop
                                                    beside it in each turn: every cheap step of every origin

While nothing else is to be done, a turn of the loop takes some microseconds, so turns cost an idle simulator nothing.
"""

import asyncio
from collections import deque
from collections.abc import Callable

Step = Callable[[], object]


class Turns:
    """The steps that wait for their turn, by origin; used on one event loop only."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[Step, int]]] = {}  # the origin whose turn is next comes first
        self._ticking = False
        self._skip = 0

    def take(self, origin: str, step: Step, *, cost: int = 1) -> None:
        """Call `step` when it is the origin's turn: at once if nothing waits.

        Args:
            origin: steps of one origin are called in their order.
            step: must not raise.
            cost: how many turns the step uses up.
        """
        if self._ticking:
            self._waiting.setdefault(origin, deque()).append((step, cost))
        else:
            self._ticking = True
            self._call(step, cost)

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()

    def _call(self, step: Step, cost: int) -> None:
        self._skip = cost - 1
        asyncio.get_running_loop().call_soon(self._tick)
        step()

    def _tick(self) -> None:
        if self._skip > 0:
            self._skip -= 1
            asyncio.get_running_loop().call_soon(self._tick)
        elif self._waiting:
            origin = next(iter(self._waiting))
            steps = self._waiting.pop(origin)
            step, cost = steps.popleft()
            if steps:
                self._waiting[origin] = steps
            self._call(step, cost)
        else:
            self._ticking = False
