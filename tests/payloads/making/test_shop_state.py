import orjson
import pytest

from frontsim.payloads.making.shop_state import ShopState
from frontsim.payloads.world.world import FIRST_ACT_NUMBER, World


def state() -> ShopState:
    return ShopState(World(1))


def test_ids_follow_from_the_act_and_count_within_it() -> None:
    """Two acts never hand out the same number, nor do two calls within one."""
    shop = state()
    shop.begin("sale", 0, 0)
    first = [shop.next("sale") for _ in range(3)]
    shop.begin("sale", 1, 0)

    assert [FIRST_ACT_NUMBER, FIRST_ACT_NUMBER + 1, FIRST_ACT_NUMBER + 2] == first
    assert FIRST_ACT_NUMBER + 8 == shop.next("sale")


def test_an_act_that_takes_too_many_ids_is_our_mistake() -> None:
    """It would take those of the next act."""
    shop = state()
    shop.begin("sale", 0, 0)
    for _ in range(8):
        shop.next("sale")
    with pytest.raises(AssertionError, match="sale"):
        shop.next("sale")


def test_time_goes_on() -> None:
    """An act that is said to be earlier happens just after the one before it."""
    shop = state()
    shop.begin("sale", 0, 1000)
    shop.wait(10, 10)
    shop.begin("sale", 1, 500)

    assert shop.now == 1011


def test_a_movement_is_written_with_the_levels_after_it() -> None:
    """And with the id that a document has used already, if there is one."""
    shop, store, size = state(), World(1).shops[0], World(1).sizes[0]
    before = shop.levels.of(store.stock.id, size).on_hand
    shop.begin("adjustment", 0, 1000)
    shop.move("Manual", store, store.stock.id, size, pieces=-2, reserved=1, id_=77)
    (moved,) = shop.close()
    body = orjson.loads(moved.body)

    assert (77, -2, before - 2, 1, before - 3) == tuple(
        body[field] for field in ("movementId", "quantity", "stockLevel", "reservedLevel", "availableLevel")
    )
    assert moved.store_id == store.id


def test_a_size_that_is_sold_out_gives_way_to_the_next() -> None:
    """A sold size is in stock; only when nothing is left anywhere is the wanted size sold all the same."""
    shop, world = state(), World(1)
    stock_id = world.shops[0].stock.id
    first, second = world.sizes[0], world.sizes[1]
    shop.levels.change(stock_id, first, number=1, on_hand=-shop.levels.of(stock_id, first).on_hand)

    assert shop.stocked(stock_id, first, 1) == second
    for size in world.sizes:
        shop.levels.change(stock_id, size, number=1, on_hand=-shop.levels.of(stock_id, size).on_hand)
    assert shop.stocked(stock_id, first, 1) == first


def test_a_basket_takes_a_size_once() -> None:
    """So that two lines never sell the same last piece."""
    shop, world = state(), World(1)
    choose = shop.shelf(world.shops[0].stock.id)

    assert [world.sizes[3], world.sizes[4], world.sizes[5]] == [choose(world.sizes[3], 1) for _ in range(3)]


def test_receipts_of_a_till_are_in_a_row() -> None:
    """Each till counts its own."""
    shop, store = state(), World(1).shops[0]
    shop.begin("sale", 5, 0)
    till = shop.till(store, store.terminals[0])
    other = shop.till(store, store.terminals[1])
    numbers = [shop.receipt(till) for _ in range(3)]

    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert shop.receipt(other) // 1_000_000 != numbers[0] // 1_000_000
    assert shop.till(store, store.terminals[0]) is till
