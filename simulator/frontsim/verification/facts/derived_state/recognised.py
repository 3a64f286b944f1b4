"""What recognising the columns of a receiver's rows by a few clean events has come to: pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

_SHARE = 0.75
"""The part of the clean events that a column must show."""

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class Recognised(Generic[Shape]):
    """What the rows say: a shape, or why there is none. `is_whole`: every event is shown as it should be."""

    shape: Shape | None = None
    failure: str = ""
    is_whole: bool = False


def are_enough(agree: Iterable[bool], *, of: int) -> bool:
    """Whether a column shows so many of the clean events that it is no coincidence."""
    return sum(agree) >= _SHARE * of
