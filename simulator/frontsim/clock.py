"""The only module, besides the CLI, that reads real time and the machine's load, sleeps and draws real random numbers.

Everything else gets a `Clock`. Simulator time is real time plus whatever the user has
advanced it by; it is kept in whole milliseconds since the Unix epoch, UTC, and never goes backwards
unless the user sets it back.
"""

import os
import re
import time
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

Milliseconds = int
"""A moment: milliseconds since 1970-01-01T00:00:00Z, in simulator time."""

EARLIEST: Milliseconds = -62_135_596_800_000
"""0001-01-01T00:00:00Z, the first moment that .NET's `DateTime` and Python's `datetime` can hold."""
LATEST: Milliseconds = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z, the last one, to the millisecond."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUERY_DATE = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<offset>Z|[+-]\d{2}:?\d{2})|(?P<spaced> \d{2}:?\d{2}))?",
    re.IGNORECASE,
)


_OVERLOAD = 8
"""The load for each core from which on programs wait for seconds."""
_TO_A_STEP = (0, -1, 1, 0, -1, 2, 1, 0, -1, 1)
"""By a moment's last digit, how many milliseconds lie between it and the nearest step of 1/300 s."""


class Clock:
    """Simulator time: the real clock, moved by the user.

    Args:
        now: seconds since the Unix epoch; a test passes its own.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._offset_ms = 0

    def now(self) -> Milliseconds:
        """The present moment, in the steps of the vendor's database: milliseconds ending in 0, 3 or 7."""
        moment = int(self._now() * 1000) + self._offset_ms
        return moment + _TO_A_STEP[moment % 10]

    def advance(self, seconds: float) -> None:
        """Move simulator time by so many seconds."""
        self._offset_ms += round(seconds * 1000)

    def set(self, moment: Milliseconds) -> None:
        """Make `moment` the present; time goes on from there."""
        self._offset_ms = moment - int(self._now() * 1000)

    def reset(self) -> None:
        """Back to real time."""
        self._offset_ms = 0

    @property
    def offset_s(self) -> float:
        """Seconds by which simulator time is ahead of real time."""
        return self._offset_ms / 1000

    def real_ms_until(self, moment: Milliseconds) -> int:
        """Real milliseconds until simulator time reaches `moment`; 0 when it has."""
        return max(0, moment - int(self._now() * 1000) - self._offset_ms)


stopwatch: Callable[[], float] = time.perf_counter
"""Seconds on a clock that only measures durations: it has no relation to the time of day."""


def overload(load: Callable[[], tuple[float, float, float]] = lambda: os.getloadavg()) -> str:
    """Why what came too late may be the machine's fault, to be added to a sentence; "" on most machines."""
    cores = os.cpu_count() or 1
    last_minute, *_ = load()
    if last_minute < _OVERLOAD * cores:
        return ""
    return f"; the machine is overloaded: {last_minute:.0f} programs want its {cores} cores, so try a quieter one"


@lru_cache(maxsize=1024)
def _second(second: int, zone: tzinfo) -> str:
    """The text of a whole second; a log's neighbours mostly share theirs."""
    return datetime.fromtimestamp(second, zone).replace(tzinfo=None).isoformat()  # strftime writes the year 1 as 1


class WireTime:
    """How moments are written to, and read from, the vendor's API.

    The vendor writes local time with no zone and cuts the trailing zeros of the fraction:
    `2021-12-09T08:50:46.02` (published, and seen in live data).

    Args:
        zone: the vendor's local zone.
        openapi: write `2021-12-09T07:50:46.0200000+00:00` instead, as the vendor's OpenAPI export does.
    """

    def __init__(self, zone: ZoneInfo, *, openapi: bool = False) -> None:
        self.zone = zone
        self._openapi = openapi

    def write(self, moment: Milliseconds) -> str:
        """The text of a moment, to the millisecond."""
        second, fraction = divmod(moment, 1000)
        if self._openapi:
            return f"{_second(second, UTC)}.{fraction:03}0000+00:00"
        text = _second(second, self.zone)
        return f"{text}.{fraction:03}".rstrip("0") if fraction else text

    def read(self, text: str, *, upper: bool = False) -> Milliseconds:
        """A moment from a query.

        Takes `2021-12-01`, `2021-12-01 08:50:46.02`, the `T` form, and either with `Z` or an offset
        such as `+01:00` (a blank in place of the plus, which a query without escapes turns into one, is
        taken for it). Without an offset it is the vendor's local time. In the hour that autumn
        repeats, a lower bound is the first and an upper bound the second pass; a time that spring skips
        is the moment of the change. So a window loses no event whose text lies in it, and two windows
        that meet lose none between them. Digits beyond the millisecond are dropped.

        A moment that UTC has before the year 1 or after 9999 is the first or the last that there is: .NET's
        `DateTime.MinValue` and `DateTime.MaxValue` are bounds that leave nothing out, whatever the zone.

        Raises:
            ValueError: with the text that came and the forms that are taken.
        """
        try:
            match = _QUERY_DATE.fullmatch(text.strip())
            if match is None:
                raise ValueError
            naive = datetime.fromisoformat(f"{match['date']}T{match['clock'] or '00:00:00'}")
            zone = match["offset"] or (f"+{match['spaced'].strip()}" if match["spaced"] else None)
            local = datetime.fromisoformat(f"{naive.isoformat()}{zone.upper()}") if zone else None
        except ValueError:
            raise ValueError(
                f"expected a date such as 2021-12-01, 2021-12-01 08:50:46.02 or 2021-12-01T08:50:46+01:00, "
                f"got {text[:64]!r}"
            ) from None
        fraction_ms = int((match["fraction"] or "0").ljust(3, "0")[:3])
        if local is None:
            first, second = (naive.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
            if _utc_s(second) < _utc_s(first):
                local, fraction_ms = self._change(first, second), 0
            else:
                local = second if upper else first
        return min(max(_utc_s(local) * 1000 + fraction_ms, EARLIEST), LATEST)

    def _change(self, before: datetime, after: datetime) -> datetime:
        """The moment at which the clock skips a local time; the arguments read that by its offsets before and after."""
        seconds = range(_utc_s(after), _utc_s(before) + 1)
        place = bisect_left(
            seconds,
            after.utcoffset() or timedelta(),
            key=lambda second: datetime.fromtimestamp(second, self.zone).utcoffset() or timedelta(),
        )
        return datetime.fromtimestamp(seconds[place], UTC)


def _utc_s(local: datetime) -> int:
    """Whole seconds since 1970, UTC: `astimezone` overflows at the first and last days that there are."""
    return (local.replace(tzinfo=UTC) - _EPOCH - (local.utcoffset() or timedelta())) // timedelta(seconds=1)


def utc_text(moment: Milliseconds) -> str:
    """A moment for programs: RFC 3339, UTC, to the millisecond."""
    second, fraction = divmod(moment, 1000)
    return f"{_second(second, UTC)}.{fraction:03}Z"


def local_text(moment: datetime, timespec: str = "milliseconds") -> str:
    """A moment for people: the time of this machine's zone, with its offset."""
    with suppress(OverflowError, ValueError, OSError):  # the first and last days that there are stay as they are
        moment = moment.astimezone()
    return moment.isoformat(timespec=timespec)


class RunTime:
    """When a run began, as its report says it (RFC 3339, UTC), and how long it has lasted."""

    def __init__(self) -> None:
        self.started_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._began_s = stopwatch()

    def duration_s(self) -> float:
        """Seconds from its beginning until now."""
        return stopwatch() - self._began_s


class Ids:
    """Ids that no other simulator has used.

    They are random on purpose, outside the seed: a receiver remembers the ids that it has seen, so two runs with one
    seed must not share them.
    """

    def webhook_id(self) -> UUID:
        """A random UUID (version 4)."""
        return UUID(bytes=os.urandom(16), version=4)

    def event_ids(self, count: int) -> list[bytes]:
        """`count` UUIDs (version 7 of RFC 9562, as 16 bytes) that sort in the order in which they are made.

        Their order keeps the log's index growing at its right edge, whatever its size. `is_event_id` knows them.
        """
        stamp = time.time_ns() // 1_000_000
        low = int.from_bytes(os.urandom(6), "big") | 1 << 48  # counted up within a call, for years below bit 49
        first = stamp << 80 | _MARK << 64 | 0b10 << 62 | low
        return [number.to_bytes(16, "big") for number in range(first, first + count)]


_MARK = 0x7F57
"""The version 7 and the mark of our ids: 12 bits, and 14 of those behind them, that are random in other such UUIDs."""


def is_event_id(text: str) -> bool:
    """Decides whether a simulator made an id (in lower case, with dashes).

    Of other ids of version 7 one in 2 ** 26 has the mark by chance, and none of another version.
    """
    return len(text) == 36 and text[13:23] == "-7f57-8001"


def uuid_text(raw: bytes) -> str:
    """The text form of the 16 bytes of a UUID: as `str(UUID(bytes=raw))`, in a quarter of the time."""
    digits = raw.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
