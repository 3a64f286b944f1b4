"""Which levels are wrong after a scenario's movements.

Right is the level before, and each movement once; one that was never acknowledged may count. What is shown instead is
explained by one movement that counts again or not at all, else by several at once, else by nothing.

levels of a movement   right is that of the newest movement; of two that may be the newest, either
    sum of quantities      right is the level before, and each movement once; one that was never acknowledged may count

A level is wrong only if a mistake with this scenario's own movements explains what is shown: one that counts again,
one that does not count, an older one that stands. What nothing explains is a doubt: others may move the same stock.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import product
from math import ceil

from frontsim.verification.compare.state_events import (
    MOVEMENT,
    SUM,
    Comparison,
    Movement,
    StateCheck,
    WrongState,
    check_of,
    movements,
)
from frontsim.verification.effects.classes import Class
from frontsim.verification.effects.history import EventFact, FaultFact, History, first_ms, last_ms
from frontsim.verification.effects.state_shape import Cell, StateFacts, StateShape, StockItem


@dataclass(frozen=True, slots=True)
class ShownLevel:
    """A cell's level before a scenario and after it; None where there is no row."""

    cell: Cell
    before: Decimal | None
    after: Decimal | None
    moved: Sequence[Movement]

    @property
    def place(self) -> str:
        return f"{self.cell.about} in {self.cell.column}"

    def is_one_of(self, right: Iterable[Decimal], parts: Iterable[Decimal]) -> bool:
        """The level is right, or a table left it out because nothing is there, or kept it at zero instead of below.

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


_MOST_SUMS = 20_000
_MOST_NAMES = 3
_COPIES = "copies="
_DUPLICATE = "duplicate"
_NOTHING = Decimal(0)
Sums = frozenset[Decimal]
Occurrence = Sequence[Movement]
"""One movement, under the event ids of all webhooks that report it."""


def wrong_sum(level: ShownLevel, faults: Sequence[FaultFact], *, clamps: bool) -> WrongState | None:
    """Finds how the level is wrong; None where it is right, or may be. `clamps`: it never goes below zero."""
    start, occurrences = level.before or _NOTHING, _occurrences(level.moved)
    right = _sums(start, [(each[0].quantity, *_bounds(each)) for each in occurrences])
    if right is None or _may_be_clamped(level, clamps=clamps) or _is_right(level, right):
        return None
    expected = f"expected {listed(right)} for {level.place} ({plain(start)} before, and each movement once)"
    if level.after is None:
        return not_shown(expected, max(level.moved, key=lambda each: (each.is_owed, each.at)))
    why, accused = _explained(level.after, start, occurrences, right, _copies(faults))
    return WrongState(level.after, f"{expected}, got {plain(level.after)}{why}", accused=accused)


def _may_be_clamped(level: ShownLevel, *, clamps: bool) -> bool:
    """The level may have been at zero in between, and have counted from there: then the order matters.

    A receiver whose clean events had rows below zero keeps such rows: there a missing row, or a zero, is the sign.
    However often it was at zero, it shows no more than what was added in all.
    """
    start = level.before or _NOTHING
    if start + sum((each.quantity for each in level.moved if each.quantity < 0), _NOTHING) >= 0:
        return False
    if level.after is None:
        return clamps or level.before is not None
    highest = start + sum(ceil(each.quantity) for each in level.moved if each.quantity > 0)
    return level.after == _NOTHING or (clamps and level.after <= highest)


def _is_right(level: ShownLevel, right: Sums) -> bool:
    """The level is one of the sums; a row is missing rightly only where nothing may be left."""
    if level.after is None:
        return _NOTHING in right
    return level.is_one_of(right, [each.quantity for each in level.moved])


def _explained(
    shown: Decimal, start: Decimal, occurrences: Sequence[Occurrence], right: Sums, copies: int
) -> tuple[str, EventFact | None]:
    """The mistake that leads to what is shown, and the event of it: the one that arrived most often, if several do."""
    likeliest_first = sorted(occurrences, key=lambda some: -sum(one.arrivals for one in some))
    if fits := [(each, why) for each in likeliest_first if (why := _one_mistake(each, shown, right, copies))]:
        return f": {_as_if(fits)}", fits[0][0][0].event
    wide = _sums(start, [(each[0].quantity, 0, _most(each, copies)) for each in occurrences])
    if wide is not None and shown in wide:
        why = f"as if some of its {len(occurrences)} movements had been applied again, or not at all"
        return f": {why}; which ones is not known", likeliest_first[0][0].event
    return ", which no movement of the scenario explains", None


def _as_if(fits: Sequence[tuple[Occurrence, str]]) -> str:
    """Each movement that explains the level alone: a sum does not tell which of them it was."""
    by_why: dict[str, list[str]] = defaultdict(list)
    for occurrence, why in fits:
        by_why[why].append(_named(occurrence))
    return "; or ".join(f"as if {_one_of(names)} had {why}" for why, names in by_why.items())


def _one_of(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return " or ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} or one of {len(names) - _MOST_NAMES} more"


def _occurrences(moved: Sequence[Movement]) -> list[Occurrence]:
    found: dict[object, list[Movement]] = defaultdict(list)
    for each in moved:
        found[each.number or each.event.webhook_event_id].append(each)
    return list(found.values())


def _bounds(occurrence: Occurrence) -> tuple[int, int]:
    """How often it may count: once for each webhook at the most, and once at the least where that is owed."""
    return int(any(each.is_owed for each in occurrence)), sum(each.may_apply for each in occurrence)


def _most(occurrence: Occurrence, copies: int) -> int:
    return sum(each.arrivals for each in occurrence) * copies


def _one_mistake(occurrence: Occurrence, shown: Decimal, right: Sums, copies: int) -> str:
    """Explains the level by one mistake with this movement alone; "" where none explains it."""
    quantity, (least, most) = occurrence[0].quantity, _bounds(occurrence)
    again = next(
        (times for times in range(1, _most(occurrence, copies) - most + 1) if shown - times * quantity in right), 0
    )
    if again:
        return f"been applied {_times(most + again)}"
    return "not been applied" if least and shown + quantity in right else ""


def _sums(start: Decimal, parts: Iterable[tuple[Decimal, int, int]]) -> Sums | None:
    """All sums with each quantity as often as it may count; None if there are too many to tell."""
    found = {start}
    for quantity, least, most in parts:
        found = {each + times * quantity for each, times in product(found, range(least, most + 1))}
        if len(found) > _MOST_SUMS:
            return None
    return frozenset(found)


def _copies(faults: Sequence[FaultFact]) -> int:
    """How many copies of a delivery a fault may have sent."""
    details = [each.detail for each in faults if each.fault == _DUPLICATE]
    numbers = [word.removeprefix(_COPIES) for text in details for word in text.split() if word.startswith(_COPIES)]
    return max((int(each) for each in numbers if each.isdigit()), default=2 if details else 1)


def _times(number: int) -> str:
    return {1: "although it was refused", 2: "twice"}.get(number, f"{number} times")


def _named(occurrence: Occurrence) -> str:
    return f"{occurrence[0].event.webhook_event_id} ({plain(occurrence[0].quantity)})"


def check_stock(history: History) -> StateCheck:
    """Compare the levels at the end with the movements; nothing is compared where they were not read."""
    state = history.state
    if state is None or state.shape is None or state.after is None:
        return StateCheck()
    mentioned = cache(lambda: _mentions(history.events))  # of thousands of events, and mostly not asked for
    return check_of(
        _compared(about, moved, state, history, mentioned)
        for about, moved in _by_item(history.events, state.shape).items()
        if not any(each.event.altered for each in moved)
    )


def _compared(
    about: StockItem, moved: Sequence[Movement], state: StateFacts, history: History, mentioned: Callable[[], str]
) -> Comparison:
    assert state.shape is not None  # the caller has looked
    cells = [Cell(about, column) for column in state.shape.columns]
    wrong = [found for cell in cells if (found := _wrong(cell, moved, state, history))]
    reason = _why_unclear(about, state, mentioned(), history) if wrong else ""
    return Comparison(frozenset(each.event.webhook_event_id for each in moved), wrong, reason)


def _by_item(events: Sequence[EventFact], shape: StateShape) -> Mapping[StockItem, list[Movement]]:
    found: dict[StockItem, list[Movement]] = defaultdict(list)
    for each in movements(events):
        if (about := each.about(shape)) is not None:
            found[about].append(each)
    return found


def _mentions(events: Sequence[EventFact]) -> str:
    """All texts of events that are not movements, in which an article may be named."""
    return " ".join(str(event.payload) for event in events if event.event != MOVEMENT)


def _why_unclear(about: StockItem, state: StateFacts, mentioned: str, history: History) -> str:
    """Why a level that is not right proves nothing."""
    if about in state.shared:
        return "another scenario moved them too"
    if history.limit:
        return "the search for the largest body sent more events"
    if about.item in mentioned:
        return "events of other types name them, and whether the receiver counts those is not known"
    return ""


def _wrong(cell: Cell, moved: Sequence[Movement], state: StateFacts, history: History) -> WrongState | None:
    assert state.shape is not None and state.after is not None  # noqa: PT018 - the caller has looked
    level = ShownLevel(cell, state.before.get(cell), state.after.get(cell), moved)
    if cell in state.after and level.after is None:
        return WrongState(None, f"{cell.about} has several rows, or none with a number")
    holds = state.shape.columns[cell.column]
    if holds == SUM:
        return wrong_sum(level, history.faults, clamps=state.shape.clamps)
    if len({each.stock for each in moved}) > 1:
        return None  # whether and how several stocks are put together is not known
    return _wrong_level(level, holds)


def _wrong_level(level: ShownLevel, holds: str) -> WrongState | None:
    owed, possible = [each for each in level.moved if each.is_owed], [each for each in level.moved if each.may_apply]
    if not owed:
        return None
    newest = max(owed, key=lambda each: (each.at, each.number))
    last_number = max(each.number for each in owed)
    right = {each.levels[holds] for each in possible if each.at >= newest.at or each.number >= last_number}
    right |= {level.before} if level.before is not None else set()
    if level.is_one_of(right, [each.levels[holds] for each in level.moved]):
        return None
    expected = (
        f"expected {listed(right)} for {level.cell.about} in {level.cell.column} ({holds} of the newest movement)"
    )
    if level.after is None:
        return not_shown(expected, newest) if level.before is None else None
    return _older(level.after, [each for each in possible if each.levels[holds] == level.after], newest, expected)


def _older(shown: Decimal, older: Sequence[Movement], newest: Movement, expected: str) -> WrongState:
    """A level that is not the newest: of some older movements, or of none."""
    if not older:
        return WrongState(shown, f"{expected}, got {plain(shown)}, which no movement of the scenario has")
    last = max(older, key=lambda each: (each.at, each.number))
    found = f"{expected}, got {plain(shown)}, the level of {last.event.webhook_event_id} of {last.at}"
    if last_ms(last.event) >= first_ms(newest.event):
        text = f"{found}, which is older than {newest.event.webhook_event_id} of {newest.at}"
        return WrongState(shown, text, Class.STALE, last.event)
    return WrongState(shown, f"{found}, which came before: the newer one was lost", accused=newest.event)
