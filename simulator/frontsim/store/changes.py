"""The newest changes of the log, numbered, for whoever wants to follow them.

A sequence number is given to a change in the transaction that makes it, so it is never given twice, not
even after a crash. Only the newest changes are kept, in memory: a follower that was away for longer, or
over a restart, is told that it missed some.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from itertools import islice

KEPT = 5_000


Change = tuple[str, object]
"""Something that is now in the log: its kind, and the fact itself, such as a Webhook, a Raised, a Finished."""


class Missed(Exception):
    """Changes after the one asked for are no longer kept."""


class Changes:
    """What happened lately, and a way to wait for more; used on the event loop only."""

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
        """Batches of changes with higher numbers, each with the first one's, for as long as the simulator runs.

        Raises:
            Missed: some of them are gone.
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
