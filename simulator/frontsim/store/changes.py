"""The newest changes of the log, numbered, for those who follow it.

A change gets its sequence number in the transaction that makes it, so no number is given twice, not even after a crash.
Only the newest changes are kept, in memory: a follower that was away for longer, or over a restart, gets `Missed`.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
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
        self._closing = asyncio.Event()

    def publish(self, changes: Sequence[Change]) -> None:
        """Add changes that were committed, and wake the followers."""
        if changes:
            self._newest.extend(changes)
            self.sequence += len(changes)
            self._wake()

    def close(self) -> None:
        self._closing.set()
        self._wake()

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()

    @property
    def closed(self) -> bool:
        """Whether there will be no more changes."""
        return self._closing.is_set()

    def after(self, sequence: int, *, most: int) -> Sequence[Change]:
        """The first changes with higher numbers, `most` of them at most.

        Raises:
            Missed: some of them are no longer kept.
        """
        new = self.sequence - sequence
        if new > len(self._newest):
            raise Missed
        begin = len(self._newest) - new
        return list(islice(self._newest, begin, begin + most))

    async def wait(self, sequence: int) -> None:
        """Wait until there are changes with higher numbers, or there will be no more."""
        while self.sequence <= sequence and not self.closed:
            await self._arrived.wait()

    async def wait_closed(self) -> None:
        """Wait until there will be no more changes."""
        await self._closing.wait()
