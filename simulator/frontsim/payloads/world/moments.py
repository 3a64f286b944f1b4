"""Moments in payloads: their form on the wire, and those of triggered events.

A tick is 1/300 s, so milliseconds end in 0, 3 or 7 (seen in live data). Moments are the vendor's local time
without a zone, and are written with the fraction's trailing zeros cut (published): `2021-12-09T08:50:46.02`.

Each event is at least one tick (1/300 s) after the one before, so that a later state of a customer or an order has a
later time. At more than 300 events a second the moments run ahead of the clock; at `MOST_AHEAD` they return to it.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Ticks = int
"""A moment: 1/300 s since 2000-01-01T00:00:00, vendor local time."""

SECOND: Ticks = 300
MINUTE: Ticks = 60 * SECOND
HOUR: Ticks = 60 * MINUTE
DAY: Ticks = 24 * HOUR

_ORIGIN = datetime(2000, 1, 1)  # noqa: DTZ001 - the vendor's moments carry no zone
_FIRST_DAY = _ORIGIN.toordinal()
_UNIX_EPOCH: Ticks = (date(1970, 1, 1).toordinal() - _FIRST_DAY) * DAY
_MICROSECONDS_PER_3_TICKS = 10_000

_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
_MINUTES = tuple(f"T{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_FRACTIONS = tuple(
    f".{tick // 3:02}{'037'[tick % 3]}".rstrip("0").rstrip(".") for tick in range(SECOND)
)  # 0 -> "", 1 -> ".003", 6 -> ".02", 94 -> ".313"


def of(moment: datetime) -> Ticks:
    """The tick nearest to a naive local moment."""
    microseconds = (moment - _ORIGIN) // timedelta(microseconds=1)
    return (microseconds * 3 + _MICROSECONDS_PER_3_TICKS // 2) // _MICROSECONDS_PER_3_TICKS


def of_clock(moment_ms: int, zone: ZoneInfo) -> Ticks:
    """The tick of a clock's moment (milliseconds since 1970, UTC), in the local time of a zone."""
    try:
        offset = datetime.fromtimestamp(moment_ms // 1000, zone).utcoffset() or timedelta()
    except (OverflowError, ValueError):  # local time before the year 1 or after 9999
        offset = timedelta()
    local_ms = moment_ms + offset // timedelta(milliseconds=1)
    return _UNIX_EPOCH + (local_ms * 3 + 5) // 10


def text(moment: Ticks) -> str:
    """The wire form of a moment."""
    ticks = moment % DAY
    seconds = ticks // SECOND
    return f"{_date(moment // DAY)}{_MINUTES[seconds // 60]}{_TWO_DIGITS[seconds % 60]}{_FRACTIONS[ticks % SECOND]}"


def date_text(moment: Ticks) -> str:
    """The wire form of a moment's date: `2026-08-01T00:00:00`."""
    return _date(moment // DAY) + "T00:00:00"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    ordinal = min(max(_FIRST_DAY + day, date.min.toordinal()), date.max.toordinal())
    return date.fromordinal(ordinal).isoformat()


_OPENING = of(datetime(2026, 8, 1, 9))  # noqa: DTZ001 - as above
_OPEN_FOR = 12 * HOUR
_PACE = 3 * SECOND
_PACES_A_DAY = _OPEN_FOR // _PACE


def opening(day: int) -> Ticks:
    """When the shops open on that day of the timeline: 09:00, from 2026-08-01 on."""
    return _OPENING + day * DAY


def next_opening(moment: Ticks) -> Ticks:
    """The first opening that lies after a moment; the first of all, for a moment before it."""
    return opening(max(0, (moment - _OPENING) // DAY + 1))


def of_number(number: int) -> Ticks:
    """When the payload of that number happens: a trading timeline that depends on nothing else.

    One every three seconds while the shops are open, from 09:00 to 21:00, every day from 2026-08-01 on:
    number 14,400 opens the second day. The fraction is spread by a step that shares no factor with 300.
    """
    days, paces = number // _PACES_A_DAY, number % _PACES_A_DAY
    return opening(days) + paces * _PACE + number * 607 % _PACE


MOST_AHEAD: Ticks = 2 * SECOND


class EventTimes:
    """Hands out moments.

    Args:
        now: the clock, in the vendor's local time.
    """

    def __init__(self, now: Callable[[], Ticks]) -> None:
        self._now = now
        self._next: Ticks | None = None

    def take(self, count: int = 1) -> Ticks:
        """The first of `count` moments, one tick apart, for the next events."""
        now = self._now()
        first = now
        if self._next is not None and now < self._next <= now + MOST_AHEAD:
            first = self._next
        self._next = first + count
        return first
