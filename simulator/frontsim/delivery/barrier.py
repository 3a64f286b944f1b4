"""Where simultaneous duplicates wait for each other.

send 1  ...all but the last byte ─┐
send 2  ...all but the last byte ─┼─ all stand ─> the last bytes leave in one turn of the event loop
send 3  failed before, left ──────┘
"""

import asyncio
from collections.abc import Callable, Hashable


class Barrier:
    """Opens once, when each of its parties either stands at it or has left.

    A party that fails on its way leaves, so that it never keeps the others; so must, by its sender, a
    party that is never sent at all.

    Args:
        parties: how many sends share it.

    Raises:
        ValueError: fewer than one party.
    """

    def __init__(self, parties: int) -> None:
        if parties < 1:
            raise ValueError(f"parties: expected 1 or more, got {parties}")
        self._missing = parties
        self._standing: dict[Hashable, Callable[[], object]] = {}

    @property
    def is_open(self) -> bool:
        """Whether the parties have been let through."""
        return self._missing <= 0

    def stand(self, who: Hashable, release: Callable[[], object]) -> None:
        """Wait here; `release` is called in the event loop's next turn after the barrier has opened."""
        if self._missing <= 0:
            asyncio.get_running_loop().call_soon(release)
            return
        self._standing[who] = release
        self._one_less()

    def leave(self, who: Hashable) -> None:
        """Never mind that party: it failed, or it will not be sent."""
        if self._standing.pop(who, None) is None:
            self._one_less()

    def _one_less(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            standing, self._standing = self._standing, {}
            loop = asyncio.get_running_loop()
            for release in standing.values():
                loop.call_soon(release)
