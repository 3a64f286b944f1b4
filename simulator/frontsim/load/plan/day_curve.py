"""How busy a chain of shops is hour by hour, as `frontsim simulate day` spreads its events."""

from collections.abc import Sequence

HOURS: Sequence[float] = (0.64, 0.74, 0.77, 1.0, 0.85, 0.71, 0.61, 0.61, 0.81, 0.92, 0.78, 0.42)
"""The events of each hour since the opening, as a share of the busiest hour's. A test compares them with the day."""


def users_at(passed: float, *, peak: int) -> int:
    """The number of users when the share `passed` of the day is over (0 to 1): at least one, at most `peak`."""
    hour = min(int(max(passed, 0.0) * len(HOURS)), len(HOURS) - 1)
    return max(1, round(HOURS[hour] * peak))
