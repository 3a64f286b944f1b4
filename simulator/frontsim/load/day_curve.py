"""How busy a chain of shops is over its day, as the events of `frontsim simulate day` are spread over its hours."""

from collections.abc import Sequence

HOURS: Sequence[float] = (0.64, 0.74, 0.77, 1.0, 0.85, 0.71, 0.61, 0.61, 0.81, 0.92, 0.78, 0.42)
"""Of the busiest hour's events, the share of each hour from the opening on. A test holds it to the day."""


def users_at(passed: float, *, peak: int) -> int:
    """The users at work when the share `passed` of the day is over (0 to 1): at least one."""
    hour = min(int(max(passed, 0.0) * len(HOURS)), len(HOURS) - 1)
    return max(1, round(HOURS[hour] * peak))
