import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from frontsim.clock import EARLIEST, LATEST
from frontsim.payloads.world import moments


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2021-12-09T08:50:46.020", "2021-12-09T08:50:46.02"),
        ("2026-08-01T10:12:06.313", "2026-08-01T10:12:06.313"),
        ("2026-08-01T00:00:00.000", "2026-08-01T00:00:00"),
        ("2026-08-01T10:12:06.100", "2026-08-01T10:12:06.1"),
        ("2026-08-01T23:59:59.999", "2026-08-02T00:00:00"),
    ],
)
def test_a_moment_is_written_as_the_vendor_writes_it(moment: str, text: str) -> None:
    """No zone, trailing zeros of the fraction cut, milliseconds as SQL Server rounds them."""
    assert text == moments.text(moments.of(datetime.fromisoformat(moment)))


def test_milliseconds_end_in_0_3_or_7() -> None:
    """As in live data; over a second all 300 ticks are written, each in its own way."""
    texts = [moments.text(moments.of_number(0) // 300 * 300 + tick) for tick in range(300)]

    assert 300 == len(set(texts))
    for text in texts:
        fraction = text.partition(".")[2].ljust(3, "0")
        assert fraction[2] in "037"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?", text)


def test_a_date_has_no_time() -> None:
    """Dates are written as midnight."""
    assert moments.date_text(moments.of(datetime.fromisoformat("2026-08-01T17:03:00"))) == "2026-08-01T00:00:00"


def test_numbers_follow_each_other_while_the_shops_are_open() -> None:
    """One every three seconds from 09:00 to 21:00; number 14,400 opens the second day."""
    assert moments.text(moments.of_number(0)) == "2026-08-01T09:00:00"
    assert moments.text(moments.of_number(14_399)).startswith("2026-08-01T20:59:5")
    assert moments.text(moments.of_number(14_400)).startswith("2026-08-02T09:00:0")
    ordered = [moments.of_number(number) for number in range(3000)]
    assert ordered == sorted(ordered)


def test_the_opening_of_a_day_is_on_the_timeline() -> None:
    """`opening(n)` is 09:00 of the nth day."""
    assert moments.text(moments.opening(0)) == "2026-08-01T09:00:00"
    assert moments.text(moments.opening(31)) == "2026-09-01T09:00:00"


def test_the_next_opening_lies_ahead() -> None:
    """Of the same day before nine, of the next day after; never before the first day of all."""
    assert moments.next_opening(0) == moments.opening(0)
    assert moments.next_opening(moments.opening(3) - 1) == moments.opening(3)
    assert moments.next_opening(moments.opening(3)) == moments.opening(4)


def test_a_moment_beyond_the_calendar_is_still_written() -> None:
    """Numbers have no end, the calendar has: the last day stands for what is after it."""
    assert moments.text(10**15).startswith("9999-12-31T")


def test_a_moment_of_the_clock_is_local_time() -> None:
    """12:00:00.02 UTC in winter is 13:00 in Oslo; a clock at the end of time is as near as dates go."""
    oslo = ZoneInfo("Europe/Oslo")
    noon = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp() * 1000)

    assert "2026-01-05T13:00:00.02" == moments.text(moments.of_clock(noon + 20, oslo))
    assert "2026-07-05T14:00:00" == moments.text(moments.of_clock(noon + 181 * 86_400_000, oslo))
    assert moments.text(moments.of_clock(EARLIEST, oslo)).startswith("0001-01-01T")
    assert moments.text(moments.of_clock(LATEST, oslo)).startswith("9999-12-31T")
