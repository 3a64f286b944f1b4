"""Which levels of a receiver's stock are wrong after a scenario's movements: pure, and silent in doubt.

    levels of a movement   right is that of the newest movement; of two that may be the newest, either
    sum of quantities      right is the level before, and each movement once; one that was never acknowledged may count

A level is wrong only if a mistake with this scenario's own movements explains what is shown: one that counts again,
one that does not count, an older one that stands. What nothing explains is a doubt: others may move the same stock.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product

from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.derived_state.state_check import StateCheck, WrongState
from frontsim.verification.facts.derived_state.stock_movements import MOVEMENT, SUM, Movement, movements
from frontsim.verification.facts.history import EventFact, FaultFact, History
from frontsim.verification.facts.obligations import first_ms, last_ms
from frontsim.verification.facts.state_shape import Cell, StateFacts, StateShape, StockItem

_MOST_SUMS = 20_000
_MOST_NAMES = 3
_COPIES = "copies="
_DUPLICATE = "duplicate"
_NOTHING = Decimal(0)
Sums = frozenset[Decimal]


def check_stock(history: History) -> StateCheck:
    """Compare the levels at the end with the movements; nothing is compared where they were not read."""
    state = history.state
    if state is None or state.shape is None or state.after is None:
        return StateCheck()
    wrong: list[WrongState] = []
    unclear: dict[str, int] = defaultdict(int)
    compared: frozenset[str] = frozenset()
    checked = 0
    mentioned = cache(lambda: _mentions(history.events))  # of thousands of events, and mostly not asked for
    for about, moved in _by_item(history.events, state.shape).items():
        if any(each.event.altered for each in moved):
            continue
        found = [each for column in state.shape.columns if (each := _wrong(Cell(about, column), moved, state, history))]
        reason = _why_unclear(about, state, mentioned(), history) if found else ""
        if reason:
            unclear[reason] += 1
            continue
        checked += 1
        events = frozenset(each.event.webhook_event_id for each in moved)
        compared |= events
        wrong += [replace(each, events=events) for each in found]
    return StateCheck(wrong, checked, unclear, compared)


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
    holds, before, shown = state.shape.columns[cell.column], state.before.get(cell), state.after.get(cell)
    if cell in state.after and shown is None:
        return WrongState(None, f"{cell.about} has several rows, or none with a number")
    if holds == SUM:
        return _wrong_sum(cell, moved, before, shown, state.shape, history.faults)
    if len({each.stock for each in moved}) > 1:
        return None  # whether and how several stocks are put together is not known
    return _wrong_level(cell, moved, holds, before, shown)


def _wrong_level(
    cell: Cell, moved: Sequence[Movement], holds: str, before: Decimal | None, shown: Decimal | None
) -> WrongState | None:
    owed, possible = [each for each in moved if each.is_owed], [each for each in moved if each.may_apply]
    if not owed:
        return None
    newest = max(owed, key=lambda each: (each.at, each.number))
    last_at, last_number = newest.at, max(each.number for each in owed)
    right = [each for each in possible if each.at >= last_at or each.number >= last_number]
    levels = {each.levels[holds] for each in right} | ({before} if before is not None else set())
    if _is_one_of(shown, levels, tolerance=_tolerance(each.levels[holds] for each in moved)):
        return None
    expected = f"expected {_listed(levels)} for {cell.about} in {cell.column} ({holds} of the newest movement)"
    if shown is None:
        return _not_shown(expected, newest, before)
    older = [each for each in possible if each.levels[holds] == shown]
    if not older:
        return WrongState(shown, f"{expected}, got {_plain(shown)}, which no movement of the scenario has")
    last = max(older, key=lambda each: (each.at, each.number))
    told = f"{expected}, got {_plain(shown)}, the level of {last.event.webhook_event_id} of {last.at}"
    if last_ms(last.event) >= first_ms(newest.event):
        text = f"{told}, which is older than {newest.event.webhook_event_id} of {newest.at}"
        return WrongState(shown, text, Class.STALE, last.event)
    return WrongState(shown, f"{told}, which came before: the newer one was lost", accused=newest.event)


def _wrong_sum(
    cell: Cell,
    moved: Sequence[Movement],
    row_before: Decimal | None,
    shown: Decimal | None,
    shape: StateShape,
    faults: Sequence[FaultFact],
) -> WrongState | None:
    before, occurrences = row_before or _NOTHING, list(_occurrences(moved))
    sums = _sums(before, [(each[0].quantity, *_bounds(each)) for each in occurrences])
    lowest = before + sum((each.quantity for each in moved if each.quantity < 0), _NOTHING)
    may_be_gone = shape.clamps or row_before is not None  # else it shows rows below zero, as its clean events say
    may_clamp = lowest < 0 and (may_be_gone if shown is None else shape.clamps or shown == _NOTHING)
    tolerance = _tolerance(each.quantity for each in moved)
    is_right = _NOTHING in (sums or ()) if shown is None else _is_one_of(shown, sums or (), tolerance=tolerance)
    if sums is None or may_clamp or is_right:
        return None
    expected = (
        f"expected {_listed(sums)} for {cell.about} in {cell.column} ({_plain(before)} before, and each movement once)"
    )
    if shown is None:
        newest = max(moved, key=lambda each: (each.is_owed, each.at))
        return _not_shown(expected, newest, None)
    text, copies = f"{expected}, got {_plain(shown)}", _copies(faults)
    likeliest_first = sorted(occurrences, key=lambda some: -sum(one.arrivals for one in some))
    if fits := [(each, why) for each in likeliest_first if (why := _one_mistake(each, shown, sums, copies))]:
        return WrongState(shown, f"{text}: {_as_if(fits)}", accused=fits[0][0][0].event)
    wide = _sums(before, [(each[0].quantity, 0, _most(each, copies)) for each in occurrences])
    if wide is not None and shown in wide:
        why = f"as if some of its {len(occurrences)} movements had been applied again, or not at all"
        return WrongState(shown, f"{text}: {why}; which ones is not known", accused=likeliest_first[0][0].event)
    return WrongState(shown, f"{text}, which no movement of the scenario explains")


def _as_if(fits: Sequence[tuple[Sequence[Movement], str]]) -> str:
    """Each movement that explains the level alone: a sum does not tell which of them it was."""
    by_why: dict[str, list[str]] = defaultdict(list)
    for occurrence, why in fits:
        by_why[why].append(_named(occurrence))
    return "; or ".join(f"as if {_one_of(names)} had {why}" for why, names in by_why.items())


def _one_of(names: Sequence[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return " or ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} or one of {len(names) - _MOST_NAMES} more"


def _not_shown(expected: str, newest: Movement, before: Decimal | None) -> WrongState | None:
    """A row that is not there accuses of nothing where it was there, or where nothing had to make it."""
    if before is not None or not newest.is_owed:
        return None
    return WrongState(None, f"{expected}, got no row", accused=newest.event)


def _occurrences(moved: Sequence[Movement]) -> Iterator[Sequence[Movement]]:
    """The movements, those together that several webhooks report."""
    found: dict[object, list[Movement]] = defaultdict(list)
    for each in moved:
        found[each.number or each.event.webhook_event_id].append(each)
    yield from found.values()


def _bounds(occurrence: Sequence[Movement]) -> tuple[int, int]:
    """How often it may count: once for each webhook at the most, and once at the least where that is owed."""
    return int(any(each.is_owed for each in occurrence)), sum(each.may_apply for each in occurrence)


def _most(occurrence: Sequence[Movement], copies: int) -> int:
    return sum(each.arrivals for each in occurrence) * copies


def _one_mistake(occurrence: Sequence[Movement], shown: Decimal, sums: Sums, copies: int) -> str:
    """What must have happened to this one alone; "" where that does not explain the level."""
    quantity, (least, most) = occurrence[0].quantity, _bounds(occurrence)
    again = next(
        (times for times in range(1, _most(occurrence, copies) - most + 1) if shown - times * quantity in sums), 0
    )
    if again:
        return f"been applied {_times(most + again)}"
    return "not been applied" if least and shown + quantity in sums else ""


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
    told = [each.detail for each in faults if each.fault == _DUPLICATE]
    numbers = [word.removeprefix(_COPIES) for text in told for word in text.split() if word.startswith(_COPIES)]
    return max((int(each) for each in numbers if each.isdigit()), default=2 if told else 1)


def _tolerance(numbers: Iterable[Decimal]) -> Decimal:
    """A receiver may keep whole pieces: where a number is none, it may be rounded."""
    return Decimal(sum(each != each.to_integral_value() for each in numbers))


def _is_one_of(shown: Decimal | None, right: Iterable[Decimal], *, tolerance: Decimal) -> bool:
    """Whether a level is right. A table may leave out what is not there, and keep no level below zero."""
    found = list(right)
    if shown is None:
        return any(each <= 0 for each in found)
    below = shown == 0 and any(each < 0 for each in found)
    return below or any(shown == each or abs(shown - each) < tolerance for each in found)


def _times(number: int) -> str:
    return {1: "although it was refused", 2: "twice"}.get(number, f"{number} times")


def _named(occurrence: Sequence[Movement]) -> str:
    return f"{occurrence[0].event.webhook_event_id} ({_plain(occurrence[0].quantity)})"


def _listed(levels: Iterable[Decimal]) -> str:
    found = sorted(levels)
    shown = " or ".join(map(_plain, found[:3]))
    return f"{shown} or another" if len(found) > 3 else shown


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
