"""Whether a mistake that receivers make explains why a column differs from the field whose name it has. Pure.

Such a column may be the receiver's own: the day's total, the net of gift cards, an order type of its own list. These
differ from what was sent, and have lost nothing. So only a difference that a known mistake makes is a loss: a number
that was rounded, cut off at its type's end, without its sign, or added again; a text without some of its letters, or in
the wrong charset.
"""

import html
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from frontsim.verification.facts.rewritten_texts import digits, is_masked

_WORD = re.compile(r"[\W_]+")
_ROUNDED = Decimal(1)
"""A whole unit: a number may have been rounded or cut to that."""
_SINGLE = Decimal("1e-6")
"""How far a float of 32 bits is off, as a part of the number."""
_SHORTEST_COLUMN = 4
"""Letters: what is shorter may be a code of the receiver's own."""
_REPLACED = " ?\ufffd"
_LIMITS = frozenset(2**bits - 1 for bits in (15, 16, 31, 32))
_LEAST_DIGITS = 5
"""Nines: fewer, such as 99, may be an amount of its own."""


def letters(text: str) -> str:
    """Letters and digits alone, in one case: what is left of a text in any spelling."""
    return _WORD.sub("", unicodedata.normalize("NFC", text).casefold())


def number_is_lost(sent: Decimal, kept: Decimal, *, runs: int, unit: Decimal = _ROUNDED) -> bool:
    """Whether a number was rounded by less than a `unit`, cut off, lost its sign, or was added at each of `runs`."""
    rounded_by = max(unit, abs(sent) * _SINGLE)
    is_limit = abs(kept) < abs(sent) and _is_a_types_limit(abs(kept))
    is_sum = any(kept == number * sent for number in range(2, runs + 1))
    return abs(sent - kept) < rounded_by or kept == -sent or is_limit or is_sum


def text_is_lost(sent: str, kept: str) -> bool:
    """Whether letters are missing, or others stand for those outside ASCII; an empty text has none to lose."""
    before, after = letters(sent), letters(kept)
    if is_masked(sent, kept) or _has_the_digits_alone(before, after):
        return False
    if not after:
        return bool(before) and not kept.strip(_REPLACED)
    if _is_rest(after, before) or html.unescape(kept) == sent:
        return True
    in_other_letters = not before.isascii() and len(after) >= len(before)
    return in_other_letters and _is_within(_in_charset("ascii", before), after)


def _is_rest(after: str, before: str) -> bool:
    """Whether letters are missing: some here and there, the end, or all that a charset does not have."""
    is_most = 2 * len(after) >= len(before) and _is_within(after, before)
    is_start = len(after) >= _SHORTEST_COLUMN and before.startswith(after)
    return is_most or is_start or after in (_in_charset("ascii", before), _in_charset("latin-1", before))


def _in_charset(charset: str, text: str) -> str:
    return text.encode(charset, "ignore").decode(charset)


def _has_the_digits_alone(before: str, after: str) -> bool:
    """As a receiver may keep an account or a tax number."""
    return after.isdigit() and after == digits(before)


def as_number(value: Any) -> Decimal | None:
    """A finite number in any form."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_a_types_limit(number: Decimal) -> bool:
    """The largest number of a type: 99999.99, 32767."""
    digits = str(number).replace(".", "")
    return number in _LIMITS or (len(digits) >= _LEAST_DIGITS and set(digits) == {"9"})


def _is_within(part: str, whole: str) -> bool:
    """Whether `whole` has the letters of `part` in their order, with others between them."""
    rest = iter(whole)
    return all(letter in rest for letter in part)
