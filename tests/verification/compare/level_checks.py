"""Movements of one stock item, and what a check of the level that is shown after them says."""

from decimal import Decimal

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import SUM
from frontsim.verification.compare.stock_levels import check_stock
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.effects.state_shape import Cell, StateFacts, StateShape, StockItem

BY_SUM = StateShape("gtin", "gtin", "stock", {"level": SUM})
BY_LEVEL = StateShape("gtin", "gtin", "stock", {"level": "stockLevel"})
CLAMPED = StateShape("gtin", "gtin", "stock", {"level": SUM}, clamps=True)


def run(status=200, *, at_ms=0, number=1, outcome=Outcome.ANSWERED):
    return Run(number, Trigger.ORIGINAL, outcome, "", status if outcome is Outcome.ANSWERED else None, at_ms)


UNKNOWN = run(outcome=Outcome.UNKNOWN)


def moved(name, quantity, *runs, level=9, minute=0, number=0, **facts):
    payload = {
        "movementId": number or minute + 1000,
        "gtin": facts.pop("gtin", "0704"),
        "sku": "S",
        "stockId": facts.pop("stock", 3044),
        "quantity": quantity,
        "stockLevel": level,
        "reservedLevel": 0,
        "availableLevel": level,
        "createdDateTime": f"2026-08-01T12:{minute:02}:00",
    }
    return EventFact("w", name, "StockMovementCreated", runs or (run(at_ms=minute),), payload=payload, **facts)


def check(shown, *events, shape=BY_SUM, before=None, faults=(), **history):
    cell = Cell(StockItem("3044" if shape.stock else "", "704"), "level")
    after = {} if shown is None else {cell: Decimal(str(shown)) if shown != "text" else None}
    state = StateFacts("state", shape, {} if before is None else {cell: Decimal(before)}, after)
    return check_stock(History("s", events, state=state, faults=faults, **history))


def wrong(shown, *events, **options):
    found = check(shown, *events, **options)
    return [(each.class_, each.accused and each.accused.webhook_event_id) for each in found.wrong]


ONE, TWO = moved("one", -1, minute=1, level=9), moved("two", -2, minute=2, level=7)
TWICE = moved("twice", -5, run(at_ms=1), run(at_ms=9, number=2), minute=3)


def reason(shown, *events, **options):
    [found] = check(shown, *events, **options).wrong
    return found.reason
