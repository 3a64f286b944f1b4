r"""Texts that have a format or match an ECMA-262 pattern, and plausible ones by the name of a field.

    contents, name of the field, format, examples, patterns ─▶ candidates ─▶ texts, each from random numbers alone

The reader of patterns knows classes, escapes, groups, alternatives, quantifiers, back references and \p{...}.
Assertions (^ $ \b, lookahead, lookbehind) add no text; the validator then checks whether they hold.
"""

import base64
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import permutations
from random import Random
from typing import NamedTuple, TypeVar
from uuid import UUID

import jsonschema_rs

from frontsim.schemas.read import Contradiction

TextMaker = Callable[[Random], str]
Text = TextMaker | Sequence[str]
"""A function that draws texts, or all choices."""
Hint = tuple[str, ...]
"""The known words at the end of a field's name, lower-cased."""
T = TypeVar("T")

_DIGIT = re.compile(r"\d")
_SHORT = 20
"""The length of a few plain words; a longer text consists of sentences."""


def pick(rng: Random, things: Sequence[T]) -> T:
    """One of the things. One random number, also where `Random.choice` would take more."""
    return things[int(rng.random() * len(things))]


def below(rng: Random, limit: int) -> int:
    """A whole number from 0 to `limit - 1`."""
    return int(rng.random() * limit) if limit < 1 << 50 else rng.randrange(limit)


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator({"pattern": pattern})


def matches(pattern: str, text: str) -> bool:
    """The validator finds the pattern in the text."""
    return _pattern(pattern).is_valid(text)


class Range(NamedTuple):
    """Plausible numbers from `least` to `most`, in units of 1 / `parts` (100: two decimals)."""

    least: int
    most: int
    parts: int = 1


class Names(NamedTuple):
    """Plausible values by a field's name, for a schema that leaves room for them.

    Args:
        hint: the known words at the end of a name, given those of the field around it.
        text: text for a field of a hint; None for an unknown name.
        range: plausible numbers, as `text`.
        words: text for a field of unknown meaning.
        sentences: free text, for where it has to be long.
    """

    hint: Callable[[str, Hint], Hint]
    text: Callable[[Hint], Text | None]
    range: Callable[[Hint], Range | None]
    words: Sequence[str]
    sentences: Sequence[str]


def candidates(
    names: Names,
    hint: Hint,
    *,
    patterns: Sequence[str],
    format_: str | None,
    contents: Sequence[str],
    lengths: tuple[int, int],
    examples: Sequence[str],
) -> Iterator[Text]:
    """Texts that may fulfil a schema's keywords, the most plausible first; which of them do, the validator says."""
    named, known, (least, most) = names.text(hint), FORMATS.get(format_ or ""), lengths
    yield from (CONTENTS[each] for each in CONTENTS if each in contents)
    yield from (each for each in (named, known) if each is not None)
    if examples and not patterns:
        yield lambda rng: _DIGIT.sub(lambda _digit: str(1 + below(rng, 9)), pick(rng, examples))
    for stretch in (4, 20, max(80, least)):
        for make in (make for pattern in patterns for make in texts_of(pattern, stretch=stretch)):
            yield make
            yield _to_length(make, least, most, names)
    for first, second in permutations([make for pattern in patterns for make in texts_of(pattern)], 2):
        yield lambda rng, first=first, second=second: first(rng) + second(rng)  # type: ignore[misc]
    yield from _extremes(format_, least)
    if not patterns and format_ is None and least <= _SHORT:
        yield names.words
    base = named or known or (names.sentences if least > _SHORT else names.words)
    yield _to_length(base if callable(base) else lambda rng: pick(rng, base), least, most, names)
    yield examples
    yield ("", "a", "1", "A1", "x-1", " ", "æ", "zz")


def _to_length(make: TextMaker, least: int, most: int, names: Names) -> TextMaker:
    def draw(rng: Random) -> str:
        text = make(rng)
        while len(text) < least:
            more = pick(rng, names.words)
            text += more if least < 200 else f" {more}" * (1 + (least - len(text)) // 8)
        short = text[:most].strip()
        return short if len(short) >= least else text[:most]

    return draw


_LABELS = ("nordlys", "fjord", "bryggen", "skog", "havn", "lanterne", "torget", "kaffe", "ull", "sykkel", "lager")
_DAYS = tuple((date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(365))
_CLOCKS = tuple(
    f"{8 + number % 13:02}:{number * 7 % 60:02}:{number * 11 % 60:02}" for number in range(1, 781)
)  # while shops are open
_THIRDS = tuple(f".{tick // 3:02}{'037'[tick % 3]}".rstrip("0").rstrip(".") for tick in range(300))


def day(rng: Random) -> str:
    """A date of 2026."""
    return pick(rng, _DAYS)


def vendor_moment(rng: Random) -> str:
    """A date-time in the vendor's form: local, no zone, trailing zeros of the fraction cut (published).

    Milliseconds end in 0, 3 or 7, as those of SQL Server's `datetime` do (seen in live data).
    """
    return f"{pick(rng, _DAYS)}T{pick(rng, _CLOCKS)}{pick(rng, _THIRDS)}"


def email(rng: Random) -> str:
    """An address at a domain that never exists."""
    return f"{pick(rng, _LABELS)}.{pick(rng, _LABELS)}{below(rng, 90) + 10}@example.com"


def url(rng: Random) -> str:
    """An https URL at a domain that never exists."""
    return f"https://{pick(rng, _LABELS)}.example/{pick(rng, _LABELS)}/{below(rng, 900_000) + 100_000}"


def _host(rng: Random) -> str:
    return f"{pick(rng, _LABELS)}-{below(rng, 90) + 10}.example"


def _pointer(rng: Random) -> str:
    return f"/{pick(rng, _LABELS)}/{below(rng, 10)}"


def _byte(rng: Random) -> str:
    return base64.b64encode(rng.randbytes(6 + below(rng, 20))).decode()


CONTENTS: Mapping[str, TextMaker] = {
    "base64": lambda rng: base64.b64encode(f'{{"number": {below(rng, 1_000)}}}'.encode()).decode(),
    "application/json": lambda rng: f'{{"number": {below(rng, 1_000)}}}',
}
"""Text by `contentEncoding`, and by `contentMediaType` where nothing encodes it."""

FORMATS: Mapping[str, TextMaker] = {
    "date-time": lambda rng: f"{vendor_moment(rng)}{pick(rng, ('Z', '+01:00', '+02:00'))}",
    "date": day,
    "time": lambda rng: f"{pick(rng, _CLOCKS)}Z",
    "duration": lambda rng: f"P{1 + below(rng, 30)}DT{below(rng, 24)}H",
    "email": email,
    "idn-email": email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda rng: f"192.0.2.{1 + below(rng, 254)}",
    "ipv6": lambda rng: f"2001:db8::{1 + below(rng, 65_535):x}",
    "uri": url,
    "uri-reference": lambda rng: pick(rng, (url, _pointer))(rng),
    "iri": url,
    "iri-reference": url,
    "uri-template": lambda rng: f"https://{pick(rng, _LABELS)}.example/{{id}}",
    "uuid": lambda rng: str(UUID(int=rng.getrandbits(128), version=4)),
    "json-pointer": _pointer,
    "relative-json-pointer": lambda rng: f"{below(rng, 4)}{_pointer(rng)}",
    "regex": lambda rng: f"^[a-z]{{{1 + below(rng, 9)}}}$",
    "byte": _byte,
    "binary": _byte,
}

_AROUND = {
    **dict.fromkeys(("email", "idn-email"), ("a@", ".no", "a@b.no", "a@b")),
    **dict.fromkeys(("hostname", "idn-hostname"), ("", ".no", "a.no", "no", "a")),
    **dict.fromkeys(("uri", "iri"), ("https://", ".no", "a://b", "a:b", "a:")),
    **dict.fromkeys(("uri-reference", "iri-reference"), ("/", "", "", "a")),
    **dict.fromkeys(("regex", "uri-template"), ("", "", "", "a")),
    "json-pointer": ("/", "", "", "/a"),
}
"""The texts before and after the labels of a text of any length; then the shortest texts of the format."""
_SHORTEST = {
    "ipv4": ("1.1.1.1", "100.100.100.100"),
    "ipv6": ("::", "::1", "2001:0db8:0000:0000:0000:0000:0000:0001"),
    "date-time": ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456+01:00"),
    "time": ("00:00:00Z", "12:00:00.123456+01:00"),
    "duration": ("P1D", "P1Y2M3DT4H5M6S"),
    "relative-json-pointer": ("0", "1/a"),
}


def _extremes(format_: str | None, least: int) -> Iterator[Text]:
    """The shortest texts of a format and ones of a wanted length up to 250, for where the usual ones don't fit."""
    if format_ in _SHORTEST:
        yield _SHORTEST[format_]
    if format_ in _AROUND:
        before, after, *short = _AROUND[format_]
        yield short
        room = max(1, min(least, 250) - len(before) - len(after))
        labels = ".".join("n" * min(60, room - start) for start in range(0, room, 61))
        yield (f"{before}{labels}{after}", f"{before}{labels}n{after}")


_PLAIN = string.ascii_letters + string.digits
_PRINTABLE = _PLAIN + " -_.,:;!?'\"()[]{}/\\|@#%&*+=<>~^$`"
_WIDE = _PRINTABLE + "æøåÆØÅäöüé€ß\t\n\u4e2d\U0001f6d2"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_SETS = {"d": string.digits, "w": _PLAIN + "_", "s": " \t"}
_SCRIPTS = (range(0xA0, 0x180), range(0x370, 0x460), range(0x5D0, 0x5EB), range(0x621, 0x64B), range(0x905, 0x93A))
_SYMBOLS = (range(0x2010, 0x2040), range(0x20A0, 0x20C0), range(0x2190, 0x2200), range(0x1F600, 0x1F640))
_EASTERN = (range(0x3041, 0x30FF), range(0x4E00, 0x4E40), range(0xAC00, 0xAC40))
_SAMPLE = _WIDE + "".join(chr(code) for codes in (*_SCRIPTS, *_SYMBOLS, *_EASTERN) for code in codes)
"""Characters of many scripts, for `\\p{...}`."""
_MOST_OF_A_RANGE = 128
_LONGEST = 100_000


class _Writing(NamedTuple):
    """One text as it is written: the groups so far, how far a quantifier stretches, and how much room is left."""

    rng: Random
    groups: dict[str, str]
    stretch: int
    room: list[int]


_Part = Callable[[_Writing], str]
"""Makes the text of a part of a pattern, and adds its groups."""


def text_of(pattern: str, *, stretch: int = 4) -> TextMaker | None:
    """A function that draws text for a pattern; None if the pattern has a part that we do not read.

    Args:
        pattern: the regular expression.
        stretch: how many repetitions a quantifier may add to its least number.
    """
    try:
        parser = _Parser(pattern)
        part = parser.alternatives()
    except (ValueError, IndexError, RecursionError, OverflowError):
        return None
    return (lambda rng: part(_Writing(rng, {}, stretch, [_LONGEST]))) if parser.done else None


def texts_of(pattern: str, *, stretch: int = 4) -> list[TextMaker]:
    """Functions that draw text for a pattern; with more text around it where the pattern has no anchor."""
    make = text_of(pattern, stretch=stretch)
    if make is None:
        return []
    before, after = ("" if pattern.startswith("^") else _PLAIN), ("" if pattern.endswith("$") else _PLAIN)
    if not before and not after:
        return [make]
    return [lambda rng: f"{_some(before, rng)}{make(rng)}{_some(after, rng)}", make]


def _some(chars: str, rng: Random) -> str:
    return "".join([pick(rng, chars) for _ in range(1 + below(rng, 4))]) if chars else ""


class _Parser:
    """Recursive descent: each method consumes its part from the start of the remaining pattern."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._groups = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._text)

    def _take(self, expected: str) -> bool:
        taken = self._text.startswith(expected, self._at)
        self._at += len(expected) if taken else 0
        return taken

    def _next(self, length: int = 1) -> str:
        self._at += length
        if self._at > len(self._text):
            raise ValueError("the pattern ends too early")
        return self._text[self._at - length : self._at]

    def _until(self, end: str) -> str:
        found = self._next(self._text.index(end, self._at) - self._at)
        self._at += len(end)
        return found

    def alternatives(self) -> _Part:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else lambda writing: pick(writing.rng, options)(writing)

    def _sequence(self) -> _Part:
        parts = []
        while not self.done and self._text[self._at] not in "|)":
            parts.append(self._quantified(self._atom()))
        return parts[0] if len(parts) == 1 else lambda writing: "".join([each(writing) for each in parts])

    def _quantified(self, part: _Part) -> _Part:
        if self._take("*"):
            part = _repeated(part, 0, -1)
        elif self._take("+"):
            part = _repeated(part, 1, -1)
        elif self._take("?"):
            part = _repeated(part, 0, 1)
        elif self._text[self._at : self._at + 1] == "{" and self._text[self._at + 1 : self._at + 2].isdigit():
            self._at += 1
            least, comma, most = self._until("}").partition(",")
            part = _repeated(part, int(least), int(most) if most else -1 if comma else int(least))
        self._take("?") or self._take("+")
        return part

    def _atom(self) -> _Part:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return _one_of(self._class())
        if char == ".":
            return _one_of(_PLAIN + " ")
        if char in "^$" or (char == "\\" and (self._take("b") or self._take("B"))):
            return _nothing
        if char != "\\":
            return lambda _writing: char
        name = self._until(">") if self._take("k<") else self._next() if self._text[self._at] in "123456789" else ""
        return (lambda writing: writing.groups.get(name, "")) if name else _one_of(self._escaped())

    def _group(self) -> _Part:
        is_assertion = any(self._take(sign) for sign in ("?=", "?!", "?<=", "?<!"))
        names = [self._until(">")] if self._take("?<") or self._take("?P<") else []
        if not self._take("?:") and not is_assertion:
            self._groups += 1
            names.append(str(self._groups))
        inner = self.alternatives()
        if not self._take(")"):
            raise ValueError("a group has no end")

        def part(writing: _Writing) -> str:
            text = inner(writing)
            writing.groups.update(dict.fromkeys(names, text))
            return text

        return _nothing if is_assertion else part

    def _escaped(self) -> str:
        """The characters of an escape, whose backslash is consumed already."""
        char = self._next()
        if char in "pP":
            return _with_property(f"\\{char}{{{self._until('}')}}}" if self._take("{") else f"\\{char}{self._next()}")
        if char in _SETS:
            return _SETS[char]
        if char.lower() in _SETS:
            return "".join(c for c in _WIDE if c not in _SETS[char.lower()] and not (char == "S" and c.isspace()))
        if char == "c":
            return chr(ord(self._next()) % 32)
        if char in "ux":
            return chr(int(self._until("}") if self._take("{") else self._next(4 if char == "u" else 2), 16))
        return _ESCAPES.get(char, char)

    def _class(self) -> str:
        negated, chars = self._take("^"), ""
        while not self._take("]"):
            first = self._class_item()
            if len(first) == 1 and self._text[self._at : self._at + 1] == "-" and self._text[self._at + 1] != "]":
                self._at += 1
                first = _range(first, self._class_item())
            chars += first
        return "".join(c for c in _WIDE if c not in chars) if negated else chars

    def _class_item(self) -> str:
        char = self._next()
        if char != "\\":
            return char
        return "\b" if self._take("b") else self._escaped()


@lru_cache(maxsize=256)
def _with_property(escape: str) -> str:
    """The sample's characters that have a Unicode property, according to the validator."""
    return "".join(char for char in _SAMPLE if matches(f"^{escape}$", char))


def _nothing(_writing: _Writing) -> str:
    return ""


def _one_of(chars: str) -> _Part:
    if not chars:
        raise ValueError("an empty class")
    usual = "".join(dict.fromkeys(c for c in chars if c in _PRINTABLE)) or chars
    return lambda writing: pick(writing.rng, usual)


def _range(first: str, last: str) -> str:
    low, high = ord(first), ord(last)
    step = max(1, (high - low + 1) // _MOST_OF_A_RANGE)
    return "".join(chr(code) for code in range(low, high + 1, step) if not 0xD800 <= code < 0xE000)


def _repeated(part: _Part, least: int, most: int) -> _Part:
    def repeat(writing: _Writing) -> str:
        count = least + below(writing.rng, 1 + (writing.stretch if most < 0 else min(writing.stretch, most - least)))
        writing.room[0] -= count
        if writing.room[0] < 0:
            raise Contradiction("pattern", "#", f"its text has more than {_LONGEST} parts")
        return "".join([part(writing) for _ in range(count)])

    return repeat
