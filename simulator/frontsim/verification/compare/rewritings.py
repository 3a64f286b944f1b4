"""Rewritings: what a receiver may make of a field if it makes the same of every value.

Cents are no loss; one amount in cents among others in crowns is a wrong amount. So a rewriting counts only if it
explains each value of its field that the run has shown, also those that it leaves as they were, such as 0 in cents.

    values of a field that are not the same --> rewritings that explain the first --> the one that explains all, or none

A date-time in another zone is compared: the zone says what it must be. Any other rewriting chooses what to keep, so its
field is not compared any more, and a note says so.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from zoneinfo import ZoneInfo, available_timezones

from frontsim.verification.effects.content import ABSENT, Pair, as_number, is_cut, moment


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One rewriting: `name` says how each value is kept, and `explains` decides whether one may be kept so.

    Attributes:
        is_compared: it says of each value what it must be, and loses nothing.
        is_one_to_one: different values must be kept differently.
    """

    name: str
    explains: Callable[[Pair], bool]
    is_compared: bool = False
    is_one_to_one: bool = False


def rewriting_of(pairs: Sequence[Pair], zone: ZoneInfo) -> Rewriting | None:
    """The rewriting that explains every value of a field, None where none does.

    Args:
        pairs: of one field, of which at least one is not the same.
        zone: of the vendor, whose date-times carry none.
    """
    telling = [pair for pair in pairs if not pair.is_of_nothing]
    first = next(pair for pair in telling if not pair.is_same)
    is_one_to_one = len({str(pair.kept) for pair in telling}) == len({str(pair.sent) for pair in telling})
    possible = (each for each in chain(_zones(first, zone), REWRITINGS) if is_one_to_one or not each.is_one_to_one)
    return next((each for each in possible if all(map(each.explains, telling))), None)


def _scaled(scale: Decimal) -> Callable[[Pair], bool]:
    def explains(pair: Pair) -> bool:
        sent, kept = as_number(pair.sent), as_number(pair.kept)
        is_number = isinstance(pair.sent, int | float) and not isinstance(pair.sent, bool)
        return is_number and sent is not None and kept is not None and Pair("", float(sent * scale), kept).is_same

    return explains


def _in_case(change: Callable[[str], str]) -> Callable[[Pair], bool]:
    def explains(pair: Pair) -> bool:
        if not isinstance(pair.sent, str) or not isinstance(pair.kept, str):
            return False
        in_one_case = Pair("", pair.sent.casefold(), pair.kept.casefold()).is_same
        return in_one_case and change(pair.kept) == pair.kept

    return explains


def _is_date_alone(pair: Pair) -> bool:
    sent, kept = moment(pair.sent), moment(pair.kept)
    if sent is None or kept is None:
        return False
    return kept.replace(tzinfo=None) == sent.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)


_PHONE = re.compile(r"\+?[\d\s()/.-]*\d[\d\s()/.-]*")
_COUNTRY = re.compile(r"(?:\+|00)[1-9]\d{0,2}")
_NO_DIGIT = re.compile(r"\D+")


def _has_country(pair: Pair) -> bool:
    """An international phone number has its country in front, and may have lost the zeros for a call within it."""
    if not isinstance(pair.sent, str) or not _PHONE.fullmatch(pair.sent):
        return pair.is_same
    digits, kept = _NO_DIGIT.sub("", pair.sent), str(pair.kept).replace(" ", "")
    if pair.sent.startswith(("+", "00")):
        is_whole = pair.sent.startswith("+") or kept.startswith(("+", "00"))
        return is_whole and _NO_DIGIT.sub("", kept).removeprefix("00") == digits.removeprefix("00")
    country = kept.removesuffix(digits.lstrip("0"))
    return country != kept and bool(_COUNTRY.fullmatch(country))


_PERSONAL = re.compile(
    r"customer|person|employee|seller|contact|name|mail|phone|mobile|address|street|city|postal|zip|birth|card|comment"
    r"|note|description",
    re.IGNORECASE,
)
"""In a field's path: a receiver may hide it on purpose."""
_MASK = re.compile(r"[*\u2022\u2588]+|#{2,}|x{4,}|\b(?:redacted|masked|anonymi[sz]ed)\b", re.IGNORECASE)
_HASH = re.compile(
    r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}|[\w+/-]{43}=?)", re.IGNORECASE
)
_MOST_UNMASKED = 4
"""Characters at the end that a mask leaves as they were."""


def _is_personal(pair: Pair) -> bool:
    return isinstance(pair.sent, str) and bool(_PERSONAL.search(pair.field))


def _is_masked(pair: Pair) -> bool:
    """A masked text hides what was sent, as journals hide personal data: `***`, `k***@shop.no`, `[redacted]`."""
    sent, kept = str(pair.sent), str(pair.kept)
    hides = bool(_MASK.search(kept)) and not _MASK.search(sent)
    return _is_personal(pair) and (hides or (pair.is_same and len(sent) <= _MOST_UNMASKED))


def _is_hashed(pair: Pair) -> bool:
    return _is_personal(pair) and bool(_HASH.fullmatch(str(pair.kept)))


def _is_left_out_as_zero(pair: Pair) -> bool:
    is_zero = isinstance(pair.sent, int | float) and not pair.sent
    return pair.kept is ABSENT if is_zero else pair.is_same


LEFT_OUT = Rewriting("left out", lambda pair: pair.kept is ABSENT)
_BY_SCALE = {
    **{Decimal(scale): f"times {scale:,}" for scale in (10_000, 1_000, 100, 10)},
    **{1 / Decimal(scale): f"divided by {scale:,}" for scale in (10, 100, 1_000)},
}
_BY_CASE = {
    "in upper case": str.upper,
    "in lower case": str.lower,
    "in title case": str.title,
    "with one capital": str.capitalize,
}
REWRITINGS: Sequence[Rewriting] = (
    LEFT_OUT,
    Rewriting("left out where it is 0 or false", _is_left_out_as_zero),
    *(Rewriting(name, _scaled(scale)) for scale, name in _BY_SCALE.items()),
    *(Rewriting(name, _in_case(change)) for name, change in _BY_CASE.items()),
    Rewriting("as a date alone", _is_date_alone),
    Rewriting("with the country's number in front", _has_country),
    Rewriting("masked", _is_masked),
    Rewriting("hashed", _is_hashed, is_one_to_one=True),
)
"""All but the zones, of which there are too many to list."""

IN_A_ZONE = "in another time zone"
_FARTHEST = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)
_Shift = Callable[[datetime], timedelta]
"""How far a clock that shows this time as it was sent is ahead of the one that it is kept by."""


def _zones(first: Pair, vendor: ZoneInfo) -> Iterator[Rewriting]:
    """A fixed offset, UTC, the vendor's own zone, and all others: most do not even explain the first value."""
    offset = _apart(first)
    if offset is not None:
        yield _in_zone(first, lambda _: offset)
        for zone in chain((ZoneInfo("UTC"), vendor), _all_zones()):
            yield _in_zone(first, _shift(first, zone, vendor))


@lru_cache(maxsize=1)
def _all_zones() -> Sequence[ZoneInfo]:
    return [ZoneInfo(name) for name in sorted(available_timezones())]


def _apart(pair: Pair) -> timedelta | None:
    """How many quarters of an hour the two clocks are apart where a zone may be why, None where it is not."""
    sent, kept = moment(pair.sent), moment(pair.kept)
    if sent is None or kept is None or (sent.tzinfo and kept.tzinfo):
        return None
    apart = _clock(sent) - _clock(kept)
    offset = round(apart / _QUARTER) * _QUARTER
    return offset if abs(offset) <= _FARTHEST and abs(apart - offset) < timedelta(seconds=1) else None


def _clock(value: datetime) -> datetime:
    """The time in UTC if there is a zone, else as it stands."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _shift(first: Pair, zone: ZoneInfo, vendor: ZoneInfo) -> _Shift:
    """The shift to `zone`: what is kept without a zone is its time, and what is kept with one was read as its time."""
    sent, kept = moment(first.sent), moment(first.kept)
    if sent and sent.tzinfo:
        return lambda at: -_offset(at.replace(tzinfo=UTC).astimezone(zone))
    if kept and kept.tzinfo:
        return lambda at: _offset(at.replace(tzinfo=zone))
    return lambda at: _offset(at.replace(tzinfo=vendor)) - _offset(at.replace(tzinfo=vendor).astimezone(zone))


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta()


def _in_zone(first: Pair, shift: _Shift) -> Rewriting:
    """Date-times that are all shifted so, and have a zone, or none, on the same sides as the first."""
    kind = _has_zones(first)

    def explains(pair: Pair) -> bool:
        sent, kept = moment(pair.sent), moment(pair.kept)
        if sent is None or kept is None or kind != _has_zones(pair):
            return False
        clock = _clock(sent)
        folds = (clock - shift(clock.replace(fold=fold)) for fold in (0, 1))  # an hour in autumn comes twice
        return any(is_cut(each.replace(fold=0), _clock(kept).replace(fold=0)) for each in folds)

    return Rewriting(IN_A_ZONE, explains, is_compared=True)


def _has_zones(pair: Pair) -> tuple[bool, bool]:
    sent, kept = moment(pair.sent), moment(pair.kept)
    return bool(sent and sent.tzinfo), bool(kept and kept.tzinfo)
