"""Many time limits of the same length on one timer.

Because all limits of one `Deadlines` are equally long, they expire in the order in which they began. One timer, set on
the oldest, serves them all: beginning or ending a limit costs a dictionary entry, not a timer.

Time is counted fairly: if the event loop was busy, what arrived before the deadline may still wait in the kernel. So
when the timer fires, the loop reads once more from all sockets before anything expires.

    timer fires ─▶ (the loop may poll only now) ─▶ sockets are read ─▶ expire what is still in
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from frontsim.clock import stopwatch

T = TypeVar("T", bound=Hashable)


@asynccontextmanager
async def fair_timeout(span_s: float) -> AsyncIterator[None]:
    """`asyncio.timeout`, counted as fairly: the loop reads once more before it expires.

    Raises:
        TimeoutError
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        waiting = True

        def expire() -> None:
            if waiting:
                limit.reschedule(loop.time())

        timer = loop.call_later(span_s, loop.call_soon, loop.call_soon, expire)
        try:
            yield
        finally:
            waiting = False
            timer.cancel()


class Deadlines(Generic[T]):
    """Calls `expire(item)` once for each item that stays in for `span_s` seconds.

    `expire` may take items in and out of this same `Deadlines`. Used on one event loop only.
    """

    def __init__(self, span_s: float, expire: Callable[[T], object]) -> None:
        self._span_s = span_s
        self._expire = expire
        self._begins: dict[T, float] = {}
        self._timer: asyncio.Handle | None = None

    def __len__(self) -> int:
        return len(self._begins)

    def __iter__(self) -> Iterator[T]:
        return iter(self._begins)

    def add(self, item: T, now: float) -> None:
        """Begin an item's time, at `now` on the stopwatch; it is not in already."""
        self._begins[item] = now
        if self._timer is None:
            self._set_timer(self._span_s)

    def discard(self, item: T) -> bool:
        """End an item's time before it runs out; False when it was not in."""
        return self._begins.pop(item, None) is not None

    def clear(self) -> None:
        self._begins.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, delay_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._on_timer)

    def _on_timer(self) -> None:
        latest = stopwatch() - self._span_s
        loop = asyncio.get_running_loop()
        # Two steps, because the first may run in the same turn of the loop, before it polls.
        self._timer = loop.call_soon(lambda: self._after_poll(latest))

    def _after_poll(self, latest: float) -> None:
        self._timer = asyncio.get_running_loop().call_soon(self._expire_all, latest)

    def _expire_all(self, latest: float) -> None:
        self._timer = None
        over = []
        for item, begin in self._begins.items():
            if begin > latest:
                self._set_timer(begin - latest)
                break
            over.append(item)
        try:
            for item in over:
                if self.discard(item):  # an earlier item's expiry may have removed it
                    self._expire(item)
        finally:
            if self._begins and self._timer is None:  # an expiry that raises must not stop the others
                self._set_timer(0)
