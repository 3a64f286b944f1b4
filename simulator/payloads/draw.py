"""Dice that show the same faces for the same (seed, purpose, number), in any order, on any machine.

    (seed, purpose, number) -> blake2b -> one pool of 512 bits -> each draw divides a few bits off

Nothing here keeps state between two numbers: payload 7 does not need payload 6 to have been made, so any
number of workers can share a range. A pool costs 1 us; seeding `random.Random` costs 7.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_LOW = 1 << 64
"""Below this the pool is filled up, so that the bias of a draw stays under 1 in 2**32 for limits to 2**32."""


class Dice:
    """The dice of one payload."""

    __slots__ = ("_key", "_pool", "_refills")

    def __init__(self, seed: int, purpose: str, number: int) -> None:
        self._key = f"{seed}/{purpose}/{number}".encode()
        self._refills = 0
        self._pool = int.from_bytes(blake2b(self._key).digest(), "little")

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit - 1`, all equally likely; `limit` is at most 2**32."""
        if self._pool < _LOW:
            self._refill()
        self._pool, drawn = divmod(self._pool, limit)
        return drawn

    def between(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def one_in(self, odds: int) -> bool:
        """True once in so many times."""
        return self.below(odds) == 0

    def pick(self, things: Sequence[T]) -> T:
        """One of the things."""
        return things[self.below(len(things))]

    def uuid(self) -> str:
        """A UUID (version 4) in its text form."""
        if self._pool < _LOW << 128:
            self._refill()
        self._pool, bits = divmod(self._pool, 1 << 128)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits >> 60 & 3]}{text[17:20]}-{text[20:]}"

    def _refill(self) -> None:
        self._refills += 1
        more = blake2b(self._key, salt=self._refills.to_bytes(16, "little")).digest()
        self._pool = self._pool << 512 | int.from_bytes(more, "little")


def spread(seed: int, purpose: str, limit: int) -> int:
    """A whole number below `limit` that belongs to a seed, for bases and offsets."""
    return int.from_bytes(blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest(), "little") % limit
