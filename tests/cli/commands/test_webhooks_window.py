"""`--from` and `--to`."""

from datetime import UTC, date, datetime

import pytest

from frontsim.cli.commands.webhooks import last_days


@pytest.mark.parametrize(
    ("now", "from_", "to"),
    [
        # At 11:00Z it is 25 November in Kiritimati (+14) and 23 November at -12.
        (datetime(2026, 11, 24, 11, tzinfo=UTC), date(2026, 11, 16), date(2026, 11, 26)),
        (datetime(2026, 11, 24, 1, tzinfo=UTC), date(2026, 11, 16), date(2026, 11, 25)),
        (datetime(2026, 11, 24, 13, tzinfo=UTC), date(2026, 11, 17), date(2026, 11, 26)),
    ],
)
def test_the_last_days(now, from_, to):
    """The last seven days and the rest of today, whatever zone the API's dates are in."""
    assert (from_, to) == last_days(7, now)
