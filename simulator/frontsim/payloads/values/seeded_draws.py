"""Random draws that follow from (seed, purpose, number) alone: the same on any machine, in any order.

    (seed, purpose, number) -> blake2b -> eight words of 64 bits -> each draw divides a few bits off a word

No state is kept between two numbers: payload 7 does not depend on payload 6, so any number of workers can share a
range. Eight words cost 1 us; seeding `random.Random` costs 7 us.
"""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_WORDS = struct.Struct("<8Q").unpack
_SPARE_BITS = 28
"""A word with fewer spare bits than this above the limit is replaced by the next word, so that the bias of a draw
stays below 1 in 2**28 for limits up to 2**32."""

_UUID_BITS = 0xFFFFFFFF_FFFF_0FFF_3FFF_FFFFFFFFFFFF
_UUID_VERSION_4 = 0x00000000_0000_4000_8000_000000000000
"""The bits of a UUID that are drawn, and the fixed ones: version and variant (RFC 9562)."""


class SeededDraws:
    """The draws of one payload."""

    __slots__ = ("_key", "_refills", "_word", "_words")

    def __init__(self, seed: int, purpose: str, number: int) -> None:
        self._key = f"{seed}/{purpose}/{number}".encode()
        self._refills = 0
        self._words: list[int] = list(_WORDS(blake2b(self._key).digest()))
        self._word = self._words.pop()

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit - 1`, all equally likely; `limit` is at most 2**40."""
        word = self._word
        if word < limit << _SPARE_BITS:
            word = self._next_word()
        self._word = word // limit
        return word % limit

    def pick(self, things: Sequence[T]) -> T:
        limit, word = len(things), self._word  # the body of `below`, inlined: the call would cost half as much again
        if word < limit << _SPARE_BITS:
            word = self._next_word()
        self._word = word // limit
        return things[word % limit]

    def between(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def one_in(self, odds: int) -> bool:
        """True with a chance of 1 in `odds`."""
        word = self._word  # inlined, as in `pick`
        if word < odds << _SPARE_BITS:
            word = self._next_word()
        self._word = word // odds
        return word % odds == 0

    def uuid(self) -> str:
        """A UUID (version 4) in its text form."""
        words = self._words
        high, low = (words.pop(), words.pop()) if len(words) > 1 else (self._next_word(), self._next_word())
        bits = (high << 64 | low) & _UUID_BITS | _UUID_VERSION_4
        text = bits.to_bytes(16, "big").hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _next_word(self) -> int:
        if not self._words:
            self._refills += 1
            self._words = list(_WORDS(blake2b(self._key, salt=self._refills.to_bytes(16, "little")).digest()))
        return self._words.pop()


def spread(seed: int, purpose: str, limit: int) -> int:
    """A whole number below `limit` that follows from the seed, for bases and offsets."""
    return int.from_bytes(blake2b(f"{seed}/{purpose}".encode(), digest_size=8).digest(), "little") % limit
