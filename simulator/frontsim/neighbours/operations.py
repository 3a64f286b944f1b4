"""The declared operations and their shapes, and the one reader of what a caller sends to them.

    contracts/operations.json ──▶ VendorOperation (method, path, parameters, request, answer, what it does and raises)
                              └─▶ Shape (fields with kinds: "integer:int32 or null", "[OrderLine]", "string of a|b")

Names match in any case and unknown names are ignored, as ASP.NET Core does (inferred). A null stands for a field that
was not sent. An answer has every published field: what the shop does not know is null where null is published, and
otherwise .NET's default (inferred).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from frontsim import bundled
from frontsim.clock import WireTime
from frontsim.errors import BadInput
from frontsim.user_input.fields import shown_briefly

Problems = dict[str, list[str]]


class ValueKind(NamedTuple):
    """The kind of a value. `base` is string, integer, number, boolean, any, none or the name of a shape."""

    base: str
    form: str
    nullable: bool
    is_list: bool
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """An object's fields by name, the required ones, and what an answer has where the shop knows nothing."""

    fields: Mapping[str, ValueKind]
    required: frozenset[str]
    by_lower: Mapping[str, str]
    unknown: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a call; `where` is path, query or header."""

    where: str
    name: str
    kind: ValueKind
    required: bool


@dataclass(frozen=True, slots=True)
class VendorOperation:
    """One operation. `does` names its function, `raises` the types of its events, `open` what we chose."""

    name: str
    method: str
    path: str
    summary: str
    does: str
    parameters: tuple[Parameter, ...]
    request: ValueKind | None
    answer: ValueKind
    published: str
    raises: tuple[str, ...]
    open: str


@dataclass(frozen=True, slots=True)
class VendorCall:
    """A call: its parameters by name, in the declared spelling, its body, and the declared kind of that."""

    values: Mapping[str, Any]
    body: Mapping[str, Any]
    request: ValueKind | None = None

    def line_fields(self, name: str) -> Mapping[str, ValueKind]:
        """The published fields of the lines in a field of the body."""
        assert self.request is not None
        body = resolved(self.request)
        assert isinstance(body, Shape)
        line = resolved(body.fields[name]._replace(is_list=False))
        assert isinstance(line, Shape)
        return line.fields


_KIND = re.compile(r"(\[)?(\w+)(?::([\w-]+))?\]?(?: of ([\w|]+))?( or null)?")
_USUAL: Mapping[str, type] = MappingProxyType({"string": str, "integer": int, "number": float, "boolean": bool})
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"string": "", "integer": 0, "number": 0, "boolean": False})
_ANY_ZONE = WireTime(ZoneInfo("UTC"))  # a text is a moment in every zone or in none
NEVER = "0001-01-01T00:00:00"
""".NET writes this for a `DateTime` that was never set."""
LAST = "9999-12-31T23:59:59.997"
"""The last moment that .NET and SQL Server can say."""
_DEFAULTS_OF_FORMS: Mapping[str, Any] = MappingProxyType({"date-time": NEVER, "uuid": str(UUID(int=0))})


@cache
def _contract() -> Mapping[str, Any]:
    contract: Mapping[str, Any] = orjson.loads((bundled.folder("contracts") / "operations.json").read_bytes())
    return contract


@cache
def kind_of(text: str) -> ValueKind:
    """Reads `[StockItem]`, `string:date-time or null`, `integer of 5|6`."""
    found = _KIND.fullmatch(text)
    assert found is not None, text
    opening, base, form, words, nullable = found.groups()
    return ValueKind(base, form or "", bool(nullable), bool(opening), tuple(words.split("|")) if words else ())


def operations() -> list[VendorOperation]:
    """Every declared operation, in the order of the contract."""
    return [
        VendorOperation(
            **{
                **each,
                "parameters": tuple(map(_parameter, each.get("parameters", ()))),
                "request": kind_of(each["request"]) if "request" in each else None,
                "answer": kind_of(each["answer"]),
                "raises": tuple(each.get("raises", ())),
            }
        )
        for each in _contract()["operations"]
    ]


def _parameter(text: str) -> Parameter:
    where, rest = text.split(" ", 1)
    name, kind = rest.split(": ", 1)
    return Parameter(where, name.rstrip("*"), kind_of(kind), name.endswith("*"))


@cache
def resolved(kind: ValueKind) -> "ValueKind | Shape":
    """The shape that a kind names, or the kind of a word such as OrderType, or the kind itself."""
    declared = _contract()["shapes"].get(kind.base)
    if declared is None:
        return kind
    return _shape(kind.base) if isinstance(declared, dict) else kind_of(declared)


@cache
def _shape(name: str) -> Shape:
    declared = _contract()["shapes"][name]
    fields = {field.rstrip("*"): kind_of(text) for field, text in declared.items()}
    return Shape(
        fields,
        frozenset(field.rstrip("*") for field in declared if field.endswith("*")),
        {field.lower(): field for field in fields},
        {field: _unknown(kind) for field, kind in fields.items()},
    )


def _unknown(kind: ValueKind) -> Any:
    if kind.is_list:
        return ()
    if kind.nullable or kind.base == "any":
        return None
    known = resolved(kind)
    if isinstance(known, Shape):
        return dict(known.unknown)
    if known.words:
        return int(known.words[0]) if known.base == "integer" else known.words[0]
    return _DEFAULTS_OF_FORMS.get(known.form, _DEFAULTS[known.base])


def filled(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """An object of a shape: every published field and no other, at every depth, whatever the values are."""
    shown: dict[str, Any] = _former(kind_of(name))(values)
    return shown


@cache
def _former(kind: ValueKind) -> Callable[[Any], Any]:
    """Makes a value of a kind; one of another kind becomes what an answer has where the shop knows nothing.

    An object or a list that is null stays null, as in events.
    """
    if kind.is_list:
        one = _former(kind._replace(is_list=False))

        def listed(value: Any) -> Any:
            if not isinstance(value, list):
                return None if value is None else []
            return [one(each) for each in value if each is not None]

        return listed
    known, unknown = resolved(kind), _unknown(kind)
    if isinstance(known, Shape):
        fields = [
            (name, None if field.is_list or field.words else _USUAL.get(field.base), _former(field))
            for name, field in known.fields.items()
        ]

        def shaped(value: Any) -> Any:
            if not isinstance(value, dict):
                return None if value is None else unknown
            found = {**known.unknown}
            for name, usual, form in fields:
                if name in value:
                    item = value[name]
                    found[name] = item if type(item) is usual else form(item)
            return found

        return shaped
    if known.base == "any":
        return lambda value: value
    whole, words, is_one = known.base == "integer", known.words, _READERS[known.base][1]

    def formed(value: Any) -> Any:
        if whole and isinstance(value, float) and abs(value) < _limit(known):
            value = round(value)  # a level that is no whole number, in a field of whole pieces
        return value if is_one(value) and (not words or str(value) in words) else unknown

    return formed


def read(kind: ValueKind, value: Any, problems: Problems, at: str = "") -> Any:
    """A value as a kind asks for it, or None and a note of what is wrong with it."""
    if value is None:
        return None
    if kind.is_list:
        if not isinstance(value, list):
            return _note(problems, at, "an array", value)
        one = kind._replace(is_list=False)
        return [read(one, item, problems, f"{at}[{place}]") for place, item in enumerate(value) if item is not None]
    known = resolved(kind)
    if isinstance(known, Shape):
        return _read_object(known, value, problems, at)
    if known.base == "any":
        return value
    expected, is_one = _READERS[known.base]
    if not is_one(value):
        return _note(problems, at, expected, value)
    if isinstance(value, int) and not -(limit := _limit(known)) <= value < limit:
        return _note(problems, at, f"{expected} of {limit.bit_length()} bits", value)
    if known.words and str(value) not in known.words:
        return _note(problems, at, f"one of {', '.join(known.words)}", value)
    if known.form == "date-time" and (wrong_moment := _wrong_moment(value)):
        problems.setdefault(at, []).append(wrong_moment)
        return None
    if known.form == "uuid":
        try:
            return str(UUID(value))
        except ValueError:
            return _note(problems, at, "a UUID", value)
    return value


def _read_object(shape: Shape, value: Any, problems: Problems, at: str) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        _note(problems, at, "an object", value)
        return None
    found: dict[str, Any] = {}
    for given, item in value.items():
        name = shape.by_lower.get(given.lower())
        if name is not None:
            one = read(shape.fields[name], item, problems, f"{at}.{name}" if at else name)
            if one is not None:
                found[name] = one
    for name in shape.required - found.keys():
        path = f"{at}.{name}" if at else name
        if path not in problems and not shape.fields[name].nullable:
            _note(problems, path, "a value", None)
    return found


def refused(problems: Problems) -> BadInput:
    """The refusal of all that is wrong."""
    story = "; ".join(f"{name}: {text}" if name else text for name, texts in problems.items() for text in texts)
    return BadInput(story, problems)


def wrong(field: str, text: str) -> BadInput:
    """The refusal of one field."""
    return refused({field: [text]})


def read_text(kind: ValueKind, text: str) -> Any:
    """The value of a parameter, which is text in a query, a header or a path. Raises ValueError."""
    if kind.base == "integer":
        if not re.fullmatch(r"-?[0-9]{1,19}", text) or not -(limit := _limit(kind)) <= int(text) < limit:
            raise ValueError(f"expected a whole number, got {text[:64]!r}")
        return int(text)
    if kind.base == "boolean":
        if text.lower() not in ("true", "false"):
            raise ValueError(f"expected true or false, got {text[:64]!r}")
        return text.lower() == "true"
    return text


def _limit(kind: ValueKind) -> int:
    return 2**31 if kind.form == "int32" else 2**63


def _note(problems: Problems, at: str, expected: str, value: Any) -> None:
    got = "nothing" if value is None else shown_briefly(value)
    problems.setdefault(at, []).append(f"expected {expected}, got {got}")


def _wrong_moment(value: str) -> str:
    """Why a text is no moment, "" for one."""
    try:
        _ANY_ZONE.read(value)
    except ValueError as error:
        return str(error)
    return ""


_READERS: Mapping[str, tuple[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "string": ("a text", lambda value: isinstance(value, str)),
        "integer": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
        "number": (
            "a number",
            lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
        ),
        "boolean": ("true or false", lambda value: isinstance(value, bool)),
    }
)
