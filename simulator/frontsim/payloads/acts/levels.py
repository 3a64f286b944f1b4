"""Stock levels, per stock and size, as the business acts move them.

A level that has not changed yet follows from the seed. Only changed levels take memory, at most one per stock and
size.
"""

from frontsim.payloads.documents.stock import Level
from frontsim.payloads.master_data.assortment import Size
from frontsim.payloads.values.seeded_draws import spread

_FIRST_LEAST, _FIRST_SPAN = 6, 30


class StockLevels:
    """The pieces on hand, and how many of them are reserved."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._known: dict[tuple[int, int], Level] = {}

    def of(self, stock_id: int, size: Size) -> Level:
        """The current level."""
        return self._known.get((stock_id, size.number)) or self._first(stock_id, size)

    def available(self, stock_id: int, size: Size) -> int:
        """Pieces that are on hand and not reserved."""
        level = self.of(stock_id, size)
        return level.on_hand - level.reserved

    def change(self, stock_id: int, size: Size, *, on_hand: int = 0, reserved: int = 0) -> Level:
        """Move pieces in or out, reserve or release them; returns the level afterwards."""
        level = self.of(stock_id, size)
        changed = Level(level.on_hand + on_hand, level.reserved + reserved)
        self._known[stock_id, size.number] = changed
        return changed

    def _first(self, stock_id: int, size: Size) -> Level:
        return Level(_FIRST_LEAST + spread(self._seed, f"level {stock_id}/{size.number}", _FIRST_SPAN), 0)
