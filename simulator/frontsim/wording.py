"""Parts of sentences that messages share: counted nouns, names in a row, and the hint for a name that was mistyped.

It stands below everything and imports little, because help and completion start with it.
"""

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice

_LONGEST = 100
_MOST = 1_000  # names that are looked at: a caller's own payload may have any number


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 event`, `1,204 events`; `plural` is for what takes more than an s, such as a noun with its verb."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def times(number: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def is_or_are(number: int) -> str:
    """The verb behind a number of things."""
    return "is" if number == 1 else "are"


def in_a_row(names: Sequence[str], *, most: int = 0) -> str:
    """`a, b and c`; with `most`, the first of them and how many more there are: `a, b, c and 4 more`."""
    more = len(names) - most if most else 0
    listed = [*names[:most], f"{more:,} more"] if more > 0 else list(names)
    return " and ".join(filter(None, (", ".join(listed[:-1]), *listed[-1:])))


def near(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'storm'?)`, or "" where no known name is near."""
    by_lower = {each.lower(): each for each in islice(known, _MOST)}
    found = difflib.get_close_matches(name.lower()[:_LONGEST], by_lower, n=1)
    return f" (did you mean {str(by_lower[found[0]])!r}?)" if found else ""


def not_among(known: Iterable[str], name: str, *, expected: str) -> str:
    """`expected a scenario, got 'strom' (did you mean 'storm'?): steady, storm`: the hint stands before a long list."""
    names = list(known)
    return f"expected {expected}, got {name[:_LONGEST]!r}{near(name, names)}: {', '.join(names)}"


def first_paragraph(documented: type) -> str:
    """The first paragraph of a class's docstring, in one line: what a list shows of it."""
    return " ".join((documented.__doc__ or "").partition("\n\n")[0].split())
