"""A level that a receiver shows, beside the movements of its stock item: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from frontsim.verification.facts.derived_state.state_check import WrongState
from frontsim.verification.facts.derived_state.stock_movements import Movement
from frontsim.verification.facts.state_shape import Cell


@dataclass(frozen=True, slots=True)
class ShownLevel:
    """What stands in a cell before a scenario and after it; None where there is no row."""

    cell: Cell
    before: Decimal | None
    after: Decimal | None
    moved: Sequence[Movement]

    @property
    def place(self) -> str:
        return f"{self.cell.about} in {self.cell.column}"

    def is_one_of(self, right: Iterable[Decimal], parts: Iterable[Decimal]) -> bool:
        """Whether the level is right. A table may leave out what is not there, and keep no level below zero.

        Args:
            right: what it may be.
            parts: what it is made of. A receiver may keep whole pieces: each part that is none may be rounded.
        """
        found = list(right)
        if self.after is None:
            return any(each <= 0 for each in found)
        below = self.after == 0 and any(each < 0 for each in found)
        tolerance = sum(each != each.to_integral_value() for each in parts)
        return below or any(self.after == each or abs(self.after - each) < tolerance for each in found)


def not_shown(expected: str, newest: Movement) -> WrongState | None:
    """A row that is missing accuses only where a movement had to make it."""
    return WrongState(None, f"{expected}, got no row", accused=newest.event) if newest.is_owed else None


def listed(levels: Iterable[Decimal]) -> str:
    """Three of them at the most, the lowest first."""
    found = sorted(levels)
    shown = " or ".join(map(plain, found[:3]))
    return f"{shown} or another" if len(found) > 3 else shown


def plain(number: Decimal) -> str:
    """Without an exponent, and without zeros that say nothing."""
    return f"{number.normalize():f}"
