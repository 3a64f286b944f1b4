"""Time: simulator time, the vendor's written form, and identities."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontsim.clock import (
    EARLIEST,
    LATEST,
    Clock,
    Ids,
    WireTime,
    is_event_id,
    local_text,
    overload,
    utc_text,
    uuid_text,
)

OSLO = WireTime(ZoneInfo("Europe/Oslo"))


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_moving_the_clock():
    """Advanced, set and set back; a real second is a second of the simulator."""
    seconds = [1000.0]
    clock = Clock(lambda: seconds[0])
    assert (1_000_000, 0) == (clock.now(), clock.offset_s)
    clock.advance(3600)
    assert (4_600_000, 3600) == (clock.now(), clock.offset_s)
    seconds[0] += 1
    assert 4_601_000 == clock.now()
    assert 9_000 == clock.real_ms_until(4_610_000)
    assert 0 == clock.real_ms_until(4_600_000)
    clock.set(50_000)
    assert (50_000, -951) == (clock.now(), clock.offset_s)
    clock.reset()
    assert (1_001_000, 0) == (clock.now(), clock.offset_s)


@pytest.mark.parametrize(("moment", "step"), [(0, 0), (1, 0), (2, 3), (4, 3), (5, 7), (8, 7), (9, 10), (999, 1000)])
def test_now_is_a_step_of_the_vendors_database(moment: int, step: int):
    """Milliseconds end in 0, 3 or 7 (seen in live data)."""
    clock = Clock(lambda: 0.0)
    clock.set(moment)
    assert step == clock.now()


@given(st.integers(0, 2**42))
def test_a_step_is_never_far(moment: int):
    """Off by at most 2 ms."""
    clock = Clock(lambda: 0.0)
    clock.set(moment)
    assert abs(clock.now() - moment) <= 2
    assert clock.now() % 10 in (0, 3, 7)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2021-12-09T07:50:46.020+00:00", "2021-12-09T08:50:46.02"),
        ("2026-08-01T08:12:06.313+00:00", "2026-08-01T10:12:06.313"),
        ("2026-07-31T22:00:00+00:00", "2026-08-01T00:00:00"),
        ("2026-12-31T23:30:00+00:00", "2027-01-01T00:30:00"),
        ("2026-03-29T00:59:59.997+00:00", "2026-03-29T01:59:59.997"),
        ("2026-03-29T01:00:00+00:00", "2026-03-29T03:00:00"),
        ("1969-12-31T23:59:59.900+00:00", "1970-01-01T00:59:59.9"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:43:00"),
        ("0999-06-01T00:00:00+00:00", "0999-06-01T00:43:00"),
    ],
)
def test_the_written_form(moment: str, text: str):
    """Local time, no zone, trailing zeros cut; midnight, the turn of the year, and the hour that spring skips."""
    assert text == OSLO.write(ms(moment))


def test_the_openapi_form():
    """Seven digits and an offset of nothing, as in the vendor's export."""
    assert "2021-12-09T07:50:46.0200000+00:00" == WireTime(ZoneInfo("Europe/Oslo"), openapi=True).write(
        ms("2021-12-09T07:50:46.02+00:00")
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-12-01", "2021-11-30T23:00:00+00:00"),
        ("2021-12-01 08:50:46.02", "2021-12-01T07:50:46.020+00:00"),
        ("2021-12-01T08:50:46.1234567", "2021-12-01T07:50:46.123+00:00"),
        ("2021-12-01 08:50", "2021-12-01T07:50:00+00:00"),
        ("2021-12-01T08:50:46Z", "2021-12-01T08:50:46+00:00"),
        ("2021-12-01T08:50:46 +0100", "2021-12-01T07:50:46+00:00"),
        ("2021-12-01T08:50:46-05:30", "2021-12-01T14:20:46+00:00"),
        (" 2021-12-01 ", "2021-11-30T23:00:00+00:00"),
        ("2021-12-01z", "2021-12-01T00:00:00+00:00"),
    ],
)
def test_reading_dates(text: str, moment: str):
    """Every form that a query may have."""
    assert ms(moment) == OSLO.read(text)


@pytest.mark.parametrize("zone", ["Europe/Oslo", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize("offset", ["", "Z", "+00:00", " 00:00", "+14:00", "-12:00"])
def test_the_first_and_the_last_date_that_dotnet_has(zone: str, offset: str):
    """DateTime.MinValue and MaxValue leave nothing out, whatever zone or offset would carry them out of UTC's years."""
    wire_time = WireTime(ZoneInfo(zone))
    day = 24 * 3600 * 1000
    first = wire_time.read(f"0001-01-01T00:00:00.0000000{offset}")
    last = wire_time.read(f"9999-12-31T23:59:59.9999999{offset}", upper=True)
    assert EARLIEST <= first < EARLIEST + day
    assert LATEST - day < last <= LATEST
    assert first == wire_time.read(f"0001-01-01T00:00:00{offset}")


def test_what_lies_beyond_utcs_years_is_cut_to_them():
    """Oslo's first midnight lies 43 minutes before UTC's, the last hours of New York's last day behind UTC's last."""
    assert (EARLIEST, ms("0001-01-01T00:00:00+00:00")) == (OSLO.read("0001-01-01"), EARLIEST)
    assert LATEST == WireTime(ZoneInfo("America/New_York")).read("9999-12-31T23:59:59.9999999")
    assert LATEST == OSLO.read("9999-12-31T23:59:59.9999999Z")
    assert LATEST - 3_600_000 == OSLO.read("9999-12-31T23:59:59.9999999")


def test_the_hour_that_autumn_repeats():
    """A lower bound is its first pass, an upper bound its second: a window loses nothing."""
    assert ms("2026-10-25T00:30:00+00:00") == OSLO.read("2026-10-25T02:30")
    assert ms("2026-10-25T01:30:00+00:00") == OSLO.read("2026-10-25T02:30", upper=True)


def test_a_time_that_spring_skips_is_the_moment_of_the_change():
    """Also with a fraction, which would carry it beyond."""
    change = ms("2027-03-28T01:00:00+00:00")
    for text in ("2027-03-28T02:00", "2027-03-28T02:30:00.5", "2027-03-28T02:59:59.999"):
        assert (change, change) == (OSLO.read(text), OSLO.read(text, upper=True))


@pytest.mark.parametrize("zone", sorted(available_timezones()))
def test_no_window_loses_a_moment_that_its_texts_enclose(zone: str):
    """Around every change of every zone that `--timezone` takes, in three years: all windows of quarters of an hour.

    Two windows that meet lose none between them either: what is not before their common bound is behind it.
    """
    wire_time = WireTime(ZoneInfo(zone))
    for change in changes(ZoneInfo(zone)):
        moments = [change * 1000 + quarter * 900_000 for quarter in range(-12, 13)]
        moments += [change * 1000 - 1, change * 1000 + 3]
        written = {moment: wire_time.write(moment) for moment in moments}
        walls = [datetime.fromisoformat(text) for text in written.values()]
        quarters = (max(walls) - min(walls)) // timedelta(minutes=15)
        for wall in {*walls, *(min(walls) + timedelta(minutes=15 * step) for step in range(quarters))}:
            lower, upper = wire_time.read(wall.isoformat()), wire_time.read(wall.isoformat(), upper=True)
            assert lower <= upper
            for moment, own in zip(moments, walls, strict=True):
                assert moment >= lower if own >= wall else moment < upper, (zone, wall, written[moment])


def changes(zone: ZoneInfo) -> Iterator[int]:
    """The seconds at which the zone's offset changes, from 2026 to 2028; and Apia's lost day."""

    def offset(second: int) -> timedelta | None:
        return datetime.fromtimestamp(second, zone).utcoffset()

    day = 86_400
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2026, 2029))
    for begin in (1_325_203_200, *range(start, end, 7 * day)):
        low, high = begin, begin + 7 * day
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        yield high


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2021",
        "2021-13-01",
        "2021-12-01T24:00",
        "12/01/2021",
        "2021-12-01T08:50:46.",
        "2021-12-01T08",
        "1638316800",
        "2021-12-01+99:99",
    ],
)
def test_dates_that_are_none(text: str):
    """The error says which forms are taken, and what came."""
    with pytest.raises(ValueError, match="expected a date such as 2021-12-01") as caught:
        OSLO.read(text)
    assert repr(text) in str(caught.value)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001 - the zone follows
def test_reading_what_was_written(moment: datetime):
    """To the millisecond, but for the hour that autumn repeats: there, one of the two."""
    at = ms(moment.replace(tzinfo=UTC).isoformat())
    text = OSLO.write(at)
    assert at in (OSLO.read(text), OSLO.read(text, upper=True))


def test_identities():
    """Random webhooks (version 4); events (version 7) that sort by age, without end and without a twin."""
    ids = Ids()
    assert 4 == ids.webhook_id().version
    made = [ids.event_ids(1000) for _ in range(3)]
    assert 3000 == len({each for call in made for each in call})
    assert all(call == sorted(call) for call in made)
    assert {7} == {each[6] >> 4 for call in made for each in call}
    assert {0b10} == {each[8] >> 6 for call in made for each in call}
    assert all(is_event_id(uuid_text(each)) for call in made for each in call)


@pytest.mark.parametrize(
    "other",
    ["01a237a3-5e6f-7f57-8002-b7a426436ca5", "01a237a3-5e6f-7f56-8001-b7a426436ca5", "01a237a3-5e6f-7f57-8001-b7", ""],
)
def test_an_id_without_the_mark_is_no_simulators(other):
    assert not is_event_id(other)


@pytest.mark.parametrize(("load", "is_overloaded"), [(0.0, False), (7.9, False), (8.1, True)])
def test_a_machine_is_overloaded_when_eight_programs_want_each_core(load, is_overloaded):
    cores = os.cpu_count()
    told = overload(lambda: (load * cores, 0.0, 0.0))
    assert is_overloaded is told.startswith(
        f"; the machine is overloaded: {load * cores:.0f} programs want its {cores}"
    )
    assert is_overloaded is bool(told)


def test_moments_for_people_and_for_programs(user_zone):
    """People read their own zone with its offset, in both passes of autumn's hour; programs read UTC."""
    user_zone("Europe/Oslo")
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert ["2026-10-25T02:30:00.000+02:00", "2026-10-25T02:30:00.000+01:00"] == [*map(local_text, (first, second))]
    assert "9999-12-31T23:59:59+00:00" == local_text(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "seconds")
    assert ["0001-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z"] == [*map(utc_text, (EARLIEST, -1))]
