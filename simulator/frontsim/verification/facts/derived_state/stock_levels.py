"""Which levels of a receiver's stock are wrong after a scenario's movements: pure, and silent in doubt.

    levels of a movement   right is that of the newest movement; of two that may be the newest, either
    sum of quantities      right is the level before, and each movement once; one that was never acknowledged may count

A level is wrong only if a mistake with this scenario's own movements explains what is shown: one that counts again,
one that does not count, an older one that stands. What nothing explains is a doubt: others may move the same stock.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache

from frontsim.verification.facts.classes import Class
from frontsim.verification.facts.derived_state.shown_level import ShownLevel, listed, not_shown, plain
from frontsim.verification.facts.derived_state.state_check import Comparison, StateCheck, WrongState, check_of
from frontsim.verification.facts.derived_state.stock_movements import MOVEMENT, SUM, Movement, movements
from frontsim.verification.facts.derived_state.stock_sums import wrong_sum
from frontsim.verification.facts.history import EventFact, History
from frontsim.verification.facts.obligations import first_ms, last_ms
from frontsim.verification.facts.state_shape import Cell, StateFacts, StateShape, StockItem


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
