"""The hint for a name that was mistyped."""

import difflib
from collections.abc import Iterable

_LONGEST = 100


def near(name: str, known: Iterable[str]) -> str:
    """` (did you mean 'storm'?)`, or "" where no known name is near."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower()[:_LONGEST], by_lower, n=1)
    return f" (did you mean {by_lower[found[0]]!r}?)" if found else ""
