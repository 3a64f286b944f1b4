"""Levels and customers of one look, judged together."""

from decimal import Decimal

from frontsim.domain.model import Outcome, Trigger
from frontsim.verification.compare.state_events import SUM
from frontsim.verification.compare.wrong_state import check_state, checks, tells_state
from frontsim.verification.effects.history import EventFact, History, Run
from frontsim.verification.effects.state_shape import (
    Cell,
    CustomerField,
    CustomerShape,
    StateFacts,
    StateShape,
    StockItem,
)

TAKEN = (Run(1, Trigger.ORIGINAL, Outcome.ANSWERED, "OK", 200, 0),)
LEVELS = {"quantity": 5, "stockLevel": 9, "reservedLevel": 0, "availableLevel": 9}
MOVED = EventFact("w", "moved", "StockMovementCreated", TAKEN, payload={"gtin": "704", "stockId": 1, **LEVELS})
TOLD = EventFact("w", "told", "CustomerCreated", TAKEN, payload={"customerId": 7, "email": "ola@example.com"})
SOLD = EventFact("w", "sold", "SaleCreated", TAKEN, payload={"saleId": 1})


def history(level, email, *events):
    state = StateFacts(
        "state",
        StateShape("gtin", "gtin", "stock", {"level": SUM}),
        after={Cell(StockItem("1", "704"), "level"): Decimal(level)},
        customers=CustomerShape("id", {"mail": ["email"]}),
        customers_after={CustomerField("7", "mail"): email},
    )
    return History("s", events, state=state)


def test_both_are_checked():
    """Each is counted, and each may be wrong."""
    right = check_state(history(5, "OLA@example.com", MOVED, TOLD))
    assert ((), 2, {"moved", "told"}) == (right.wrong, right.checked, right.compared)
    wrong = history(0, "per@example.com", MOVED, TOLD)
    assert [{"moved"}, {"told"}] == [each.events for each in check_state(wrong).wrong]
    assert [1, 1] == [each.checked for each in checks(wrong)]


def test_which_events_tell_a_state():
    """Movements and customers; a sale alone tells none."""
    found = [tells_state(History("s", events)) for events in ((MOVED,), (TOLD,), (SOLD,), ())]
    assert [True, True, False, False] == found
