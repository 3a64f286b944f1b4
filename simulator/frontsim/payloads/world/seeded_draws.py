"""Draws that follow from (seed, purpose, number): numbers, check digits, free text.

(seed, purpose, number) -> blake2b -> eight words of 64 bits -> each draw divides a few bits off a word

No state is kept between two numbers: payload 7 does not depend on payload 6, so any number of workers can share a
range. Eight words cost 1 us; seeding `random.Random` costs 7 us.

Long texts, quotes, backslashes, newlines, emoji, combining marks, right-to-left script, markup and what looks
like SQL or a template. All of it is valid JSON text, and a receiver must store it unchanged.
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


def gtin13(twelve: str) -> str:
    """Twelve digits and their GS1 check digit."""
    odd, even = sum(map(int, twelve[::2])), sum(map(int, twelve[1::2]))
    return f"{twelve}{-(odd + 3 * even) % 10}"


def gtin12(eleven: str) -> str:
    """Eleven digits and their GS1 check digit (the 12-digit form of the same code)."""
    return gtin13("0" + eleven)[1:]


def organization_number(country: str, serial: int) -> str:
    """A company number with a valid check digit: Norway 9 digits, Sweden 10, Denmark 8; others as Norway's.

    `serial` picks one; where a serial has no valid check digit, the next one that has is taken.
    """
    return _MAKERS.get(country, _norwegian)(serial)


def _norwegian(serial: int) -> str:
    return _modulo_11(f"{90_000_000 + serial % 9_999_900}", (3, 2, 7, 6, 5, 4, 3, 2))


def _danish(serial: int) -> str:
    return _modulo_11(f"{2_000_000 + serial % 1_999_900}", (2, 7, 6, 5, 4, 3, 2))


def _modulo_11(digits: str, weights: tuple[int, ...]) -> str:
    check = -sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return f"{digits}{check}" if check < 10 else _modulo_11(str(int(digits) + 1), weights)


def _swedish(serial: int) -> str:
    digits = f"556{serial % 1_000_000:06}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    return f"{digits}{-sum(each // 10 + each % 10 for each in doubled) % 10}"


_MAKERS = {"NO": _norwegian, "SE": _swedish, "DK": _danish}


_LONG = (
    "Kunden ringte og ba oss legge av varene til over helgen, fordi hun er på hytta uten dekning; "
    "hvis de ikke er hentet innen tirsdag kl. 18:00 skal de tilbake i hylla, og beløpet refunderes til samme kort. "
)

FREE_TEXTS: tuple[str, ...] = (
    "Gave \u2013 pakkes inn",
    "Hentes av sønnen",
    'Kunden sa: "bare ring på"',
    "Linje 1\nLinje 2\r\nLinje 3",
    "Tusen takk! 🎁🧦👍🏽",
    "Fönstret till höger, påskyltning",
    "Æresbevisning for lang og tro tjeneste: øl, pølser & ål",
    "C:\\kasse\\kvittering.txt\tkopi",
    "O'Hara & Sønn; DROP TABLE sale; --",
    '<b>Rabatt</b> & "spesialpris" <script>alert(1)</script>',
    "{{ customer.name }} %s %d ${total} {0}",
    "שלום · 東京 · Ελλάδα · naïve",
    "Cafe\u0301 a\u030a \u2013 sammensatte tegn",
    "  mellomrom foran og bak  ",
    "null",
    "0",
    _LONG.strip(),
    (_LONG * 12).strip(),
)
"""The texts, where there is one."""

_COLUMN_LENGTHS = (30, 50, 100, 255)
COLUMN_TEXTS: tuple[str, ...] = tuple(f"{(2 * _LONG)[:length].replace(' ', '-')}." for length in _COLUMN_LENGTHS)
"""Texts one character longer than columns often are, so that a cut is found."""

_EVERYDAY = (
    "Hentes i butikken",
    "Gave, pakkes inn",
    "Kunden ringer tilbake på fredag",
    "Betalt på forhånd",
    "Byttelapp følger med",
    "Ring ved ankomst",
    "Varen er sjekket og i orden",
    "Avtalt med butikksjefen i Tromsø",
)

COMMENTS: tuple[str | None, ...] = (*_EVERYDAY * 8, *FREE_TEXTS, "", *(None,) * 173)
"""One draw of a comment: null in 173 of 256, everyday text in 64, text that breaks careless receivers in 18."""
