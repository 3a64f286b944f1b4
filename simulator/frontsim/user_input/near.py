"""The hint for a name that was mistyped; apart, because help and completion start without `fields` and orjson."""

import difflib
from collections.abc import Iterable
from itertools import islice

_LONGEST = 100
_MOST = 1_000  # names that are looked at: a caller's own payload may have any number


def near(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'storm'?)`, or "" where no known name is near."""
    by_lower = {each.lower(): each for each in islice(known, _MOST)}
    found = difflib.get_close_matches(name.lower()[:_LONGEST], by_lower, n=1)
    return f" (did you mean {str(by_lower[found[0]])!r}?)" if found else ""


def not_among(known: Iterable[str], name: str, *, expected: str) -> str:
    """`expected a scenario, got 'strom' (did you mean 'storm'?): steady, storm`: the hint stands before a long list."""
    names = list(known)
    return f"expected {expected}, got {name[:_LONGEST]!r}{near(name, names)}: {', '.join(names)}"
