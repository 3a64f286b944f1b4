"""Whether a level that adds up quantities is right after a scenario's movements: pure, and silent in doubt.

Right is the level before, and each movement once; one that was never acknowledged may count. What is shown instead is
explained by one movement that counts again or not at all, else by several at once, else by nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import product

from frontsim.verification.facts.derived_state.shown_level import ShownLevel, listed, not_shown, plain
from frontsim.verification.facts.derived_state.state_check import WrongState
from frontsim.verification.facts.derived_state.stock_movements import Movement
from frontsim.verification.facts.history import EventFact, FaultFact

_MOST_SUMS = 20_000
_MOST_NAMES = 3
_COPIES = "copies="
_DUPLICATE = "duplicate"
_NOTHING = Decimal(0)
Sums = frozenset[Decimal]
Occurrence = Sequence[Movement]
"""One movement, under the event ids of all webhooks that report it."""


def wrong_sum(level: ShownLevel, faults: Sequence[FaultFact], *, clamps: bool) -> WrongState | None:
    """What is wrong with the level; None where it is right, or may be. `clamps`: it never goes below zero."""
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
    """Whether it may have been at zero in between, and have counted from there: then the order matters.

    A receiver whose clean events had rows below zero keeps such rows: there a missing row, or a zero, is the sign.
    """
    lowest = (level.before or _NOTHING) + sum((each.quantity for each in level.moved if each.quantity < 0), _NOTHING)
    may_be_gone = level.after is None and level.before is not None
    return lowest < 0 and (clamps or may_be_gone or level.after == _NOTHING)


def _is_right(level: ShownLevel, right: Sums) -> bool:
    """Whether it is one of the sums; a row is missing rightly only where nothing may be left."""
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
    """What must have happened to this one alone; "" where that does not explain the level."""
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
