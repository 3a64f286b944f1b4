"""The lines that `frontsim serve` prints, one for each delivery that is over, as long as that costs next to nothing.

    the log's changes ── ten times a second ──▶ up to 50 lines a second ──▶ a thread writes them to standard error
                                        │                                 │
                                        └──── "... 1,200 deliveries not shown", once a second ◀─ it is behind

Deliveries never wait for a line: a terminal that is stopped, or a pipe that nothing reads, holds up the thread alone.
"""

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from frontsim.api.stream import run_view
from frontsim.cli.delivery_line import delivery_line
from frontsim.clock import WireTime, stopwatch
from frontsim.domain.model import Finished
from frontsim.store.changes import Changes, Missed

_TICK_S = 0.1
_LINES_A_SECOND = 50
_MOST_AT_ONCE = 100  # lines, after a while without any
_MOST_CHANGES = 10_000  # looked at in one step
_WAITING = 4  # texts that a slow reader may have before it
_FLUSH_S = 0.2


class DeliveryLines:
    """Makes lines of what the log says of deliveries.

    Args:
        write: takes a text, and says whether it was taken.
        wire_time: writes moments.
        seconds: real time.
    """

    def __init__(
        self, write: Callable[[str], bool], wire_time: WireTime, *, seconds: Callable[[], float] = stopwatch
    ) -> None:
        self._write = write
        self._time = wire_time
        self._seconds = seconds
        self._allowed = float(_MOST_AT_ONCE)
        self._counted_at = self._told_at = seconds()
        self._not_shown = 0
        self._more = False

    async def follow(self, changes: Changes) -> None:
        """Print what ends from now on, until there is no more."""
        after = changes.sequence
        while not changes.closed:
            if not self._not_shown:
                await changes.wait(after)
            with suppress(TimeoutError):
                await asyncio.wait_for(changes.wait_closed(), _TICK_S)
            after = self._take_all(changes, after)
            self.tell_rest()
        self.tell_rest(at_once=True)

    def _take_all(self, changes: Changes, after: int) -> int:
        while after < changes.sequence:
            try:
                new = changes.after(after, most=_MOST_CHANGES)
            except Missed:
                self._not_shown, self._more = self._not_shown + 1, True
                return changes.sequence
            after += len(new)
            self.take([about for _, about in new if isinstance(about, Finished)])
        return after

    def take(self, over: Sequence[Finished]) -> None:
        """Show as many as the limit allows now, and count the rest. While some are only counted, show no later one."""
        now = self._seconds()
        self._allowed = min(_MOST_AT_ONCE, self._allowed + (now - self._counted_at) * _LINES_A_SECOND)
        self._counted_at = now
        some = 0 if self._not_shown else min(len(over), int(self._allowed))
        if some and not self._write("".join(f"{delivery_line(run_view(each, self._time))}\n" for each in over[:some])):
            some = 0
        self._allowed -= some
        self._not_shown += len(over) - some

    def tell_rest(self, *, at_once: bool = False) -> None:
        """Say how many were not shown, once a second."""
        now = self._seconds()
        if not self._not_shown:
            self._told_at = now
        elif at_once or now - self._told_at >= 1:
            more = " and more" if self._more else ""
            noun = "delivery" if self._not_shown == 1 else "deliveries"
            if self._write(f"... {self._not_shown:,} {noun}{more} not shown\n"):
                self._told_at, self._not_shown, self._more = now, 0, False


class LineWriter:
    """Writes to a descriptor, in a separate thread; takes nothing more while the reader is behind."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._texts: queue.Queue[bytes | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, name="frontsim-lines", daemon=True)
        self._thread.start()

    def write(self, text: str) -> bool:
        """Take a text to write; False if there is no room for it."""
        try:
            self._texts.put_nowait(text.encode(errors="replace"))
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Write what was taken, for as long as a stop may last."""
        with suppress(queue.Full):
            self._texts.put(None, timeout=_FLUSH_S)
            self._thread.join(_FLUSH_S)

    def _work(self) -> None:
        while text := self._texts.get():
            while text:
                try:
                    text = text[os.write(self._descriptor, text) :]
                except OSError:  # nothing reads it any more
                    return
