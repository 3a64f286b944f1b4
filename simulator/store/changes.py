"""The newest changes of the log, numbered, for whoever wants to follow them.

A sequence number is given to a change in the transaction that makes it, so it is never given twice, not
even after a crash. Only the newest changes are kept, in memory: a follower that was away for longer, or
over a restart, is told that it missed some.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

KEPT = 5_000


class Change(NamedTuple):
    """Something that is now in the log. `about` is the fact itself: a Webhook, a Raised, a Finished ..."""

    sequence: int
    kind: str
    about: object


class Missed(Exception):
    """Changes after the one asked for are no longer kept."""


class Changes:
    """What happened lately, and a way to wait for more; used on the event loop only."""

    def __init__(self, sequence: int, *, kept: int = KEPT) -> None:
        self.sequence = sequence
        self._newest: deque[Change] = deque(maxlen=kept)
        self._arrived = asyncio.Event()
        self._closed = False

    def publish(self, changes: Sequence[Change]) -> None:
        """Add changes that were committed, and wake the followers."""
        if changes:
            self._newest.extend(changes)
            self.sequence = changes[-1].sequence
            self._wake()

    def close(self) -> None:
        """End every follower."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._arrived.set()
        self._arrived = asyncio.Event()

    async def after(self, sequence: int) -> AsyncIterator[Sequence[Change]]:
        """Batches of changes with a higher number, for as long as the simulator runs.

        Raises:
            Missed: some of them are gone.
        """
        while not self._closed:
            arrived = self._arrived
            oldest_kept = self._newest[0].sequence if self._newest else self.sequence + 1
            if sequence + 1 < oldest_kept:
                raise Missed
            if sequence < self.sequence:
                batch = [change for change in self._newest if change.sequence > sequence]
                sequence = batch[-1].sequence
                yield batch
            else:
                await arrived.wait()
