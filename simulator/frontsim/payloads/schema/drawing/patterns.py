r"""Text that an ECMA-262 regular expression matches.

It reads classes, escapes, groups, alternatives, quantifiers, back references and \p{...}. Assertions (^ $ \b,
lookahead, lookbehind) add no text; the validator then checks whether they hold.
"""

import string
from collections.abc import Callable
from functools import lru_cache

from frontsim.payloads.schema.drawing.draw_context import DrawContext, Producer
from frontsim.payloads.schema.reading.facts import matches

_Part = Callable[[DrawContext, dict[str, str], int], str]
"""Makes the text of a part, given the groups so far (it adds its own) and the `stretch` of quantifiers."""

_WORD = string.ascii_letters + string.digits + "_"
_PLAIN = string.ascii_letters + string.digits
_PRINTABLE = _PLAIN + " -_.,:;!?'\"()[]{}/\\|@#%&*+=<>~^$`"
_WIDE = _PRINTABLE + "æøåÆØÅäöüé€ß\t\n\u4e2d\U0001f6d2"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_SETS = {"d": string.digits, "w": _WORD, "s": " \t"}
_SCRIPTS = (range(0xA0, 0x180), range(0x370, 0x460), range(0x5D0, 0x5EB), range(0x621, 0x64B), range(0x905, 0x93A))
_SYMBOLS = (range(0x2010, 0x2040), range(0x20A0, 0x20C0), range(0x2190, 0x2200), range(0x1F600, 0x1F640))
_EASTERN = (range(0x3041, 0x30FF), range(0x4E00, 0x4E40), range(0xAC00, 0xAC40))
_SAMPLE = _WIDE + "".join(chr(code) for codes in (*_SCRIPTS, *_SYMBOLS, *_EASTERN) for code in codes)
"""Characters of many scripts, for `\\p{...}`."""
_MOST_OF_A_RANGE = 128
_STRETCH = 4


def text_of(pattern: str, *, stretch: int = _STRETCH) -> Producer | None:
    """A producer of text for a pattern; None if the pattern has a part that we do not read.

    Args:
        pattern: the regular expression.
        stretch: how many repetitions a quantifier may add to its least number.
    """
    try:
        parser = _Parser(pattern)
        part = parser.alternatives()
        if not parser.done:
            return None
    except (ValueError, IndexError, RecursionError, OverflowError):
        return None
    return lambda context: part(context, {}, stretch)


def texts_of(pattern: str, *, stretch: int = _STRETCH) -> list[Producer]:
    """Producers of text for a pattern; with more text around it where the pattern has no anchor."""
    produce = text_of(pattern, stretch=stretch)
    if produce is None:
        return []
    before = "" if pattern.startswith("^") else _PLAIN
    after = "" if pattern.endswith("$") else _PLAIN
    if not before and not after:
        return [produce]
    return [lambda context: f"{_some(before, context)}{produce(context)}{_some(after, context)}", produce]


def _some(chars: str, context: DrawContext) -> str:
    return "".join([context.pick(chars) for _ in range(1 + context.below(4))]) if chars else ""


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

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _until(self, end: str) -> str:
        stop = self._text.index(end, self._at)
        found = self._text[self._at : stop]
        self._at = stop + len(end)
        return found

    def alternatives(self) -> _Part:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return (
            options[0]
            if len(options) == 1
            else lambda context, groups, far: context.pick(options)(context, groups, far)
        )

    def _sequence(self) -> _Part:
        parts = []
        while not self.done and self._text[self._at] not in "|)":
            parts.append(self._quantified(self._atom()))
        return (
            parts[0]
            if len(parts) == 1
            else lambda context, groups, far: "".join([p(context, groups, far) for p in parts])
        )

    def _quantified(self, part: _Part) -> _Part:
        least, most = 1, 1
        for sign, low, high in (("*", 0, -1), ("+", 1, -1), ("?", 0, 1)):
            if self._take(sign):
                least, most = low, high
                break
        else:
            if self._text[self._at : self._at + 1] == "{" and self._text[self._at + 1 : self._at + 2].isdigit():
                self._at += 1
                low_text, comma, high_text = self._until("}").partition(",")
                least = int(low_text)
                most = int(high_text) if high_text else -1 if comma else least
        self._take("?") or self._take("+")
        if (least, most) == (1, 1):
            return part
        return _repeated(part, least, most)

    def _atom(self) -> _Part:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return _one_of(self._class())
        if char == ".":
            return _one_of(_PLAIN + " ")
        if char in "^$":
            return _nothing
        if char == "\\":
            return self._escape()
        return lambda _context, _groups, _far: char

    def _group(self) -> _Part:
        if any(self._take(sign) for sign in ("?=", "?!", "?<=", "?<!")):
            self.alternatives()
            self._expect(")")
            return _nothing
        names = []
        if self._take("?<") or self._take("?P<"):
            names.append(self._until(">"))
        if not self._take("?:"):
            self._groups += 1
            names.append(str(self._groups))
        inner = self.alternatives()
        self._expect(")")

        def part(context: DrawContext, groups: dict[str, str], far: int) -> str:
            text = inner(context, groups, far)
            groups.update(dict.fromkeys(names, text))
            return text

        return part

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise ValueError(f"expected {sign}")

    def _escape(self) -> _Part:
        if self._take("b") or self._take("B"):
            return _nothing
        name = self._until(">") if self._take("k<") else self._digits()
        if name:
            return lambda _context, groups, _far: groups.get(name, "")
        return _one_of(self._escaped())

    def _digits(self) -> str:
        return self._next() if self._text[self._at] in "123456789" else ""

    def _escaped(self) -> str:
        """The characters of an escape, whose backslash is consumed already."""
        char = self._next()
        if char in "pP":
            name = self._until("}") if self._text[self._at] == "{" else self._next()
            return _with_property(f"\\{char}{name}" + "}" * name.startswith("{"))
        if char in _SETS:
            return _SETS[char]
        if char.lower() in _SETS:
            return "".join(c for c in _WIDE if c not in _SETS[char.lower()] and not (char == "S" and c.isspace()))
        if char == "c":
            return chr(ord(self._next()) % 32)
        if char == "u" and self._take("{"):
            return chr(int(self._until("}"), 16))
        if char in "ux":
            width = 4 if char == "u" else 2
            self._at += width
            return chr(int(self._text[self._at - width : self._at], 16))
        return _ESCAPES.get(char, char)

    def _class(self) -> str:
        negated = self._take("^")
        chars = ""
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


def _nothing(_context: DrawContext, _groups: dict[str, str], _far: int) -> str:
    return ""


def _one_of(chars: str) -> _Part:
    if not chars:
        raise ValueError("an empty class")
    usual = "".join(dict.fromkeys(c for c in chars if c in _PRINTABLE)) or chars
    return lambda context, _groups, _far: context.pick(usual)


def _range(first: str, last: str) -> str:
    low, high = ord(first), ord(last)
    step = max(1, (high - low + 1) // _MOST_OF_A_RANGE)
    return "".join(chr(code) for code in range(low, high + 1, step) if not 0xD800 <= code < 0xE000)


def _repeated(part: _Part, least: int, most: int) -> _Part:
    def repeat(context: DrawContext, groups: dict[str, str], far: int) -> str:
        room = far if most < 0 else min(far, most - least)
        count = least + context.below(room + 1)
        context.spend("pattern", "#", count // 16)
        return "".join([part(context, groups, far) for _ in range(count)])

    return repeat
