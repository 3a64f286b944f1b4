"""How many bytes of unfinished request bodies are held at once: one caller may send a large body, many may not.

The first 64 KiB of a body are free: connections are bounded, and so are these.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from frontsim.errors import Busy

MOST_BYTES = 256 * 1024 * 1024
_FREE = 64 * 1024


class HeldBody:
    """One body that is being received."""

    def __init__(self, bodies: "UnfinishedBodies") -> None:
        self._bodies = bodies
        self._size = 0
        self.counted = 0

    def grow(self, size: int) -> None:
        """Count further bytes. Raises Busy: all bodies together would hold too many."""
        self._size += size
        more = max(0, self._size - _FREE) - self.counted
        if more:
            self._bodies.take(more)
            self.counted += more


class UnfinishedBodies:
    """The bytes of all bodies that are being received, in whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = 0

    @contextmanager
    def hold(self) -> Iterator[HeldBody]:
        """A body, until it is whole or broken off."""
        body = HeldBody(self)
        try:
            yield body
        finally:
            with self._lock:
                self._held -= body.counted

    def take(self, size: int) -> None:
        """Count bytes. Raises Busy: there would be too many."""
        with self._lock:
            if self._held + size > MOST_BYTES:
                raise Busy(
                    f"send fewer large bodies at once: those that are not whole hold {self._held:,} bytes, and at most "
                    f"{MOST_BYTES:,} may be held",
                    retry_after_s=1,
                )
            self._held += size
