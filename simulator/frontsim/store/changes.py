"""The newest changes of the log, numbered, for those who follow it.

A change gets its sequence number in the transaction that makes it, so no number is given twice, not even after a crash.
Only the newest changes are kept, in memory: a follower that was away for longer, or over a restart, gets `Missed`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from itertools import islice

KEPT = 5_000


Change = tuple[str, object]
"""A change that is committed: its kind, and the fact itself, such as a Webhook, a Raised or a Finished."""


class Missed(Exception):
    """Changes after the requested one are no longer kept."""


class Changes:
    """The newest changes, and a way to wait for more; used on the event loop only."""

    def __init__(self, sequence: int, *, kept: int = KEPT) -> None:
        self.sequence = sequence
        self._newest: deque[Change] = deque(maxlen=kept)  # the last of them has the number `sequence`
        self._arrived = asyncio.Event()
        self._closed = False

    def publish(self, changes: Sequence[Change]) -> None:
        """Add changes that were committed, and wake the followers."""
        if changes:
            self._newest.extend(changes)
            self.sequence += len(changes)
            self._wake()

    def close(self) -> None:
        """End every follower."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()

    async def after(self, sequence: int) -> AsyncIterator[tuple[int, Sequence[Change]]]:
        """Batches of changes with higher numbers, each with the number of its first change, until `close`.

        Raises:
            Missed: some of them are no longer kept.
        """
        while not self._closed:
            arrived = self._arrived
            new = self.sequence - sequence
            if new > len(self._newest):
                raise Missed
            if new > 0:
                batch = list(islice(self._newest, len(self._newest) - new, None))
                first, sequence = sequence + 1, self.sequence
                yield first, batch
            else:
                await arrived.wait()
