r"""What the payloads that a receiver lost have in common, and none has that it booked: pure.

A receiver that swallows its own exceptions loses the events that a piece of code cannot cope with: those without a
GTIN, returns, comments of more than 255 characters. The answers do not say so, because it answered each with a 2xx.

    payloads that are lost   --> traits of each --> those of all   \\
                                                                     those that remain, the most telling first
    payloads that are booked --> traits of each --> those of any   /
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

_ENOUGH_BOOKED = 3
"""Events of the type that must have been booked: fewer lack a trait by chance."""
_NAMED = 3
_MOST_FIELDS = 12
"""Fields in which one lost payload may differ from all booked ones: with more, any of them may be the cause."""
_LONGEST_VALUE = 40
_LENGTHS = (16, 20, 24, 30, 32, 40, 50, 64, 80, 100, 128, 200, 255, 500, 1_000, 4_000)
_ENTRIES = (5, 10, 20, 50, 100, 500, 1_000, 5_000)
_LAST_OF_TWO_BYTES = "\uffff"


class Trait(NamedTuple):
    """Something that is said of a field. The lower its `order`, the more telling its kind is."""

    order: int
    path: str
    what: str

    def __str__(self) -> str:
        return f"`{self.path}` {self.what}"


_NULL, _SIGN, _CHARACTERS, _LENGTH, _VALUE = range(5)


def shared_by(lost: Sequence[Any], booked: Sequence[Any]) -> str:
    """A sentence about the traits of all lost payloads of a type that none of the booked ones has; "" without any.

    One lost payload differs from all others in many values, so these count only where several are lost.
    """
    if not lost or len(booked) < _ENOUGH_BOOKED:
        return ""
    traits = set.intersection(*(set(traits_of(each)) for each in lost))
    traits = traits.difference(*map(traits_of, booked))
    telling = sorted((each for each in traits if len(lost) > 1 or each.order < _VALUE), key=_rank)
    found = _one_for_each_field(telling)
    if not found or (len(lost) == 1 and len(found) > _MOST_FIELDS):
        return ""
    named = " and ".join(map(str, found[:_NAMED]))
    if len(found) > _NAMED:
        named += f" (and {len(found) - _NAMED} more)"
    number = "the one event" if len(lost) == 1 else f"all {len(lost)} events"
    return f"{named} in {number} that it lost, and in none of the {len(booked)} of this type that it booked"


def traits_of(value: Any, path: str = "") -> Iterator[Trait]:
    """The traits of all fields of a payload; of entries of a list without their position: `salesLines[].gtin`."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from traits_of(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        if not value:
            yield Trait(_NULL, path, "has no entries")
        yield from (Trait(_LENGTH, path, f"has more than {n:,} entries") for n in _ENTRIES if len(value) > n)
        for inner in value:
            yield from traits_of(inner, f"{path}[]")
    else:
        yield from _traits_of_one(value, path)


def _traits_of_one(value: Any, path: str) -> Iterator[Trait]:
    if value is None:
        yield Trait(_NULL, path, "is null")
    elif isinstance(value, str):
        yield from _traits_of_text(value, path)
    elif isinstance(value, bool):
        yield Trait(_VALUE, path, f"is {str(value).lower()}")
    else:
        if value < 0:
            yield Trait(_SIGN, path, "is negative")
        if not float(value).is_integer():
            yield Trait(_SIGN, path, "has decimals")
        yield Trait(_SIGN if value == 0 else _VALUE, path, f"is {value}")


def _traits_of_text(value: str, path: str) -> Iterator[Trait]:
    if not value:
        yield Trait(_NULL, path, "is empty")
    if not value.isascii():
        yield Trait(_CHARACTERS, path, "has letters outside ASCII")
    if any(letter > _LAST_OF_TWO_BYTES for letter in value):
        yield Trait(_CHARACTERS, path, "has characters of four bytes, such as an emoji,")
    yield from (Trait(_LENGTH, path, f"has more than {n:,} characters") for n in _LENGTHS if len(value) > n)
    if value and len(value) <= _LONGEST_VALUE:
        yield Trait(_VALUE, path, f"is {value!r}")


def _rank(trait: Trait) -> tuple[bool, int, Trait]:
    """Values come last, and what is deep in the payload after what is at its top."""
    return trait.order == _VALUE, trait.path.count(".") + trait.path.count("[]"), trait


def _one_for_each_field(traits: Sequence[Trait]) -> list[Trait]:
    """The most telling trait of each field."""
    found: dict[str, Trait] = {}
    for each in traits:
        found.setdefault(each.path, each)
    return list(found.values())
