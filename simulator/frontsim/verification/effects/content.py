"""Finds values in effects, and compares an effect's copy of the payload with what was sent.

A copy is recognised by its keys alone. Then each of its values equals what was sent, up to the forms in which databases
and JSON libraries write values: numbers as text, empty texts as null, ids in another case. `is_same` is the whole list
of these. What holds only if every value of a field is kept so, such as cents, is in `compare/rewritings.py`.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

_INNER = ("", "body.", "payload.", "data.", "headers.")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


class Absent:
    """Stands for the value of a key that a copy does not have."""

    def __repr__(self) -> str:
        return "no such key"


ABSENT = Absent()


def find(value: Any, path: str) -> Any:
    """The value at a dotted path, also where it stands under `body`, `payload`, `data` or `headers`; None without.

    Names match in any case when the exact name is not there. A text that holds a JSON object is searched too.
    """
    return next(find_all(value, path), None)


def find_all(value: Any, path: str) -> Iterator[Any]:
    """The values at all places where `find` looks, in its order.

    A row can have its own `id` beside the payload's: both are candidates for the payload's identity.
    """
    for prefix in _INNER:
        found = at(value, f"{prefix}{path}")
        if found is not None and found is not ABSENT:
            yield found


def normalised(value: Any) -> str | None:
    """One text for all forms of an id: UUIDs in lower case with dashes, whole numbers without a fraction."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    if isinstance(value, bytes) and len(value) == 16:
        return str(UUID(bytes=value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = (value.decode(errors="replace") if isinstance(value, bytes) else str(value)).strip()
    return str(UUID(text)) if _UUID.fullmatch(text) else text


def parsed(value: Any) -> Any:
    """The JSON inside a text; any other value as it is."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def at(value: Any, path: str) -> Any:
    """The value at a dotted path, null below a null, and ABSENT without any."""
    parts = path.split(".")
    for number, part in enumerate(parts):
        value = parsed(value)
        if not isinstance(value, dict):
            return None if value is None else ABSENT
        rest = ".".join(parts[number:])
        if rest in value:
            return value[rest]
        value = value[part] if part in value else _in_any_case(value, part)
    return value


def _in_any_case(value: dict[str, Any], name: str) -> Any:
    wanted = name.lower().replace("_", "").replace("-", "")
    for key, item in value.items():
        if isinstance(key, str) and key.lower().replace("_", "").replace("-", "") == wanted:
            return item
    return ABSENT


def as_number(value: Any) -> Decimal | None:
    """A finite number in any form, also with a comma for its point."""
    try:
        number = Decimal(str(value).replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


CARRIERS = ("payload", "body", "data")
"""Names under which an effect may have a copy of the payload."""
_SHARE = 0.8
"""The part of the sent keys that a copy must have."""
_KEY = re.compile(r'"(\w+)"\s*:')
_MOST_UNSORTED = 50
"""Entries of a list that are looked for one by one, where not even the sorted lists fit."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One value as it was sent and as it is kept.

    Attributes:
        path: where it is: `items[3].price`.
        kept: ABSENT where the copy has no such key.
        problem: what is wrong with a whole object or list, "" for a single value.
        is_exact: no form but the one that was sent counts as the same.
    """

    path: str
    sent: Any
    kept: Any
    problem: str = ""
    is_exact: bool = False

    @property
    def field(self) -> str:
        """The path without positions: `items[].price`."""
        return re.sub(r"\[\d+\]", "[]", self.path)

    @property
    def is_same(self) -> bool:
        if self.is_exact:
            return self.sent == self.kept and isinstance(self.sent, bool) == isinstance(self.kept, bool)
        return not self.problem and is_same(self.sent, self.kept)

    @property
    def is_of_nothing(self) -> bool:
        """Neither side has a value, so that the pair shows nothing of how a field is kept."""
        return is_nothing(self.sent) and is_nothing(self.kept)

    def __str__(self) -> str:
        where = self.path or "payload"
        return f"{where}: {self.problem or f'sent {_shown(self.sent)}, kept {_shown(self.kept)}'}"


def embedded_payload(effect: Any, *, without: Container[str] = ()) -> Any:
    """The copy of the payload inside an effect, None without one; a text when the copy is not whole JSON.

    `without`: names under which none is looked for.
    """
    if not isinstance(effect, Mapping):
        return None
    for name in CARRIERS:
        copy = None if name in without else parsed(effect.get(name))
        if isinstance(copy, dict | list) or (isinstance(copy, str) and copy[:1] in ("{", "[")):
            return copy
    return None


def is_copy(sent: Any, kept: Any) -> bool:
    """A copy of `sent` is recognised by its keys alone, without nulls that were dropped; one's own data has others."""
    if isinstance(kept, str):
        names = set(_KEY.findall(kept))
        return bool(names) and len(names & _all_keys(sent)) >= _SHARE * len(names)
    if isinstance(sent, dict) and isinstance(kept, dict):
        wanted = [name for name in sent if name in kept or not is_nothing(sent[name])]
        return len(sent.keys() & kept.keys()) >= max(1, _SHARE * len(wanted))
    if isinstance(sent, list) and isinstance(kept, list):
        return not sent or not kept or not isinstance(sent[0], dict | list) or is_copy(sent[0], kept[0])
    return False


def pairs(
    sent: Any, kept: Any, path: str = "", *, is_exact: bool = False, leaves_out_equal: bool = False
) -> Iterator[Pair]:
    """Each value that was sent with what is kept of it, and the objects and lists that do not fit.

    `leaves_out_equal`: equal values of an object are passed over, which saves most of the time.
    """
    kept = parsed(kept) if isinstance(sent, dict | list) and not is_exact else kept
    is_nested = isinstance(sent, dict | list) and bool(sent)
    if is_nested and isinstance(kept, str) and kept[:1] in ("{", "["):
        text = f"sent whole JSON, kept {len(kept)} characters that are not: {_shown(kept[-40:])}"
        yield Pair(path, sent, kept, text, is_exact)
    elif not is_nested or (type(sent) is not type(kept) and kept is not ABSENT):
        yield Pair(path, sent, kept, is_exact=is_exact)
    elif isinstance(sent, dict):
        for name, value in sent.items():
            other = ABSENT if kept is ABSENT else kept.get(name, ABSENT)
            if not leaves_out_equal or value != other:
                inner = f"{path}.{name}" if path else name
                yield from pairs(value, other, inner, is_exact=is_exact, leaves_out_equal=leaves_out_equal)
    elif kept is ABSENT:
        yield from _entry_pairs(sent, [ABSENT] * len(sent), path, is_exact=is_exact)
    elif len(sent) != len(kept):
        yield Pair(path, sent, kept, f"sent {len(sent)} entries, kept {len(kept)}", is_exact)
    else:
        in_order = _entry_pairs(sent, kept, path, is_exact=is_exact)
        if is_exact or all(pair.is_same for pair in in_order):
            yield from in_order
        else:
            yield from _entry_pairs(sent, _in_order_of(sent, kept), path)


def different(sent: Any, kept: Any, path: str = "", *, is_exact: bool = False) -> list[Pair]:
    """The pairs that are not the same. A copy that is equal as a whole has none: a large body is compared at once."""
    if sent == kept and not is_exact:
        return []
    found = pairs(sent, kept, path, is_exact=is_exact, leaves_out_equal=not is_exact)
    return [pair for pair in found if not pair.is_same]


def _entry_pairs(sent: list[Any], kept: list[Any], path: str, *, is_exact: bool = False) -> list[Pair]:
    both = enumerate(zip(sent, kept, strict=True))
    return [pair for number, each in both for pair in pairs(*each, f"{path}[{number}]", is_exact=is_exact)]


def _in_order_of(sent: list[Any], kept: list[Any]) -> list[Any]:
    """The entries of `kept`, each at the place of the one with the same content in `sent`; the rest in their order."""
    places: dict[str, list[int]] = defaultdict(list)
    for number in reversed(range(len(kept))):
        places[canonical(kept[number])].append(number)
    fitting = [found.pop() if (found := places.get(canonical(each))) else None for each in sent]
    left = dict.fromkeys(sorted({*range(len(kept))} - {*fitting}))
    for number, each in enumerate(sent):
        if fitting[number] is None and len(left) <= _MOST_UNSORTED:
            fitting[number] = next((place for place in left if not different(each, kept[place])), None)
            left.pop(fitting[number], None)
    rest = iter(left)
    return [kept[next(rest) if place is None else place] for place in fitting]


def canonical(value: Any) -> str:
    """One text for most forms of a value that count as the same: of a copy as of what was sent."""
    if is_nothing(value):
        return ""
    if isinstance(value, dict):
        return repr(sorted((str(name), canonical(inner)) for name, inner in value.items() if not is_nothing(inner)))
    if isinstance(value, list):
        return repr(sorted(map(canonical, value)))
    number = as_number(value)
    return str(number.normalize()) if number is not None else " ".join(_plain(normalised(value) or str(value)).split())


def _all_keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_all_keys, value.values()))
    return set().union(*map(_all_keys, value)) if isinstance(value, list) else set()


_TOLERANCE = Decimal("1e-9")
_DOUBLE = Decimal("1e-15")
"""How far a float of 64 bits is off, as a part of the number."""
_TRUTH = {
    **dict.fromkeys(("true", "1", "1.0", "t", "y", "yes", "on", "\x01"), True),
    **dict.fromkeys(("false", "0", "0.0", "f", "n", "no", "off", "\x00"), False),
}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_EDGES = re.compile(r"^[\s\ufeff\0]+|[\s\ufeff\0]+$")
_LINE_ENDS = re.compile(r"\r\n?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:.*)?")
_EPOCH_S, _EPOCH_MS = (10**8, 10**11), (10**11, 10**14)
_TICK = timedelta(milliseconds=4)
"""A clock's finest unit in a database: SQL Server's `datetime` rounds to 3.33 ms."""


def is_same(sent: Any, kept: Any) -> bool:
    """Decides whether `kept` is `sent`, in one of the forms that docs/reference/content.md lists.

    Whether a date-time in another zone is the same shows only in all values of its field: `compare/rewritings.py`.
    """
    if is_nothing(sent) or is_nothing(kept):
        return is_nothing(sent) and is_nothing(kept)
    kept = kept.decode(errors="replace") if isinstance(kept, bytes) and not _is_uuid(sent) else kept
    if isinstance(sent, bool):
        return _TRUTH.get(str(kept).strip().lower()) is sent
    if isinstance(sent, int | float):
        return not isinstance(kept, bool) and _is_same_number(Decimal(str(sent)), as_number(kept))
    return isinstance(sent, str) and (_is_same_text(sent, kept) or _is_same_moment(sent, kept))


def is_nothing(value: Any) -> bool:
    """An empty text, null, an absent key, an empty object and an empty list are one, as in Oracle and Laravel."""
    if isinstance(value, dict):
        return all(map(is_nothing, value.values()))
    return value is None or value is ABSENT or value == [] or (isinstance(value, str) and not _EDGES.sub("", value))


def moment(value: Any) -> datetime | None:
    """The date-time that a value is, None without one; a number counts from 1970, in seconds or milliseconds."""
    if isinstance(value, date):
        return value if isinstance(value, datetime) else datetime.combine(value, time.min)
    if isinstance(value, int | float) and not isinstance(value, bool):
        spans = {1: _EPOCH_S, 1_000: _EPOCH_MS}
        parts = next((parts for parts, (least, most) in spans.items() if least <= value < most), 0)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value * 1_000 / parts) if parts else None
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and _MOMENT.fullmatch(value) else None
    except ValueError:
        return None


def is_cut(sent: datetime, kept: datetime) -> bool:
    """Decides whether a clock's time is `sent`, or that cut or rounded to the last digit that it shows."""
    digits = f"{kept.microsecond:06}".rstrip("0")
    unit = timedelta(seconds=10 ** -len(digits))
    return kept == sent or abs(kept - sent) < max(unit, _TICK)


def _is_same_number(sent: Decimal, kept: Decimal | None) -> bool:
    if kept is None:
        return False
    is_whole = sent == sent.to_integral_value()
    return abs(kept - sent) <= (_TOLERANCE if is_whole else max(_TOLERANCE, abs(sent) * _DOUBLE))


def _is_same_text(sent: str, kept: Any) -> bool:
    if isinstance(kept, int | float | Decimal) and not isinstance(kept, bool):
        return bool(_NUMBER.fullmatch(sent.strip())) and Decimal(sent) == as_number(kept)
    if _is_uuid(sent):
        return normalised(sent) == normalised(kept)
    return not isinstance(kept, bool | dict | list) and _plain(sent) == _plain(str(kept))


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and bool(_UUID.fullmatch(value.strip()))


def _is_same_moment(sent: str, kept: Any) -> bool:
    """Both are date-times with a zone, or both without, and agree to the second."""
    one, other = moment(sent), moment(kept)
    if one is None or other is None or (one.tzinfo is None) != (other.tzinfo is None):
        return False
    return is_cut(one, other)


def _plain(text: str) -> str:
    """Without what databases, XML and JSON libraries do to a text: normal form, blanks at the ends, line ends."""
    return _EDGES.sub("", _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text)))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
