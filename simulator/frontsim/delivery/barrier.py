"""A barrier for simultaneous duplicates: each waits for the others before its last byte.

send 1  ... all but the last byte ─┐
send 2  ... all but the last byte ─┼─ all wait or have left ──▶ the last bytes leave in one turn of the event loop
send 3  failed, left ──────────────┘
"""

import asyncio
from collections.abc import Callable, Hashable


class Barrier:
    """Opens once, when each of its parties either waits at it or has left.

    A party that fails, or is never sent, must leave, so that it does not hold up the others.

    Args:
        parties: how many sends share it.

    Raises:
        ValueError: fewer than one party.
    """

    def __init__(self, parties: int) -> None:
        if parties < 1:
            raise ValueError(f"parties: expected 1 or more, got {parties}")
        self._missing = parties
        self._waiting: dict[Hashable, Callable[[], object]] = {}

    @property
    def is_open(self) -> bool:
        """Whether the parties have been let through."""
        return self._missing <= 0

    def wait(self, party: Hashable, release: Callable[[], object]) -> None:
        """Call `release` in the event loop's next turn after the barrier has opened."""
        if self._missing <= 0:
            asyncio.get_running_loop().call_soon(release)
            return
        self._waiting[party] = release
        self._one_less()

    def leave(self, party: Hashable) -> None:
        """Take a party out: it failed, or it will not be sent."""
        if self._waiting.pop(party, None) is None:
            self._one_less()

    def _one_less(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            waiting, self._waiting = self._waiting, {}
            loop = asyncio.get_running_loop()
            for release in waiting.values():
                loop.call_soon(release)
