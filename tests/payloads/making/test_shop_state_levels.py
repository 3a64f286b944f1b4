from frontsim.payloads.documents.stock import Level
from frontsim.payloads.making.shop_state import StockLevels
from frontsim.payloads.world.world import World

SIZE = World(1).sizes[0]
OTHER = World(1).sizes[1]


def test_a_level_is_changed_by_what_moves() -> None:
    """Pieces in and out change what is on hand, reservations what of it is free."""
    levels = StockLevels(1)
    start = levels.of(7, SIZE)

    assert start.reserved == 0
    assert levels.change(7, SIZE, number=1, on_hand=-1) == Level(start.on_hand - 1, 0)
    assert levels.change(7, SIZE, number=1, reserved=2) == Level(start.on_hand - 1, 2)
    assert levels.available(7, SIZE) == start.on_hand - 3
    assert levels.change(7, SIZE, number=1, on_hand=-2, reserved=-2) == Level(start.on_hand - 3, 0)


def test_stocks_and_sizes_have_levels_of_their_own() -> None:
    """Nothing else moves."""
    levels = StockLevels(1)
    before = levels.of(8, SIZE), levels.of(7, OTHER)
    levels.change(7, SIZE, number=1, on_hand=5)

    assert before == (levels.of(8, SIZE), levels.of(7, OTHER))


def test_the_first_level_is_the_seeds() -> None:
    """6 to 35 pieces, the same in every run."""
    first = [StockLevels(seed).of(7, SIZE).on_hand for seed in range(40)]

    assert first == [StockLevels(seed).of(7, SIZE).on_hand for seed in range(40)]
    assert all(6 <= on_hand < 36 for on_hand in first)
    assert len(set(first)) > 10
