"""Compares an effect's copy of the payload with what was sent, in each form in which receivers write values.

Receivers keep values in many forms: ids in upper case or without dashes, numbers as text, the payload under `payload`
or flat. Reading is lenient here, so that a form never looks like a loss.

Such a column may be the receiver's own: the day's total, the net of gift cards, an order type of its own list. These
differ from what was sent, and have lost nothing. So only a difference that a known mistake makes is a loss: a number
that was rounded, cut off at its type's end, without its sign, or added again; a text without some of its letters, or in
the wrong charset.

Only a copy of the payload is compared, and of that only what both sides show. A receiver may leave fields out, sort
lines, keep numbers as text, or write date-times with more digits or a zone: none of that is corruption. A column that
is called `payload` may also hold the receiver's own data, with its own keys: that is never compared.
"""

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import orjson

_INNER = ("", "body.", "payload.", "data.", "headers.")
_UUID = re.compile(r"\{?[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}\}?")


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
        found = _at(value, f"{prefix}{path}".split("."))
        if found is not None:
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


def _at(value: Any, parts: list[str]) -> Any:
    for number, part in enumerate(parts):
        value = parsed(value)
        if not isinstance(value, dict):
            return None
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
    return None


_MASK = re.compile(r"[*\u2022\u2588]+|#{2,}|x{4,}|\b(?:redacted|masked|anonymi[sz]ed)\b", re.IGNORECASE)
_PHONE = re.compile(r"[\d\s()/.-]+")
_COUNTRY = re.compile(r"(?:\+|00)[1-9]\d{0,2}")
_NO_DIGIT = re.compile(r"\D+")


def digits(text: str) -> str:
    """The digits of a text alone."""
    return _NO_DIGIT.sub("", text)


def is_masked(sent: str, kept: str) -> bool:
    """A masked text hides what was sent, as journals hide personal data: `***`, `k***@shop.no`, `[redacted]`."""
    return bool(_MASK.search(kept)) and not _MASK.search(sent)


def is_international(sent: str, kept: str) -> bool:
    """An international phone number has its country in front, and may have lost the zeros for a call within it."""
    national = digits(sent).lstrip("0")
    compact = kept.replace(" ", "")
    country = compact.removesuffix(national)
    return bool(_PHONE.fullmatch(sent) and country != compact and _COUNTRY.fullmatch(country))


_WORD = re.compile(r"[\W_]+")
_ROUNDED = Decimal(1)
"""A whole unit: a number may have been rounded or cut to that."""
_SINGLE = Decimal("1e-6")
"""How far a float of 32 bits is off, as a part of the number."""
_SHORTEST_COLUMN = 4
"""Letters: what is shorter may be a code of the receiver's own."""
_REPLACED = " ?\ufffd"
_LIMITS = frozenset(2**bits - 1 for bits in (15, 16, 31, 32))
_LEAST_DIGITS = 5
"""Nines: fewer, such as 99, may be an amount of its own."""


def letters(text: str) -> str:
    """Letters and digits alone, in one case: what is left of a text in any spelling."""
    return _WORD.sub("", unicodedata.normalize("NFC", text).casefold())


def number_is_lost(sent: Decimal, kept: Decimal, *, runs: int, unit: Decimal = _ROUNDED) -> bool:
    """A number is lost if it was rounded by less than a `unit`, cut off, negated, or added at each of `runs`."""
    rounded_by = max(unit, abs(sent) * _SINGLE)
    is_limit = abs(kept) < abs(sent) and _is_a_types_limit(abs(kept))
    is_sum = any(kept == number * sent for number in range(2, runs + 1))
    return abs(sent - kept) < rounded_by or kept == -sent or is_limit or is_sum


def text_is_lost(sent: str, kept: str) -> bool:
    """A text is lost if letters are missing, or others stand for those outside ASCII; an empty one has none to lose."""
    before, after = letters(sent), letters(kept)
    if is_masked(sent, kept) or _has_the_digits_alone(before, after):
        return False
    if not after:
        return bool(before) and not kept.strip(_REPLACED)
    if _is_rest(after, before) or html.unescape(kept) == sent:
        return True
    in_other_letters = not before.isascii() and len(after) >= len(before)
    return in_other_letters and _is_within(_in_charset("ascii", before), after)


def _is_rest(after: str, before: str) -> bool:
    """A rest lacks letters: some here and there, the end, or all that a charset does not have."""
    is_most = 2 * len(after) >= len(before) and _is_within(after, before)
    is_start = len(after) >= _SHORTEST_COLUMN and before.startswith(after)
    return is_most or is_start or after in (_in_charset("ascii", before), _in_charset("latin-1", before))


def _in_charset(charset: str, text: str) -> str:
    return text.encode(charset, "ignore").decode(charset)


def _has_the_digits_alone(before: str, after: str) -> bool:
    """As a receiver may keep an account or a tax number."""
    return after.isdigit() and after == digits(before)


def as_number(value: Any) -> Decimal | None:
    """A finite number in any form."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_a_types_limit(number: Decimal) -> bool:
    """The largest number of a type: 99999.99, 32767."""
    digits = str(number).replace(".", "")
    return number in _LIMITS or (len(digits) >= _LEAST_DIGITS and set(digits) == {"9"})


def _is_within(part: str, whole: str) -> bool:
    """All letters of `part` stand in `whole` in their order, with others between them."""
    rest = iter(whole)
    return all(letter in rest for letter in part)


_CARRIERS = ("payload", "body", "data")
_SHARE = 0.8
"""The part of the sent keys that a copy must have."""
_KEY = re.compile(r'"(\w+)"\s*:')
_SCALES = {
    **{Decimal(scale): f"times {scale:,}" for scale in (10_000, 1_000, 100, 10)},
    **{1 / Decimal(scale): f"divided by {scale:,}" for scale in (10, 100, 1_000)},
}
_TOLERANCE = Decimal("0.000001")
_TRUTH = {
    **dict.fromkeys(("true", "1", "1.0", "t", "y", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "0.0", "f", "n", "no", "off", ""), False),
}
_FARTHEST_ZONE = timedelta(hours=14)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Pair:
    """One value as it was sent and as it is kept.

    Attributes:
        path: where it is: `items[3].price`.
        problem: what is wrong with a whole object or list, "" for a single value.
    """

    path: str
    sent: Any
    kept: Any
    problem: str = ""

    @property
    def field(self) -> str:
        """The path without positions: `items[].price`."""
        return re.sub(r"\[\d+\]", "[]", self.path)

    @property
    def is_same(self) -> bool:
        return not self.problem and _same(self.sent, self.kept)

    @property
    def is_moment(self) -> bool:
        """Both sides are date-times."""
        return isinstance(self.sent, str) and isinstance(self.kept, str) and _apart(self.sent, self.kept) is not None

    @property
    def rewriting(self) -> str:
        """How a value that is not the same may have been rewritten without a loss, "" when it cannot."""
        return "" if self.problem else _rewriting(self.sent, self.kept)

    def __str__(self) -> str:
        where = self.path or "payload"
        return f"{where}: {self.problem or f'sent {_shown(self.sent)}, kept {_shown(self.kept)}'}"


def embedded_payload(effect: Any) -> Any:
    """The copy of the payload inside an effect, None without one; a text when the copy is not whole JSON."""
    if not isinstance(effect, Mapping):
        return None
    for name in _CARRIERS:
        copy = parsed(effect.get(name))
        if isinstance(copy, dict | list) or (isinstance(copy, str) and copy[:1] in ("{", "[")):
            return copy
    return None


def is_copy(sent: Any, kept: Any) -> bool:
    """A copy of `sent` is recognised by its keys; the receiver's own data has others."""
    if isinstance(kept, str):
        names = set(_KEY.findall(kept))
        return bool(names) and len(names & _all_keys(sent)) >= _SHARE * len(names)
    if isinstance(sent, dict) and isinstance(kept, dict):
        return len(sent.keys() & kept.keys()) >= _SHARE * len(sent)
    if isinstance(sent, list) and isinstance(kept, list):
        return not sent or not kept or not isinstance(sent[0], dict | list) or is_copy(sent[0], kept[0])
    return False


def pairs(sent: Any, kept: Any, path: str = "") -> Iterator[Pair]:
    """The values that both sides show, and the objects and lists that do not fit; `kept` is a copy of `sent`."""
    if not isinstance(sent, dict | list):
        yield Pair(path, sent, kept)
        return
    kept = parsed(kept)
    if path and not is_copy(sent, kept):
        return
    if isinstance(kept, str):
        yield Pair(path, sent, kept, f"sent whole JSON, kept {len(kept)} characters that are not: {_shown(kept[-40:])}")
    elif isinstance(sent, dict):
        for name in sent:
            if name in kept:
                yield from pairs(sent[name], kept[name], f"{path}.{name}" if path else name)
    elif len(sent) != len(kept):
        yield Pair(path, sent, kept, f"sent {len(sent)} entries, kept {len(kept)}")
    else:
        yield from _list_pairs(sent, kept, path)


def different(sent: Any, kept: Any) -> list[Pair]:
    """The pairs that are not the same. A copy that is equal as a whole has none: a large body is compared at once."""
    return [] if sent == kept else [pair for pair in pairs(sent, kept) if not pair.is_same]


def first_difference(sent: Any, kept: Any) -> str:
    """The first value that differs, with its path and both values; "" when none does."""
    return next((str(pair) for pair in pairs(sent, kept) if not pair.is_same), "")


def first_inexact(sent: Any, kept: Any, path: str = "") -> str:
    """The first value or key of a copy that is not exactly as it was sent, as `first_difference` says it."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        below = f"{path}." if path else ""
        gone = next((name for name in sent if name not in kept), None)
        if gone is not None:
            return str(Pair(f"{below}{gone}", sent[gone], None, f"sent {_shown(sent[gone])}, kept no such key"))
        return next(filter(None, (first_inexact(sent[name], kept[name], f"{below}{name}") for name in sent)), "")
    if isinstance(sent, list) and isinstance(kept, list):
        if len(sent) != len(kept):
            return str(Pair(path, sent, kept, f"sent {len(sent)} entries, kept {len(kept)}"))
        both = ((sent[number], kept[number], f"{path}[{number}]") for number in range(len(sent)))
        return next(filter(None, (first_inexact(*each) for each in both)), "")
    is_same = sent == kept and isinstance(sent, bool) == isinstance(kept, bool)
    return "" if is_same else str(Pair(path, sent, kept))


def would_change(rewriting: str, value: Any) -> bool:
    """A rewriting would have changed a value that it left as it was."""
    if not isinstance(value, str):
        return bool(value)
    if rewriting == _OTHER_CASE:
        return value not in (value.upper(), value.lower())
    if rewriting == _INTERNATIONAL:
        return value[:1].isdigit()
    return rewriting != MASKED or len(value) > _MOST_UNMASKED


def scale_of(rewriting: str) -> Decimal:
    """By what a rewriting multiplies numbers; 1 where it does not."""
    return next((scale for scale, text in _SCALES.items() if text == rewriting), Decimal(1))


def _list_pairs(sent: list[Any], kept: list[Any], path: str) -> list[Pair]:
    """Entry by entry; the entries that fit each other where the receiver has only sorted them in its own way."""
    in_order = _entry_pairs(sent, kept, path)
    if all(pair.is_same for pair in in_order):
        return in_order
    names = _sortable(sent, kept)
    numbers = sorted(range(len(sent)), key=lambda number: _sort_key(sent[number], names))
    fitting = dict(zip(numbers, sorted(kept, key=lambda each: _sort_key(each, names)), strict=True))
    in_sorted_order = _entry_pairs(sent, fitting, path)
    return in_sorted_order if all(pair.is_same for pair in in_sorted_order) else in_order


def _entry_pairs(sent: list[Any], kept: list[Any] | dict[int, Any], path: str) -> list[Pair]:
    return [pair for number, each in enumerate(sent) for pair in pairs(each, kept[number], f"{path}[{number}]")]


def _sortable(sent: list[Any], kept: list[Any]) -> list[str]:
    """The keys that both sides show, without those of flags, objects and lists, which have too many forms."""
    by_both = set().union(*_objects(sent)) & set().union(*_objects(kept))
    no_order = {name for each in _objects(sent + kept) for name in each if isinstance(each[name], bool | dict | list)}
    return sorted(by_both - no_order)


def _objects(values: list[Any]) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)]


def _sort_key(value: Any, names: list[str]) -> str:
    if isinstance(value, dict):
        return repr([_canonical(value.get(name)) for name in names])
    return repr(_canonical(value))


def _canonical(value: Any) -> str:
    """One text for the forms of a single value that count as the same; nothing and an empty text are such forms."""
    number = as_number(value)
    if number is None:
        return "" if value is None else _plain(str(value))
    return str(number.normalize())


def _all_keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_all_keys, value.values()))
    return set().union(*map(_all_keys, value)) if isinstance(value, list) else set()


def _same(sent: Any, kept: Any) -> bool:
    if sent == kept:
        return True
    if isinstance(sent, str) and isinstance(kept, str):
        return _plain(sent) == _plain(kept) or _same_moment(sent, kept) or _stands_for_nothing(sent, kept)
    if isinstance(sent, bool):
        return _TRUTH.get(str(kept).strip().lower(), sent) is sent  # 1, "true" and "Y" all keep a flag
    if isinstance(sent, int | float):
        number = as_number(kept)
        return number is None or abs(number - Decimal(str(sent))) < _TOLERANCE
    return True


def _stands_for_nothing(sent: str, kept: str) -> bool:
    """An empty text became a dash or the like, as in many business systems."""
    return not sent.strip() and (not any(map(str.isalnum, kept)) or kept.strip().casefold() == "n/a")


_OTHER_CASE = "in another letter case"
_DATE_ALONE = "as a date alone"
_DATE = len("2026-01-25")
_INTERNATIONAL = "with the country's number in front"
MASKED = "masked"
OF_ITS_OWN = frozenset({_INTERNATIONAL, _DATE_ALONE, MASKED})
"""Rewritings that choose what to keep: a column that has one does not hold the field."""
_MOST_UNMASKED = 4
"""Characters at the end that a mask leaves as they were."""
_OTHER_ZONE = "in another time zone"


def _rewriting(sent: Any, kept: Any) -> str:
    if isinstance(sent, str) and isinstance(kept, str):
        return _text_rewriting(sent, kept)
    before, after = as_number(sent), as_number(kept)
    if not before or after is None:
        return ""
    return next((text for scale, text in _SCALES.items() if abs(before * scale - after) < _TOLERANCE), "")


def _text_rewriting(sent: str, kept: str) -> str:
    if _plain(sent).casefold() == _plain(kept).casefold():
        return _OTHER_CASE
    if is_masked(sent, kept):
        return MASKED
    if is_international(sent, kept):
        return _INTERNATIONAL
    if _apart(sent, kept) and kept == sent[:_DATE]:
        return _DATE_ALONE
    return _OTHER_ZONE if _is_other_zone(sent, kept) else ""


def _plain(text: str) -> str:
    """Without what databases, XML and JSON libraries do to a text: normal form, blanks and line ends, a GUID's form."""
    return " ".join(unicodedata.normalize("NFC", normalised(text) or "").split())


def _same_moment(sent: str, kept: str) -> bool:
    """Both are date-times that agree to the second, or only one of them has a zone."""
    try:
        one, other = datetime.fromisoformat(sent), datetime.fromisoformat(kept)
    except ValueError:
        return False
    if (one.tzinfo is None) != (other.tzinfo is None):
        return True
    return abs((one - other).total_seconds()) < 1


def _is_other_zone(sent: str, kept: str) -> bool:
    """Both are date-times, apart by quarters of an hour that a time zone may be off."""
    apart = _apart(sent, kept)
    if apart is None:
        return False
    quarters = round(apart / _QUARTER)
    return quarters != 0 and abs(apart) <= _FARTHEST_ZONE and abs(apart - quarters * _QUARTER) < timedelta(seconds=2)


def _apart(sent: str, kept: str) -> timedelta | None:
    """How far two date-times are apart on the clock, whatever their zones; None where one is none."""
    try:
        return datetime.fromisoformat(sent).replace(tzinfo=None) - datetime.fromisoformat(kept).replace(tzinfo=None)
    except ValueError:
        return None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
