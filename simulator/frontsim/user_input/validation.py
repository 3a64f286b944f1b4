"""Why a value breaks a schema, field by field: what was expected, what came.

jsonschema-rs, which the hot path uses, decides whether a value is valid; jsonschema only explains why it is not.
Where the two differ (an e-mail address `a@`, a line feed behind a pattern's `$`, a pattern that only one of them can
read), jsonschema-rs is right, and explains in its own words.
"""

import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

Path = Sequence[str | int]

FORMATS = frozenset({"date", "date-time", "email", "hostname", "ipv4", "ipv6", "regex", "time", "uri", "uuid"})
"""Formats that must be checked, not waved through: jsonschema leaves out those whose library is missing."""

MOST = 100
"""Violations that are listed for one value."""
_LONGEST = 80
"""Characters of a value or a text that are shown."""


class Violation(NamedTuple):
    """One thing that is wrong with a value.

    `path` is dotted, items as in `lines[0].price`, and `""` for the whole; `got` is the value as JSON, cut
    to what fits a line.
    """

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path or 'the whole'}: expected {self.expected}, got {self.got}"


class _Breach(NamedTuple):
    """A broken keyword, from either validator."""

    path: Path
    keyword: str
    limit: Any
    value: Any
    schema: Mapping[str, Any]
    message: str
    alternatives: "Sequence[_Breach]" = ()


def problems_of(schema: Mapping[str, Any], value: object, validator: jsonschema_rs.Validator) -> list[Violation]:
    """Lists how `value` breaks `schema`, up to 100 times; empty exactly when `validator` takes it.

    Args:
        schema: a JSON Schema that refers to nothing outside itself.
        value: as JSON would hold it: dicts, lists, strings, numbers, booleans, None.
        validator: made of that schema, formats on; its answer counts.
    """
    if validator.is_valid(value):
        return []
    breaches = _found_by_jsonschema(schema, value)
    return _as_violations(breaches) if breaches else rs_problems_of(value, validator)


def rs_problems_of(value: object, validator: jsonschema_rs.Validator) -> list[Violation]:
    """As `problems_of`, in jsonschema-rs's own words."""
    return _as_violations([_from_rs(error) for error in islice(validator.iter_errors(value), MOST)])


def _as_violations(breaches: Iterable[_Breach]) -> list[Violation]:
    return list(dict.fromkeys(violation for breach in breaches for violation in _violations(breach)))[:MOST]


def dotted(path: Path) -> str:
    """`lines[0].price` for `("lines", 0, "price")`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def shown(value: object) -> str:
    """A value as JSON, with its type where a reader could mistake it, cut to what fits a line."""
    try:
        text = orjson.dumps(value).decode()
    except TypeError:  # nested deeper than orjson writes, or an integer of more than 64 bits
        text = reprlib.repr(value)
    return _cut(f"{text} (a string)" if isinstance(value, str) and len(text) < _LONGEST - 11 else text)


@cache
def _jsonschema() -> Callable[[Mapping[str, Any], object], list[Any]]:
    """A function that lists what jsonschema finds wrong; imported when first needed, because that takes 0.1 s."""
    import jsonschema  # type: ignore[import-untyped]  # noqa: PLC0415
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    def errors(schema: Mapping[str, Any], value: object) -> list[Any]:
        kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        missing = FORMATS - kind.FORMAT_CHECKER.checkers.keys() - _UNKNOWN_TO.get(kind.__name__, frozenset())
        assert not missing, f"jsonschema lacks a library: no check of {', '.join(sorted(missing))}"
        validator = kind(schema, registry=REGISTRY, format_checker=kind.FORMAT_CHECKER)
        try:
            return list(islice(validator.iter_errors(value), MOST))
        except (re.error, Unresolvable, RecursionError, OverflowError):
            return []  # not an error: jsonschema-rs can read this schema, and explains in its own words

    return errors


_UNKNOWN_TO = {
    "Draft4Validator": frozenset({"date", "regex", "time", "uuid"}),
    "Draft6Validator": frozenset({"date", "regex", "time", "uuid"}),
    "Draft7Validator": frozenset({"uuid"}),
}
"""Formats that came with a later draft."""


def _found_by_jsonschema(schema: Mapping[str, Any], value: object) -> list[_Breach]:
    """Empty when jsonschema sees nothing, cannot read the schema, or met a `false` one, whose path it loses."""
    breaches = [_from_jsonschema(error) for error in _jsonschema()(schema, value)]
    return [] if any(each.keyword == "None" for each in breaches) else breaches


def _from_jsonschema(error: Any) -> _Breach:
    return _Breach(
        path=list(error.absolute_path),
        keyword=str(error.validator),
        limit=error.validator_value,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        message=error.message,
        alternatives=[_from_jsonschema(inner) for inner in error.context or ()],
    )


def _from_rs(error: jsonschema_rs.ValidationError) -> _Breach:
    limit = error.kind.value
    keyword = error.kind.name
    return _Breach(
        path=error.instance_path,
        keyword=keyword,
        limit=[limit] if keyword == "required" else limit,
        value=error.instance,
        schema={},
        message=error.message,
    )


def _violations(breach: _Breach) -> Iterable[Violation]:
    if breach.keyword == "required" and isinstance(breach.value, dict):
        properties = breach.schema.get("properties", {})
        for name in breach.limit:
            if name not in breach.value:
                yield Violation(dotted([*breach.path, name]), _type_of(properties.get(name)), "nothing")
        return
    yield Violation(dotted(breach.path), _expected(breach), shown(breach.value))


def _type_of(schema: object) -> str:
    kind = schema.get("type") if isinstance(schema, dict) else None
    return _either(kind) if kind else "a value"


def _expected(breach: _Breach) -> str:
    """Puts the keyword's demand in words."""
    words = _WORDS.get(breach.keyword)
    return _cut(words(breach) if words else f"what its schema allows ({breach.message})", 2 * _LONGEST)


def _pattern(breach: _Breach) -> str:
    example = next((each for each in breach.schema.get("examples", ()) if isinstance(each, str)), None)
    return f"text such as {example}" if example else f"text that matches {breach.limit}"


def _alternatives(breach: _Breach) -> str:
    """`null or string` where the alternatives differ in that; else their number."""
    if breach.alternatives and all(list(each.path) == list(breach.path) for each in breach.alternatives):
        return _either(list(dict.fromkeys(_expected(each) for each in breach.alternatives)))
    which = "exactly one" if breach.keyword == "oneOf" else "any"
    return f"{which} of the {len(breach.limit)} forms that its schema gives"


def _either(names: str | Sequence[str]) -> str:
    return names if isinstance(names, str) else " or ".join(names)


_WORDS: Mapping[str, Callable[[_Breach], str]] = {
    "type": lambda breach: _either(breach.limit),
    "enum": lambda breach: "one of " + ", ".join(orjson.dumps(each).decode() for each in breach.limit),
    "const": lambda breach: orjson.dumps(breach.limit).decode(),
    "pattern": _pattern,
    "format": lambda breach: f"text in the format {breach.limit}",
    "minimum": lambda breach: f"{breach.limit} or more",
    "maximum": lambda breach: f"{breach.limit} or less",
    "exclusiveMinimum": lambda breach: f"more than {breach.limit}",
    "exclusiveMaximum": lambda breach: f"less than {breach.limit}",
    "multipleOf": lambda breach: f"a multiple of {breach.limit}",
    "minLength": lambda breach: f"{breach.limit} characters or more",
    "maxLength": lambda breach: f"{breach.limit} characters or fewer",
    "minItems": lambda breach: f"{breach.limit} items or more",
    "maxItems": lambda breach: f"{breach.limit} items or fewer",
    "falseSchema": lambda _: "no such field",
    "additionalProperties": lambda breach: (
        f"no fields but {', '.join(breach.schema.get('properties', ())) or 'those named'}"
    ),
    "uniqueItems": lambda _: "no item twice",
    "anyOf": _alternatives,
    "oneOf": _alternatives,
}


def _cut(text: str, most: int = _LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
