"""Vocabularies, and schedules drawn from them."""

from frontsim.explore.drawing import Drawing
from frontsim.explore.grammar import Update, Vocabulary

_TYPES = ("SaleCreated", "StockMovementCreated", "CustomerCreated", "CustomerUpdated")
_UPDATES = {"CustomerUpdated": Update(("customerId", "createdDateTime"), "updatedDateTime")}
_ONCE = frozenset(("SaleCreated", "StockMovementCreated"))
FEW = Vocabulary(_TYPES, _UPDATES, _ONCE)
ALL = Vocabulary((*_TYPES, "StockCountReconciled"), _UPDATES, _ONCE, kills=True, dependencies=("db",))


def drawn(vocabulary, *, seed, number):
    """The first schedules of a seed."""
    drawing = Drawing(vocabulary, seed=seed)
    return [drawing.next() for _ in range(number)]
