"""The one reader of fields that a user writes in JSON or TOML, within limits, with hints for mistyped names.

fields = Fields({"event": 7, "count": 0})
    event = fields.text("event", "the name of an event type", required=True)     # None, and a note
    count = fields.whole("count", least=1)                                       # None, and a note
    fields.check()      # BadInput: event: expected the name of an event type, got 7; count: expected ...

A reading method returns None where the field is missing, null or wrong, and notes what is wrong; `check` refuses
everything in one error. A reader that must raise another error looks at `problems` and `story`.

What is read is stored, answered and sent, so it must be writable again, and orjson writes fewer levels than it reads.

A dotted path must lead to a field that exists, so that a typing error is reported instead of sent.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

import orjson

from frontsim.errors import BadInput
from frontsim.user_input.validation import shown
from frontsim.wording import near

MOST_NAMES = 20
"""Unknown names that are noted one by one; of more, only how many."""
MOST_SHOWN = 100
"""Characters that are shown of a text or name that came."""


class Fields:
    """The fields of one object.

    Args:
        value: the object.
        at: its dotted path, which stands before each name: `match`.
        any_case: names match in any case, as ASP.NET Core matches them (inferred).
        problems: what is wrong, by dotted path; an object within another notes in the same.
    """

    def __init__(
        self,
        value: Mapping[str, Any],
        *,
        at: str = "",
        any_case: bool = False,
        problems: dict[str, list[str]] | None = None,
    ) -> None:
        self.value = value
        self.problems: dict[str, list[str]] = {} if problems is None else problems
        self._at = at
        self._any_case = any_case
        self._values = {name.lower(): item for name, item in value.items()} if any_case else value

    def has(self, name: str) -> bool:
        """A field is there even if it is null."""
        return self._key(name) in self._values

    def raw(self, name: str) -> Any:
        """The field as it came."""
        return self._values.get(self._key(name))

    def got(self, name: str) -> str:
        """Shows the value under a name, in JSON's words, for a message."""
        return shown_briefly(self.raw(name)) if self.has(name) else "nothing"

    def refuse(self, name: str, expected: str, *, hint: str = "") -> None:
        """Note that a field is wrong, with what came instead."""
        self.note(name, f"expected {expected}, got {self.got(name)}{hint}")

    def note(self, name: str, text: str) -> None:
        """Note anything that is wrong with a field."""
        path = f"{self._at}.{name}" if self._at and name else self._at or name
        self.problems.setdefault(path, []).append(text)

    def text(
        self, name: str, expected: str = "a text", *, required: bool = False, blank: bool = False, most: int = 0
    ) -> str | None:
        """A text; `blank` takes one without a visible character, `most` bounds its characters."""
        value = self.raw(name)
        if isinstance(value, str) and (blank or value.strip()):
            if not most or len(value) <= most:
                return value
            self.note(name, f"expected {expected} of at most {most:,} characters, got {len(value):,}")
        elif required or value is not None:
            self.refuse(name, expected)
        return None

    def whole(self, name: str, *, least: float = -math.inf, most: float = math.inf) -> int | None:
        """A whole number, bounds included."""
        value = self.raw(name)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        if value is not None:
            self.refuse(name, _bounded("a whole number", least, most))
        return None

    def number(self, name: str, *, least: float = -math.inf, most: float = math.inf) -> float | None:
        """A number, bounds included."""
        value = self.raw(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            return value
        if value is not None:
            self.refuse(name, _bounded("a number", least, most))
        return None

    def flag(self, name: str) -> bool | None:
        """True or false."""
        value = self.raw(name)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(name, "true or false")
        return None

    def choice(self, name: str, choices: Collection[str], *, required: bool = False) -> str | None:
        """One of some words."""
        value = self.raw(name)
        if isinstance(value, str) and value in choices:
            return value
        if required or value is not None:
            self.refuse(
                name, f"one of {', '.join(choices)}", hint=near(value, choices) if isinstance(value, str) else ""
            )
        return None

    def mapping(self, name: str, *, required: bool = False) -> Mapping[str, Any] | None:
        """An object."""
        value = self.raw(name)
        if isinstance(value, Mapping):
            return value
        if required or value is not None:
            self.refuse(name, "an object")
        return None

    def within(self, name: str) -> Self:
        """The fields of an object within this one; without any where it is missing, null or wrong."""
        path = f"{self._at}.{name}" if self._at else name
        return type(self)(self.mapping(name) or {}, at=path, any_case=self._any_case, problems=self.problems)

    def items(self, name: str, expected: str = "an array", *, required: bool = False) -> list[Any] | None:
        """An array."""
        value = self.raw(name)
        if isinstance(value, list):
            return value
        if required or value is not None:
            self.refuse(name, expected)
        return None

    def only(self, *names: str) -> None:
        """Refuse every field that is none of these."""
        known = {self._key(name) for name in names}
        others = [name for name in self.value if self._key(name) not in known]
        takes = f"expected one of {', '.join(names)}" if names else "expected nothing here"
        for name in others[:MOST_NAMES]:
            self.note(name[:MOST_SHOWN], f"{takes}, got the name {name[:MOST_SHOWN]!r}{near(name, names)}")
        if len(others) > MOST_NAMES:
            self.note("", f"{takes}, got {len(others) - MOST_NAMES:,} more names")

    @property
    def story(self) -> str:
        """All that is wrong, in one line; "" for nothing."""
        return "; ".join(f"{name}: {text}" if name else text for name, texts in self.problems.items() for text in texts)

    def check(self, opening: str = "") -> None:
        """Refuse the object if anything is wrong; `opening` stands before the details.

        Raises:
            BadInput: with the text of every problem.
        """
        if self.problems:
            raise BadInput(f"{opening}{self.story}", self.problems)

    def _key(self, name: str) -> str:
        return name.lower() if self._any_case else name


def shown_briefly(value: object) -> str:
    """A value in JSON's words, cut short: what came may be of any size."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)  # JSON has no word for it, but TOML has
    return repr(value[:MOST_SHOWN]) if isinstance(value, str) else shown(value)


def _bounded(kind: str, least: float, most: float) -> str:
    if math.isinf(most):
        return kind if math.isinf(least) else f"{kind}, {least:,} or more"
    return f"{kind} from {least:,} to {most:,}"


MOST_LEVELS = 250
_BRACKETS = (b"[", b"{")


def read_json(body: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: says what was expected and what came.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"expected JSON, got something else: {error}") from None
    if is_too_deep(body, value):
        raise ValueError(f"expected JSON that is nested at most {MOST_LEVELS} deep, got deeper")
    return value


_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_UNITS_S = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration_s(text: str) -> float | None:
    """The seconds in a time such as 60, 60s, 5m, 2h or 8d; None for another text."""
    found = _SPAN.fullmatch(text.strip().lower())
    return float(found[1]) * _UNITS_S[found[2]] if found else None


def most_values(text: bytes) -> int:
    """How many values a JSON text holds, at most: each but the first stands behind one of these characters.

    A parser takes up to 0.3 microseconds for each, and some hundred bytes of memory, however short they are.
    """
    return 1 + sum(text.count(opening) for opening in (b",", *_BRACKETS))


def is_too_deep(body: bytes, value: object) -> bool:
    """A value that was read from `body` is too deep if it could not be written.

    A body with few brackets cannot be; only the others are tried.
    """
    if sum(body.count(bracket) for bracket in _BRACKETS) <= MOST_LEVELS:
        return False
    try:
        orjson.dumps(value)
    except TypeError:
        return True
    return False


T = TypeVar("T")


_STEP = re.compile(r"[^.\[\]]+")
_INDEX = re.compile(r"[0-9]{1,9}")
_SHOWN = 8


def overridden(value: object, settings: Mapping[str, object]) -> object:
    """A copy of the value with each setting put in; the value itself where there are none.

    Raises:
        BadInput: a path leads nowhere (the text names the nearest part that exists and what that holds), or
            JSON cannot hold a value.
    """
    if not settings:
        return value
    changed = _copied(value)
    wrong: dict[str, list[str]] = {}
    for path, wanted in settings.items():
        problem = not_json(wanted) or _put(changed, path, wanted)
        if problem is not None:
            wrong[path] = [problem]
    if wrong:
        reasons = "; ".join(f"{path}: {texts[0]}" for path, texts in wrong.items())
        raise BadInput(f"expected paths and values that fit the payload: {reasons}", wrong)
    return changed


def _copied(value: object) -> object:
    """As copy.deepcopy, in a quarter of the time: JSON holds nothing else, and no part of it twice."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


def digits_as_text(settings: Mapping[str, object], schema: Mapping[str, object]) -> dict[str, object]:
    """The settings, with the digits of each whole number as text where the schema takes text and no number.

    `--set gtin=7041234567892` reads as a number, and means the text.
    """
    return {
        path: str(value)
        if isinstance(value, int) and not isinstance(value, bool) and _is_text_at(path, schema)
        else value
        for path, value in settings.items()
    }


def _is_text_at(path: str, root: Mapping[str, object]) -> bool:
    schema: object = root
    for step in _STEP.findall(path):
        inner = _sub(schema, "items") if _INDEX.fullmatch(step) else _sub(_sub(schema, "properties"), step)
        schema = inner
    kinds = _sub(schema, "type")
    return kinds == "string" or (isinstance(kinds, list) and "string" in kinds and not {"integer", "number"} & {*kinds})


def _sub(schema: object, keyword: str) -> object:
    return schema.get(keyword) if isinstance(schema, Mapping) else None


def not_json(value: object) -> str | None:
    """Why JSON cannot hold a value (NaN, an integer of more than 64 bits, an object of Python); None if it can."""
    try:
        orjson.dumps(value)
    except TypeError as error:
        return f"expected a value that JSON can hold, got {type(value).__name__}: {error}"
    # orjson writes more than JSON has. We walk in Python, because json.dumps would hold Python's lock all the time.
    unseen = [value]
    while unseen:
        part = unseen.pop()
        if isinstance(part, dict):
            unseen += part.values()
        elif isinstance(part, list):
            unseen += part
        elif not (part is None or isinstance(part, str | int) or (isinstance(part, float) and math.isfinite(part))):
            return f"expected a value that JSON can hold, got {type(part).__name__}: {str(part)[:40]!r}"
    return None


def found(root: object, path: str) -> tuple[object] | None:
    """The value at a path, in a tuple; None if there is none."""
    place = root
    for step in _STEP.findall(path):
        inner = _inner(place, step)
        if inner is None:
            return None
        place = inner[0]
    return (place,)


def _put(root: object, path: str, wanted: object) -> str | None:
    """Put one value in; returns what is wrong with the path, or None."""
    steps = _STEP.findall(path)
    if not steps or not _well_formed(path, steps):
        return "expected a path such as salesLines[0].price"
    place, walked = root, ""
    for step in steps[:-1]:
        inner = _inner(place, step)
        if inner is None:
            return _nothing(place, step, walked)
        place, walked = inner[0], f"{walked}.{step}" if walked else step
    last = steps[-1]
    if _inner(place, last) is None:
        return _nothing(place, last, walked)
    if isinstance(place, dict):
        place[last] = wanted
    elif isinstance(place, list):
        place[int(last)] = wanted
    return None


def _well_formed(path: str, steps: Sequence[str]) -> bool:
    """A path is well formed if only single dots and closed brackets separate its steps."""
    return re.sub(r"\[([^.\[\]]+)\]", r".\1", path).removeprefix(".") == ".".join(steps)


def _inner(place: object, step: str) -> tuple[object] | None:
    """The value under that name or index, in a tuple; None if there is none."""
    if isinstance(place, dict) and step in place:
        return (place[step],)
    if isinstance(place, list) and _INDEX.fullmatch(step) and int(step) < len(place):
        return (place[int(step)],)
    return None


def _nothing(place: object, step: str, walked: str) -> str:
    where = walked or "the payload"
    hint = near(step, map(str, place)) if isinstance(place, dict) else ""
    return f"got {step!r}{hint}, but {where} is {_holding(place)}"


def _holding(place: object) -> str:
    if isinstance(place, dict):
        names = list(place)
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        return f"an object with {', '.join(map(str, names[:_SHOWN]))}{more}" if names else "an empty object"
    if isinstance(place, list):
        return f"a list with the indices 0 to {len(place) - 1}" if place else "an empty list"
    return "null" if place is None else f"the value {str(place)[:40]!r}"


def read_assignments(texts: Iterable[str]) -> dict[str, object]:
    """Reads the values that texts assign, by name: `total=12.5` a number, `note=hello` a text.

    Raises:
        BadInput: there is no `=`, or a name comes twice.
    """
    values: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name or not _is_text(text):
            raise BadInput(f"expected a name, = and a value, got {text!r}")
        if name in values:
            raise BadInput(f"expected each name once, got {name!r} twice")
        values[name] = _value(value)
    return values


def _is_text(text: str) -> bool:
    """An argument that is not UTF-8 comes with surrogates in it, and is no text."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _value(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
