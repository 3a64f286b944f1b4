"""What a conjunction of schemas, with every choice made, requires of a value.

Facts only get stricter. A keyword that rules out a kind of value removes that kind; if it removes the last one, a
contradiction names that keyword.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import jsonschema_rs

from frontsim.schemas.read import Contradiction, Json, Place

KINDS = ("null", "boolean", "integer", "fraction", "string", "array", "object")
"""Kinds of value: JSON's types, with numbers split so that `integer` is one of them."""
LEAF = "\0leaf"
"""Our own keyword: a schema that is checked only on the finished string or number."""
ROOM = 1_000_000
"""The longest string, array or object that the generator makes."""


class Term(NamedTuple):
    """A schema that must hold (`positive`) or must not. `frames` are the schemas that see what it evaluates."""

    place: Place
    positive: bool
    frames: tuple[str, ...] = ()


class SubschemaRule(NamedTuple):
    """A schema with keywords about properties or items. `frames` are the schemas that see what it evaluates."""

    place: Place
    frames: tuple[str, ...]


class Bound(NamedTuple):
    """The end of a range of numbers."""

    value: Fraction
    exclusive: bool


@dataclass(slots=True)
class SchemaFacts:
    """The requirements, by keyword.

    `listed` is the keyword, with its path, that lists the `allowed` values. If `residue` names a keyword and its
    path, the facts are necessary but not sufficient, so every value is checked.
    """

    kinds: frozenset[str] = frozenset(KINDS)
    hints: set[str] = field(default_factory=set)
    allowed: list[Json] | None = None
    listed: tuple[str, str] = ("enum", "#")
    low: Bound | None = None
    high: Bound | None = None
    multiples: list[Fraction] = field(default_factory=list)
    leaf: list[dict[str, Json]] = field(default_factory=list)
    lengths: tuple[int, int] = (0, ROOM)
    items: tuple[int, int] = (0, ROOM)
    unique: bool = False
    properties: tuple[int, int] = (0, ROOM)
    required: dict[str, Place] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    dependent: dict[str, list[str]] = field(default_factory=dict)
    names: list[Term] = field(default_factory=list)
    object_rules: list[SubschemaRule] = field(default_factory=list)
    array_rules: list[SubschemaRule] = field(default_factory=list)
    contains: list[SubschemaRule] = field(default_factory=list)
    unevaluated: list[SubschemaRule] = field(default_factory=list)
    format_: str | None = None
    examples: list[Json] = field(default_factory=list)
    content: set[str] = field(default_factory=set)
    residue: tuple[str, str] | None = None
    seen: set[object] = field(default_factory=set)

    def copy(self) -> "SchemaFacts":
        """A copy that can get stricter by itself."""
        fresh = replace(self)
        for name in ("hints", "multiples", "leaf", "required", "forbidden", "dependent", "names", "object_rules"):
            setattr(fresh, name, getattr(self, name).copy())
        for name in ("array_rules", "contains", "content", "unevaluated", "examples", "seen"):
            setattr(fresh, name, getattr(self, name).copy())
        return fresh

    def keep(self, kinds: frozenset[str], keyword: str, path: str, why: str) -> None:
        """Remove all other kinds of value.

        Raises:
            Contradiction: no kind remains, because of `why`.
        """
        self.kinds &= kinds
        if not self.kinds:
            raise Contradiction(keyword, path, why)


def exact(number: float) -> Fraction:
    """The exact value of a JSON number as written: 0.01 is one hundredth."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def kinds_of(value: Json) -> tuple[str, ...]:
    """The kinds that a value may count as: 1.0 is an integer to most drafts."""
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int | float):
        return ("integer", "fraction") if value == int(value) else ("fraction",)
    return {type(None): ("null",), str: ("string",), list: ("array",)}.get(type(value), ("object",))


def same(one: Json, other: Json) -> bool:
    """Equality as JSON Schema means it: 1 is 1.0 but not true."""
    return validator({"enum": [one]}).is_valid(other)


def validator(schema: dict[str, Json]) -> jsonschema_rs.Validator:
    """A validator for a schema without references."""
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> jsonschema_rs.Validator:
    return validator({"pattern": pattern})


def matches(pattern: str, text: str) -> bool:
    """Whether the validator finds the pattern in the text."""
    return _pattern(pattern).is_valid(text)


def accepts_leaf(facts: SchemaFacts) -> Callable[[Json], bool]:
    """A check of a string, number, boolean or null against every keyword about such values."""
    if not facts.leaf:
        return lambda _value: True
    check: Callable[[Json], bool] = validator({"allOf": facts.leaf}).is_valid
    return check
